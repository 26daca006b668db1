"""What one look at an entry says of it."""

import os
import stat
from typing import Final

import msgspec

from rules_engine.values.vocabulary import EntryKind

FORMAT: Final = 0o170000
"""The bits of a mode that tell the kind of an entry; `stat.S_IFMT` is a call for each."""
_KINDS: Final = {stat.S_IFREG: EntryKind.FILE, stat.S_IFLNK: EntryKind.LINK, stat.S_IFDIR: EntryKind.DIRECTORY}


class Status(msgspec.Struct, frozen=True, gc=False):
    """What was seen of one entry, without following it."""

    kind: EntryKind
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    nlink: int
    device: int
    mode: int
    """Permission bits."""
    uid: int
    gid: int = -1
    is_mount: bool = False
    """Another filesystem begins here; a bind mount of the same one shows only when it is opened."""


def kind_of(mode: int) -> EntryKind:
    """The kind of an entry with this `st_mode`."""
    return _KINDS.get(stat.S_IFMT(mode), EntryKind.OTHER)


def status_from(found: os.stat_result, device: int | None = None) -> Status:
    """The status that `found` gives, of an entry in a directory on `device`."""
    return Status(
        kind=kind_of(found.st_mode),
        inode=found.st_ino,
        size=found.st_size,
        mtime_ns=found.st_mtime_ns,
        ctime_ns=found.st_ctime_ns,
        nlink=found.st_nlink,
        device=found.st_dev,
        mode=stat.S_IMODE(found.st_mode),
        uid=found.st_uid,
        gid=found.st_gid,
        is_mount=device is not None and found.st_dev != device,
    )
