"""What is done to the content and mode of single files: copied whole, given permission bits, made durable."""

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from rules_engine.filesystem import linux
from rules_engine.filesystem.directory import Directory, check_name

_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_PIECE: Final = 2**20
_ASIDE: Final = re.compile(r"\.[0-9a-f]{16}\.tmp")
"""The names under which `Directory.write_aside` writes."""


def set_mode(here: Directory, name: str, mode: int) -> None:
    """Give a file these permission bits, where the filesystem lets us.

    Raises:
        OSError: when the file is not there.
    """
    check_name(name)
    # Some network volumes refuse every chmod, and their files are shared all the same.
    with suppress(PermissionError):
        fd = os.open(name, _READ, dir_fd=here.fd)
        try:
            os.fchmod(fd, mode)
        finally:
            os.close(fd)


def copy_file(here: Directory, name: str, there: Directory, new_name: str) -> None:
    """Make `new_name` with the content, bits and times of a file, durably; what is not whole is taken away again.

    Raises:
        FileExistsError: when the name is taken.
        OSError: when it cannot be read or written.
    """
    check_name(name)
    check_name(new_name)
    source = os.open(name, _READ, dir_fd=here.fd)
    try:
        target = os.open(new_name, _CREATE, 0o600, dir_fd=there.fd)
        try:
            _copy(source, target)
        except BaseException:
            os.unlink(new_name, dir_fd=there.fd)
            raise
        finally:
            os.close(target)
    finally:
        os.close(source)
    there.sync()


def sync_files(here: Directory, names: Iterable[str]) -> None:
    """Make the content of these files durable: all at once where the system can, else one after another."""
    if linux.sync_filesystem(here.fd):
        return
    for name in names:
        check_name(name)
        fd = os.open(name, _READ, dir_fd=here.fd)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def sweep_asides(here: Directory, written_before: int) -> None:
    """Remove what writers that were killed left aside in a directory of our own state, last written before then."""
    for name in filter(_ASIDE.fullmatch, here.names()):
        found = here.stat(name)
        # A younger one may be what somebody is about to rename.
        if found is not None and found.mtime_ns < written_before:
            here.unlink(name)


def _copy(source: int, target: int) -> None:
    while piece := os.read(source, _PIECE):
        written = 0
        while written < len(piece):
            written += os.write(target, piece[written:])
    found = os.fstat(source)
    with suppress(PermissionError):
        os.fchmod(target, found.st_mode & 0o777)
    os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns))
    os.fsync(target)
