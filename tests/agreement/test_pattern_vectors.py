"""The pairs of tests/cases/patterns/vectors.txt: what the file says, the installed git says, and so do we."""

import re
import subprocess

import pytest
from drawn_patterns import has_glued_stars, is_accepted
from real import anchored
from vectors import Vector, ask_vectors, read_vectors, write_vectors

from rules_engine.policy.patterns import Reading, parse_patterns
from rules_engine.values.paths import RelPath

UNGLUED_FROM = (2, 53)
"""From this version on git reads `**` beside other characters as its documentation says."""


@pytest.fixture(scope="module")
def git_version() -> tuple[int, ...]:
    """The version of the installed git."""
    said = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, re.findall(r"\d+", said)[:2]))


def test_git_says_what_the_file_says(*, update_cases: bool, git_version: tuple[int, ...]) -> None:
    """The facts of the file are git's, but for stars that its versions read differently."""
    asked = ask_vectors(read_vectors())
    if update_cases:
        write_vectors(asked)
    known = read_vectors()
    if git_version >= UNGLUED_FROM:
        asked, known = ([one for one in some if not has_glued_stars(one.pattern)] for some in (asked, known))
    assert asked == known
    assert len(known) > 200


def test_the_wide_reading_says_what_the_file_says() -> None:
    """Every pattern that we take selects what git ignores, and nothing else."""
    different = [
        one for one in read_vectors() if is_accepted(anchored(one.pattern), Reading.WIDE) and _ours(one) != one.ignored
    ]
    assert different == []


def test_a_refused_pattern_is_one_that_git_never_matches_or_reads_by_bytes() -> None:
    """What we do not take ignores nothing in git, or is unlike what it looks."""
    looks_otherwise = {"[z-a]", "[!z-a]", "!**", "a[/]b", "/foo[/]bar", "a[!x]b"}
    for one in read_vectors():
        if not is_accepted(anchored(one.pattern), Reading.WIDE) and one.pattern not in looks_otherwise:
            assert not one.ignored, one


def _ours(one: Vector) -> bool:
    return parse_patterns([anchored(one.pattern)], Reading.WIDE).match(RelPath(one.path)) is not None
