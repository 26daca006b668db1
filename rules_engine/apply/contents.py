"""What a directory holds now: all that is below it, and what of that lets nobody remove it."""

import errno
from collections import Counter
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass, field
from typing import Final

from rules_engine.apply.trees import Descent
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.listing import Listing, read_listing
from rules_engine.inventory.model import FileFact
from rules_engine.plan.contents import Contents
from rules_engine.plan.protect import STATE, is_special
from rules_engine.values.paths import ROOT, RelPath, join
from rules_engine.values.vocabulary import EntryKind

_SWAPPED: Final = frozenset({errno.ENOENT, errno.ELOOP, errno.ENOTDIR})
"""What the system says of a directory that was there a moment ago."""


@dataclass(slots=True)
class Held:
    """What one directory holds."""

    contents: Contents = field(default_factory=Contents)
    bytes: int = 0
    """Of files that have no name elsewhere: what the filesystem gets back with them."""
    protects: str = ""
    """What in it is protected, so that all of it stays; then the contents are not whole."""
    closed: RelPath | None = None
    """A directory at or below it that we may not remove anything from, with its path below the parent."""
    moves: bool = False
    """It changed while it was read."""


def read_contents(parent: Directory, name: str, markers: Collection[str]) -> Held:
    """What the directory `name` holds, read through handles; no link is followed and no mount is entered.

    Raises:
        OSError: of the first directory or entry that cannot be read, with its path below `parent` as `filename`.
    """
    with closing(Descent(parent)) as way:
        return _Reading(way, markers).run(name)


class _Reading:
    def __init__(self, way: Descent, markers: Collection[str]) -> None:
        self._way = way
        self._markers = markers
        self._held = Held()
        self._at: RelPath = ROOT
        self._names: Counter[int] = Counter()

    def run(self, name: str) -> Held:
        try:
            self._enter(name)
            while self._way.depth and not self._held.protects and not self._held.moves:
                if self._way.pending:
                    self._enter(self._way.pending.pop())
                else:
                    self._way.leave()
        except OSError as err:
            raise OSError(err.errno, err.strerror, self._at) from err
        return self._held

    def _enter(self, name: str) -> None:
        self._at = self._way.path(name)
        try:
            here = self._way.enter(name)
        except OSError as err:
            if err.errno == errno.EXDEV:
                self._held.protects = f"another filesystem is mounted at `{self._at}`"
            elif err.errno in _SWAPPED:
                self._held.moves = True
            else:
                raise
            return
        below = RelPath(self._at.partition("/")[2])
        listing = read_listing(here, below, FileFact)
        self._look_again(here, listing)
        self._held.protects = self._protected(listing)
        self._add(here, below, listing)
        self._way.pending.extend(reversed(listing.subdirectories))

    def _look_again(self, here: Directory, listing: Listing[FileFact]) -> None:
        for unreadable, _why in listing.unreadable:
            # Asked once more for the error itself; what can be told by now could not be told a moment ago.
            self._at = join(self._at, unreadable)
            here.stat(unreadable)
            self._held.moves = True

    def _protected(self, listing: Listing[FileFact]) -> str:
        for mount in listing.mounts:
            return f"another filesystem is mounted at `{join(self._at, mount)}`"
        for name in (*(fact.name for fact in listing.files), *listing.subdirectories):
            if name in self._markers:
                return f"`{self._at}` has the keep marker `{name}`"
            if name == STATE:
                return f"`{self._at}` is another root"
            if is_special(name):
                return f"no rule reaches `{join(self._at, name)}`"
        odd = next((fact.name for fact in listing.files if fact.kind is EntryKind.OTHER), None)
        return f"`{join(self._at, odd)}` is not a regular file or link" if odd is not None else ""

    def _is_last(self, fact: FileFact) -> bool:
        """Whether all names of a file lie in the directory, as far as it was read."""
        if fact.nlink > 1:
            self._names[fact.inode] += 1
        return fact.nlink <= 1 or self._names[fact.inode] == fact.nlink

    def _add(self, here: Directory, below: RelPath, listing: Listing[FileFact]) -> None:
        held = self._held
        held.contents.add_directory(below, listing.inode)
        for fact in listing.files:
            held.contents.add_file(
                below,
                fact.name,
                kind=fact.kind,
                inode=fact.inode,
                size=fact.size,
                mtime_ns=fact.mtime_ns,
                ctime_ns=fact.ctime_ns,
                nlink=fact.nlink,
            )
            if fact.kind is EntryKind.FILE and self._is_last(fact):
                held.bytes += fact.size or 0
        if (listing.files or listing.subdirectories) and held.closed is None and not here.allows_removal():
            held.closed = self._at
