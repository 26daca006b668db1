"""Whether a process has a file open or holds a lock: asked by taking the lock or lease for a moment, never held."""

import errno
import fcntl
import os
import signal
import stat
from contextlib import suppress
from enum import Enum, auto
from typing import Final

from rules_engine.filesystem import linux
from rules_engine.filesystem.directory import Directory, check_name

# Nothing is read, so no time of access changes. O_NONBLOCK: neither a FIFO nor the lease of another program is waited
# for; O_NOCTTY: a terminal that was put here does not become ours.
_ASK: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_CLOSED_TO_US: Final = frozenset({errno.EACCES, errno.EPERM})


class Use(Enum):
    """What can be told of the processes that use a file."""

    FREE = auto()
    LOCKED = auto()
    """Somebody holds a lock on it."""
    OPEN = auto()
    """Somebody has it open, or mapped, or runs it; also under another of its names."""
    UNKNOWN = auto()
    """It cannot be told: another user's file, one that we may not read, a filesystem of several hosts."""
    ANOTHER = auto()
    """Another file has its name by now."""


class Asker:
    """Asks about files of one filesystem."""

    __slots__ = ("_alone",)

    def __init__(self, top: Directory) -> None:
        # Who has a file open on another host shows here as nothing, and NFS refuses a lease that nobody is against.
        self._alone = not linux.is_shared_by_hosts(top.fd)

    def use_of(self, here: Directory, name: str, inode: int) -> Use:
        """Whether a process uses the regular file `name`, if it is still the one with that inode.

        Raises:
            FileNotFoundError: when it is gone.
            OSError: when it cannot be opened for a reason that is not about permissions.
        """
        check_name(name)
        try:
            fd = os.open(name, _ASK, dir_fd=here.fd)
        except BlockingIOError:
            # A program has a lease on it, which it has to give up before we may look.
            return Use.OPEN
        except OSError as err:
            if err.errno in _CLOSED_TO_US:
                return Use.UNKNOWN
            if err.errno in {errno.ELOOP, errno.ENXIO}:
                return Use.ANOTHER
            raise
        try:
            found = os.fstat(fd)
            if not stat.S_ISREG(found.st_mode) or found.st_ino != inode:
                return Use.ANOTHER
            return Use.LOCKED if _has_lock(fd) else self._opened(fd)
        finally:
            os.close(fd)

    def _opened(self, fd: int) -> Use:
        if not self._alone or not hasattr(fcntl, "F_SETLEASE"):
            return Use.UNKNOWN
        try:
            # Who opens the file while we have the lease has the system send us a signal: by default one that kills.
            fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
            fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        except BlockingIOError:
            return Use.OPEN
        except OSError:
            return Use.UNKNOWN
        return Use.FREE


def is_locked(directory: Directory) -> bool:
    """Whether a process holds a lock on a directory: by convention that keeps cleaners out of it and all below."""
    return _has_lock(directory.fd)


def _has_lock(fd: int) -> bool:
    """Whether somebody else holds a lock; False where the filesystem does not let us ask."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    # Not left to closing: a child that was forked meanwhile would go on holding it.
    with suppress(OSError):
        fcntl.flock(fd, fcntl.LOCK_UN)
    return False
