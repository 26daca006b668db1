"""One automaton over many lists: the same answers as each list alone, places that say what can come, kinds of names."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules_engine.policy.automaton import Kind, Place
from rules_engine.policy.budget import Budget, BudgetSpentError
from rules_engine.policy.patterns import PatternList, Reading, compile_lists, parse_patterns
from rules_engine.values.paths import ROOT, RelPath, join

_PARTS = st.sampled_from(["a", "b", "ab", "aa", "*", "a*", "*b", "?", "[ab]b", "a?b", "*a*"])
_NAMES = st.sampled_from(["a", "b", "ab", "ba", "aab", "abab", "é", "\udcff", "a.b", "bb"])


@st.composite
def _pattern(draw: st.DrawFn) -> str:
    parts = draw(st.lists(st.one_of(_PARTS, st.just("**")), min_size=1, max_size=3))
    start = draw(st.sampled_from(["/", "**/"])) if len(parts) > 1 else draw(st.sampled_from(["", "/", "**/"]))
    return f"{start}{'/'.join(parts)}{draw(st.sampled_from(['', '/']))}"


@st.composite
def _list(draw: st.DrawFn) -> PatternList:
    texts = draw(st.lists(_pattern(), min_size=1, max_size=3))
    reading = draw(st.sampled_from(Reading))
    if reading is Reading.NARROW:
        texts = [f"{draw(st.sampled_from(['', '!']))}{text}" for text in texts]
    return parse_patterns(texts, reading)


_PATHS = st.lists(_NAMES, min_size=1, max_size=4).map(lambda names: RelPath("/".join(names)))


@given(st.lists(_list(), max_size=4), st.lists(_PATHS, max_size=6), st.booleans())
def test_many_lists_answer_as_each_alone(lists: list[PatternList], paths: list[RelPath], is_directory: bool) -> None:
    """What an automaton of several lists selects is what each list selects by itself."""
    whole = compile_lists(lists)
    for path in paths:
        alone = {number for number, one in enumerate(lists) if one.match(path, is_directory=is_directory) is not None}
        assert whole.answer(path, is_directory=is_directory).selected == alone


_COUNTED = st.sampled_from(["a1", "a2", "a12", "b1", "b1a2", "b1a3", "*1", "a[0-4]*", "b?a[12]", "1", "\udcff1"])


@given(st.lists(_COUNTED, min_size=1, max_size=3), st.lists(_COUNTED, max_size=12))
def test_many_names_at_once_are_answered_as_each_alone(texts: list[str], names: list[str]) -> None:
    """Asked together, and again when their shapes are known, names with counters have the answers of each by itself."""
    lists = [parse_patterns([text], Reading.NARROW) for text in texts if text.isascii()]
    alone = [compile_lists(lists).answer(RelPath(name)).lines for name in names]
    place = compile_lists(lists).at(ROOT)
    for _ in range(3):
        assert [answer.lines for answer in place.files(names)] == alone


@given(st.lists(_list(), min_size=1, max_size=3), _PATHS)
def test_a_place_never_says_too_little(lists: list[PatternList], path: RelPath) -> None:
    """Every list that selects a path was named by every directory above it, and a settled one had said the answer."""
    whole = compile_lists(lists)
    answer = whole.answer(path)
    parts = path.split("/")
    for depth in range(len(parts)):
        place = whole.at(RelPath("/".join(parts[:depth])))
        assert answer.selected <= place.may_select
        assert place.settled in {None, answer}


@given(st.lists(_list(), min_size=1, max_size=3), _PATHS)
def test_every_name_is_of_some_kind(lists: list[PatternList], path: RelPath) -> None:
    """Some kind of its directory has the answers of any name, and the place below it."""
    whole = compile_lists(lists)
    directory, _, name = path.rpartition("/")
    place = whole.at(RelPath(directory))
    kinds = [
        one
        for one in place.kinds(Budget(100_000))
        if (one.as_file, one.as_directory, one.below) == (place.file(name), place.directory(name), place.below(name))
    ]
    assert len(kinds) == 1


@given(st.lists(_list(), min_size=1, max_size=3))
def test_the_example_of_a_kind_is_of_it(lists: list[PatternList]) -> None:
    """Each kind is shown by a name that has its answers, and no two kinds have the same."""
    whole = compile_lists(lists)
    place = whole.at(ROOT)
    kinds = list(place.kinds(Budget(100_000)))
    assert len({(one.as_file, one.as_directory, id(one.below)) for one in kinds}) == len(kinds)
    for one in kinds:
        assert place.file(one.name) is one.as_file
        assert place.directory(one.name) is one.as_directory
        assert place.below(one.name) is one.below


def _kinds(*texts: str) -> list[Kind]:
    whole = compile_lists([parse_patterns([text], Reading.WIDE) for text in texts])
    return list(whole.at(ROOT).kinds(Budget(10_000)))


def test_kinds_are_shown_by_their_shortest_names() -> None:
    """`temp_*` and `*.part` tell four kinds of names apart, each shown as short as it can be."""
    assert {one.name for one in _kinds("temp_*", "*.part")} == {"x", ".part", "temp_", "temp_.part"}


def test_dots_are_never_names() -> None:
    """A pattern that only `.` and `..` and longer names match is shown by a longer one."""
    assert [one.name for one in _kinds(".*")] == ["x", ".x"]


def test_a_literal_name_is_a_kind_of_its_own() -> None:
    """A pattern without a wildcard separates one name from all others."""
    assert [one.name for one in _kinds("/scratch/", "/*")] == ["x", "scratch"]


def test_a_settled_place_needs_no_names() -> None:
    """Below a directory that a wide list takes whole, and where no other pattern is open, everything is answered."""
    whole = compile_lists([parse_patterns(["/a/"], Reading.WIDE), parse_patterns(["/b/*.x"], Reading.WIDE)])
    assert whole.at(RelPath("a")).settled is whole.answer(RelPath("a/b/c"))
    assert whole.at(RelPath("b")).settled is None
    assert whole.at(RelPath("b/c")).settled is whole.answer(RelPath("c"))


def test_a_place_says_which_lists_can_still_select() -> None:
    """Below `other` only the floating pattern can; a list of which only a `!` is open cannot."""
    lists = [
        parse_patterns(["/scratch/"], Reading.NARROW),
        parse_patterns(["*.part"], Reading.NARROW),
        parse_patterns(["/scratch/", "!*.keep"], Reading.NARROW),
    ]
    whole = compile_lists(lists)
    assert whole.at(ROOT).may_select == {0, 1, 2}
    assert whole.at(RelPath("scratch")).may_select == {0, 1, 2}
    assert whole.at(RelPath("other")).may_select == {1}


def test_equal_answers_are_one_object() -> None:
    """Names that nothing tells apart share one answer, whatever directory they are in."""
    whole = compile_lists([parse_patterns(["*.part"], Reading.NARROW)])
    assert whole.answer(RelPath("a/b.part")) is whole.answer(RelPath("c/d/e.part"))
    assert whole.answer(RelPath("a/b")).number != whole.answer(RelPath("a/b.part")).number


def test_places_are_shared_by_directories_that_matched_the_same() -> None:
    """Two scratch directories are one place."""
    whole = compile_lists([parse_patterns(["/scratch/*/temp_*"], Reading.NARROW)])
    assert whole.at(RelPath("scratch/one")) is whole.at(RelPath("scratch/two"))


def test_a_place_that_was_forgotten_goes_on_working() -> None:
    """Who holds a place while everything is forgotten is answered as before."""
    whole = compile_lists([parse_patterns(["/a/*x", "/a/y"], Reading.NARROW)])
    held = whole.at(RelPath("a"))
    whole._forget()
    assert whole.at(RelPath("a")) is not held
    assert [held.file(name).selected for name in ("x", "y", "z", "\udcff")] == [{0}, {0}, frozenset(), frozenset()]
    assert held.below("b").settled is not None


def test_a_directory_of_very_many_names_is_remembered_in_part() -> None:
    """Two hundred thousand names of which no two are alike are answered rightly in bounded memory."""
    whole = compile_lists([parse_patterns([f"*{digit}*z" for digit in range(10)], Reading.NARROW)])
    place = whole.at(ROOT)
    for number in range(0, 2_000_000, 40):
        assert bool(place.file(f"{number:07d}{'z' if number % 80 else 'y'}").selected) == bool(number % 80)
    assert len(place._files._by_shape) <= 20_000


def test_states_beyond_the_cap_are_worked_out_anew() -> None:
    """A list that has more states than are remembered still answers each name."""
    letters = "abcdefghijklmnop"
    place = compile_lists([parse_patterns([f"*{one}*{one}" for one in letters], Reading.NARROW)]).at(ROOT)
    for chosen in range(1, 2 ** len(letters), 3):
        word = "".join(one for number, one in enumerate(letters) if chosen >> number & 1)
        assert not place.file(word).selected
        assert place.file(f"{word}{word[-1]}").selected == {0}
    assert len(place._files._test._states) <= 20_000


def _all_places(place: Place, budget: Budget) -> int:
    seen, waiting = {place}, [place]
    while waiting:
        for one in waiting.pop().kinds(budget):
            if one.below not in seen:
                seen.add(one.below)
                waiting.append(one.below)
    return len(seen)


def test_all_places_can_be_walked() -> None:
    """From the root on, `kinds` leads to every state that a path can be in: five ways down, each in a cache or not."""
    lists = [parse_patterns([text], Reading.WIDE) for text in ("/scratch/*/temp/*.mkv", "**/cache/")]
    places = _all_places(compile_lists(lists).at(ROOT), Budget(10_000))
    # In: a directory of `scratch`, its `temp`, an `*.mkv` of that, anything else; the root and `scratch` are no cache.
    assert places == 2 + 4 * 2


def test_a_spent_budget_is_an_error_that_pickles() -> None:
    """A proof that needs more states than it was given ends, and says with how many."""
    place = compile_lists([parse_patterns(["*a*b*c"], Reading.WIDE)]).at(ROOT)
    with pytest.raises(BudgetSpentError, match="not known after 3 states") as caught:
        list(place.kinds(Budget(3)))
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301 - our own bytes


def test_a_name_is_never_longer_than_a_disk_allows() -> None:
    """A kind that only a name of more than 255 bytes could show is none."""
    first, second = "a" * 200 + "*", "*" + "b" * 200
    assert not any(len(one.as_file.selected) == 2 for one in _kinds(first, second))


def test_kinds_below_a_directory_are_those_of_its_place() -> None:
    """The place that a kind leads to is the place of the directory that it names."""
    whole = compile_lists([parse_patterns(["/scratch/*/x"], Reading.WIDE)])
    kinds = {one.name: one for one in whole.at(ROOT).kinds(Budget(100))}
    assert kinds["scratch"].below is whole.at(join(ROOT, "scratch"))
