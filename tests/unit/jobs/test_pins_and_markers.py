"""Pins and keep markers bind what jobs do by themselves: publishing over a file, discarding, cleaning at their end."""

from datetime import timedelta
from pathlib import Path

import pytest
from job_world import LaterClock
from managed import NOW, TickingClock, manager

from rules_engine.apply.pins import PINS
from rules_engine.errors import InvalidValueError
from rules_engine.jobs.manager import JobManager
from rules_engine.jobs.pinning import NotPinnedError
from rules_engine.jobs.running import NotOursError
from rules_engine.manifest.errors import UnknownJobError
from rules_engine.values.quantities import instant_to_datetime
from rules_engine.values.vocabulary import FileType

VIDEO, TEMP = FileType.FINAL_VIDEO, FileType.TEMP_VIDEO


def published(jobs: JobManager, top: Path, job_id: str) -> Path:
    """A film that one job published, for another of the same episode to replace."""
    with jobs.job("short_form", job_id=job_id, series="Suits", episode="1") as job:
        clip = job.path("clip.mkv", TEMP)
        clip.write_bytes(b"one")
        return Path(job.publish(clip, VIDEO, index=1))


@pytest.mark.parametrize("mark", ["path", "above", "job", "own job", "marker"])
def test_a_protected_output_is_not_set_aside_for_another(tmp_path: Path, jobs: JobManager, mark: str) -> None:
    """Whether the pin is on the file, above it, on the job that owns it or on the one that publishes."""
    film = published(jobs, tmp_path, "a")
    with jobs.job("short_form", job_id="b", series="Suits", episode="1") as job:
        match mark:
            case "path":
                jobs.pin(film, reason="the festival")
            case "above":
                jobs.pin("output/Suits")
            case "job":
                jobs.pin(job_id="a")
            case "own job":
                jobs.pin(job_id="b")
            case _:
                (tmp_path / "media/output/.rules-keep").touch()
        clip = job.path("clip.mkv", TEMP)
        clip.write_bytes(b"two")
        with pytest.raises(NotOursError, match=r"is pinned|keep marker"):
            job.publish(clip, VIDEO, existing="trash", index=1)
        assert (film.read_bytes(), clip.read_bytes()) == (b"one", b"two")


@pytest.mark.parametrize(
    ("pinned", "path", "why"),
    [
        ("scratch/j/slides/x", "scratch/j/slides/x", "`scratch/j/slides/x` is pinned: mine"),
        ("scratch/j/slides", "scratch/j/slides/x", "`scratch/j/slides` is pinned: mine"),
        ("scratch/j/slides/x", "scratch/j/slides", "`scratch/j/slides/x` is pinned: mine"),
        ("scratch/j/slides/not/there", "scratch/j/slides", "`scratch/j/slides/not/there` is pinned: mine"),
        (
            "output/_unsorted/j/metadata",
            "output/_unsorted/j/metadata/m",
            "`output/_unsorted/j/metadata` is pinned: mine",
        ),
    ],
)
def test_a_job_discards_nothing_that_is_pinned(
    tmp_path: Path, jobs: JobManager, pinned: str, path: str, why: str
) -> None:
    """Nothing of it goes, also from its own workspace."""
    with jobs.job("short_form", job_id="j") as job:
        for file in (job.path("x", TEMP), job.path("m", FileType.METADATA)):
            file.write_bytes(b"123")
        jobs.pin(pinned, reason="mine")
        with pytest.raises(NotOursError) as caught:
            job.discard(path)
        assert caught.value.why == why
        assert (tmp_path / "media" / path).exists()
        jobs.unpin(pinned)
        assert job.discard(path).ok


def test_a_pinned_job_discards_nothing(tmp_path: Path, jobs: JobManager) -> None:
    """A pin of a job keeps everything that it owns."""
    with jobs.job("short_form", job_id="j") as job:
        clip = job.path("x", TEMP)
        clip.write_bytes(b"123")
        jobs.pin(job_id="j")
        with pytest.raises(NotOursError, match="job `j` is pinned"):
            job.discard(clip)
        assert clip.exists()


@pytest.mark.parametrize("where", ["scratch", "scratch/j/slides", "scratch/j/slides/deep"])
def test_a_job_discards_nothing_at_or_above_a_keep_marker(tmp_path: Path, jobs: JobManager, where: str) -> None:
    """Above it, in it or below it."""
    with jobs.job("short_form", job_id="j") as job:
        (tmp_path / "media/scratch/j/slides/deep").mkdir()
        (tmp_path / "media" / where / ".rules-keep").touch()
        with pytest.raises(NotOursError, match=f"`{where}` has the keep marker `.rules-keep`"):
            job.discard("scratch/j/slides")
        assert (tmp_path / "media/scratch/j/slides/deep").exists()


def test_what_is_pinned_stays_when_its_job_ends(tmp_path: Path) -> None:
    """Scratch of a good job goes at once there, but for what somebody pinned, until that is over."""
    clock = TickingClock()
    with manager(tmp_path, clock, settings=NOW) as jobs:
        until = instant_to_datetime(clock.now()) + timedelta(days=1)
        jobs.pin("scratch/j/slides/x", until=until)
        with jobs.job("short_form", job_id="j") as job:
            pinned, other = job.path("x", TEMP), job.path("y", TEMP)
            for path in (pinned, other):
                path.write_bytes(b"123")
        assert (pinned.exists(), other.exists()) == (True, False)
        kept = jobs.cleanup.cleanup_job("j").kept
        assert "is pinned until" in kept[pinned]


@pytest.mark.parametrize(("path", "job_id"), [(None, None), ("scratch", "j")])
def test_one_thing_is_pinned_at_a_time(jobs: JobManager, path: str | None, job_id: str | None) -> None:
    """Two would be a guess."""
    with pytest.raises(InvalidValueError, match="needs either a path or a job"):
        jobs.pin(path, job_id=job_id)


def test_the_root_itself_can_be_pinned(tmp_path: Path, jobs: JobManager) -> None:
    """Then nothing goes at all."""
    with jobs.job("short_form", job_id="j") as job:
        clip = job.path("x", TEMP)
        clip.write_bytes(b"123")
        jobs.pin(tmp_path / "media")
        with pytest.raises(NotOursError, match=r"`\.` is pinned"):
            job.discard(clip)


def test_what_cannot_be_pinned_is_refused(tmp_path: Path, jobs: JobManager, clock: LaterClock) -> None:
    """A job that nobody knows, a path elsewhere, a time that is over; nothing is written."""
    with jobs.job("short_form", job_id="episode-1"):
        pass
    with pytest.raises(UnknownJobError, match="did you mean `episode-1`"):
        jobs.pin(job_id="episode-l")
    with pytest.raises(UnknownJobError, match="`rules job list` shows the jobs"):
        jobs.pin(job_id="z")
    with pytest.raises(InvalidValueError, match="does not lie in the root"):
        jobs.pin("/etc/passwd")
    with pytest.raises(InvalidValueError, match="is over already"):
        jobs.pin("x", until=instant_to_datetime(clock.now()) - timedelta(seconds=1))
    assert not (tmp_path / "media/.rules" / PINS).exists()


def test_what_is_not_pinned_is_not_unpinned(tmp_path: Path, jobs: JobManager) -> None:
    """What is pinned near it is named; nothing is written."""
    with pytest.raises(NotPinnedError) as caught:
        jobs.unpin("out/suits")
    assert str(caught.value) == "`out/suits` is not pinned\n  help: `rules pin --list` names what is pinned"
    assert not (tmp_path / "media/.rules" / PINS).exists()
    for path in ("out", "out/suits/a", "out/suit", "elsewhere"):
        jobs.pin(path)
    with pytest.raises(NotPinnedError) as caught:
        jobs.unpin("out/suits")
    assert str(caught.value) == "`out/suits` is not pinned\n  help: pinned near it: `out`, `out/suits/a`, `out/suit`"


def test_a_reason_that_is_no_text_is_written_as_far_as_it_is(jobs: JobManager) -> None:
    """A terminal in another encoding must not keep anybody from protecting something."""
    jobs.pin("x", reason="caf\udce9")
    with jobs.job("short_form", job_id="j"), pytest.raises(NotPinnedError):
        jobs.unpin("y")
    jobs.unpin("x")
