"""Making a directory writable for a moment: only one that we own, only through its handle, and never for longer."""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from rules_engine.filesystem.directory import Directory

_OURS: Final = stat.S_IWUSR | stat.S_IXUSR


def closed_mode(directory: Directory) -> int | None:
    """The permission bits of a directory that we own and have closed to ourselves; None for every other."""
    found = os.fstat(directory.fd)
    mode = stat.S_IMODE(found.st_mode)
    if found.st_uid != os.geteuid() or mode & _OURS == _OURS:
        return None
    # The system would take the set-group-ID bit away for good from a directory of a group that is not ours.
    loses = mode & stat.S_ISGID and found.st_gid not in {os.getegid(), *os.getgroups()}
    return None if loses else mode


@contextmanager
def opened(directory: Directory, mode: int, *, before: Callable[[], None]) -> Iterator[None]:
    """The directory, whose permission bits are `mode`, open to its owner while the block runs.

    Raises:
        OSError: when the system refuses that; then nothing was changed.
    """
    before()
    os.fchmod(directory.fd, mode | _OURS)
    try:
        yield
    finally:
        os.fchmod(directory.fd, mode)


def close_again(directory: Directory, mode: int) -> None:
    """Give back `mode` to a directory that a killed process left open; one that was changed since is left alone."""
    if stat.S_IMODE(os.fstat(directory.fd).st_mode) == mode | _OURS:
        with suppress(PermissionError):
            os.fchmod(directory.fd, mode)
