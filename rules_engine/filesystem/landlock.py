"""Landlock: a thread binds itself, for good, so that the kernel refuses it every change outside one directory."""

import ctypes
import errno
import os
import struct
import sys
from typing import Final

from rules_engine.filesystem.linux import libc

OLDEST_ABI: Final = 2
"""The first version lets nobody move a file from one directory to another, also within what is allowed."""
_TRUNCATES_SINCE: Final = 3
_SYS_CREATE_RULESET: Final = 444  # the same numbers on every 64-bit Linux
_SYS_ADD_RULE: Final = 445
_SYS_RESTRICT_SELF: Final = 446
_ASK_VERSION: Final = 1
_PATH_BENEATH: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38
_WRITE_FILE: Final = 1 << 1
_REMOVE_DIR_TO_REFER: Final = sum(1 << bit for bit in range(4, 14))  # REMOVE_DIR, REMOVE_FILE, MAKE_*, REFER
_TRUNCATE: Final = 1 << 14
_MISSING: Final = frozenset({errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM, errno.EACCES})


def abi() -> int:
    """Which version of Landlock the kernel has; 0 where it has none, or forbids it.

    Raises:
        OSError: when it could not even be asked.
    """
    if sys.platform != "linux" or sys.maxsize < 2**32:  # pragma: no cover - another system
        return 0
    try:
        return _call(_SYS_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_ASK_VERSION))
    except OSError as err:
        if err.errno in _MISSING:
            return 0
        raise


def confine(directory_fd: int, version: int) -> None:
    """Bind the calling thread, and every thread and process that it starts, to changes below a directory.

    What it reads is not bound, nor what it writes to a file that is open for writing already. Permissions, times and
    owners are not among what Landlock knows. It cannot be undone.

    Raises:
        OSError: when the kernel refuses; then the thread is as free as before.
    """
    handled = _WRITE_FILE | _REMOVE_DIR_TO_REFER | (_TRUNCATE if version >= _TRUNCATES_SINCE else 0)
    asked = struct.pack("Q", handled)
    ruleset = _call(_SYS_CREATE_RULESET, asked, ctypes.c_size_t(len(asked)), ctypes.c_uint32(0))
    try:
        beneath = struct.pack("=Qi", handled, directory_fd)
        _call(_SYS_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_PATH_BENEATH), beneath, ctypes.c_uint32(0))
        # The kernel binds only who cannot gain rights by running a set-user-id program; this too is of the thread.
        on, off = ctypes.c_ulong(1), ctypes.c_ulong(0)
        if libc().prctl(ctypes.c_int(_PR_SET_NO_NEW_PRIVS), on, off, off, off):  # pragma: no cover - since Linux 3.5
            raise _failed()
        _call(_SYS_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def _call(number: int, *arguments: object) -> int:
    answer = libc().syscall(ctypes.c_long(number), *arguments)
    if answer < 0:
        raise _failed()
    return int(answer)


def _failed() -> OSError:
    code = ctypes.get_errno()
    return OSError(code, os.strerror(code))
