"""An append-only file under its own `flock`: one writer at a time, whole lines or nothing."""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Final

from rules_engine.filesystem.directory import Directory

_CLOSED: Final = -1


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
        """Append in one write; after a failure the log is as it was before, as far as the disk still lets us.

        Raises:
            OSError: when not everything could be written, or made durable.
        """
        written = 0
        try:
            while written < len(data):
                written += os.write(self._fd, data[written:])
            if durable:
                # Not tried again when it fails: the second answer can be "done" with the data lost.
                os.fsync(self._fd)
        except OSError:
            # Whoever read on would take for durable what the next power cut takes away.
            with suppress(OSError):
                os.ftruncate(self._fd, self.size)
            raise
        self.size += len(data)


@contextmanager
def open_log(directory: Directory, name: str) -> Iterator[LogFile]:
    """The log `name`, made where it is missing, with its lock held while the block runs."""
    fd = _lock(directory, name)
    try:
        size = os.fstat(fd).st_size
        if not size:
            # Before the first line: what follows that may fail, and must not be taken back by it.
            directory.sync()
        yield LogFile(fd, size)
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


class KeptLog:
    """A log that stays open between appends: `with kept as log:` holds its lock, for one thread at a time.

    A lock belongs to the open file, which a forked child shares: a child must open a log of its own.
    The handle on its directory is closed with it.
    """

    __slots__ = ("_directory", "_fd", "_mutex", "_name", "inode")

    def __init__(self, directory: Directory, name: str) -> None:
        self._directory = directory
        self._name = name
        self._fd = _CLOSED
        self.inode = 0
        self._mutex = threading.Lock()

    def __enter__(self) -> LogFile:
        """The log, whole lines up to its `size` but for a torn tail.

        Raises:
            FileNotFoundError: when it is gone.
        """
        self._mutex.acquire()
        try:
            size = self._locked()
            return LogFile(self._fd, size)
        except BaseException:
            self._drop()
            self._mutex.release()
            raise

    def _locked(self) -> int:
        """The length of the log once its lock is held, of the file that has the name now."""
        while True:
            if self._fd == _CLOSED:
                self._fd = self._directory.append_to(self._name, make=False)
                self.inode = os.fstat(self._fd).st_ino
            fcntl.flock(self._fd, fcntl.LOCK_EX)
            # A repair may have set the file aside since. While it is open, no other file gets its inode number.
            there = os.stat(self._name, dir_fd=self._directory.fd, follow_symlinks=False)
            if there.st_ino == self.inode:
                return there.st_size
            self._drop()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            # Not left to closing: a child that was forked meanwhile would go on holding it.
            fcntl.flock(self._fd, fcntl.LOCK_UN)
        finally:
            self._mutex.release()

    def _drop(self) -> None:
        fd, self._fd = self._fd, _CLOSED
        if fd != _CLOSED:
            os.close(fd)

    def close(self) -> None:
        """Close it; more than once is harmless."""
        self._drop()
        self._directory.close()

    def __del__(self) -> None:
        # Whoever kept it is gone without a word, as stores of short scripts are.
        self.close()
