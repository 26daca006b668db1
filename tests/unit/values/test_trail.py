import pytest

from rules_engine.values.paths import ROOT, RelPath
from rules_engine.values.trail import Trail


class Steps:
    """Adds up the way, and remembers each step that was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, above: str, path: RelPath) -> str:
        """The way so far, with this path."""
        self.asked.append(path)
        return f"{above} > {path or '.'}"


def test_each_directory_is_made_from_the_one_above_it() -> None:
    """The root comes first, and what was given stands before it."""
    trail, steps = Trail("start"), Steps()
    assert trail.at(RelPath("a/b"), steps) == "start > . > a > a/b"
    assert trail.at(ROOT, steps) == "start > ."
    assert steps.asked == ["", "a", "a/b"]


def test_the_way_that_two_directories_share_is_gone_once() -> None:
    """Names that only begin alike share nothing; what was left is gone again when it is asked about again."""
    trail, steps = Trail("start"), Steps()
    for path in ("a/b/c", "a/b/c", "a/bc", "a/b", "a"):
        assert trail.at(RelPath(path), steps).endswith(f" > {path}")
    assert steps.asked == ["", "a", "a/b", "a/b/c", "a/bc", "a/b"]


def test_a_step_that_fails_is_asked_for_again() -> None:
    """What was found on the way to it stays found."""
    trail, steps = Trail("start"), Steps()

    def failing(above: str, path: RelPath) -> str:
        if path == "a/b":
            raise OSError("again")
        return steps(above, path)

    with pytest.raises(OSError, match="again"):
        trail.at(RelPath("a/b/c"), failing)
    assert trail.at(RelPath("a/b/c"), steps) == "start > . > a > a/b > a/b/c"
    assert steps.asked == ["", "a", "a/b", "a/b/c"]
