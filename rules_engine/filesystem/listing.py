"""Everything in one directory, read through its handle: the hot loop of every walk."""

import os
import stat
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Final, Generic, TypeAlias, TypeVar

import msgspec

from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.status import FORMAT
from rules_engine.values.paths import RelPath, to_bytes
from rules_engine.values.vocabulary import EntryKind

Fact = TypeVar("Fact")
MakeFact: TypeAlias = Callable[[RelPath, str, EntryKind, int, int | None, int | None, int | None, int], Fact]
"""Makes a fact of: directory, name, kind, inode, size, mtime_ns, ctime_ns, nlink."""
Wants: TypeAlias = Callable[[Sequence[str]], Sequence[bool]]
"""Tells of the names in one directory which of them are wanted."""

_NAME: Final = attrgetter("name")
_REGULAR: Final = stat.S_IFREG
_DIRECTORY: Final = stat.S_IFDIR


class Listing(msgspec.Struct, Generic[Fact]):
    """What one directory holds, in byte order of the names."""

    path: RelPath
    inode: int
    mtime_ns: int
    ctime_ns: int
    names: Sequence[str]
    """Of everything in it, whatever that is."""
    files: list[Fact] = []
    """Everything but directories."""
    subdirectories: list[str] = []
    mounts: list[str] = []
    """Directories at which another filesystem begins."""
    by_name: list[str] = []
    """Entries, none of them a directory, of which nobody asked for more than the name."""
    unreadable: list[tuple[str, str]] = []
    """Entries that are there but cannot be looked at: name and why."""
    passed: list[str] = []
    """Directories that are not to be entered; who goes on to the others has put them here."""

    @property
    def is_complete(self) -> bool:
        """Whether everything in it was looked at, or is a directory to go on to."""
        return not (self.mounts or self.by_name or self.unreadable or self.passed)


def read_listing(
    directory: Directory, path: RelPath, make: MakeFact[Fact], wants: Wants | None = None
) -> Listing[Fact]:
    """What `directory`, which lies at `path`, holds; a fact is made by `make` of every entry but directories.

    With `wants`, only of entries whose names it wants; the system is asked nothing about the others.

    Raises:
        OSError: when it cannot be read.
    """
    # Before the names are read: who adds one meanwhile makes the directory younger than what is told of it.
    itself = os.fstat(directory.fd)
    names, entries = _sorted_entries(directory.fd)
    listing: Listing[Fact] = Listing(path, itself.st_ino, itself.st_mtime_ns, itself.st_ctime_ns, names)
    if wants is not None and not all(wanted := wants(names)):
        entries = _wanted(listing, entries, wanted)
    add, device = listing.files.append, directory.device
    file_kind, link_kind, other_kind = EntryKind.FILE, EntryKind.LINK, EntryKind.OTHER
    # One look an entry and nothing else: this loop runs once for every file of the tree.
    for entry in entries:
        try:
            found = entry.stat(follow_symlinks=False)
        except OSError as err:
            _note(listing, entry, err)
            continue
        form = found.st_mode & FORMAT
        if form == _REGULAR:
            kind = file_kind
        elif form == _DIRECTORY:
            (listing.subdirectories if found.st_dev == device else listing.mounts).append(entry.name)
            continue
        else:
            kind = link_kind if form == stat.S_IFLNK else other_kind
        ino, size, mtime, ctime = found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
        add(make(path, entry.name, kind, ino, size, mtime, ctime, found.st_nlink))
    return listing


def _wanted(
    listing: Listing[Fact], entries: Sequence[os.DirEntry[str]], wanted: Sequence[bool]
) -> list[os.DirEntry[str]]:
    """The entries that are wanted, and every directory; of the others the names are noted."""
    looked_at: list[os.DirEntry[str]] = []
    for entry, wants_it in zip(entries, wanted, strict=True):
        try:
            if wants_it or entry.is_dir(follow_symlinks=False):
                looked_at.append(entry)
            else:
                listing.by_name.append(entry.name)
        except OSError as err:
            _note(listing, entry, err)
    return looked_at


def _sorted_entries(fd: int) -> tuple[list[str], list[os.DirEntry[str]]]:
    with os.scandir(fd) as found:
        entries = sorted(found, key=_NAME)
    names = list(map(_NAME, entries))
    # The order of text is the order of its bytes, except where surrogates stand for bytes that are not UTF-8.
    if not "".join(names).isascii():
        entries.sort(key=lambda entry: to_bytes(entry.name))
        names = list(map(_NAME, entries))
    return names, entries


def _note(listing: Listing[Fact], entry: os.DirEntry[str], err: OSError) -> None:
    if not isinstance(err, FileNotFoundError):
        listing.unreadable.append((entry.name, err.strerror or type(err).__name__))
