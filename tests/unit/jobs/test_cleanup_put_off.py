import logging
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cleanup_world import ended, later
from job_world import LaterClock

from rules_engine.apply.model import Event, RunStarted
from rules_engine.errors import RefusedError
from rules_engine.filesystem.locks import lock_root
from rules_engine.filesystem.root import Root
from rules_engine.jobs.cleaning import Cleaning, clean, why_put_off
from rules_engine.jobs.cleanup import CleanupService
from rules_engine.policy.model import PolicySet
from rules_engine.values.quantities import DAY


def test_a_held_lock_puts_a_cleanup_off(
    service: CleanupService, root: Root, strays: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    """It never raises: the result says who holds the lock, and so does the log."""
    with lock_root(root.require_state()), caplog.at_level(logging.WARNING, "rules_engine.cleanup"):
        result = service.manual_cleanup("temp_*")
    assert not result.ok
    assert result.removed == []
    assert len(result.deferred) == 1
    assert result.deferred[0].startswith(f"the root is locked by process {os.getpid()} on ")
    assert caplog.messages == [f"cleanup: put off: {result.deferred[0]}"]
    assert all(path.exists() for path in strays)


def test_a_limit_puts_a_cleanup_off_unless_it_is_raised(service: CleanupService, strays: list[Path]) -> None:
    """Nothing of such a plan is carried out; a dry run shows it."""
    refused = service.manual_cleanup("temp_*", limits={"files": 1})
    assert refused.removed == []
    assert refused.deferred == [
        "the plan is refused: it removes 2 files, `limits.files` is 1; if that is right, plan with `--limit files=2`"
    ]
    shown = service.manual_cleanup("temp_*", dry_run=True, limits={"files": 1})
    assert (shown.would_remove, shown.ok) == (strays[:2], False)
    assert service.manual_cleanup("temp_*", limits={"files": None}).ok


def test_a_state_that_cannot_be_read_puts_a_cleanup_off(
    service: CleanupService, root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """Manifests that became a file instead of a directory: nothing can be known, nothing goes."""
    clip = ended(root, policies, clock, "a")
    later(clock, 2 * DAY)
    manifests = Path(root.path) / ".rules/manifests"
    manifests.rename(manifests.with_name("aside"))
    manifests.write_text("")
    result = service.cleanup_job("a")
    assert result.removed == []
    assert len(result.deferred) == 1
    assert clip.exists()


def test_a_damaged_manifest_puts_the_cleanup_of_its_job_off(
    service: CleanupService, root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """Also where not even its start can be read."""
    clip = ended(root, policies, clock, "a")
    later(clock, 2 * DAY)
    for log in (Path(root.path) / ".rules/manifests").iterdir():
        log.write_bytes(b"garbage\nmore\n")
    for seal in (Path(root.path) / ".rules/sealed").iterdir():
        seal.unlink()
    result = service.cleanup_job("a")
    assert result.removed == []
    assert result.deferred[0].startswith("the manifest of job `a` is damaged: ")
    assert clip.exists()


@pytest.fixture
def frozen(strays: list[Path]) -> Iterator[list[Path]]:
    """The strays in a directory that nobody may write to."""
    directory = strays[0].parent
    if os.geteuid() != 0:
        directory.chmod(0o555)
        yield strays
        directory.chmod(0o755)
        return
    if subprocess.run(["chattr", "+i", str(directory)], check=False, capture_output=True).returncode:
        pytest.skip("root writes everywhere, and this filesystem has no immutable directories")
    yield strays
    subprocess.run(["chattr", "-i", str(directory)], check=True)


def test_what_cannot_be_removed_is_named_with_its_cause(
    service: CleanupService, root: Root, frozen: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    """One warning a path; the rest goes."""
    (Path(root.path) / "temp_c").write_bytes(b"12345")
    with caplog.at_level(logging.WARNING, "rules_engine.cleanup"):
        result = service.manual_cleanup("temp_*", delete=True)
    assert not result.ok
    assert list(result.failed) == frozen[:2]
    assert result.failed[frozen[0]] in {"Operation not permitted", "Permission denied"}
    assert (result.removed, result.bytes_freed) == ([Path(root.path) / "temp_c"], 5)
    assert caplog.messages == [f"cleanup: `{path}` could not be removed: {result.failed[path]}" for path in frozen[:2]]


def test_what_cannot_be_looked_at_is_unknown_and_named(
    service: CleanupService, root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """A workspace that became a link is no way to anywhere."""
    clip = ended(root, policies, clock, "a")
    work = clip.parents[2]
    work.rename(work.with_name("elsewhere"))
    work.symlink_to("elsewhere")
    later(clock, 2 * DAY)
    result = service.cleanup_job("a")
    assert result.removed == []
    assert all(why.startswith("unknown: ") for why in result.kept.values())
    assert len(result.kept) == 1


def test_a_deadline_puts_the_rest_of_a_cleanup_off(
    root: Root, policies: PolicySet, clock: LaterClock, caplog: pytest.LogCaptureFixture
) -> None:
    """What went until then is told; the rest is left to the next call."""
    clip = ended(root, policies, clock, "a")
    later(clock, 2 * DAY)
    over = clean(root, clock, Cleaning(policies, until=clock.now()), logging.getLogger("rules_engine.cleanup"))
    assert (over.removed, over.ok) == ([], False)
    assert over.deferred[0].startswith("the run stopped before its end: its time was over at 2100-01-03T")
    assert caplog.messages == [f"cleanup: put off: {over.deferred[0]}"]
    assert CleanupService(root, policies, clock).cleanup_job("a").removed[0] == clip


def test_an_interruption_by_the_user_is_passed_on(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """It is no reason to go on; what was done is recorded."""
    ended(root, policies, clock, "a")
    later(clock, 2 * DAY)

    def interrupt(event: Event) -> None:
        if isinstance(event, RunStarted):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        CleanupService(root, policies, clock, listen=interrupt).cleanup_job("a")


@pytest.mark.parametrize(
    ("err", "why"),
    [
        (OSError(5, "Input/output error", "lock"), "the system refuses: Input/output error"),
        (OSError("no more room"), "no more room"),
        (RefusedError("the plan is refused", "read it"), "the plan is refused"),
        (KeyError(), "KeyError"),
    ],
)
def test_why_a_cleanup_was_put_off_is_said_in_words(err: Exception, why: str) -> None:
    """One line without numbers of errors; what has no words is named by its kind."""
    assert why_put_off(err) == why
