"""The lock of the root and one lock a job: `flock` on files that are made once and never unlinked."""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import msgspec

from rules_engine.errors import LockedError, RefusedError, UntrustedStateError
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.root import open_area
from rules_engine.values.clock import Clock
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import SECOND, Instant, format_instant
from rules_engine.values.text import escape
from rules_engine.values.vocabulary import JobId

LOCK: Final = "lock"
_ROOT: Final = "the root"
JOB_LOCKS: Final = "locks"
_NO_FILE: Final = frozenset({errno.ELOOP, errno.EISDIR, errno.ENXIO})
# Whoever only asks whether a lock is held holds it for a moment; that must not look like a holder.
_GRACE_S: Final = 0.1
_PAUSE_S: Final = 0.01
_LARGEST_NOTE: Final = 4_096


class _Holder(msgspec.Struct, frozen=True):
    """What the holder of a lock says of itself; for messages only, never evidence."""

    host: str
    pid: int
    since: int


@contextmanager
def lock_root(state: Directory, *, wait_s: float = 0, clock: Clock | None = None) -> Iterator[None]:
    """Hold the lock of the root while the block runs.

    Raises:
        LockedError: when somebody else holds it for longer than `wait_s`.
        RefusedError: when it cannot be opened.
    """
    with _held(state, LOCK, _ROOT, wait_s, clock or SystemClock()):
        yield


def is_root_locked(state: Directory) -> bool:
    """Whether somebody holds the lock of the root; also True where that cannot be told."""
    try:
        fd = os.open(LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=state.fd)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False


@contextmanager
def lock_job(state: Directory, job_id: JobId, *, wait_s: float = 0, clock: Clock | None = None) -> Iterator[int]:
    """Hold the lock of a job while the block runs: evidence that somebody is there to finish it.

    Gives the descriptor that holds it: a child that inherits it holds the lock for as long as it lives.

    Raises:
        LockedError: when somebody else holds it for longer than `wait_s`.
        RefusedError: when it cannot be opened.
    """
    what = f"job `{job_id}`"
    with open_area(state, JOB_LOCKS) as area, _held(area, job_id, what, wait_s, clock or SystemClock()) as fd:
        yield fd


def is_job_locked(state: Directory, job_id: JobId) -> bool:
    """Whether somebody holds the lock of a job; also True where that cannot be told."""
    probe = JobLockProbe(state, job_id)
    try:
        return probe.is_locked()
    finally:
        probe.close()


class JobLockProbe:
    """Asks again and again whether somebody holds the lock of one job, at the cost of one open."""

    __slots__ = ("_fd", "_job_id", "_state")

    def __init__(self, state: Directory, job_id: JobId) -> None:
        self._state = state
        self._job_id = job_id
        self._fd = -1

    def is_locked(self) -> bool:
        """Whether somebody holds it now; also True where that cannot be told."""
        if self._fd < 0:
            try:
                self._fd = _open_job_lock(self._state, self._job_id)
            except FileNotFoundError:
                return False
            except OSError:
                return True
        try:
            fcntl.flock(self._fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
            fcntl.flock(self._fd, fcntl.LOCK_UN)
        except OSError:
            return True
        return False

    def close(self) -> None:
        """Close it; more than once is harmless."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def __del__(self) -> None:
        self.close()


def _open_job_lock(state: Directory, job_id: JobId) -> int:
    with state.open(RelPath(JOB_LOCKS)) as area:
        return os.open(job_id, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=area.fd)


@contextmanager
def _held(directory: Directory, name: str, what: str, wait_s: float, clock: Clock) -> Iterator[int]:
    fd = _open(directory, name, what)
    try:
        if not _acquire(fd, wait_s, clock):
            raise LockedError(what, _holder(directory, name))
        # The note is for people; a full disk must not keep anybody from locking.
        with suppress(OSError):
            os.ftruncate(fd, 0)
            os.write(fd, msgspec.json.encode(_Holder(os.uname().nodename, os.getpid(), clock.now())))
        yield fd
    finally:
        os.close(fd)


def _open(directory: Directory, name: str, what: str) -> int:
    try:
        return directory.append_to(name)
    except OSError as err:
        where = f".rules/{LOCK}" if what == _ROOT else f".rules/{JOB_LOCKS}/{name}"
        if err.errno in _NO_FILE:
            # Who put a link here could have us lock another file, and somebody else the real one.
            raise UntrustedStateError(where, f"is no file: {err.strerror}", "look who put it there") from err
        why = f"the lock `{where}` of {what} cannot be opened: {err.strerror or err}"
        raise RefusedError(why, "mend its permissions, or what the disk says, and try again") from err


def _acquire(fd: int, wait_s: float, clock: Clock) -> bool:
    # Most commands that only look take no lock, and loading this costs them a tenth of their start.
    from filelock import lock_descriptor  # noqa: PLC0415 - see above

    waited = 0.0
    while not lock_descriptor(fd, blocking=False):
        if waited >= max(wait_s, _GRACE_S):
            return False
        clock.sleep(_PAUSE_S)
        waited += _PAUSE_S
    return True


def _holder(directory: Directory, name: str) -> str:
    try:
        note = msgspec.json.decode(directory.read_file(name, limit=_LARGEST_NOTE), type=_Holder)
    except (OSError, ValueError):
        return "another process"
    since = format_instant(Instant(note.since // SECOND * SECOND))
    return f"process {note.pid} on `{escape(note.host)}` since {since}"
