"""What speaks of a directory because of itself or one above it, looked at on the disk from the root down."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self, TypeAlias

from rules_engine.filesystem.directory import Directory
from rules_engine.values.paths import RelPath, name_of, parent
from rules_engine.values.trail import Trail

Look: TypeAlias = Callable[[RelPath, Directory], str]
"""What one directory says, through a handle on it; empty where it says nothing."""
Ask: TypeAlias = Callable[[RelPath, Directory], str]
"""What a directory, given with a handle on it, or the nearest one above it says; empty where none does.

It raises an OSError where one of them cannot be looked at; one that is gone says nothing.
"""


class Above:
    """Looks at each directory on the way to another one, once until it forgets; the nearest that says something counts.

    Batches come in the order of a tree, so that only the last way is remembered.
    """

    def __init__(self, root: Directory) -> None:
        self._root = root
        self._looks: list[Look] = []
        self.forget()

    def ask(self, look: Look) -> Ask:
        """A question about all that lies above; questions share the way down, which takes longer than the looks."""
        number = len(self._looks)
        self._looks.append(look)
        self.forget()
        return lambda directory, here: self._says(directory, here)[number]

    def forget(self) -> None:
        """Look again at everything."""
        self._trail = Trail(("",) * len(self._looks))

    def _says(self, directory: RelPath, here: Directory) -> tuple[str, ...]:
        with _Way(self._root, self._looks, directory, here) as way:
            return self._trail.at(directory, way.step)


class _Way:
    """One way down: each directory is opened from the one above it, where that was looked at just before."""

    def __init__(self, root: Directory, looks: Sequence[Look], directory: RelPath, here: Directory) -> None:
        self._root = root
        self._looks = looks
        self._directory = directory
        self._here = here
        self._last: tuple[RelPath, Directory] | None = None

    def step(self, above: tuple[str, ...], path: RelPath) -> tuple[str, ...]:
        if path == self._directory:
            return self._look_at(above, path, self._here)
        with suppress(FileNotFoundError):
            handle = self._open(path)
            self.close()
            self._last = (path, handle)
            return self._look_at(above, path, handle)
        return above

    def _look_at(self, above: tuple[str, ...], path: RelPath, here: Directory) -> tuple[str, ...]:
        return tuple(look(path, here) or said for look, said in zip(self._looks, above, strict=True))

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
