"""The content of regular files: opened by a single name, following nothing, read whole in few calls; and its length."""

import errno
import os
import stat
from typing import Final

from rules_engine.filesystem.beneath import check_name

_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_PIECE: Final = 2**20


def open_regular(directory: int, name: str) -> tuple[int, int]:
    """The descriptor of a regular file in an open directory, and its length; the caller closes it.

    Raises:
        OSError: when it cannot be opened, or is not a regular file (`EINVAL`).
    """
    # O_NONBLOCK: the open of a FIFO that somebody put here would wait for ever.
    fd = os.open(name, _READ, dir_fd=directory)
    found = os.fstat(fd)
    if stat.S_ISREG(found.st_mode):
        return fd, found.st_size
    os.close(fd)
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)
    raise OSError(errno.EINVAL, "is not a regular file", name)


def length_of(directory: int, name: str) -> int | None:
    """How many bytes stand under a name in an open directory; None where nothing does.

    Raises:
        OSError: when that cannot be told.
    """
    check_name(name)
    try:
        return os.stat(name, dir_fd=directory, follow_symlinks=False).st_size
    except FileNotFoundError:
        return None


def read_whole(directory: int, name: str, limit: int) -> bytes:
    """The whole content of a regular file in an open directory.

    Raises:
        OSError: as `open_regular`; or when it cannot be read, or is over `limit` bytes (`EFBIG`).
    """
    fd, length = open_regular(directory, name)
    try:
        _refuse_larger(name, length, limit)
        # One byte more than it has: what comes back is all of it, or its length changed a moment ago.
        data = os.read(fd, length + 1)
        if len(data) != length:
            data = _read_on(fd, data, limit)
    finally:
        os.close(fd)
    _refuse_larger(name, len(data), limit)
    return data


def _refuse_larger(name: str, length: int, limit: int) -> None:
    if length > limit:
        raise OSError(errno.EFBIG, f"is larger than {limit} bytes", name)


def _read_on(fd: int, data: bytes, limit: int) -> bytes:
    """All that follows what was read; a system may give less at once than it was asked for."""
    pieces, length = [data], len(data)
    while length <= limit and (piece := os.read(fd, min(_PIECE, limit + 1 - length))):
        pieces.append(piece)
        length += len(piece)
    return b"".join(pieces)
