"""The names in a directory to which something happened, as the kernel tells them: inotify(7).

To look at ten thousand files of state again and again takes longer than what is done in between.
"""

import ctypes
import os
import struct
from typing import Final
from weakref import finalize

from rules_engine.filesystem import linux
from rules_engine.filesystem.directory import Directory

_MODIFIED: Final = 0x002
_ATTRIBUTES: Final = 0x004
_MOVED_FROM: Final = 0x040
_MOVED_TO: Final = 0x080
_CREATED: Final = 0x100
_DELETED: Final = 0x200
_DELETED_ITSELF: Final = 0x400
_MOVED_ITSELF: Final = 0x800
_OF_ENTRIES: Final = _MODIFIED | _ATTRIBUTES | _MOVED_FROM | _MOVED_TO | _CREATED | _DELETED
_ASKED: Final = _OF_ENTRIES | _DELETED_ITSELF | _MOVED_ITSELF
_EVENT: Final = struct.Struct("iIII")
_AT_ONCE: Final = 2**16


class Watch:
    """Watches one directory as long as somebody holds this."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        finalize(self, os.close, fd)

    def names(self) -> frozenset[str] | None:
        """The entries to which something happened since this was last asked; None where that is not known."""
        found: set[str] = set()
        while True:
            try:
                data = os.read(self._fd, _AT_ONCE)
            except BlockingIOError:
                return frozenset(found)
            except OSError:
                return None
            names = _names(data)
            if names is None:
                return None
            found |= names


def _names(data: bytes) -> set[str] | None:
    """The names in a series of events; None where one is about no entry: some were lost, or it is the directory."""
    found: set[str] = set()
    at = 0
    while at < len(data):
        _, _, _, length = _EVENT.unpack_from(data, at)
        at += _EVENT.size
        name = data[at : at + length].rstrip(b"\0")
        if not name:
            return None
        found.add(os.fsdecode(name))
        at += length
    return found


def watch(directory: Directory) -> Watch | None:
    """Watch a directory from now on; None where the kernel tells not all: it may be another host that writes.

    A change through a mapping of a file into memory is not told.
    """
    # On another system no type of filesystem is known, so nothing below is asked there.
    if directory.opener.portable or not linux.is_of_one_host(directory.fd):
        return None
    fd = linux.libc().inotify_init1(ctypes.c_int(os.O_NONBLOCK | os.O_CLOEXEC))
    if fd < 0:
        # Each user may have so many: whoever has none looks at every entry.
        return None
    found = Watch(fd)
    here = b"/proc/self/fd/%d" % directory.fd
    added: int = linux.libc().inotify_add_watch(ctypes.c_int(fd), here, ctypes.c_uint32(_ASKED))
    return found if added >= 0 else None
