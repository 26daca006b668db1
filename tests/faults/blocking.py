"""Takes system calls away from this process, as an older kernel or a strict container does, and runs the command line.

`python blocking.py CALL=ERRNO[,CALL=ERRNO]... -- ARGUMENTS` runs `rules ARGUMENTS`.
"""

import ctypes
import errno
import os
import struct
import sys
import threading
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

_NUMBERS: Final = {
    "x86_64": {"openat2": 437, "statx": 332, "renameat2": 316, "landlock": 444},
    "aarch64": {"openat2": 437, "statx": 291, "renameat2": 276, "landlock": 444},
}
NUMBERS: Final = _NUMBERS.get(os.uname().machine, {}) if sys.platform == "linux" else {}
"""The number of each call that can be taken away; empty where we do not know any."""
_LOAD_NUMBER: Final = (0x20, 0, 0, 0)
_ALLOW: Final = (0x06, 0, 0, 0x7FFF0000)
_SECCOMP_FILTER: Final = 2
_PR_SET_SECCOMP: Final = 22
_PR_SET_NO_NEW_PRIVS: Final = 38


def block(calls: dict[str, int]) -> None:
    """From now on each of these calls fails with its error number, in this thread and what it starts."""
    program = [_LOAD_NUMBER]
    for name, code in calls.items():
        program += [(0x15, 0, 1, NUMBERS[name]), (0x06, 0, 0, 0x00050000 | code)]
    raw = b"".join(struct.pack("HBBI", *step) for step in [*program, _ALLOW])
    text = ctypes.create_string_buffer(raw, len(raw))
    asked = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(raw) // 8, ctypes.addressof(text)))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    zero = ctypes.c_ulong(0)
    if prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), zero, zero, zero):
        raise OSError(ctypes.get_errno(), "no new privileges cannot be set")
    if prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_SECCOMP_FILTER), asked, zero, zero):
        raise OSError(ctypes.get_errno(), "this process may not filter its calls")


def without(calls: dict[str, int], act: Callable[[], T]) -> T:
    """What `act` gives in a thread without some calls."""
    found: list[T] = []

    def work() -> None:
        block(calls)
        found.append(act())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return found[0]


if __name__ == "__main__":
    taken = dict(one.split("=") for one in sys.argv[1].split(",") if one)
    block({name: getattr(errno, code) for name, code in taken.items()})
    from rules_engine.cli.main import main

    sys.argv = ["rules", *sys.argv[3:]]
    main()
