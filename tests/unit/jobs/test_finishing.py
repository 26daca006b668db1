import logging
import os
from pathlib import Path

import pytest
from job_world import LaterClock, apply_due
from managed import NOW, TickingClock, hints, manager

from rules_engine.filesystem.locks import lock_root
from rules_engine.jobs.manager import JobManager
from rules_engine.jobs.models import CleanupResult
from rules_engine.values.quantities import DAY, HOUR, MINUTE, Instant


@pytest.fixture
def clock() -> LaterClock:
    """A clock of our own."""
    return TickingClock()


def later(clock: LaterClock, time: int) -> None:
    """Move on."""
    clock.instant = Instant(clock.instant + time)


def run(jobs: JobManager, job_id: str, *, success: bool = True) -> CleanupResult:
    """A job that leaves a clip."""
    context = jobs.start_job(job_id, "short_form")
    assert context.directories.slides_dir is not None
    (context.directories.slides_dir / "clip.mkv").write_bytes(b"123")
    os.utime(context.directories.slides_dir / "clip.mkv", ns=(0, 0))
    return jobs.complete_job(job_id, success)


def test_the_result_says_what_is_due_when_and_by_which_rule(
    tmp_path: Path, jobs: JobManager, clock: LaterClock
) -> None:
    """Nothing is due yet, so nothing went; no lock was taken, no run recorded."""
    result = run(jobs, "a")
    clip = tmp_path / "media/scratch/a/slides/clip.mkv"
    record = jobs.tracker.get_manifest("a")
    assert record.ended_at is not None
    assert list(result.due) == [clip]
    assert (result.due[clip] - record.ended_at).total_seconds() == 3600
    assert result.kept[clip].endswith("waits for settings.cleanup")
    assert (result.removed, result.deferred, result.run_id) == ([], [], None)
    assert not (tmp_path / "media/.rules/runs").exists()


def test_a_job_that_finishes_takes_what_is_due_of_another(tmp_path: Path, jobs: JobManager, clock: LaterClock) -> None:
    """And its directories, and the hint; what is due later is hinted at."""
    run(jobs, "a")
    assert len(hints(tmp_path)) == 1
    later(clock, HOUR)
    result = run(jobs, "b")
    assert tmp_path / "media/scratch/a/slides/clip.mkv" in result.removed
    assert not (tmp_path / "media/scratch/a").exists()
    assert (tmp_path / "media/scratch/b/slides/clip.mkv").exists()
    assert result.bytes_freed == 3
    assert [one.split("/")[1] for one in hints(tmp_path)] == ["b"]


def test_before_the_hour_no_other_manifest_is_read(tmp_path: Path, jobs: JobManager, clock: LaterClock) -> None:
    """A manifest that cannot be read does not even show."""
    run(jobs, "a")
    later(clock, 59 * MINUTE)
    [log] = (tmp_path / "media/.rules/manifests").glob("a@*")
    log.write_bytes(b"damaged\n" + log.read_bytes())
    assert run(jobs, "b").deferred == []
    later(clock, 2 * MINUTE)
    result = run(jobs, "c")
    assert len(result.deferred) == 1
    assert "a" in result.deferred[0]
    assert (tmp_path / "media/scratch/a/slides/clip.mkv").exists()


def test_files_without_a_wait_go_with_the_job_itself(tmp_path: Path, clock: LaterClock) -> None:
    """A retention of zero."""
    with manager(tmp_path, clock, settings=NOW) as jobs:
        result = run(jobs, "a")
        assert not (tmp_path / "media/scratch/a").exists()
        assert tmp_path / "media/scratch/a/slides/clip.mkv" in result.removed
        assert hints(tmp_path) == []


def test_a_failed_job_keeps_its_files_for_as_long_as_it_is_preserved(
    tmp_path: Path, jobs: JobManager, clock: LaterClock
) -> None:
    """Then they go like any other."""
    failed = run(jobs, "a", success=False)
    clip = tmp_path / "media/scratch/a/slides/clip.mkv"
    assert failed.kept[clip] == "due at 2100-01-03T00:00:00Z, waits for settings.cleanup"
    later(clock, 2 * DAY - MINUTE)
    run(jobs, "b")
    assert clip.exists()
    later(clock, 2 * MINUTE)
    run(jobs, "c")
    assert not clip.exists()


def test_where_nothing_is_cleaned_at_the_finish_all_stays(tmp_path: Path, clock: LaterClock) -> None:
    """`at_finish: nothing`; the result still says what is due."""
    with manager(tmp_path, clock, settings=NOW.replace("{", "{at_finish: nothing, ")) as jobs:
        result = run(jobs, "a")
        assert (tmp_path / "media/scratch/a/slides/clip.mkv").exists()
        assert result == CleanupResult()
        assert len(hints(tmp_path)) == 1


def test_a_held_lock_is_noted_and_left_to_the_next_run(tmp_path: Path, jobs: JobManager, clock: LaterClock) -> None:
    """Neither waiting nor failing; the hints stay."""
    run(jobs, "a")
    later(clock, HOUR)
    assert jobs.root.state is not None
    with lock_root(jobs.root.state):
        result = run(jobs, "b")
    assert result.deferred == ["another run holds the lock of the root; what is due is left to the next one"]
    assert [one.split("/")[1] for one in hints(tmp_path)] == ["a", "b"]
    assert (tmp_path / "media/scratch/a/slides/clip.mkv").exists()
    assert (tmp_path / "media/scratch/a/slides/clip.mkv") in run(jobs, "c").removed


def test_a_limit_is_noted_and_nobody_looks_again_for_an_hour(tmp_path: Path, clock: LaterClock) -> None:
    """Each look reads all manifests."""
    settings = NOW.replace("0s", "1h") + "limits: {files: 1}\n"
    with manager(tmp_path, clock, settings=settings) as jobs:
        for job_id in "ab":
            run(jobs, job_id)
        later(clock, HOUR)
        result = run(jobs, "c")
        assert len(result.deferred) == 1
        assert "limits.files" in result.deferred[0] or "limit" in result.deferred[0]
        assert run(jobs, "d").deferred == []
        later(clock, HOUR + MINUTE)
        assert len(run(jobs, "e").deferred) == 1


def test_cleaning_that_breaks_does_not_break_the_job(
    tmp_path: Path, jobs: JobManager, clock: LaterClock, caplog: pytest.LogCaptureFixture
) -> None:
    """The hints cannot be written: the job is completed all the same, and the log says what happened."""
    (tmp_path / "media/.rules/due").write_text("in the way")
    with caplog.at_level(logging.WARNING):
        result = run(jobs, "a")
    assert len(result.deferred) == 1
    assert "put off" in caplog.text
    context = jobs.get_job_context("a")
    assert context is not None
    assert context.status == "completed"


def test_a_workspace_without_files_goes_when_its_retention_is_over(
    tmp_path: Path, jobs: JobManager, clock: LaterClock
) -> None:
    """No file tells of it, a hint does."""
    jobs.start_job("a", "short_form")
    jobs.complete_job("a", success=True)
    assert len(hints(tmp_path)) == 1
    later(clock, HOUR + MINUTE)
    run(jobs, "b")
    assert not (tmp_path / "media/scratch/a").exists()


def test_a_job_that_started_again_is_left_alone(tmp_path: Path, jobs: JobManager, clock: LaterClock) -> None:
    """Its hint is old; it hints anew when it finishes."""
    run(jobs, "a")
    later(clock, HOUR)
    jobs.start_job("a", "short_form")
    run(jobs, "b")
    assert (tmp_path / "media/scratch/a/slides/clip.mkv").exists()
    assert [one.split("/")[1] for one in hints(tmp_path)] == ["b"]
    jobs.complete_job("a", success=True)
    assert sorted(one.split("/")[1] for one in hints(tmp_path)) == ["a", "b"]


def test_a_hint_for_a_job_that_is_gone_goes(tmp_path: Path, jobs: JobManager, clock: LaterClock) -> None:
    """A hint is never evidence."""
    hour = tmp_path / "media/.rules/due/2026-03-01T09"
    hour.mkdir(parents=True)
    (hour / "nobody").write_text("")
    assert run(jobs, "a").deferred == []
    assert not hour.exists()


def test_what_another_job_still_needs_is_looked_at_again_later(
    tmp_path: Path, jobs: JobManager, clock: LaterClock
) -> None:
    """By its own record it would go; another owner runs."""
    (tmp_path / "media/shared").write_text("x")
    for job_id in "ab":
        jobs.start_job(job_id, "short_form")
        jobs.tracker.add_file(job_id, "shared", "temp_video")
    jobs.complete_job("a", success=True)
    later(clock, HOUR)
    run(jobs, "c")
    assert (tmp_path / "media/shared").exists()
    again = [one for one in hints(tmp_path) if one.endswith("/a")]
    assert again == ["2100-01-01T02/a"]
    jobs.complete_job("b", success=True)
    later(clock, HOUR + MINUTE)
    run(jobs, "d")
    assert not (tmp_path / "media/shared").exists()


def test_twenty_jobs_ended_at_once_are_all_cleaned_by_the_next(
    tmp_path: Path, jobs: JobManager, clock: LaterClock
) -> None:
    """One plan for all of them."""
    for number in range(20):
        run(jobs, f"a{number}")
    later(clock, HOUR)
    result = run(jobs, "b")
    assert sum(path.name == "clip.mkv" for path in result.removed) == 20
    assert [one.split("/")[1] for one in hints(tmp_path)] == ["b"]


def test_a_seal_that_cannot_be_written_costs_no_job(tmp_path: Path, jobs: JobManager, clock: LaterClock) -> None:
    """Its log says the same; nothing is hinted at, and a full apply takes what is due."""
    (tmp_path / "media/.rules/sealed/a.json/in the way").mkdir(parents=True)
    assert run(jobs, "a") == CleanupResult()
    context = jobs.get_job_context("a")
    assert context is not None
    assert context.status == "completed"
    assert hints(tmp_path) == []
    later(clock, HOUR + MINUTE)
    apply_due(jobs.root, jobs.configuration.policies(), clock)
    assert not (tmp_path / "media/scratch/a").exists()
