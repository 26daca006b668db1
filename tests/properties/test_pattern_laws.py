"""Laws of pattern lists."""

import random

from drawn_patterns import NAMES, make_list
from hypothesis import given, settings
from hypothesis import strategies as st

from rules_engine.policy.patterns import PatternError, PatternList, Reading, parse_patterns
from rules_engine.values.paths import RelPath

components = st.sampled_from([*NAMES, "temp_a", "x"])
paths_below = st.lists(components, min_size=1, max_size=6).map(lambda parts: RelPath("/".join(parts)))
seeds = st.integers(0, 2**32)


@settings(max_examples=150, deadline=None)
@given(seeds, st.lists(paths_below, min_size=1, max_size=20))
def test_the_narrow_reading_selects_no_more_than_the_wide_one(seed: int, paths: list[RelPath]) -> None:
    """Without `!`, what a removal rule takes a keep rule with the same patterns would protect."""
    texts = make_list(random.Random(seed), Reading.WIDE, negations=False).texts  # noqa: S311 - reproducible
    narrow, wide = parse_patterns(texts, Reading.NARROW), parse_patterns(texts, Reading.WIDE)
    assert all(wide.match(path) is not None for path in paths if narrow.match(path) is not None)


@settings(max_examples=150, deadline=None)
@given(seeds, st.lists(paths_below, min_size=2, max_size=20), st.randoms())
def test_the_answer_does_not_depend_on_what_was_asked_before(
    seed: int, paths: list[RelPath], order: random.Random
) -> None:
    """What is remembered of directories changes no answer."""
    patterns = make_list(random.Random(seed), Reading.NARROW, negations=True)  # noqa: S311 - reproducible
    fresh = {path: PatternList(patterns.texts, patterns.reading).match(path) for path in paths}
    order.shuffle(paths)
    assert {path: patterns.match(path) for path in paths} == fresh


@settings(max_examples=150, deadline=None)
@given(seeds, st.lists(paths_below, min_size=1, max_size=20))
def test_the_last_pattern_that_matches_alone_decides_in_the_list(seed: int, paths: list[RelPath]) -> None:
    """A wide list answers with the last of its patterns that selects the path by itself."""
    patterns = make_list(random.Random(seed), Reading.WIDE, negations=False)  # noqa: S311 - reproducible
    alone = [parse_patterns([text], Reading.WIDE) for text in patterns.texts]
    for path in paths:
        matching = [index for index, one in enumerate(alone) if one.match(path) is not None]
        assert patterns.match(path) == (matching[-1] if matching else None)


@settings(max_examples=150, deadline=None)
@given(seeds, st.lists(paths_below, min_size=1, max_size=20))
def test_adding_a_negation_never_selects_more(seed: int, paths: list[RelPath]) -> None:
    """A `!` at the end of a list only takes away."""
    chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
    patterns = make_list(chance, Reading.NARROW, negations=True)
    added = "!" + make_list(chance, Reading.NARROW, negations=False).texts[0]
    try:
        longer = parse_patterns([*patterns.texts, added], Reading.NARROW)
    except PatternError:  # `!` before a bare `!` name
        return
    assert all(longer.match(path) in {None, patterns.match(path)} for path in paths)
