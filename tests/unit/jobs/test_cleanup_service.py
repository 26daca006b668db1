from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cleanup_world import ended, later, with_settings
from job_world import KOREAN, LaterClock

from rules_engine.errors import InvalidValueError, RefusedError
from rules_engine.filesystem.root import Root
from rules_engine.jobs.cleanup import CleanupService
from rules_engine.jobs.lifecycle import add, finish, start
from rules_engine.manifest.errors import UnknownJobError
from rules_engine.policy.model import PolicySet
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY, HOUR, SECOND, Instant, instant_to_datetime
from rules_engine.values.vocabulary import FileType

EPISODE = {**KOREAN, "series": "suits", "episode": "e1"}


def test_cleaning_a_job_takes_what_is_due_of_it_and_nothing_of_another(
    service: CleanupService, root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """All rules, restricted to that job: the other one's files are as due, and stay."""
    mine, other = ended(root, policies, clock, "a"), ended(root, policies, clock, "b")
    later(clock, 2 * DAY)
    result = service.cleanup_job("a")
    assert result.ok
    assert result.removed == [mine, mine.parent, mine.parent.parent]
    assert (result.bytes_freed, result.kept, result.due) == (3, {}, {})
    assert result.run_id is not None
    assert (mine.exists(), other.exists()) == (False, True)


def test_what_is_not_due_yet_says_when_and_what_it_waits_for(
    service: CleanupService, root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """Nothing is applied, so there is no run."""
    clip = ended(root, policies, clock, "a")
    end = clock.instant - SECOND
    result = service.cleanup_job("a")
    assert (result.removed, result.run_id) == ([], None)
    due = result.due[clip]
    assert abs(due - instant_to_datetime(Instant(end + DAY))) < timedelta(seconds=1)
    assert result.kept == {clip: f"due at {due:%Y-%m-%dT%H:%M:%S}Z, waits for settings.cleanup"}


def test_only_what_the_job_owns_is_told_of(
    service: CleanupService, root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """A neighbour's deliverable in the same directory is not its business; its own has a reason to stay."""
    films = [RelPath(f"output/suits/e1/ko/shorts/{name}.mkv") for name in ("a", "b")]
    for job_id, film in zip("ab", films, strict=True):
        start(
            root,
            policies,
            clock,
            "short_form",
            job_id=job_id,
            parameters={**KOREAN, "series": "suits", "episode": "e1"},
        )
        (Path(root.path) / film).write_bytes(b"1")
        add(root, policies, clock, job_id, [film], file_type=FileType.FINAL_VIDEO)
        finish(root, policies, clock, job_id, success=True)
    later(clock, 2 * DAY)
    assert service.cleanup_job("a").kept == {Path(root.path) / films[0]: "no rule selects it"}


def test_a_failed_job_is_preserved_unless_the_call_says_otherwise(
    service: CleanupService, root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """False lifts the shield of the settings for this call; `retention` holds all the same."""
    clip = ended(root, policies, clock, "a", success=False)
    early = service.cleanup_job("a", preserve_on_failure=False)
    assert list(early.due) == [clip]
    later(clock, 20 * DAY)
    kept = service.cleanup_job("a")
    assert kept.kept == {clip: "never due: cleanup.preserve_on_failure keeps the files of failed jobs"}
    assert service.cleanup_job("a", preserve_on_failure=False).removed[0] == clip


def test_a_job_that_nobody_knows_is_a_mistake_of_the_caller(service: CleanupService) -> None:
    """It is raised, as is an id that cannot be one."""
    with pytest.raises(UnknownJobError, match="job `nobody` is not known to this root"):
        service.cleanup_job("nobody")
    with pytest.raises(InvalidValueError):
        service.cleanup_job("../etc")


def test_cleaning_by_age_takes_temporary_files_of_all_ended_jobs(
    service: CleanupService, root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """After the hours that are asked for; deliverables and running jobs stay."""
    clip = ended(root, policies, clock, "a")
    start(root, policies, clock, "plain", job_id="running")
    (Path(root.path) / "wip/running/temp/clip.mkv").write_bytes(b"1")
    later(clock, 2 * DAY)
    assert list(service.cleanup_by_age(72).due) == [clip]
    later(clock, DAY)
    result = service.cleanup_by_age(72)
    assert result.removed == [clip, clip.parent, clip.parent.parent]
    assert result.kept == {Path(root.path) / "wip/running/temp/clip.mkv": "job `running` is running"}


def test_cleaning_by_age_never_goes_below_the_retention(
    service: CleanupService, root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """The longer of the two waits."""
    clip = ended(root, policies, clock, "a")
    later(clock, 23 * HOUR)
    assert list(service.cleanup_by_age(0).due) == [clip]
    with pytest.raises(InvalidValueError, match="max_age_hours `-1` is negative"):
        service.cleanup_by_age(-1)


def test_cleanup_is_enabled_unless_something_turns_it_off(root: Root, clock: LaterClock, policies: PolicySet) -> None:
    """Debug mode does so only where the settings let it."""
    assert CleanupService(root, policies, clock).is_cleanup_enabled()
    debugging = with_settings("debug: true\ncleanup: {debug_mode_disables: false}")
    assert CleanupService(root, debugging, clock).is_cleanup_enabled()


def test_a_directory_that_is_no_root_is_a_mistake_of_the_caller(tmp_path: Path, policies: PolicySet) -> None:
    """An unmounted drive is never somebody's tree."""
    with Root.open(str(tmp_path)) as nothing, pytest.raises(RefusedError, match="is not a root"):
        CleanupService(nothing, policies).manual_cleanup("temp_*")


def test_times_in_a_result_are_aware(
    service: CleanupService, root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """A pipeline in another zone compares them as they are."""
    clip = ended(root, policies, clock, "a")
    assert service.cleanup_job("a").due[clip].tzinfo is UTC
    assert service.cleanup_job("a").due[clip] > datetime(2100, 1, 1, tzinfo=UTC)
