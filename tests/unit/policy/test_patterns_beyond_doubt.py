"""Lines that pathspec is not asked about, since it could not refuse them, and what that spares."""

import subprocess
import sys
from pathlib import Path

import pathspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules_engine.policy.patterns import (
    _BEYOND_DOUBT,
    PATHSPEC_VERSION,
    PatternError,
    Reading,
    check_with_pathspec,
    parse_patterns,
)

REPOSITORY = Path(__file__).parents[3]
LINES = st.text(st.sampled_from("aZ0_.*?+=@%~:,-/! #\\[]é"), min_size=1, max_size=12)
PLAIN_LINES = st.from_regex(_BEYOND_DOUBT, fullmatch=True)


@given(st.one_of(PLAIN_LINES, LINES))
def test_pathspec_refuses_no_line_that_it_is_not_asked_about(text: str) -> None:
    """Whatever passes our reader and is plain is a pattern for the well-known reader too, with the same sign."""
    try:
        (line,) = parse_patterns([text], Reading.NARROW).lines
    except PatternError:
        return
    if _BEYOND_DOUBT.fullmatch(line.simple):
        check_with_pathspec(line.simple, negated=text.startswith("!"), text=text, index=0)


@pytest.mark.parametrize("text", ["a b", r"a\*", r"\#a", "é", "a$", "'a'"])
def test_pathspec_is_asked_about_every_other_line(text: str) -> None:
    """Escapes, spaces and what is not ASCII are where readers of gitignore have differed."""
    (line,) = parse_patterns([text], Reading.NARROW).lines
    assert _BEYOND_DOUBT.fullmatch(line.simple) is None


def test_the_version_in_a_plan_is_that_of_the_library() -> None:
    """It is read from a file of the library, and not by loading it."""
    assert pathspec.__version__ == PATHSPEC_VERSION


def test_policies_in_order_load_neither_pathspec_nor_jsonschema() -> None:
    """Both take longer to load than everything that they are asked; the shipped policies ask nothing."""
    code = (
        "import sys; from rules_engine.policy.load import load_policies\n"
        "load_policies(sys.argv[1:]); print(*sys.modules)"
    )
    command = [sys.executable, "-c", code, str(REPOSITORY / "policies")]
    loaded = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert "rules_engine.policy.load" in loaded
    assert {"pathspec", "jsonschema", "rich", "subprocess", "rules_engine.plan.planner"}.isdisjoint(loaded)
