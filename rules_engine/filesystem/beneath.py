"""How a path below a directory is opened: by openat2 where there is one, else component by component."""

import errno
import os
from collections.abc import Callable, Sequence
from typing import Final

from rules_engine.errors import InvalidValueError
from rules_engine.filesystem import linux
from rules_engine.filesystem.mounts import mount_id
from rules_engine.values.paths import NOT_A_NAME, are_names, to_bytes

# O_NONBLOCK: a FIFO swapped in would otherwise hang the open.
OPEN: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LONGEST_PATH: Final = 4_000


def check_name(name: str) -> None:
    """Refuse what is not one component: a slash at the end of a name would make the system follow a link.

    Raises:
        InvalidValueError: for an empty name, `.`, `..`, a slash or a NUL.
    """
    if name in NOT_A_NAME or "/" in name or "\0" in name:
        raise InvalidValueError("name", name, "is not the name of one directory entry")


def check_names(names: Sequence[str]) -> None:
    """Refuse names of which one is not one component, as `check_name` does: one look at all of them is enough.

    Raises:
        InvalidValueError: for the first that is none.
    """
    if not are_names(names):
        for name in names:
            check_name(name)


class Opener:
    """Opens directories below one root: through no link, into no mount; `portable` does without what Linux adds."""

    __slots__ = ("_mount", "_reach", "by_kernel", "device", "knows_mounts", "portable")

    def __init__(self, fd: int, *, portable: bool) -> None:
        self.portable = portable
        self.by_kernel = not portable and linux.has_openat2()
        """Whether the kernel itself sees to it that a path stays beneath the root."""
        self.device = os.fstat(fd).st_dev
        self._mount = None if self.by_kernel else mount_id(fd)
        self.knows_mounts = self.by_kernel or self._mount is not None
        """Whether a mount of the same filesystem is told from a directory."""
        self._reach: Callable[[int, str], int] = _by_openat2 if self.by_kernel else self._by_component

    def open(self, fd: int, path: str) -> int:
        """A descriptor of the directory at `path` below `fd`; `` is `fd` again."""
        if not path:
            return os.open(".", OPEN, dir_fd=fd)
        # A walk goes down by one name at a time: that needs no splitting.
        parts = path.split("/") if "/" in path else (path,)
        if not NOT_A_NAME.isdisjoint(parts) or "\0" in path:
            raise InvalidValueError("path", path, "has a part that is empty, `.` or `..`")
        if len(parts) == 1:
            return self._reach(fd, path)
        chunks = _chunks(path)
        found = self._reach(fd, chunks[0])
        # A path of more than PATH_MAX bytes is walked in pieces; os.walk would stop here without a word.
        for chunk in chunks[1:]:
            found = _step(self._reach, found, chunk)
        return found

    def _by_component(self, fd: int, path: str) -> int:
        names = path.split("/")
        found = self._one(fd, names[0])
        for name in names[1:]:
            found = _step(self._one, found, name)
        return found

    def _one(self, fd: int, name: str) -> int:
        found = os.open(name, OPEN, dir_fd=fd)
        if os.fstat(found).st_dev != self.device or mount_id(found) != self._mount:
            os.close(found)
            raise OSError(errno.EXDEV, "another filesystem is mounted here", name)
        return found


def _by_openat2(fd: int, path: str) -> int:
    return linux.open_beneath(fd, path, OPEN)


def _step(reach: Callable[[int, str], int], fd: int, path: str) -> int:
    """Go on from `fd` and close it, whatever comes."""
    try:
        return reach(fd, path)
    finally:
        os.close(fd)


def _chunks(path: str) -> list[str]:
    """The path in pieces that the system takes; each begins and ends at a component."""
    if len(path) * 4 <= _LONGEST_PATH or len(to_bytes(path)) <= _LONGEST_PATH:
        return [path]
    pieces: list[list[str]] = []
    size = _LONGEST_PATH
    for name in path.split("/"):
        needed = len(to_bytes(name)) + 1
        if size + needed > _LONGEST_PATH:
            pieces.append([])
            size = 0
        pieces[-1].append(name)
        size += needed
    return ["/".join(piece) for piece in pieces]
