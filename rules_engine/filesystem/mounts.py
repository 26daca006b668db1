"""On which mount a descriptor lies: two mounts of one filesystem have the same device, and tell apart by this only."""

import ctypes
import struct
from typing import Final

from rules_engine.filesystem.linux import libc

_AT_EMPTY_PATH: Final = 0x1000
_STATX_MNT_ID: Final = 0x1000
_SIZE_OF_STATX: Final = 256
_AT_MASK: Final = 0
_AT_MNT_ID: Final = 144


def mount_id(fd: int) -> int | None:
    """The number of the mount that `fd` lies on; None where the system does not say."""
    asked = _by_statx(fd)
    return asked if asked is not None else _by_proc(fd)


def _by_statx(fd: int) -> int | None:
    call = getattr(libc(), "statx", None)
    if call is None:  # pragma: no cover - another system, or an older C library
        return None
    found = ctypes.create_string_buffer(_SIZE_OF_STATX)
    if call(ctypes.c_int(fd), b"", ctypes.c_int(_AT_EMPTY_PATH), ctypes.c_uint(_STATX_MNT_ID), found):
        return None
    # Linux before 5.8 answers, and leaves the number out.
    told = struct.unpack_from("I", found, _AT_MASK)[0] & _STATX_MNT_ID
    return int(struct.unpack_from("Q", found, _AT_MNT_ID)[0]) if told else None


def _by_proc(fd: int) -> int | None:
    try:
        with open(f"/proc/self/fdinfo/{fd}", encoding="ascii") as lines:
            return next((int(line.split()[1]) for line in lines if line.startswith("mnt_id:")), None)
    except OSError:
        return None
