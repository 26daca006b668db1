"""Removing files that were seen before, each looked at right before it goes: the hot loop of every run."""

import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from rules_engine.filesystem.beneath import check_names
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.status import FORMAT
from rules_engine.values.vocabulary import EntryKind


class _Seen(Protocol):
    """An entry of a directory as it was seen."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> EntryKind: ...
    @property
    def inode(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def mtime_ns(self) -> int: ...
    @property
    def ctime_ns(self) -> int: ...
    @property
    def nlink(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Removed:
    """How far a removal came."""

    files: int
    size: int
    """Bytes that went; none of a file that has another name."""
    error: OSError | None
    """Why the next one could not be removed, where it was tried."""


def remove_seen(here: Directory, seen: Sequence[_Seen], stop: Callable[[], bool]) -> Removed:
    """Remove regular files in order, up to the first that is not just what was seen, or that cannot be removed.

    It is asked before each further one whether to `stop`.
    """
    check_names([one.name for one in seen])
    fd, look, remove, regular = here.fd, os.stat, here.unlink, stat.S_IFREG
    files = size = 0
    for one in seen:
        if files and stop():
            break
        name = one.name
        try:
            # Look and act through one handle, with nothing in between: what has the name by now may be another file.
            found = look(name, dir_fd=fd, follow_symlinks=False)
            if (
                found.st_ino != one.inode
                or found.st_mode & FORMAT != regular
                or one.kind is not EntryKind.FILE
                or found.st_size != one.size
                or found.st_mtime_ns != one.mtime_ns
                # Of a file with several names, whoever removes one of them changes it.
                or (found.st_ctime_ns != one.ctime_ns and one.nlink <= 1)
            ):
                break
            remove(name)
        except FileNotFoundError:
            break
        except OSError as err:
            return Removed(files, size, err)
        files += 1
        if found.st_nlink <= 1:
            size += found.st_size
    return Removed(files, size, None)
