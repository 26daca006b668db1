"""Whole directories through handles: going down without recursion, following nothing, and removing what is there."""

import errno
from contextlib import closing
from typing import Final, NamedTuple

from rules_engine.filesystem.directory import Directory, Status
from rules_engine.filesystem.listing import read_listing
from rules_engine.inventory.model import FileFact
from rules_engine.values.paths import ROOT, RelPath
from rules_engine.values.vocabulary import EntryKind

# Handles that are kept open above the directory at hand; a tree can be deeper than a process may have files open.
_OPEN_HANDLES: Final = 64


class Removed(NamedTuple):
    """What a removal took away besides directories, and the bytes that the filesystem got back."""

    files: int
    bytes: int


class _Level:
    __slots__ = ("handle", "inode", "name", "pending")

    def __init__(self, name: str, handle: Directory) -> None:
        self.name = name
        self.handle: Directory | None = handle
        self.inode = handle.status().inode
        self.pending: list[str] = []


class Descent:
    """The way down from one directory to the one at hand, of which only the last handles stay open."""

    def __init__(self, top: Directory) -> None:
        self._top = top
        self._levels: list[_Level] = []

    @property
    def depth(self) -> int:
        """How many directories below the top the one at hand lies."""
        return len(self._levels)

    @property
    def pending(self) -> list[str]:
        """The directories of the one at hand that are still to be entered, the next one last."""
        return self._levels[-1].pending

    def path(self, name: str = "") -> RelPath:
        """The path of the directory at hand, or of what has that name in it, below the top."""
        parts = [level.name for level in self._levels]
        return RelPath("/".join([*parts, name] if name else parts))

    def enter(self, name: str) -> Directory:
        """A handle on the directory `name` of the one at hand, which from now on is the one at hand.

        Raises:
            OSError: `EXDEV` for a mount, `ELOOP` or `ENOTDIR` for what is no directory, and what else the system says.
        """
        handle = self.here().open(RelPath(name))
        self._levels.append(_Level(name, handle))
        if len(self._levels) > _OPEN_HANDLES:
            _close(self._levels[-_OPEN_HANDLES - 1])
        return handle

    def leave(self) -> str:
        """Go back up; the name of the directory that was at hand."""
        level = self._levels.pop()
        _close(level)
        return level.name

    def here(self) -> Directory:
        """A handle on the directory at hand.

        Raises:
            OSError: `ESTALE` when another directory stands there by now, and what else the system says.
        """
        if not self._levels:
            return self._top
        return self._levels[-1].handle or self._reopen()

    def _reopen(self) -> Directory:
        # As many as are kept open at once: of a deep tree each part is walked down once more and not once a directory.
        with self._top.open(RelPath("/".join(level.name for level in self._levels[:-_OPEN_HANDLES]))) as above:
            here = above
            for level in self._levels[-_OPEN_HANDLES:]:
                here = level.handle = here.open(RelPath(level.name))
                if here.status().inode != level.inode:
                    raise OSError(errno.ESTALE, "another directory has its place by now", level.name)
            return here

    def close(self) -> None:
        """Give back every handle but the top, which is the caller's."""
        for level in self._levels:
            _close(level)
        self._levels.clear()


def _close(level: _Level) -> None:
    if level.handle is not None:
        level.handle.close()
        level.handle = None


def remove_tree(parent: Directory, name: str) -> Removed:
    """Remove `name` and everything below it, and say what went; what is not there any more is fine.

    Nothing is asked: the caller has proved that all of it may go. Only entries below `parent` are touched, no link is
    followed and no mount is entered. What cannot be removed stays, and does not stop the rest.

    Raises:
        OSError: of the first entry that cannot be removed, with its path below `parent` as `filename`.
    """
    with closing(Descent(parent)) as way:
        removal = _Removal(way)
        removal.run(name)
    if removal.refused is not None:
        raise removal.refused
    return Removed(removal.files, removal.bytes)


class _Removal:
    def __init__(self, way: Descent) -> None:
        self._way = way
        self.files = 0
        self.bytes = 0
        self.refused: OSError | None = None

    def run(self, name: str) -> None:
        found = self._way.here().stat(name)
        if found is not None and found.kind is not EntryKind.DIRECTORY:
            self._unlink(self._way.here(), name, found)
        elif found is not None:
            self._enter(name)
        while self._way.depth:
            if self._way.pending:
                self._enter(self._way.pending.pop())
            else:
                self._remove_directory(self._way.leave())

    def _enter(self, name: str) -> None:
        try:
            here = self._way.enter(name)
        except OSError as err:
            self._note(err, name)
            return
        try:
            listing = read_listing(here, ROOT, FileFact)
        except OSError as err:
            self._note(err)
            return
        for mount in listing.mounts:
            self._note(OSError(errno.EXDEV, "another filesystem is mounted there"), mount)
        for unreadable, _why in listing.unreadable:
            self._look_again(here, unreadable)
        for fact in listing.files:
            self._unlink(here, fact.name, fact)
        self._way.pending.extend(reversed(listing.subdirectories))

    def _look_again(self, here: Directory, name: str) -> None:
        # For the error itself. What can be told by now stays as well, and its directory says that it is not empty.
        try:
            here.stat(name)
        except OSError as err:
            self._note(err, name)

    def _unlink(self, here: Directory, name: str, known: FileFact | Status) -> None:
        try:
            # Its other name may have gone just now: the last one takes the bytes with it.
            now = here.stat(name) if known.nlink > 1 else known
            here.unlink(name)
        except OSError as err:
            self._note(err, name)
            return
        self.files += 1
        if now is not None and now.kind is EntryKind.FILE and now.nlink <= 1:
            self.bytes += now.size or 0

    def _remove_directory(self, name: str) -> None:
        try:
            self._way.here().remove_directory(name)
        except OSError as err:
            self._note(err, name)

    def _note(self, err: OSError, name: str = "") -> None:
        # The first error says why; those of the directories above it only that something is left in them.
        if self.refused is None and err.errno != errno.ENOENT:
            self.refused = OSError(err.errno, err.strerror, self._way.path(name))
