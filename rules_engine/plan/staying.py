"""What stays, summed by directory: a few hundred rows however large the tree is."""

from typing import Final, Protocol, TypeAlias

from rules_engine.plan.model import Count
from rules_engine.values.paths import ROOT, RelPath, ancestors, parent, sort_key

MOST_ROWS: Final = 256
_DEEPEST: Final = 6


class Staying(Protocol):
    """What is told what stays, directory by directory, in order."""

    def add(self, directory: RelPath, some: Count) -> None:
        """Count `some` in `directory`."""


Stayed: TypeAlias = tuple[RelPath, int, int]
"""Of one directory, files and their bytes."""


class StayingInOrder:
    """What was told, as it came: for who adds it up elsewhere, where the order counts."""

    def __init__(self) -> None:
        self._told: list[Stayed] = []

    def add(self, directory: RelPath, some: Count) -> None:
        """Remember `some` of `directory`."""
        self._told.append((directory, some.files, some.bytes))

    def taken(self) -> list[Stayed]:
        """What was told since this was last asked for."""
        told, self._told = self._told, []
        return told


class SumsByDirectory:
    """Counts by directory; when there are too many, the smallest are counted with the directory above them."""

    def __init__(self, most: int = MOST_ROWS) -> None:
        self._most = most
        self._rows: dict[RelPath, Count] = {}

    def add(self, directory: RelPath, some: Count) -> None:
        """Count `some` in `directory`."""
        parts = directory.split("/", _DEEPEST)
        at = RelPath("/".join(parts[:_DEEPEST])) if len(parts) > _DEEPEST else directory
        self._rows.setdefault(at, Count()).add(some)
        # Not at each new row: folding looks at all of them.
        if len(self._rows) > 2 * self._most:
            self._fold()

    def rows(self) -> list[tuple[RelPath, Count]]:
        """Each directory with what was counted in it and in those below it that have no row, in plan order."""
        if len(self._rows) > self._most:
            self._fold()
        return sorted(self._rows.items(), key=lambda row: sort_key(row[0]))

    def _fold(self) -> None:
        # A directory above may be a new row, so one pass need not be enough; each brings rows nearer to the root.
        while len(self._rows) > self._most:
            above = {ROOT, *(one for path in self._rows for one in ancestors(path))}
            # Only what has no row below itself: else all of a tree could be counted with the root, but for its leaves.
            smallest = sorted(
                (path for path in self._rows if path not in above),
                key=lambda path: (self._rows[path].bytes, self._rows[path].files, path),
            )
            for path in smallest:
                self._rows.setdefault(parent(path), Count()).add(self._rows.pop(path))
                if len(self._rows) <= self._most:
                    break
