"""The walk: every directory below some places, in order, through handles, following and crossing nothing."""

import errno
from collections.abc import Iterator, Sequence
from typing import Final

from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.listing import Listing, read_listing
from rules_engine.filesystem.root import STATE, Root
from rules_engine.inventory.model import DirectoryFacts, FileFact, Inventory, Problem, Skipped
from rules_engine.inventory.pruning import Pruning, Reach
from rules_engine.inventory.wire import Pending
from rules_engine.inventory.workers import Workers
from rules_engine.values.paths import ROOT, RelPath, is_at_or_below, join, sort_key

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


def walk(
    root: Root,
    *,
    below: Sequence[RelPath] = (ROOT,),
    markers: Sequence[str] = (),
    pruning: Pruning | None = None,
    workers: Workers | None = None,
) -> Inventory:
    """What lies at and below each of `below`; read while its directories are gone through.

    `markers` are looked for in every directory that is read, not in those above. With `pruning`, which is about the
    whole tree, only what it wants is read. `workers` go on with a long walk, in the same order.
    """
    inventory = Inventory((), walked=tuple(below) == (ROOT,))
    inventory.directories = Walk(root.directory, inventory, markers, pruning, workers).run(outermost(below))
    return inventory


def outermost(paths: Sequence[RelPath]) -> tuple[RelPath, ...]:
    """Those of `paths` that lie in no other, in order."""
    found: list[RelPath] = []
    for path in sorted(set(paths), key=sort_key):
        if not found or not (found[-1] == ROOT or is_at_or_below(path, found[-1])):
            found.append(path)
    return tuple(found)


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
        workers: Workers | None = None,
    ) -> None:
        self._root = root
        self._inventory = inventory
        self._markers = markers
        self._pruning = pruning
        self._workers = workers
        self._files = 0
        self._stack: list[_Frame] = []

    def run(self, below: Sequence[RelPath]) -> Iterator[DirectoryFacts]:
        """The directories at and below each of `below`."""
        try:
            for start in below:
                reach = self._pruning.at_root() if self._pruning is not None else None
                facts = self._enter(start, self._root, start, reach)
                if facts is not None:
                    yield facts
                yield from self._descend()
        finally:
            self._forget_handles()
            if self._workers is not None:
                self._workers.end()

    def go_on(self, pending: Sequence[Pending]) -> Iterator[DirectoryFacts]:
        """What another walk has still to come to."""
        for path, names in pending:
            reach = self._pruning.at(path) if self._pruning is not None else None
            self._stack.append(_Frame(path, None, names[::-1], reach))
            yield from self._descend()

    def _forget_handles(self) -> None:
        for frame in self._stack:
            if frame.handle is not None:
                frame.handle.close()
                frame.handle = None

    def _hand_over(self, workers: Workers) -> Iterator[DirectoryFacts]:
        """Let others read what is still to come."""
        self._forget_handles()
        pending = [(frame.path, frame.pending[::-1]) for frame in reversed(self._stack)]
        self._stack.clear()
        extent = self._pruning.extent if self._pruning is not None else None
        yield from workers.walk(pending, self._inventory, self._markers, extent)

    def _descend(self) -> Iterator[DirectoryFacts]:
        # A list, not recursion: a tree can be deeper than any stack.
        while self._stack:
            if self._workers is not None and self._workers.are_ready(self._root, self._files):
                yield from self._hand_over(self._workers)
                return
            frame = self._stack[-1]
            if frame.pending:
                name = frame.pending.pop()
                path, reach = join(frame.path, name), frame.reach
                if self._pruning is not None and reach is not None:
                    reach = self._pruning.below(reach, name, path)
                    if reach is None:
                        self._inventory.passed_over.directories += 1
                        continue
                above, way = (frame.handle, RelPath(name)) if frame.handle else (self._root, path)
                facts = self._enter(path, above, way, reach)
                if facts is not None:
                    yield facts
            else:
                self._stack.pop()
                if frame.handle is not None:
                    frame.handle.close()

    def _enter(self, path: RelPath, above: Directory, way: RelPath, reach: Reach | None) -> DirectoryFacts | None:
        try:
            handle = above.open(way)
        except OSError as err:
            note_not_opened(self._inventory, path, err)
            return None
        try:
            wants = self._pruning.wants(reach, path) if self._pruning is not None and reach is not None else None
            listing = read_listing(handle, path, FileFact, wants)
        except OSError as err:
            handle.close()
            self._inventory.problems.append(Problem(path, f"cannot be read: {err.strerror}"))
            return None
        self._files += len(listing.files)
        facts = self._facts(path, listing)
        if facts is None or not facts.subdirectories:
            handle.close()
        else:
            self._push(_Frame(path, handle, list(reversed(facts.subdirectories)), reach))
        return facts

    def _push(self, frame: _Frame) -> None:
        self._stack.append(frame)
        if len(self._stack) > _OPEN_HANDLES:
            oldest = self._stack[-_OPEN_HANDLES - 1]
            if oldest.handle is not None:
                oldest.handle.close()
                oldest.handle = None

    def _facts(self, path: RelPath, listing: Listing[FileFact]) -> DirectoryFacts | None:
        found = self._inventory
        if path != ROOT and STATE in listing.names:
            found.skipped.append(Skipped(path, ANOTHER_ROOT))
            return None
        for marker in self._markers:
            if marker in listing.names:
                found.marked.setdefault(path, marker)
        found.passed_over.files += len(listing.by_name)
        found.skipped += [Skipped(join(path, name), MOUNT) for name in listing.mounts]
        found.problems += [Problem(join(path, name), f"cannot be looked at: {why}") for name, why in listing.unreadable]
        entered = [name for name in listing.subdirectories if name not in NEVER_ENTERED]
        left_out = len(entered) < len(listing.subdirectories)
        if left_out:
            passed = [name for name in listing.subdirectories if name in NEVER_ENTERED and join(path, name) != STATE]
            found.skipped += [Skipped(join(path, name), NEVER_ENTERED[name]) for name in passed]
        return DirectoryFacts(
            path=path,
            files=tuple(listing.files),
            subdirectories=tuple(entered),
            inode=listing.inode,
            complete=not (left_out or listing.mounts or listing.unreadable or listing.by_name),
            mtime_ns=listing.mtime_ns,
            ctime_ns=listing.ctime_ns,
        )


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
