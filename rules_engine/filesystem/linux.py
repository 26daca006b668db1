"""Linux calls that Python does not have: openat2, renameat2, syncfs; each with an answer to "is it there?"."""

import ctypes
import errno
import functools
import os
import struct
import sys
import threading
from collections.abc import Callable
from typing import Final

_RESOLVE_BENEATH: Final = 0x08 | 0x04 | 0x02 | 0x01  # BENEATH, NO_SYMLINKS, NO_MAGICLINKS, NO_XDEV
_RENAME_NOREPLACE: Final = 1
_SYS_OPENAT2: Final = 437  # the same number on every 64-bit Linux
_AGAIN: Final = 128
_BLOCKED: Final = frozenset({errno.ENOSYS, errno.EPERM, errno.EACCES, errno.EINVAL})
"""What an older kernel answers, and a container that forbids what it does not know."""
_SIZE_OF_STATFS: Final = 256  # more than any has
_SHARED_BY_HOSTS: Final = frozenset(
    {
        0x6969,  # NFS
        0x517B,  # SMB
        0xFF534D42,  # CIFS
        0xFE534D42,  # SMB 2
        0x65735546,  # FUSE: sshfs and others
        0x01021997,  # 9P
        0x5346414F,  # AFS
        0x00C36400,  # Ceph
        0x0BD00BD0,  # Lustre
        0x47504653,  # GPFS
        0x01161970,  # GFS2
        0x7461636F,  # OCFS2
        0x786F4256,  # VirtualBox
        0xBACBACBC,  # VMware
    }
)
_OF_ONE_HOST: Final = frozenset(
    {
        0xEF53,  # ext2, ext3, ext4
        0x58465342,  # XFS
        0x9123683E,  # Btrfs
        0x01021994,  # tmpfs
        0x2FC12FC1,  # ZFS
        0xF2F52010,  # F2FS
        0xCA451A4E,  # bcachefs
    }
)
_LONGEST_ID: Final = 32


@functools.cache
def libc() -> ctypes.CDLL:
    """The C library of this process."""
    return ctypes.CDLL(None, use_errno=True)


def _failed(path: str) -> OSError:
    code = ctypes.get_errno()
    return OSError(code, os.strerror(code), path)


@functools.cache
def _openat2() -> Callable[[int, int, bytes, bytes, int], int]:
    # Told its types once: every look at a directory comes through here, and would wrap each argument anew.
    prototype = ctypes.CFUNCTYPE(
        ctypes.c_long,
        ctypes.c_long,
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_char_p,
        ctypes.c_size_t,
        use_errno=True,
    )
    return prototype(("syscall", libc()))


@functools.cache
def _how(flags: int) -> bytes:
    return struct.pack("QQQ", flags, 0, _RESOLVE_BENEATH)


def open_beneath(directory_fd: int, path: str, flags: int) -> int:
    """Open `path` below `directory_fd`, through no link and into no mount.

    Raises:
        OSError: `EXDEV` for a mount or a way out, `ELOOP` for a link.
    """
    how, raw, openat2 = _how(flags), os.fsencode(path), _openat2()
    for _ in range(_AGAIN):
        fd = openat2(_SYS_OPENAT2, directory_fd, raw, how, len(how))
        if fd >= 0:
            return fd
        # A rename elsewhere in the tree makes the kernel give up with EAGAIN; it says to try again.
        if ctypes.get_errno() not in {errno.EAGAIN, errno.EINTR}:
            break
    raise _failed(path)


@functools.cache
def has_openat2() -> bool:
    """Whether openat2 works here: asked once, of a path that must open; a later refusal is never taken for "no".

    Raises:
        OSError: when it could not be asked, as with too many open files; the next call asks again.
    """
    if sys.platform != "linux" or sys.maxsize < 2**32:  # pragma: no cover - another system
        return False
    here = os.open("/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.close(open_beneath(here, ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
    except OSError as err:
        if err.errno in _BLOCKED:
            return False
        raise
    finally:
        os.close(here)
    return True


def rename_noreplace(source_fd: int, name: str, target_fd: int, new_name: str) -> bool:
    """Rename without replacing; False where neither this system nor this filesystem can.

    Raises:
        FileExistsError: when `new_name` is there.
    """
    call = getattr(libc(), "renameat2", None) if sys.platform == "linux" else None
    if call is None:  # pragma: no cover - another system
        return False
    old, new = os.fsencode(name), os.fsencode(new_name)
    if call(ctypes.c_int(source_fd), old, ctypes.c_int(target_fd), new, ctypes.c_uint(_RENAME_NOREPLACE)) == 0:
        return True
    if ctypes.get_errno() in {errno.EINVAL, errno.ENOSYS}:
        return False
    raise _failed(name)


def sync_filesystem(fd: int) -> bool:
    """Make everything on the filesystem of `fd` durable; False where there is no such call."""
    call = getattr(libc(), "syncfs", None) if sys.platform == "linux" else None
    if call is None:  # pragma: no cover - another system
        return False
    if call(ctypes.c_int(fd)) == 0:
        return True
    if ctypes.get_errno() == errno.ENOSYS:  # pragma: no cover - an older kernel
        return False
    raise _failed("")


def is_shared_by_hosts(fd: int) -> bool:
    """Whether the filesystem of `fd` is one that other hosts use at the same time, as far as its type says so."""
    return _filesystem_type(fd) in _SHARED_BY_HOSTS


def is_of_one_host(fd: int) -> bool:
    """Whether the type of the filesystem of `fd` is one that only one host uses; of many types that is not known."""
    return _filesystem_type(fd) in _OF_ONE_HOST


def _filesystem_type(fd: int) -> int | None:
    """What the kernel calls the type of the filesystem of `fd`; None where it does not say."""
    call = getattr(libc(), "fstatfs", None) if sys.platform == "linux" else None
    found = ctypes.create_string_buffer(_SIZE_OF_STATFS)
    if call is None or call(ctypes.c_int(fd), found) != 0:  # pragma: no cover - another system
        return None
    return int(struct.unpack_from("L", found)[0]) & 0xFFFFFFFF


def boot_time_ns() -> int | None:
    """When this machine was booted, in nanoseconds since 1970; None where the system does not say."""
    try:
        with open("/proc/stat", encoding="ascii") as lines:
            return next((int(line.split()[1]) * 1_000_000_000 for line in lines if line.startswith("btime ")), None)
    except OSError:  # pragma: no cover - a system without /proc
        return None


def boot_id() -> str:
    """What tells this boot of this machine from every other; empty where the system does not say."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as source:
            return source.read().strip().replace("-", "")[:_LONGEST_ID]
    except OSError:  # pragma: no cover - a system without /proc
        return ""


def thread_id() -> int:
    """What the system calls this thread, whatever Python takes it for."""
    call = getattr(libc(), "gettid", None)
    return int(call()) if call is not None else threading.get_native_id()
