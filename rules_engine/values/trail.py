"""What is known of a directory from the one above it: in plan order each directory costs one step, however deep."""

from collections.abc import Callable
from typing import Generic, TypeVar

from rules_engine.values.paths import ROOT, RelPath

T = TypeVar("T")


class Trail(Generic[T]):
    """Remembers the way to the directory that was asked about last, with what was found at each step of it.

    To go through everything above a path costs its length for each of them: half the square for a deep one, and the
    cube for a tree of them. The next directory shares nearly all of its way with the last.
    """

    __slots__ = ("_asked", "_last", "_outside", "_way")

    def __init__(self, outside: T) -> None:
        self._outside = outside
        """What holds before the root was looked at."""
        self._way: list[tuple[int, T]] = []
        """How long each directory on the way is, with the slash after it, and what was found there."""
        self._last = ""
        self._asked: RelPath | None = None
        """The directory that was asked about last, where what holds in it is known."""

    def at(self, directory: RelPath, step: Callable[[T, RelPath], T]) -> T:
        """What holds in `directory`: `step` says what of the one above, and of the path itself, makes it so.

        It is called for the root, and once for each directory further down that the last one did not lie in.
        """
        way = self._way
        if directory == self._asked:
            return way[-1][1]
        self._asked = None
        if not way:
            way.append((0, step(self._outside, ROOT)))
        wanted = f"{directory}/" if directory else ""
        # Compared from its end: most of the time nothing, or one name, has to go.
        while not wanted.startswith(self._last[: way[-1][0]]):
            way.pop()
        self._last = wanted
        start, whole = way[-1][0], len(wanted)
        while start < whole:
            end = wanted.index("/", start)
            start = end + 1
            # Most of the time one step is left, to the directory itself: steps look its text up, whose hash is known.
            way.append((start, step(way[-1][1], directory if start == whole else RelPath(wanted[:end]))))
        self._asked = directory
        return way[-1][1]
