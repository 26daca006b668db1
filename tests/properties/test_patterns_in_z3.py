"""What a list of patterns selects, beside the regular expressions of z3 that were written from the same text."""

from drawn_lists import lists, paths
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from z3patterns import PATHS, holds, path_in, selected

from rules_engine.policy.patterns import PatternError, PatternList, Reading, parse_patterns
from rules_engine.values.paths import RelPath, from_bytes, to_bytes


def parsed(texts: list[str], reading: Reading) -> PatternList:
    """The list; what cannot be one is drawn anew."""
    try:
        return parse_patterns(texts, reading)
    except PatternError:
        assume(False)
        raise


@settings(deadline=None, max_examples=150)
@given(lists, st.lists(paths, min_size=1, max_size=8))
def test_z3_and_the_automaton_select_the_same_paths(drawn: tuple[list[str], Reading], asked: list[str]) -> None:
    """One reads the text as a regular expression, the other walks component by component."""
    texts, reading = drawn
    patterns = parsed(texts, reading)
    language = selected(texts, narrow=reading is Reading.NARROW)
    for path in asked:
        assert holds(language, to_bytes(path)) == (patterns.match(RelPath(path)) is not None), (texts, path)


@settings(deadline=None, max_examples=30)
@given(lists)
def test_a_path_that_z3_makes_up_is_one_that_the_list_selects(drawn: tuple[list[str], Reading]) -> None:
    """Its words are as odd as bytes can be, and nobody wrote them down."""
    texts, reading = drawn
    patterns = parsed(texts, reading)
    found = path_in(selected(texts, narrow=reading is Reading.NARROW))
    if found is not None:
        assert patterns.match(RelPath(from_bytes(found))) is not None


def test_what_is_a_path_is_told() -> None:
    """No empty component, no `.`, no `..`, no slash at either end."""
    assert all(holds(PATHS, path) for path in (b"a", b"a/b", b"...", b"\xff/\\u{41}", b"\n"))
    assert not any(holds(PATHS, path) for path in (b"", b"/a", b"a/", b"a//b", b".", b"a/..", b"./a"))
