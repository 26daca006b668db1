import logging
from pathlib import Path

import pytest
from job_world import LaterClock, apply_due
from managed import SETTINGS, TickingClock, hints, manager

from rules_engine.jobs.foreseeing import make_hints_anew
from rules_engine.jobs.manager import JobManager
from rules_engine.values.quantities import HOUR, MINUTE, Instant

LOGGER = logging.getLogger("tests")


@pytest.fixture
def clock() -> LaterClock:
    """A clock of our own."""
    return TickingClock()


def run(jobs: JobManager, job_id: str) -> None:
    """A job that leaves a clip."""
    with jobs.job("short_form", job_id=job_id) as job:
        job.path("clip.mkv", "temp_video").write_text("x")


def names(tmp_path: Path) -> list[str]:
    """The jobs that have hints."""
    return [one.split("/")[1] for one in hints(tmp_path)]


def test_a_full_apply_makes_the_hints_anew(tmp_path: Path, jobs: JobManager, clock: LaterClock) -> None:
    """Those that came are gone with what they spoke of, and a job that lost its hint has one again."""
    run(jobs, "a")
    clock.instant = Instant(clock.instant + 30 * MINUTE)
    run(jobs, "b")
    for path in (tmp_path / "media/.rules/due").glob("*/b"):
        path.unlink()
    clock.instant = Instant(clock.instant + 40 * MINUTE)
    policies = jobs.configuration.policies()
    apply_due(jobs.root, policies, clock)
    make_hints_anew(jobs.root, policies, clock, LOGGER)
    assert names(tmp_path) == ["b"]
    assert not (tmp_path / "media/scratch/a").exists()


def test_hints_are_left_alone_where_they_wait(tmp_path: Path, jobs: JobManager, clock: LaterClock) -> None:
    """And a job that still runs has none."""
    run(jobs, "a")
    jobs.start_job("b", "short_form")
    before = hints(tmp_path)
    make_hints_anew(jobs.root, jobs.configuration.policies(), clock, LOGGER)
    assert hints(tmp_path) == before


def test_what_cannot_be_hinted_at_is_logged(
    tmp_path: Path, jobs: JobManager, clock: LaterClock, caplog: pytest.LogCaptureFixture
) -> None:
    """The apply before it is not undone by it."""
    run(jobs, "a")
    (tmp_path / "media/.rules/due").rename(tmp_path / "aside")
    (tmp_path / "media/.rules/due").write_text("in the way")
    make_hints_anew(jobs.root, jobs.configuration.policies(), clock, LOGGER)
    assert "hints at what falls due could not be made" in caplog.text


@pytest.mark.parametrize(
    ("settings", "leaves"),
    [
        (SETTINGS.replace("{", "{enabled: false, "), False),
        (SETTINGS.replace("{", "{enabled: false, "), True),
        ("version: 1\nkind: settings\n", None),
    ],
)
def test_a_job_of_which_nothing_ever_goes_has_no_hint(
    tmp_path: Path, clock: LaterClock, settings: str, leaves: bool | None
) -> None:
    """Cleanup is off, or failed jobs are preserved for ever."""
    with manager(tmp_path, clock, settings=settings) as jobs:
        context = jobs.start_job("a", "short_form")
        if leaves and context.directories.temp_dir is not None:
            (context.directories.temp_dir / "x").write_text("x")
        result = jobs.complete_job("a", success=leaves is not None)
        assert hints(tmp_path) == []
        assert result.due == {}


def test_kept_files_do_not_make_a_job_come_again_and_again(tmp_path: Path, clock: LaterClock) -> None:
    """Their workspace is not empty, so nothing of it is ever due."""
    keep = "version: 1\nkind: cleanup\nrules: [{name: all, files: {match: ['/scratch/']}, action: keep}]\n"
    with manager(tmp_path, clock, keep=keep) as jobs:
        run(jobs, "a")
        assert hints(tmp_path) == []
        clock.instant = Instant(clock.instant + 2 * HOUR)
        make_hints_anew(jobs.root, jobs.configuration.policies(), clock, LOGGER)
        assert hints(tmp_path) == []
