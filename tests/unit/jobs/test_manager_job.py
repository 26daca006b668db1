import os
import stat
from pathlib import Path

import pytest
from job_world import LaterClock
from managed import HEROES, manager

from rules_engine.errors import InvalidValueError
from rules_engine.jobs.manager import JobManager
from rules_engine.jobs.publishing import NotPublishedError, OutputTakenError
from rules_engine.jobs.running import NotOursError
from rules_engine.manifest.errors import JobFinishedError
from rules_engine.values.vocabulary import DirectoryType, FileType

VIDEO = FileType.FINAL_VIDEO


def test_a_path_is_declared_before_it_exists_in_the_directory_that_holds_its_type(
    tmp_path: Path, jobs: JobManager
) -> None:
    """Held types go where the layout holds them, all others to the first scratch directory."""
    top = tmp_path / "media"
    with jobs.job("short_form", job_id="j") as job:
        assert job.path("clip.mkv", FileType.TEMP_VIDEO) == top / "scratch/j/slides/clip.mkv"
        assert job.path("notes.txt", "scribble") == top / "scratch/j/temp/notes.txt"
        assert job.path("expressions.json", FileType.METADATA) == top / "output/_unsorted/j/metadata/expressions.json"
        files = jobs.tracker.get_manifest("j").files
    assert files[FileType.TEMP_VIDEO] == [top / "scratch/j/slides/clip.mkv"]
    assert files[FileType("scribble")] == [top / "scratch/j/temp/notes.txt"]


def test_without_a_scratch_directory_a_path_lies_in_the_workspace(tmp_path: Path, jobs: JobManager) -> None:
    """A layout need not have one; TMPDIR is the workspace then."""
    with jobs.job("bare", job_id="j") as job:
        assert job.path("clip.mkv", FileType.TEMP_VIDEO) == tmp_path / "media/wip/j/clip.mkv"
        assert job.environment()["TMPDIR"] == str(tmp_path / "media/wip/j")


@pytest.mark.parametrize("name", ["a/b", "../x", "", "/etc/passwd", "."])
def test_a_name_that_is_no_single_component_is_refused(jobs: JobManager, name: str) -> None:
    """Nothing is mended silently."""
    with jobs.job("short_form") as job, pytest.raises(InvalidValueError, match=r"path|name"):
        job.path(name, FileType.TEMP_VIDEO)


def test_whatever_lands_in_a_directory_is_the_jobs(tmp_path: Path, jobs: JobManager) -> None:
    """It is made and declared with the type of its files."""
    with jobs.job("short_form", job_id="j") as job:
        frames = job.directory("frames", FileType.TEMP_SLIDE)
        assert frames == tmp_path / "media/scratch/j/slides/frames"
        assert frames.is_dir()
        assert frames in jobs.tracker.get_manifest("j").directories[DirectoryType.SLIDES]


def test_commands_of_a_job_are_told_where_they_work(tmp_path: Path, jobs: JobManager) -> None:
    """The environment of the manager, with the job's variables over it."""
    with jobs.job("short_form", job_id="j", series="Suits") as job:
        assert job.environment() == {
            "LANG": "C",
            "TMPDIR": str(tmp_path / "media/scratch/j/temp"),
            "RULES_JOB_ID": "j",
            "RULES_WORKSPACE": str(tmp_path / "media/scratch/j"),
            "RULES_OUTPUT": str(tmp_path / "media/output/Suits/j"),
        }


def test_publishing_moves_a_file_to_its_output_name(tmp_path: Path, jobs: JobManager) -> None:
    """The name is the layout's, the mode too, and the manifest names the new place alone."""
    with jobs.job("short_form", job_id="j", series="Suits", episode="S01E01") as job:
        clip = job.path("temp_clip.mkv", FileType.TEMP_VIDEO)
        clip.write_bytes(b"123")
        found = job.publish(clip, VIDEO, index=1)
        assert found == tmp_path / "media/output/Suits/S01E01/shorts/short-form_Suits.S01E01_001.mkv"
        assert (found.read_bytes(), clip.exists()) == (b"123", False)
        assert stat.S_IMODE(found.stat().st_mode) == 0o640
        assert jobs.tracker.get_manifest("j").files == {VIDEO: [found]}
        assert job.context.final_outputs == [found]


def test_a_type_without_an_output_name_keeps_its_own(tmp_path: Path, jobs: JobManager) -> None:
    """A path relative to the root is as good as an absolute one."""
    with jobs.job("short_form", job_id="j") as job:
        job.path("log.txt", "scribble").write_text("x")
        found = job.publish("scratch/j/temp/log.txt", FileType.METADATA)
        assert found == tmp_path / "media/output/_unsorted/j/metadata/log.txt"
        assert job.publish(found, FileType.METADATA) == found


def test_a_taken_output_name_is_refused(tmp_path: Path, jobs: JobManager) -> None:
    """Both files stay as they are, and the manifest names neither under the name."""
    with jobs.job("short_form", job_id="j") as job:
        clips = [job.path(name, FileType.TEMP_VIDEO) for name in ("a.mkv", "b.mkv")]
        for clip in clips:
            clip.write_text(clip.name)
        first = job.publish(clips[0], VIDEO, index=1)
        with pytest.raises(OutputTakenError, match=r'another file has the name\n  help: .*existing="trash"'):
            job.publish(clips[1], VIDEO, index=1)
        assert (first.read_text(), clips[1].read_text()) == ("a.mkv", "b.mkv")
        assert jobs.tracker.get_manifest("j").files[FileType.TEMP_VIDEO] == [clips[1]]


def test_the_old_file_is_set_aside_where_that_is_said(tmp_path: Path, jobs: JobManager) -> None:
    """It lies in the trash of a run that is recorded like any."""
    with jobs.job("short_form", job_id="j") as job:
        for text in ("old", "new"):
            clip = job.path("clip.mkv", FileType.TEMP_VIDEO)
            clip.write_text(text)
            found = job.publish(clip, VIDEO, existing="trash", index=1)
        assert found.read_text() == "new"
    [run] = (tmp_path / "media/.rules/runs").iterdir()
    assert {path.name for path in run.iterdir()} == {"plan.jsonl", "outcomes.jsonl", "report.json"}
    [old] = (path for path in (tmp_path / "media/.rules/trash" / run.name).rglob("*") if path.is_file())
    assert old.read_text() == "old"


def test_a_file_that_a_rule_keeps_is_not_set_aside(tmp_path: Path, clock: LaterClock) -> None:
    """Keep beats publishing, whoever owns the file."""
    with manager(tmp_path, clock, heroes=HEROES) as jobs, jobs.job("short_form", job_id="j") as job:
        kept = tmp_path / "media/output/_unsorted/j/metadata/hero_shot.png"
        kept.write_text("old")
        job.path("hero_shot.png", "scribble").write_text("new")
        with pytest.raises(NotOursError, match=r"cannot take away .*: rule `heroes` keeps it"):
            job.publish("scratch/j/temp/hero_shot.png", FileType.METADATA, existing="trash")
        assert kept.read_text() == "old"


def test_a_file_of_another_running_job_is_not_set_aside(tmp_path: Path, jobs: JobManager) -> None:
    """Its owner may be writing it."""
    with (
        jobs.job("short_form", job_id="a", episode="E") as one,
        jobs.job("short_form", job_id="b", episode="E") as other,
    ):
        one.path("a.mkv", FileType.TEMP_VIDEO).write_text("a")
        found = one.publish("scratch/a/slides/a.mkv", VIDEO, index=1)
        other.path("b.mkv", FileType.TEMP_VIDEO).write_text("b")
        with pytest.raises(NotOursError, match=r"job `a` is running|its job is running"):
            other.publish("scratch/b/slides/b.mkv", VIDEO, existing="trash", index=1)
        assert found.read_text() == "a"


def test_a_file_of_a_finished_job_may_be_set_aside(tmp_path: Path, jobs: JobManager) -> None:
    """A new job makes the same video again."""
    for job_id in ("a", "b"):
        with jobs.job("short_form", job_id=job_id, episode="E") as job:
            job.path("clip.mkv", FileType.TEMP_VIDEO).write_text(job_id)
            found = job.publish(f"scratch/{job_id}/slides/clip.mkv", VIDEO, existing="trash", index=1)
    assert found.read_text() == "b"


@pytest.mark.parametrize(
    ("file_type", "fields", "why"),
    [
        ("temp_video", {}, "is none that the layout `short_form` has in its output"),
        ("nothing", {}, "is none that the layout"),
        ("final_video", {}, "needs a value for `index`"),
        ("final_video", {"index": "1"}, "needs a number for `index`"),
        ("final_video", {"index": 1, "take": 2}, "field `take` is none of the output name of `final_video`"),
        ("final_video", {"index": 1, "series": "x"}, "field `series` is none of the output name"),
        ("metadata", {"index": 1}, "it has none"),
    ],
)
def test_what_cannot_be_published_is_refused(
    jobs: JobManager, file_type: str, fields: dict[str, int], why: str
) -> None:
    """The message says what the layout has, and nothing moves."""
    with jobs.job("short_form", job_id="j") as job:
        clip = job.path("clip.mkv", FileType.TEMP_VIDEO)
        clip.write_text("x")
        with pytest.raises(InvalidValueError, match=why):
            job.publish(clip, file_type, **fields)
        assert clip.exists()


def test_what_is_not_there_or_no_file_is_not_published(tmp_path: Path, jobs: JobManager) -> None:
    """A link could point anywhere, a directory has no name in a layout."""
    with jobs.job("short_form", job_id="j") as job:
        with pytest.raises(InvalidValueError, match="is not there"):
            job.publish(job.path("clip.mkv", FileType.TEMP_VIDEO), VIDEO, index=1)
        (tmp_path / "media/scratch/j/temp/link").symlink_to("/etc/passwd")
        with pytest.raises(InvalidValueError, match="is a link, not a file"):
            job.publish("scratch/j/temp/link", VIDEO, index=1)
        with pytest.raises(InvalidValueError, match="is a directory, not a file"):
            job.publish("scratch/j/temp", VIDEO, index=1)
        with pytest.raises(InvalidValueError, match="does not lie in the root"):
            job.publish("/etc/passwd", VIDEO, index=1)
        with pytest.raises(InvalidValueError, match="neither `refuse` nor `trash`"):
            job.publish("scratch/j/temp/x", VIDEO, existing="replace", index=1)  # type: ignore[arg-type]


def test_a_strangers_file_is_not_published(tmp_path: Path, jobs: JobManager) -> None:
    """Outside its workspace a job moves only what it declared, and nobody else did."""
    (tmp_path / "media/stray.mkv").write_text("x")
    with jobs.job("short_form", job_id="a") as one, jobs.job("short_form", job_id="b"):
        with pytest.raises(NotOursError, match="the job did not declare it"):
            one.publish("stray.mkv", VIDEO, index=1)
        jobs.tracker.add_file("a", "stray.mkv", "scribble")
        jobs.tracker.add_file("b", "stray.mkv", "scribble")
        with pytest.raises(NotOursError, match="it is also of job `b`"):
            one.publish("stray.mkv", VIDEO, index=1)
        jobs.tracker.remove_from_manifest("b", "stray.mkv")
        assert one.publish("stray.mkv", VIDEO, index=1).read_text() == "x"


def test_a_refused_move_leaves_the_file_and_its_declaration(tmp_path: Path, jobs: JobManager) -> None:
    """The target directory is gone: the error says so, and the manifest does not name what is not there."""
    with jobs.job("short_form", job_id="j") as job:
        clip = job.path("clip.mkv", FileType.TEMP_VIDEO)
        clip.write_text("x")
        os.rmdir(tmp_path / "media/output/_unsorted/j/shorts")
        with pytest.raises(NotPublishedError, match=r"could not publish `scratch/j/slides/clip.mkv` as .*No such file"):
            job.publish(clip, VIDEO, index=1)
        assert jobs.tracker.get_manifest("j").files == {FileType.TEMP_VIDEO: [clip]}


def test_discarding_takes_a_directory_with_all_in_it(tmp_path: Path, jobs: JobManager) -> None:
    """Gone now, and the manifest says so."""
    with jobs.job("short_form", job_id="j") as job:
        frames = job.directory("frames", FileType.TEMP_SLIDE)
        (frames / "deep/er").mkdir(parents=True)
        for name in ("1.png", "deep/2.png", "deep/er/3.png"):
            (frames / name).write_bytes(b"12")
        result = job.discard(frames)
        assert (frames.exists(), result.bytes_freed, result.ok) == (False, 6, True)
        assert len(result.removed) == 6
        assert frames not in jobs.tracker.get_manifest("j").directories.get(DirectoryType.SLIDES, [])


def test_discarding_a_file_takes_it_out_of_the_manifest(tmp_path: Path, jobs: JobManager) -> None:
    """Also one that was declared and never written."""
    with jobs.job("short_form", job_id="j") as job:
        clip, ghost = (job.path(name, FileType.TEMP_VIDEO) for name in ("clip.mkv", "ghost.mkv"))
        clip.write_bytes(b"123")
        assert job.discard(clip).removed == [clip]
        assert job.discard(ghost).removed == []
        assert jobs.tracker.get_manifest("j").files == {}


def test_a_job_may_discard_its_own_deliverable(tmp_path: Path, jobs: JobManager) -> None:
    """It declared it, and nobody else did."""
    with jobs.job("short_form", job_id="j") as job:
        job.path("log.txt", FileType.METADATA).write_text("x")
        assert job.discard("output/_unsorted/j/metadata/log.txt").ok
        assert not (tmp_path / "media/output/_unsorted/j/metadata/log.txt").exists()


def test_what_is_not_the_jobs_alone_is_not_discarded(tmp_path: Path, jobs: JobManager) -> None:
    """Neither strangers' files nor shared ones, neither its workspace nor a directory of the layout's output."""
    (tmp_path / "media/stray.mkv").write_text("x")
    (tmp_path / "media/scratch/other").mkdir(parents=True)
    with jobs.job("short_form", job_id="j") as job, jobs.job("short_form", job_id="k"):
        jobs.tracker.add_file("j", "shared", "scribble")
        jobs.tracker.add_file("k", "shared", "scribble")
        (tmp_path / "media/shared").write_text("x")
        for path, why in {
            "stray.mkv": "the job did not declare it",
            "shared": "job `k` is running|its job is running",
            "scratch/j": "it is, or holds, the job's workspace",
            "scratch": "it is, or holds, the job's workspace",
            "scratch/k/temp": "the job did not declare the directory",
            "output/_unsorted/j/shorts": "the job did not declare the directory",
        }.items():
            with pytest.raises(NotOursError, match=why):
                job.discard(path)
    assert (tmp_path / "media/stray.mkv").exists()
    assert (tmp_path / "media/scratch/k").exists()


def test_a_directory_outside_the_workspace_goes_if_all_in_it_is_the_jobs(tmp_path: Path, jobs: JobManager) -> None:
    """One file that another job declared too keeps all of it."""
    with jobs.job("short_form", job_id="j") as job, jobs.job("short_form", job_id="k"):
        frames = job.directory("frames", FileType.METADATA)
        (frames / "a").write_text("x")
        jobs.tracker.add_file("k", frames / "a", "scribble")
        with pytest.raises(NotOursError, match="is running"):
            job.discard(frames)
        jobs.tracker.remove_from_manifest("k", frames / "a")
        assert job.discard(frames).ok
        assert not frames.exists()


def test_a_socket_is_not_discarded(tmp_path: Path, jobs: JobManager) -> None:
    """Its directory stays, and the result says why."""
    with jobs.job("short_form", job_id="j") as job:
        frames = job.directory("frames", FileType.TEMP_SLIDE)
        os.mkfifo(frames / "pipe")
        result = job.discard(frames)
        assert result.kept == {frames: "it is not empty"}
        assert (frames / "pipe").exists()


def test_a_finished_job_takes_no_more(jobs: JobManager) -> None:
    """Everything that it has is sealed."""
    with jobs.job("short_form", job_id="j") as job:
        pass
    for call in (
        lambda: job.path("x", FileType.TEMP_VIDEO),
        lambda: job.directory("x", FileType.TEMP_VIDEO),
        lambda: job.publish("scratch/j/temp/x", VIDEO, index=1),
        lambda: job.discard("scratch/j/temp/x"),
    ):
        with pytest.raises(JobFinishedError, match="job `j` is finished"):
            call()
