import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rules_engine.errors import LockedError, RefusedError, UntrustedStateError
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.locks import is_job_locked, lock_job, lock_root
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import JobId

JOB = JobId("job-1")


class CountingClock:
    """A clock that stands still and counts what it was asked to wait."""

    def __init__(self) -> None:
        self.waited = 0.0

    def now(self) -> Instant:
        """A fixed instant."""
        return Instant(1_772_323_200_123_456_789)

    def sleep(self, seconds: float) -> None:
        """Wait for nothing."""
        self.waited += seconds


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Directory]:
    """An open state."""
    with Directory.open_root(str(tmp_path)) as directory:
        yield directory


def test_a_held_lock_names_its_holder(state: Directory) -> None:
    """The second who asks is told who holds it and since when; afterwards it is free again."""
    with lock_root(state, clock=CountingClock()):
        with pytest.raises(LockedError) as caught, lock_root(state, clock=CountingClock()):
            pass
        host = os.uname().nodename
        assert caught.value.holder == f"process {os.getpid()} on `{host}` since 2026-03-01T00:00:00Z"
        assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301 - our own bytes
    with lock_root(state):
        assert state.names() == ["lock"]


def test_a_lock_that_cannot_be_opened_refuses_and_says_why(tmp_path: Path) -> None:
    """It is named with what the system says: a state that went away takes no lock."""
    (tmp_path / "state").mkdir()
    with Directory.open_root(str(tmp_path / "state")) as state:
        (tmp_path / "state").rmdir()
        with pytest.raises(RefusedError) as caught, lock_root(state):
            pass
    assert str(caught.value) == (
        "the lock `.rules/lock` of the root cannot be opened: No such file or directory\n"
        "  help: mend its permissions, or what the disk says, and try again"
    )


def test_waiting_for_a_lock_ends(state: Directory) -> None:
    """The wait is as long as was asked for, and no longer."""
    clock = CountingClock()
    with lock_root(state), pytest.raises(LockedError), lock_root(state, wait_s=2, clock=clock):
        pass
    assert 2 <= clock.waited < 2.1


def test_a_job_lock_is_seen_while_it_is_held(state: Directory) -> None:
    """Free before, held during, free after; another job's lock says nothing."""
    assert not is_job_locked(state, JOB)
    with lock_job(state, JOB):
        assert is_job_locked(state, JOB)
        assert not is_job_locked(state, JobId("job-2"))
        with pytest.raises(LockedError, match="job `job-1` is locked by process"), lock_job(state, JOB):
            pass
    assert not is_job_locked(state, JOB)


def test_a_lock_goes_with_its_process(state: Directory, tmp_path: Path) -> None:
    """A killed holder holds nothing, whatever its note says."""
    script = (
        "import sys, time\n"
        "from rules_engine.filesystem.directory import Directory\n"
        "from rules_engine.filesystem.locks import lock_job\n"
        "with Directory.open_root(sys.argv[1]) as state, lock_job(state, 'job-1'):\n"
        "    print('held', flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert is_job_locked(state, JOB)
        holder.kill()
        holder.wait()
    assert not is_job_locked(state, JOB)


def test_a_lock_that_cannot_be_looked_at_counts_as_held(state: Directory, tmp_path: Path) -> None:
    """Unknown is held: a link in its place is not followed."""
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks/job-1").symlink_to("elsewhere")
    assert is_job_locked(state, JOB)
    with pytest.raises(UntrustedStateError, match=r"`\.rules/locks/job-1` is no file"), lock_job(state, JOB):
        pass


def test_a_root_lock_that_is_a_link_is_refused(state: Directory, tmp_path: Path) -> None:
    """Whoever put it there could have two runs lock two files."""
    (tmp_path / "lock").symlink_to("elsewhere")
    with pytest.raises(UntrustedStateError, match=r"`\.rules/lock` is no file"), lock_root(state):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_a_holder_without_a_note_is_another_process(state: Directory, tmp_path: Path) -> None:
    """What cannot be read in the lock file is not guessed."""
    with lock_root(state):
        (tmp_path / "lock").write_text("?")
        with pytest.raises(LockedError) as caught, lock_root(state):
            pass
    assert caught.value.holder == "another process"


def test_the_real_clock_goes_forward() -> None:
    """Waiting takes time, and time is nanoseconds since 1970."""
    clock = SystemClock()
    before = clock.now()
    clock.sleep(0.001)
    assert clock.now() - before >= 1_000_000
