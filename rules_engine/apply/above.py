"""What speaks of a directory because of itself or one above it, looked at on the disk from the root down."""

from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self, TypeAlias

from rules_engine.filesystem.directory import Directory
from rules_engine.values.paths import RelPath, name_of, parent
from rules_engine.values.trail import Trail

Look: TypeAlias = Callable[[RelPath, Directory], str]
"""What one directory says, through a handle on it; empty where it says nothing."""


class Above:
    """Looks at each directory on the way to another one, once until it forgets; the nearest that says something counts.

    Batches come in the order of a tree, so that only the last way is remembered.
    """

    def __init__(self, root: Directory, look: Look) -> None:
        self._root = root
        self._look = look
        self.forget()

    def forget(self) -> None:
        """Look again at everything."""
        self._trail = Trail("")

    def says(self, directory: RelPath, here: Directory) -> str:
        """What `directory`, open as `here`, or the nearest one above it says; empty where none does.

        Raises:
            OSError: when one of them cannot be looked at; one that is gone says nothing.
        """
        with _Way(self._root, self._look, directory, here) as way:
            return self._trail.at(directory, way.step)


class _Way:
    """One way down: each directory is opened from the one above it, where that was looked at just before."""

    def __init__(self, root: Directory, look: Look, directory: RelPath, here: Directory) -> None:
        self._root = root
        self._look = look
        self._directory = directory
        self._here = here
        self._last: tuple[RelPath, Directory] | None = None

    def step(self, above: str, path: RelPath) -> str:
        if path == self._directory:
            return self._look(path, self._here) or above
        with suppress(FileNotFoundError):
            handle = self._open(path)
            self.close()
            self._last = (path, handle)
            return self._look(path, handle) or above
        return above

    def _open(self, path: RelPath) -> Directory:
        if self._last is not None and path and self._last[0] == parent(path):
            return self._last[1].open(RelPath(name_of(path)))
        return self._root.open(path)

    def close(self) -> None:
        if self._last is not None:
            self._last[1].close()
            self._last = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
