"""Ranks where jobs end, one job is cleaned, a file is explained or replaced: those of all jobs, as in a plan."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from job_world import LaterClock
from managed import TickingClock, hints, manager

from rules_engine.jobs.explaining import explain_paths
from rules_engine.jobs.manager import JobManager
from rules_engine.jobs.running import NotOursError
from rules_engine.plan.explain import Explanation
from rules_engine.plan.model import Kept, Remove
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import HOUR, MINUTE, Instant
from rules_engine.values.vocabulary import FileType

VIDEO = FileType("final_video")
BEYOND = """
version: 1
kind: cleanup
rules:
  - name: older
    jobs: {type: short_form, beyond_newest: 1, per: [series]}
    files: {in: output}
    deliverables: true
    after: 1h
    action: trash
"""
NEWEST = """
version: 1
kind: cleanup
rules:
  - {name: newest, jobs: {newest: 1}, files: {in: output}, action: keep}
"""


@pytest.fixture
def clock() -> LaterClock:
    """A clock of our own."""
    return TickingClock()


@pytest.fixture
def jobs(tmp_path: Path, clock: LaterClock) -> Iterator[JobManager]:
    """A manager whose policies keep the newest video of each series, once it is an hour old."""
    with manager(tmp_path, clock, beyond=BEYOND) as found:
        yield found


def render(jobs: JobManager, job_id: str, **fields: str) -> Path:
    """A job that publishes a video; the path of the video."""
    with jobs.job("short_form", job_id=job_id, **fields) as job:
        job.path("clip.mkv", FileType.TEMP_VIDEO).write_text(job_id)
        return job.publish(f"scratch/{job_id}/slides/clip.mkv", VIDEO, index=1, existing="trash")


def wait(clock: LaterClock, some: int) -> None:
    """Move the clock on."""
    clock.instant = Instant(clock.instant + some)


def test_the_end_of_a_job_takes_what_it_pushes_out(jobs: JobManager, clock: LaterClock) -> None:
    """The video of the older job goes with the end of the newer one; that of another series stays."""
    old, other = render(jobs, "a", series="Suits"), render(jobs, "b", series="Friends")
    wait(clock, 2 * HOUR)
    new = render(jobs, "c", series="Suits")
    assert [path.exists() for path in (old, other, new)] == [False, True, True]


def test_a_job_that_is_not_pushed_out_is_looked_at_again(tmp_path: Path, jobs: JobManager, clock: LaterClock) -> None:
    """Its hint is for the moment from which a newer job would push it out at once."""
    video = render(jobs, "a", series="Suits")
    assert hints(tmp_path) == ["2100-01-01T01/a"]
    wait(clock, 90 * MINUTE)
    render(jobs, "b", series="Friends")
    assert video.exists()
    assert hints(tmp_path) == ["2100-01-01T02/a", "2100-01-01T02/b"]


def test_the_end_of_a_job_does_not_guess_its_place(jobs: JobManager) -> None:
    """Other manifests are not read for it: what it keeps is told as unknown."""
    with jobs.job("short_form", job_id="a") as job:
        job.path("clip.mkv", FileType.TEMP_VIDEO).write_text("x")
        video = job.publish("scratch/a/slides/clip.mkv", VIDEO, index=1)
    why = "unknown: rule `older` cannot tell: the place of job `a` among its like is not known"
    assert job.cleanup_result is not None
    assert job.cleanup_result.kept[video] == why


def test_one_job_is_cleaned_by_its_place_among_all(jobs: JobManager, clock: LaterClock) -> None:
    """Though nothing but that job is looked at otherwise."""
    old, new = render(jobs, "a"), render(jobs, "b")
    wait(clock, 30 * MINUTE)
    assert old.exists()
    wait(clock, HOUR)
    assert new not in jobs.cleanup.cleanup_job("b").removed
    assert old in jobs.cleanup.cleanup_job("a").removed
    assert new.exists()


def test_a_path_is_explained_by_the_place_of_its_job_among_all(jobs: JobManager, clock: LaterClock) -> None:
    """The words are those of a plan."""
    for job_id in ("a", "b"):
        render(jobs, job_id)
    wait(clock, 2 * HOUR)
    paths = [RelPath(f"output/_unsorted/{one}/shorts/short-form__unsorted.{one}_001.mkv") for one in "ab"]
    old, new = explain_paths(jobs.configuration.policies(), jobs.root, clock, paths, clock.now())
    assert isinstance(old, Explanation)
    assert isinstance(new, Explanation)
    assert isinstance(old.decision, Remove)
    assert isinstance(new.decision, Kept)
    told = next(one.lines for one in new.owners[0].rules if one.rule == "older")
    place = "job `b` is 1st of 2 of `short_form`, series `_unsorted`; newest 1 stay: `b`"
    assert told == (f"needs a job beyond the newest 1; {place}",)


def test_what_the_newest_job_made_is_not_set_aside_for_another(tmp_path: Path, clock: LaterClock) -> None:
    """Keep beats publishing: who publishes under the same name would be the newest."""
    with manager(tmp_path, clock, newest=NEWEST) as jobs:
        video = render(jobs, "a", episode="E")
        with pytest.raises(NotOursError, match="rule `newest` keeps it"):
            render(jobs, "b", episode="E")
        assert video.read_text() == "a"
