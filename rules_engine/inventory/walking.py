"""One walk through directories, in order, through handles, following and crossing nothing.

What it has not come to yet can be given up at any moment, so that another walk goes on from there.
"""

import errno
from collections.abc import Generator, Iterator, Sequence
from typing import Final, TypeAlias

from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.listing import Listing, read_listing
from rules_engine.filesystem.root import STATE
from rules_engine.inventory.model import FileFact, Inventory, Problem, Skipped
from rules_engine.inventory.pruning import Pruning, Reach
from rules_engine.values.paths import ROOT, RelPath, join

Pending: TypeAlias = tuple[RelPath, list[str]]
"""A directory that was read, and those in it that come next, in order."""

NEVER_ENTERED: Final = {
    STATE: "it is the state of rules-engine",
    ".git": "a directory named `.git` is never entered",
    "lost+found": "a directory named `lost+found` is never entered",
    ".snapshot": "a directory named `.snapshot` is never entered",
}
MOUNT: Final = "another filesystem is mounted there"
ANOTHER_ROOT: Final = "it is another root"
# Handles that are kept open above the directory being read; deeper than that they are opened again from the root.
_OPEN_HANDLES: Final = 64


class _Frame:
    """A directory that was read and whose subdirectories come next."""

    __slots__ = ("handle", "path", "pending", "reach")

    def __init__(self, path: RelPath, handle: Directory | None, pending: list[str], reach: Reach | None) -> None:
        self.path = path
        self.handle = handle
        self.pending = pending
        self.reach = reach
        """How far rules reach in there; None where everything is looked at."""


class Walk:
    """One walk; what it finds besides directories goes into its inventory."""

    def __init__(
        self,
        root: Directory,
        inventory: Inventory,
        markers: Sequence[str],
        pruning: Pruning | None,
    ) -> None:
        self.root = root
        self.inventory = inventory
        self.markers = markers
        self.pruning = pruning
        self._stack: list[_Frame] = []
        self.files = 0
        """That were looked at so far."""

    def run(self, below: Sequence[RelPath]) -> Generator[Listing[FileFact], None, None]:
        """The directories at and below each of `below`."""
        try:
            for start in below:
                reach = self.pruning.at_root() if self.pruning is not None else None
                listing = self._enter(start, self.root, start, reach)
                if listing is not None:
                    yield listing
                yield from self._descend()
        finally:
            self._forget_handles()

    def go_on(self, pending: Sequence[Pending]) -> Iterator[Listing[FileFact]]:
        """What another walk has still to come to."""
        for path, names in pending:
            reach = self.pruning.at(path) if self.pruning is not None else None
            self._stack.append(_Frame(path, None, names[::-1], reach))
            yield from self._descend()

    def give_up_pending(self) -> list[Pending]:
        """What it has still to come to where it is, in order; it will not come to that any more."""
        self._forget_handles()
        pending = [(frame.path, frame.pending[::-1]) for frame in reversed(self._stack)]
        self._stack.clear()
        return pending

    def _forget_handles(self) -> None:
        for frame in self._stack:
            if frame.handle is not None:
                frame.handle.close()
                frame.handle = None

    def _descend(self) -> Iterator[Listing[FileFact]]:
        # A list, not recursion: a tree can be deeper than any stack.
        while self._stack:
            frame = self._stack[-1]
            if frame.pending:
                name = frame.pending.pop()
                path, reach = join(frame.path, name), frame.reach
                if self.pruning is not None and reach is not None:
                    reach = self.pruning.below(reach, name, path)
                    if reach is None:
                        self.inventory.passed_over.directories += 1
                        continue
                above, way = (frame.handle, RelPath(name)) if frame.handle else (self.root, path)
                listing = self._enter(path, above, way, reach)
                if listing is not None:
                    yield listing
            else:
                self._stack.pop()
                if frame.handle is not None:
                    frame.handle.close()

    def _enter(self, path: RelPath, above: Directory, way: RelPath, reach: Reach | None) -> Listing[FileFact] | None:
        try:
            handle = above.open(way)
        except OSError as err:
            note_not_opened(self.inventory, path, err)
            return None
        try:
            wants = self.pruning.wants(reach, path) if self.pruning is not None and reach is not None else None
            listing = read_listing(handle, path, FileFact, wants)
        except OSError as err:
            handle.close()
            self.inventory.problems.append(Problem(path, f"cannot be read: {err.strerror}"))
            return None
        self.files += len(listing.files)
        if path != ROOT and STATE in listing.names:
            handle.close()
            self.inventory.skipped.append(Skipped(path, ANOTHER_ROOT))
            return None
        self._note(listing)
        if listing.subdirectories:
            self._push(_Frame(path, handle, listing.subdirectories[::-1], reach))
        else:
            handle.close()
        return listing

    def _push(self, frame: _Frame) -> None:
        self._stack.append(frame)
        if len(self._stack) > _OPEN_HANDLES:
            oldest = self._stack[-_OPEN_HANDLES - 1]
            if oldest.handle is not None:
                oldest.handle.close()
                oldest.handle = None

    def _note(self, listing: Listing[FileFact]) -> None:
        """Note what besides facts was found, and take out what is not entered."""
        found, path = self.inventory, listing.path
        for marker in self.markers:
            if marker in listing.names:
                found.marked.setdefault(path, marker)
        if not listing.is_complete:
            found.passed_over.files += len(listing.by_name)
            found.skipped += [Skipped(join(path, name), MOUNT) for name in listing.mounts]
            odd = [(join(path, name), f"cannot be looked at: {why}") for name, why in listing.unreadable]
            found.problems += [Problem(there, why) for there, why in odd]
        if not NEVER_ENTERED.keys().isdisjoint(listing.subdirectories):
            listing.passed = [name for name in listing.subdirectories if name in NEVER_ENTERED]
            listing.subdirectories = [name for name in listing.subdirectories if name not in NEVER_ENTERED]
            where = [(join(path, name), name) for name in listing.passed]
            found.skipped += [Skipped(there, NEVER_ENTERED[name]) for there, name in where if there != STATE]


def note_not_opened(inventory: Inventory, path: RelPath, err: OSError) -> None:
    """Note why a directory could not be opened; one that is not there is none."""
    if err.errno == errno.ENOENT:
        return
    if err.errno == errno.EXDEV:
        inventory.skipped.append(Skipped(path, MOUNT))
    elif err.errno in {errno.ENOTDIR, errno.ELOOP}:
        inventory.problems.append(Problem(path, "is no directory, or lies behind a link"))
    else:
        inventory.problems.append(Problem(path, f"cannot be opened: {err.strerror}"))
