import errno
import os
from pathlib import Path

import msgspec
import pytest
from job_world import LaterClock
from managed import SHORT, TickingClock, hints, manager

from rules_engine.apply.model import Outcome
from rules_engine.errors import InvalidValueError
from rules_engine.filesystem.directory import Directory
from rules_engine.jobs.lifecycle import DirectoryNotMadeError
from rules_engine.jobs.manager import JobManager
from rules_engine.jobs.publishing import NotPublishedError
from rules_engine.jobs.replacing import set_aside
from rules_engine.manifest.store import ManifestStore
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import HOUR, SECOND, Instant
from rules_engine.values.vocabulary import FileType

VIDEO = FileType.FINAL_VIDEO


class OddVolume(Directory):
    """A directory on a volume that refuses renames between directories, and what else a test says."""

    refused: frozenset[str] = frozenset({"rename"})
    busy = 0
    """How often it is busy before it does anything."""

    def open(self, path: RelPath) -> "OddVolume":
        """What lies below is on the same volume."""
        found = super().open(path)
        return type(self)(found.fd, found._opener)

    def rename_new(self, name: str, to: Directory, new_name: str) -> None:
        """Refuse it between directories."""
        if type(self).busy:
            type(self).busy -= 1
            raise OSError(errno.EBUSY, "busy")
        if "rename" in self.refused and to.status().inode != self.status().inode:
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        super().rename_new(name, to, new_name)

    def unlink(self, name: str) -> None:
        """Refuse it where the test says so."""
        if "unlink" in self.refused:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        super().unlink(name)


class ClosedVolume(OddVolume):
    """One that lets nobody remove anything."""

    refused = frozenset({"unlink"})


class FullVolume(OddVolume):
    """One that has no room for another name."""

    def rename_new(self, name: str, to: Directory, new_name: str) -> None:
        """Refuse every rename."""
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), f"{name} {to.fd} {new_name}")


def put_on(jobs: JobManager, kind: type[OddVolume]) -> None:
    """Have the whole root on such a volume."""
    here = jobs.root.directory.open(RelPath(""))
    jobs.root.directory.close()
    jobs.root.directory = kind(here.fd, here._opener)


def test_where_a_volume_refuses_renames_a_file_is_published_by_a_copy(tmp_path: Path, jobs: JobManager) -> None:
    """It is whole, and the copy had an owner before it was there."""
    put_on(jobs, OddVolume)
    with jobs.job("short_form", job_id="j") as job:
        clip = job.path("clip.mkv", FileType.TEMP_VIDEO)
        clip.write_text("x")
        found = job.publish(clip, VIDEO, index=1)
        assert (found.read_text(), clip.exists()) == ("x", False)
        assert os.listdir(found.parent) == [found.name]
    declared = ManifestStore(jobs.root, jobs._clock).get("j").files["output/_unsorted/j/shorts"]
    copies = [name for name in declared if name != found.name]
    assert [(name[0], name[-5:], declared[name]) for name in copies] in (
        [],
        [(".", ".part", FileType.TEMP_SLIDE)],
    )


def test_a_layout_without_scratch_types_publishes_by_a_copy_too(tmp_path: Path, jobs: JobManager) -> None:
    """Its copies have no type that rules for scratch would reach, so they are not declared."""
    put_on(jobs, OddVolume)
    with jobs.job("bare", job_id="j") as job:
        clip = job.path("clip.mkv", "scribble")
        clip.write_text("x")
        assert job.publish(clip, VIDEO) == tmp_path / "media/bare/j/films/clip.mkv"


def test_a_busy_volume_is_tried_again(jobs: JobManager) -> None:
    """As the settings say."""
    put_on(jobs, OddVolume)
    with jobs.job("short_form", job_id="j") as job:
        clip = job.path("clip.mkv", FileType.TEMP_VIDEO)
        clip.write_text("x")
        OddVolume.busy = 2
        assert job.publish(clip, VIDEO, index=1).read_text() == "x"


def test_a_volume_that_is_full_keeps_the_file_under_its_old_name(jobs: JobManager) -> None:
    """The error says why."""
    put_on(jobs, FullVolume)
    with jobs.job("short_form", job_id="j") as job:
        clip = job.path("clip.mkv", FileType.TEMP_VIDEO)
        clip.write_text("x")
        with pytest.raises(NotPublishedError, match="No space left on device"):
            job.publish(clip, VIDEO, index=1)
        assert clip.exists()


def test_what_could_not_be_discarded_stays_the_jobs(jobs: JobManager, caplog: pytest.LogCaptureFixture) -> None:
    """The result and the log name each path and cause; the job goes on."""
    put_on(jobs, ClosedVolume)
    with jobs.job("short_form", job_id="j") as job:
        frames = job.directory("frames", FileType.TEMP_SLIDE)
        (frames / "1.png").write_text("x")
        result = job.discard(frames)
        assert result.failed == {frames / "1.png": "Permission denied"}
        assert result.kept == {frames: "it is not empty"}
        assert f"`{frames}/1.png` could not be removed: Permission denied" in caplog.text
        assert frames in [path for paths in jobs.tracker.get_manifest("j").directories.values() for path in paths]


def test_another_root_in_a_directory_is_not_discarded(jobs: JobManager) -> None:
    """Its files are its own."""
    with jobs.job("short_form", job_id="j") as job:
        frames = job.directory("frames", FileType.TEMP_SLIDE)
        (frames / "nested/.rules").mkdir(parents=True)
        (frames / "nested/x").write_text("x")
        result = job.discard(frames)
        assert result.kept == {frames / "nested": "it is another root", frames: "it is not empty"}
        assert (frames / "nested/x").exists()


def test_a_directory_whose_name_a_file_has_is_not_made(jobs: JobManager) -> None:
    """The job hears of it."""
    with jobs.job("short_form", job_id="j") as job:
        job.path("frames", FileType.TEMP_SLIDE).write_text("x")
        with pytest.raises(DirectoryNotMadeError, match="a file has its name"):
            job.directory("frames", FileType.TEMP_SLIDE)


def test_an_old_file_that_changes_meanwhile_is_not_set_aside(tmp_path: Path, jobs: JobManager) -> None:
    """Somebody writes it; the record of the run says so."""
    with jobs.job("short_form", job_id="j") as job:
        old = job.path("log.txt", FileType.METADATA)
        old.write_text("old")
        fact = job._running.fact_of(RelPath("output/_unsorted/j/metadata/log.txt"))
        assert fact is not None
        result = set_aside(job._running, msgspec.structs.replace(fact, mtime_ns=1))
        assert (result.outcome, old.read_text()) == (Outcome.CHANGED, "old")
    [report] = (tmp_path / "media/.rules/runs").glob("*/report.json")
    assert "it was written since the plan was made" in report.read_text()


def test_an_output_name_of_several_components_is_refused(tmp_path: Path, clock: LaterClock) -> None:
    """A field cannot lead out of the directory."""
    text = SHORT.replace("{index:03d}", "{index}")
    with manager(tmp_path, clock, short=text) as jobs, jobs.job("short_form", job_id="j") as job:
        clip = job.path("clip.mkv", FileType.TEMP_VIDEO)
        clip.write_text("x")
        with pytest.raises(InvalidValueError, match=r"has a part that is \.\."):
            job.publish(clip, VIDEO, index="../../up")
        with pytest.raises(InvalidValueError, match="more than one path component"):
            job.publish(clip, VIDEO, index="a/b")


class HurriedClock(TickingClock):
    """A clock on which every step takes a while."""

    tick = 1_000_000

    def now(self) -> Instant:
        """That instant."""
        self.instant = Instant(self.instant + self.tick)
        return self.instant


def test_cleaning_at_the_end_of_a_job_stops_after_ten_seconds(tmp_path: Path) -> None:
    """What is left goes with the next job that ends; the hint stays."""
    clock = HurriedClock()
    with manager(tmp_path, clock) as jobs:
        with jobs.job("short_form", job_id="a") as job:
            many = job.directory("many", FileType.TEMP_SLIDE)
            for number in range(1000):
                (many / f"{number:04d}").write_text("x")
        clock.instant = Instant(clock.instant + HOUR)
        jobs.start_job("b", "short_form")
        clock.tick = SECOND // 2
        result = jobs.complete_job("b", success=True)
        assert 0 < len(result.removed) < 1000
        assert any("stopped before its end" in why for why in result.deferred)
        assert "a" in [one.split("/")[1] for one in hints(tmp_path)]
        clock.tick = 1_000_000
        with jobs.job("short_form", job_id="c"):
            pass
        assert not (tmp_path / "media/scratch/a").exists()
