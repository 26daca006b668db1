"""An append-only file under its own `flock`: one writer at a time, whole lines or nothing."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from rules_engine.filesystem.directory import Directory


class LogFile:
    """An open log whose lock is held; `size` is its length."""

    __slots__ = ("_fd", "size")

    def __init__(self, fd: int, size: int) -> None:
        self._fd = fd
        self.size = size

    def read(self, start: int, length: int) -> bytes:
        """Up to `length` bytes from `start`."""
        return os.pread(self._fd, length, start)

    def cut(self, size: int) -> None:
        """Cut what lies behind `size`: the torn tail of a writer that was killed."""
        os.ftruncate(self._fd, size)
        self.size = size

    def append(self, data: bytes, *, durable: bool) -> None:
        """Append in one write; after a failure the log is as it was before.

        Raises:
            OSError: when not everything could be written, or made durable.
        """
        written = 0
        try:
            while written < len(data):
                written += os.write(self._fd, data[written:])
        except OSError:
            os.ftruncate(self._fd, self.size)
            raise
        self.size += len(data)
        if durable:
            # Not tried again when it fails: the second answer can be "done" with the data lost.
            os.fsync(self._fd)


@contextmanager
def open_log(directory: Directory, name: str) -> Iterator[LogFile]:
    """The log `name`, made where it is missing, with its lock held while the block runs."""
    fd = _lock(directory, name)
    try:
        size = os.fstat(fd).st_size
        yield LogFile(fd, size)
        if not size:
            directory.sync()
    finally:
        os.close(fd)


def _lock(directory: Directory, name: str) -> int:
    while True:
        fd = directory.append_to(name)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            there = directory.stat(name)
        except BaseException:
            os.close(fd)
            raise
        # A repair may have set the file aside while we waited: then we hold the lock of the wrong one.
        if there is not None and there.inode == os.fstat(fd).st_ino:
            return fd
        os.close(fd)
