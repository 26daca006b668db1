"""What a list of patterns selects, pattern by pattern, in both readings."""

import copy
import pickle
import time

import pytest

from rules_engine.policy.patterns import PATHSPEC_VERSION, PatternList, Reading, parse_patterns
from rules_engine.values.paths import RelPath, from_bytes

BOTH = [
    ("temp_*", "temp_a", True),
    ("temp_*", "x/y/temp_a", True),
    ("temp_*", "x/atemp_", False),
    ("/temp_*", "x/temp_a", False),
    ("**/shorts/*.mkv", "a/b/shorts/c.mkv", True),
    ("**/shorts/*.mkv", "shorts/c.mkv", True),
    ("/shorts/*.mkv", "a/shorts/c.mkv", False),
    ("/a/*.mkv", "a/.mkv", True),
    ("/a/*/c", "a/b/c", True),
    ("/a/*/c", "a/b/b/c", False),
    ("/a/**/c", "a/c", True),
    ("/a/**/c", "a/b/b/c", True),
    ("/a/**/c", "a/b/bc", False),
    ("/a/**", "a/b/c", True),
    ("/a/**", "a", False),
    ("/a/**/**/c", "a/c", True),
    ("/**", "a/b", True),
    ("**", "a/b", True),
    ("/***/c", "a/b/c", True),
    ("a**b", "axxb", True),
    ("a**b", "ab", True),
    ("a?c", "abc", True),
    ("a?c", "ac", False),
    ("[[:digit:]]", "7", True),
    ("[[:digit:]]", "x", False),
    ("[[:digit:]x]", "x", True),
    (r"[\]]", "]", True),
    (r"[\]-_]", "^", True),
    (r"[+-\-]", ",", True),
    ("[]-]", "-", True),
    ("[!]a]", "b", True),
    ("[!]a]", "]", False),
    ("[^a]", "a", False),
    ("[a-]", "-", True),
    ("[--0]", ".", True),
    ("[[:a]", ":", True),
    ("[[a]", "[", True),
    ("/[a/b]", "b", True),
    ("/[a/b]", "x/b", False),
    ("/x[!a]y", "x/y", False),
    (r"\#a", "#a", True),
    (r"\!a", "!a", True),
    (r"a\ ", "a ", True),
    (r"a\*b", "a*b", True),
    (r"a\*b", "axb", False),
    ("*a*b*c", "xaybzc", True),
    ("*a*b*c", "xbyazc", False),
    ("*ab*ab", "abab", True),
    ("*ab*ab", "xab", False),
    ("*.part", "new\nline.part", True),
    ("A", "a", False),
    ("é*", "éa", True),
]


@pytest.mark.parametrize("reading", Reading)
@pytest.mark.parametrize(("pattern", "path", "selected"), BOTH)
def test_a_pattern_selects_as_git_does(pattern: str, path: str, selected: bool, reading: Reading) -> None:
    """Both readings agree about a file that a pattern matches itself."""
    assert (parse_patterns([pattern], reading).match(RelPath(path)) == 0) is selected


@pytest.mark.parametrize(
    ("pattern", "path", "narrow", "wide"),
    [
        ("temp_*", "temp_backup/a", False, True),
        ("temp_*/", "temp_backup/a", True, True),
        ("temp_*/", "temp_a", False, False),
        ("/temp_*/**", "temp_backup/a/b", True, True),
        ("/a/*", "a/b/c", False, True),
        ("/a", "a/b", False, True),
        ("/a/", "a/b/c", True, True),
        ("/a/**/", "a/b", False, False),
        ("/a/**/", "a/b/c", True, True),
        ("**/", "a", False, False),
        ("**/", "a/b", True, True),
        ("/a**", "ab/c", False, True),
        ("/a**/b", "ab", False, True),
        ("/a**/b", "ax/b", True, True),
        ("/a**/b", "ax/y/b", False, True),
        ("/a**/**/b", "ab", False, True),
        ("/x/a**/b*/c", "x/abb/c", False, True),
        ("/a**/**", "a", False, True),
    ],
)
def test_a_removal_takes_what_lies_below_only_where_the_pattern_says_so(
    pattern: str, path: str, narrow: bool, wide: bool
) -> None:
    """Only `/` or `/**` at the end reaches below a directory in the narrow reading; the wide one is git's."""
    found = [parse_patterns([pattern], reading).match(RelPath(path)) == 0 for reading in Reading]
    assert found == [narrow, wide]


@pytest.mark.parametrize(
    ("patterns", "path", "decides"),
    [
        (["*.mkv", "/out/"], "out/a.mkv", 1),
        (["/out/", "*.mkv"], "out/a.mkv", 1),
        (["/out/", "!*.mkv"], "out/a.mkv", None),
        (["!*.mkv", "/out/"], "out/a.mkv", 1),
        (["/out/", "!/out/final/**"], "out/final/a", None),
        (["/out/", "!keep"], "out/keep/a/b", None),
        (["/out/", "!keep/"], "out/keep", 0),
        (["/out/", "!a", "*.x"], "out/a/b.x", 2),
        (["*.x", "/a/", "b*"], "a/c", 1),
    ],
)
def test_the_last_pattern_that_matches_the_path_or_a_directory_above_decides(
    patterns: list[str], path: str, decides: int | None
) -> None:
    """The index names the pattern; a `!` that decides selects nothing, also below a selected directory."""
    assert parse_patterns(patterns, Reading.NARROW).match(RelPath(path)) == decides


def test_a_directory_itself_is_selected_by_a_pattern_that_ends_in_a_slash() -> None:
    """`is_directory` says what the path is; a file of the same name is not selected."""
    patterns = parse_patterns(["/a/b/"], Reading.NARROW)
    assert patterns.match(RelPath("a/b"), is_directory=True) == 0
    assert patterns.match(RelPath("a/b")) is None


def test_a_question_mark_is_one_byte() -> None:
    """As in git, `é` in UTF-8 is two bytes, and a byte that is not UTF-8 is one."""
    patterns = parse_patterns(["/?", "/x??"], Reading.NARROW)
    assert patterns.match(RelPath("é")) is None
    assert patterns.match(RelPath("xé")) == 1
    assert patterns.match(RelPath(from_bytes(b"\xff"))) == 0
    assert patterns.match(RelPath(from_bytes(b"\xff/\xff"))) is None


def test_a_pattern_with_bytes_that_are_not_utf8_matches_them() -> None:
    """A name from the disk can be written as a pattern."""
    assert parse_patterns([from_bytes(b"a\xff*")], Reading.WIDE).match(RelPath(from_bytes(b"d/a\xff\xfe"))) == 0


def test_every_class_holds_its_ascii_bytes() -> None:
    """The classes are those of git, in the C locale."""
    counts = {
        "alnum": 62, "alpha": 52, "blank": 2, "cntrl": 32, "digit": 10, "graph": 93,
        "lower": 26, "print": 94, "punct": 31, "space": 6, "upper": 26, "xdigit": 22,
    }  # fmt: skip
    names = [chr(code) for code in range(1, 256) if chr(code) != "/"]
    for name, count in counts.items():
        patterns = parse_patterns([f"/[[:{name}:]]"], Reading.NARROW)
        assert sum(patterns.match(RelPath(one)) == 0 for one in names) == count, name


def test_the_root_is_never_selected_by_a_list_of_nothing() -> None:
    """An empty list selects nothing."""
    assert parse_patterns([], Reading.NARROW).match(RelPath("a")) is None


@pytest.mark.parametrize(
    ("patterns", "reading", "everything"),
    [
        (["**"], Reading.NARROW, True),
        (["*"], Reading.NARROW, True),
        (["/**"], Reading.NARROW, True),
        (["/*"], Reading.NARROW, False),
        (["/*"], Reading.WIDE, True),
        (["**/"], Reading.WIDE, False),
        (["*.mkv"], Reading.WIDE, False),
        (["**", "!*.mkv"], Reading.NARROW, False),
        (["!*.mkv", "/**/*"], Reading.NARROW, True),
        (["/a/**"], Reading.NARROW, False),
    ],
)
def test_a_list_knows_whether_it_selects_everything(patterns: list[str], reading: Reading, everything: bool) -> None:
    """A later `!` takes something away again."""
    assert parse_patterns(patterns, reading).selects_everything is everything


def test_a_list_is_a_value() -> None:
    """Two lists with the same texts and reading are equal, also after a pickle or a copy, and hash alike."""
    one = parse_patterns(["/a/", "!b"], Reading.NARROW)
    assert one.match(RelPath("a/c")) == 0
    assert one == PatternList(("/a/", "!b"), Reading.NARROW) == pickle.loads(pickle.dumps(one)) == copy.copy(one)  # noqa: S301 - our own bytes
    assert hash(one) == hash(parse_patterns(["/a/", "!b"], Reading.NARROW))
    assert one != parse_patterns(["/a/"], Reading.NARROW)
    assert PATHSPEC_VERSION.startswith("1.1.")


HOSTILE = [
    ("*a" * 50 + "*b", "a" * 255),
    ("*a" * 50 + "*b", "a" * 254 + "b"),
    ("*?" * 100 + "b", "a" * 255),
    ("*[a-z]" * 60 + "b", "a" * 255),
    ("/" + "**/" * 300 + "x", "/".join("a" * 500)),
    ("/" + "**/a/" * 100 + "b", "/".join("a" * 200)),
    ("/" + "**/*a*/" * 100 + "b", "/".join(["a" * 255] * 16)),
    ("/" + "*/" * 500 + "b", "/".join("a" * 2000)),
]


@pytest.mark.parametrize(("pattern", "path"), HOSTILE)
def test_no_pattern_is_slow(pattern: str, path: str) -> None:
    """A hostile pattern costs at most a millisecond a component the first time, and nearly nothing the next."""

    def seconds(patterns: PatternList) -> float:
        started = time.process_time()
        patterns.match(RelPath(path))
        return time.process_time() - started

    # The least of a few: what else the machine does, or this process has to tidy up, is no cost of the pattern.
    anew = [parse_patterns([pattern], Reading.WIDE) for _ in range(5)]
    assert min(map(seconds, anew)) < 0.05 + 0.001 * path.count("/")
    assert min(map(seconds, anew)) < 0.02


def test_what_is_remembered_is_bounded() -> None:
    """A walk through very many long directories does not keep them all, and answers stay right."""
    patterns = parse_patterns(["/**/z/"], Reading.NARROW)
    for number in range(6000):
        assert patterns.match(RelPath(f"{'d' * 2000}{number}/z/a")) == 0
    assert patterns._automaton._walked <= 8_000_000
    assert len(patterns._automaton._directories) < 6000


def test_many_kinds_of_directory_are_answered_alike() -> None:
    """Two thousand directories that differ in which patterns are open in them give the right pattern each."""
    letters = "abcdefghijk"
    patterns = parse_patterns([f"/**/{one}/**/*{one}" for one in letters], Reading.NARROW)
    for chosen in range(1, 2 ** len(letters)):
        above = [one for number, one in enumerate(letters) if chosen >> number & 1]
        last = len(letters) - 1 - letters[::-1].index(above[-1])
        assert patterns.match(RelPath("/".join([*above, f"x{above[-1]}"]))) == last


def test_a_very_deep_path_is_answered_without_recursion() -> None:
    """Twenty thousand directories deep, the pattern at the top still decides."""
    patterns = parse_patterns(["/a/"], Reading.NARROW)
    assert patterns.match(RelPath("a/" * 20_000 + "x")) == 0
