"""What of the system guards a root: which guards are active here, and why one is not."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rules_engine.filesystem import landlock, linux
from rules_engine.filesystem.directory import Directory

_BEFORE: Final = ".guards-1.tmp"
_AFTER: Final = ".guards-2.tmp"


class Guard(StrEnum):
    """Something that the system does for the safety of files, besides what this program does itself."""

    OPENAT2 = "openat2"
    """A directory is opened in one call that leaves the root by no link, mount or `..`."""
    MOUNTS = "mounts"
    """A mount is told from a directory, also one of the same filesystem."""
    RENAMEAT2 = "renameat2"
    """An entry gets a new name in one call that replaces nothing."""
    LANDLOCK = "landlock"
    """The kernel refuses the thread that carries steps out every change outside the root."""


@dataclass(frozen=True, slots=True)
class GuardState:
    """One guard in one run."""

    guard: Guard
    active: bool
    note: str = ""
    """What does its work where it is not active, and why it is not; else more about it, or nothing."""


def look_at_guards(root: Directory, state: Directory) -> tuple[GuardState, ...]:
    """The guards of a root but for Landlock, which is of a thread; the caller holds the lock of the root."""
    opener = root.opener
    return (
        _state(
            Guard.OPENAT2, "" if opener.by_kernel else "blocked, or not in this kernel: each component is opened alone"
        ),
        _state(
            Guard.MOUNTS, "" if opener.knows_mounts else "neither statx nor /proc tells mounts: one device is one tree"
        ),
        _state(Guard.RENAMEAT2, _why_no_rename(root, state)),
    )


def confine_thread(root: Directory) -> GuardState:
    """Let the calling thread change nothing but what lies below the root from now on, as far as the kernel can."""
    try:
        version = landlock.abi()
        if version >= landlock.OLDEST_ABI:
            landlock.confine(root.fd, version)
            return GuardState(Guard.LANDLOCK, active=True, note=f"version {version}")
    except OSError as err:
        return _state(Guard.LANDLOCK, f"refused: {err.strerror}; {_ONLY_US}")
    old = f"version {version} is too old" if version else "blocked, or not in this kernel"
    return _state(Guard.LANDLOCK, f"{old}; {_ONLY_US}")


def missing(guards: Sequence[GuardState]) -> tuple[GuardState, ...]:
    """Those that are not active."""
    return tuple(one for one in guards if not one.active)


_BY_LINK: Final = "a file gets its new name by a link, and no directory goes whole"
_ONLY_US: Final = "only this program's own care keeps changes inside the root"


def _state(guard: Guard, why_not: str) -> GuardState:
    return GuardState(guard, active=not why_not, note=why_not)


def _why_no_rename(root: Directory, state: Directory) -> str:
    if root.opener.portable:
        return f"not wanted: {_BY_LINK}"
    try:
        return "" if _renames_alone(state) else f"not on this filesystem: {_BY_LINK}"
    except OSError as err:
        return f"cannot be told: {err.strerror}"


def _renames_alone(state: Directory) -> bool:
    """Whether a name can be given that replaces nothing.

    That is told only by doing it, since each filesystem has its own answer: with an empty file of our own state.
    """
    for name in (_BEFORE, _AFTER):
        # Left by a run that was killed just here.
        if state.stat(name) is not None:
            state.unlink(name)
    state.create_file(_BEFORE, b"", durable=False)
    done = False
    try:
        done = linux.rename_noreplace(state.fd, _BEFORE, state.fd, _AFTER)
    finally:
        with suppress(OSError):
            state.unlink(_AFTER if done else _BEFORE)
    return done
