"""Handles on directories: every look and every change goes through one, by a single name, following nothing."""

import os
import secrets
import stat
from contextlib import suppress
from types import TracebackType
from typing import BinaryIO, Final, Self

from rules_engine.errors import InvalidValueError
from rules_engine.filesystem import linux
from rules_engine.filesystem.beneath import OPEN, Opener, check_name
from rules_engine.filesystem.content import open_regular, read_whole
from rules_engine.filesystem.status import Status, status_from
from rules_engine.values.paths import RelPath, to_bytes

__all__ = ["Directory", "Status", "check_name"]

_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_APPEND: Final = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_SHARED: Final = stat.S_ISGID | stat.S_IWGRP


class Directory:
    """An open directory; a context manager. Every method takes names in it, never paths, but `open`."""

    __slots__ = ("_opener", "fd")

    def __init__(self, fd: int, opener: Opener) -> None:
        self.fd = fd
        self._opener = opener

    @classmethod
    def open_root(cls, path: str, *, portable: bool = False) -> Self:
        """Open the absolute `path`, whose last component must not be a link; `portable` does without openat2.

        Raises:
            OSError: when it cannot be opened.
            InvalidValueError: when it is not absolute.
        """
        if not os.path.isabs(path):
            raise InvalidValueError("root", path, "is not absolute")
        fd = os.open(path.rstrip("/") or "/", OPEN)
        try:
            return cls(fd, Opener(fd, portable=portable))
        except BaseException:
            os.close(fd)
            raise

    @property
    def device(self) -> int:
        """The device of the filesystem that it lies on."""
        return self._opener.device

    @property
    def opener(self) -> Opener:
        """How directories below it are opened."""
        return self._opener

    def open(self, path: RelPath) -> "Directory":
        """Open the directory at `path` below this one, through no link and into no mount; `` is this one again.

        Raises:
            OSError: `EXDEV` for a mount, `ELOOP` or `ENOTDIR` for a link, and what else the system says.
        """
        return Directory(self._opener.open(self.fd, path), self._opener)

    def stat(self, name: str) -> Status | None:
        """What stands under `name`; None where nothing does.

        Raises:
            OSError: when that cannot be told.
        """
        check_name(name)
        try:
            return status_from(os.stat(name, dir_fd=self.fd, follow_symlinks=False), self.device)
        except FileNotFoundError:
            return None

    def status(self) -> Status:
        """What the directory itself is."""
        return status_from(os.fstat(self.fd))

    def names(self) -> list[str]:
        """The names in it, in byte order."""
        return sorted(os.listdir(self.fd), key=to_bytes)

    def entries(self) -> list[tuple[str, Status | OSError]]:
        """The names in it, in byte order, each with what stands there or why that cannot be told."""
        found: list[tuple[str, Status | OSError]] = []
        for name in self.names():
            try:
                status = self.stat(name)
            except OSError as err:
                found.append((name, err))
            else:
                found += [(name, status)] if status else []
        return found

    def unlink(self, name: str) -> None:
        """Remove an entry that is not a directory."""
        check_name(name)
        os.unlink(name, dir_fd=self.fd)

    def remove_directory(self, name: str) -> None:
        """Remove an empty directory."""
        check_name(name)
        os.rmdir(name, dir_fd=self.fd)

    def make_directory(self, name: str, mode: int | None = None) -> None:
        """Make a directory, with exactly the permission bits `mode` where the filesystem allows that.

        Raises:
            FileExistsError: when the name is taken.
        """
        check_name(name)
        if mode is None:
            os.mkdir(name, dir_fd=self.fd)
            return
        os.mkdir(name, mode & 0o777, dir_fd=self.fd)
        with self.open(RelPath(name)) as made:
            _grant(made.fd, mode)

    def make_link(self, name: str, target: str) -> None:
        """Make a symbolic link.

        Raises:
            FileExistsError: when the name is taken.
        """
        check_name(name)
        os.symlink(target, name, dir_fd=self.fd)

    def read_link(self, name: str) -> str:
        """Where the link `name` points."""
        check_name(name)
        return os.readlink(name, dir_fd=self.fd)

    def rename_new(self, name: str, to: "Directory", new_name: str) -> None:
        """Move an entry to a name that is free.

        Raises:
            FileExistsError: when `new_name` is taken; nothing is ever replaced.
            OSError: `EPERM` for a directory where the filesystem has no such rename.
        """
        check_name(name)
        check_name(new_name)
        if not self._opener.portable and linux.rename_noreplace(self.fd, name, to.fd, new_name):
            return
        # A link never replaces, and of a directory there is none: that is refused. Killed in between, the file has both
        # names and none is lost.
        os.link(name, new_name, src_dir_fd=self.fd, dst_dir_fd=to.fd, follow_symlinks=False)
        os.unlink(name, dir_fd=self.fd)

    def replace(self, name: str, to: "Directory", new_name: str) -> None:
        """Move a file of our own state over `new_name`; never for users' files."""
        check_name(name)
        check_name(new_name)
        os.replace(name, new_name, src_dir_fd=self.fd, dst_dir_fd=to.fd)

    def read_file(self, name: str, *, limit: int) -> bytes:
        """The whole content of a regular file.

        Raises:
            OSError: when it cannot be read, is not a regular file (`EINVAL`), or is over `limit` bytes (`EFBIG`).
        """
        check_name(name)
        return read_whole(self.fd, name, limit)

    def open_file(self, name: str) -> BinaryIO:
        """A regular file, open for reading; the caller closes it.

        Raises:
            OSError: when it cannot be opened, or is not a regular file (`EINVAL`).
        """
        check_name(name)
        fd, _ = open_regular(self.fd, name)
        return os.fdopen(fd, "rb")

    def create_file(self, name: str, data: bytes, *, durable: bool = True) -> None:
        """Make a file of our own state with this content.

        Raises:
            FileExistsError: when the name is taken.
        """
        check_name(name)
        mode = self.state_mode() & 0o666
        fd = os.open(name, _CREATE, mode, dir_fd=self.fd)
        with os.fdopen(fd, "wb") as target:
            _grant(fd, mode)
            target.write(data)
            target.flush()
            if durable:
                os.fsync(fd)

    def write_file(self, name: str, data: bytes, *, durable: bool = True) -> None:
        """Write a file of our own state: aside, then renamed, so that a reader sees the old or the new."""
        aside = self.write_aside(name, data, durable=durable)
        try:
            os.replace(aside, name, src_dir_fd=self.fd, dst_dir_fd=self.fd)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(aside, dir_fd=self.fd)
            raise
        if durable:
            self.sync()

    def write_aside(self, name: str, data: bytes, *, durable: bool) -> str:
        """Write what the file `name` of our own state is to be under a name of its own, and give that."""
        check_name(name)
        # Readers of the state skip names that begin with a dot, so a killed writer leaves nothing to trip over.
        aside = f".{secrets.token_hex(8)}.tmp"
        try:
            self.create_file(aside, data, durable=durable)
            self._keep_owner(name, aside)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(aside, dir_fd=self.fd)
            raise
        return aside

    def _keep_owner(self, name: str, aside: str) -> None:
        # What a manifest may say depends on who wrote it: the superuser who amends a seal must not take it over.
        before = self.stat(name) if os.geteuid() == 0 else None
        if before is not None and before.uid != 0:
            self.give(aside, before.uid, before.gid)

    def give(self, name: str, uid: int, gid: int) -> None:
        """Give a file of our own state to another user, where the system lets us."""
        check_name(name)
        with suppress(PermissionError):
            os.chown(name, uid, gid, dir_fd=self.fd, follow_symlinks=False)

    def append_to(self, name: str, *, make: bool = True) -> int:
        """A descriptor that appends to a file of our own state, which `make` makes; the caller closes it.

        Raises:
            FileNotFoundError: when it is missing and not to be made.
        """
        check_name(name)
        try:
            return os.open(name, _APPEND, dir_fd=self.fd)
        except FileNotFoundError:
            if not make:
                raise
            mode = self.state_mode() & 0o666
            fd = os.open(name, _APPEND | os.O_CREAT, mode, dir_fd=self.fd)
            _grant(fd, mode)
            return fd

    def mark(self, name: str, mtime_ns: int) -> None:
        """Have an empty file of our own state, with this time of change."""
        fd = self.append_to(name)
        try:
            os.utime(fd, ns=(mtime_ns, mtime_ns))
        finally:
            os.close(fd)

    def allows_removal(self) -> bool:
        """Whether its permissions let us remove any entry, also one that is another user's."""
        found, user = os.fstat(self.fd), os.geteuid()
        if found.st_mode & stat.S_ISVTX and user not in {0, found.st_uid}:
            return False
        return os.access(".", os.W_OK | os.X_OK, dir_fd=self.fd, effective_ids=os.access in os.supports_effective_ids)

    def state_mode(self) -> int:
        """The permission bits of directories of our own state in this one: shared with the group where it is."""
        return 0o2770 if os.fstat(self.fd).st_mode & _SHARED == _SHARED else 0o700

    def sync(self) -> None:
        """Make the names in it durable."""
        os.fsync(self.fd)

    def sync_filesystem(self) -> None:
        """Make everything on its filesystem durable, or at least the names in it."""
        if not linux.sync_filesystem(self.fd):
            self.sync()

    def close(self) -> None:
        """Close the handle; more than once is harmless."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _grant(fd: int, mode: int) -> None:
    """Set the permission bits past the umask, where the filesystem lets us."""
    # Some network volumes refuse every chmod; what was made is there and works all the same.
    with suppress(PermissionError):
        os.fchmod(fd, mode)
