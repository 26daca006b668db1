"""No pattern is slow: neither those that make others search, nor long paths, nor many patterns at once."""

from itertools import pairwise

import pytest
from hostile_patterns import HOSTILE, ORDINARY, Hostile, calls_counted, seconds_a_path

from rules_engine.policy.patterns import Reading, compile_lists, parse_patterns
from rules_engine.values.paths import RelPath

OFTEN = 200
"""How many times the cost of an ordinary pattern is still no search; searching costs millions of times as much."""


@pytest.mark.parametrize("one", HOSTILE, ids=lambda one: one.why)
def test_a_hostile_pattern_costs_about_what_an_ordinary_one_does(one: Hostile) -> None:
    """Beside `*.mkv` on the same paths in the same process, met for the first time and met again."""
    first, again = seconds_a_path(one.pattern, one.paths)
    ordinary_first, ordinary_again = seconds_a_path(ORDINARY, one.paths)
    assert first < OFTEN * ordinary_first
    assert again < OFTEN * ordinary_again


def calls_of(patterns: list[str], path: str) -> int:
    """The calls that the answer about one path takes, with nothing remembered."""
    lists = [parse_patterns([pattern], Reading.WIDE) for pattern in patterns]
    automaton = compile_lists(lists)
    with calls_counted() as count:
        automaton.answer(RelPath(path))
    return count[0]


@pytest.mark.parametrize("one", HOSTILE, ids=lambda one: one.why)
def test_twice_the_name_is_at_most_twice_the_work(one: Hostile) -> None:
    """The calls that a name takes grow no faster than its length."""
    works = [calls_of([one.pattern], "a" * length) for length in (30, 60, 120, 240)]
    assert works[0] > 0
    assert all(longer <= 2.2 * shorter for shorter, longer in pairwise(works)), works


@pytest.mark.parametrize("one", HOSTILE, ids=lambda one: one.why)
def test_twice_the_path_is_at_most_twice_the_work(one: Hostile) -> None:
    """The calls that a path takes grow no faster than its number of directories."""
    # A pattern with a hundred components may be open at each of them from that depth on.
    works = [calls_of([one.pattern], "a/" * depth + "a") for depth in (250, 500, 1000, 2000)]
    assert works[0] > 250
    assert all(longer <= 2.2 * shorter for shorter, longer in pairwise(works)), works


def test_a_name_met_again_takes_the_same_work_whatever_the_number_of_rules() -> None:
    """With one rule or a thousand, a name that was met costs the same few calls."""
    works = []
    for rules in (1, 10, 100, 1000):
        automaton = compile_lists(
            [parse_patterns([f"/out/*/part_{one}_*.mkv"], Reading.NARROW) for one in range(rules)]
        )
        for number in [*range(20, 30), *range(20, 30)]:
            automaton.answer(RelPath(f"out/a/part_0_{number}.mkv"))
        with calls_counted() as count:
            automaton.answer(RelPath("out/a/part_0_25.mkv"))
        works.append(count[0])
    assert len(set(works[1:])) == 1, works
    assert max(works) < 60
