import errno
import os
from pathlib import Path

import pytest

from rules_engine.errors import UntrustedStateError
from rules_engine.filesystem.root import Root
from rules_engine.manifest.errors import JobRunningError
from rules_engine.manifest.request import StartRequest
from rules_engine.manifest.shelf import lost_lines
from rules_engine.manifest.store import ManifestStore
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import FileType, JobStatus

TEMP = FileType("temp_video")


def _everywhere(job_id: str) -> tuple[RelPath, ...]:
    return (RelPath(f"layout/{job_id}"),)


@pytest.fixture
def log(store: ManifestStore, request_one: StartRequest, tmp_path: Path) -> Path:
    """The log of a finished and sealed job."""
    store.start(request_one)
    store.add_files("job-1", [(RelPath("output/Suits/a"), TEMP)])
    store.finish("job-1", success=True, directories=[])
    return tmp_path / ".rules/manifests/job-1@alpha.jsonl"


def test_a_damaged_line_is_damage_that_names_where_files_may_be(
    store: ManifestStore, log: Path, tmp_path: Path
) -> None:
    """The directories of the intact lines, and the workspace of its id in every layout; and anywhere."""
    (tmp_path / ".rules/sealed/job-1.json").unlink()
    log.write_bytes(log.read_bytes().replace(b"Suits/a", b"Suits/b"))
    loaded = store.load(_everywhere)
    (damage,) = loaded.damaged
    assert (damage.job_id, damage.anywhere) == ("job-1", True)
    assert damage.why == "manifest `job-1@alpha.jsonl` is damaged in line 2"
    assert damage.below == ("layout/job-1", "scratch/job-1")
    assert [job.status for job in loaded.jobs] == [JobStatus.UNTRUSTED]


def test_a_seal_stands_for_logs_of_the_same_length(store: ManifestStore, log: Path) -> None:
    """A plan need not read a log that its seal covers."""
    log.write_bytes(log.read_bytes().replace(b"Suits/a", b"Suits/b"))
    loaded = store.load()
    assert loaded.damaged == ()
    assert dict(loaded.jobs[0].files[RelPath("output/Suits")]) == {"a": TEMP}


@pytest.mark.parametrize("cut", [0, 1, 400])
def test_a_log_shorter_than_its_seal_has_lost_lines(store: ManifestStore, log: Path, cut: int) -> None:
    """A log only grows; what is missing may have named anything. The seal's own directories are known."""
    log.write_bytes(log.read_bytes()[:cut])
    (damage,) = store.load(_everywhere).damaged
    assert damage.why == "manifest `job-1@alpha.jsonl` is shorter than when the job was sealed"
    assert damage.below == ("layout/job-1", "output/Suits", "scratch/job-1")
    assert store.get("job-1").status is JobStatus.UNTRUSTED


def test_a_log_that_cannot_be_looked_at_is_not_called_shorter(store: ManifestStore, log: Path) -> None:
    """The disk says why; nobody is sent to look for lines that were never lost."""
    seal = store.seal_of(store.get("job-1"))
    assert seal is not None
    assert lost_lines(seal, {log.stem.partition("@")[2]: -errno.EIO}) == (
        "manifest `job-1@alpha.jsonl` cannot be looked at: Input/output error"
    )


def test_a_log_that_is_gone_is_damage(store: ManifestStore, log: Path) -> None:
    """The seal still tells of the job, and that it had a manifest."""
    log.unlink()
    loaded = store.load()
    assert [one.why for one in loaded.damaged] == ["manifest `job-1@alpha.jsonl` is gone"]
    assert [job.status for job in loaded.jobs] == [JobStatus.UNTRUSTED]


def test_an_empty_log_is_damage(store: ManifestStore, log: Path, tmp_path: Path) -> None:
    """Also without a seal: a log is never empty, not even while it is made."""
    (tmp_path / ".rules/sealed/job-1.json").unlink()
    log.write_bytes(b"")
    loaded = store.load(_everywhere)
    assert loaded.jobs == ()
    assert [one.why for one in loaded.damaged] == ["no manifest tells how job `job-1` was started"]
    assert loaded.damaged[0].below == ("layout/job-1",)


@pytest.mark.parametrize("place", [5, -5])
def test_a_damaged_seal_is_replaced_by_its_logs(store: ManifestStore, log: Path, tmp_path: Path, place: int) -> None:
    """Nothing is lost: the logs say what the seal says; a note tells of it."""
    seal = tmp_path / ".rules/sealed/job-1.json"
    data = bytearray(seal.read_bytes())
    data[place] ^= 1
    seal.write_bytes(bytes(data))
    loaded = store.load()
    assert loaded.damaged == ()
    assert len(loaded.notes) == 1
    assert loaded.notes[0].startswith("the seal of job `job-1` fails")
    assert (loaded.jobs[0].status, loaded.jobs[0].sealed) == (JobStatus.COMPLETED, False)


def test_the_seal_of_another_job_is_no_seal(store: ManifestStore, log: Path, tmp_path: Path) -> None:
    """A copied file does not make a second job of it, nor seal one."""
    seal = tmp_path / ".rules/sealed/job-1.json"
    (tmp_path / ".rules/sealed/job-2.json").write_bytes(seal.read_bytes())
    (tmp_path / ".rules/sealed/no id.json").write_bytes(b"")
    loaded = store.load()
    assert [job.job_id for job in loaded.jobs] == ["job-1"]
    assert [one.job_id for one in loaded.damaged] == ["job-2"]


def test_a_name_that_no_manifest_can_have_is_damage(store: ManifestStore, log: Path) -> None:
    """It may be a manifest that somebody renamed; what is being written aside is none."""
    (log.parent / "job-1 (copy).jsonl").write_bytes(log.read_bytes())
    (log.parent / ".1234.tmp").write_bytes(b"")
    (damage,) = store.load().damaged
    assert damage.why == "`job-1 (copy).jsonl` among the manifests is no manifest"
    assert damage.anywhere


def test_a_damaged_job_is_mended_by_its_next_start(store: ManifestStore, log: Path, request_one: StartRequest) -> None:
    """Line 2 is restored from the seal; what stood behind the end may have begun an attempt, so that has to end."""
    log.write_bytes(log.read_bytes().replace(b"Suits/a", b"Suits/b") + b"?\n")
    with pytest.raises(JobRunningError) as caught:
        store.start(request_one)
    assert str(caught.value) == (
        "job `job-1` may be running: 1 line of manifest `job-1@alpha.jsonl` is lost\n"
        "  help: if nobody works on it, finish it first"
    )
    assert dict(store.get("job-1").files[RelPath("output/Suits")]) == {"a": TEMP}
    store.finish("job-1", success=False, directories=[])
    started = store.start(request_one)
    assert (started.attempt, started.status) == (2, JobStatus.UNTRUSTED)


@pytest.mark.parametrize("call", ["start", "finish"])
def test_a_manifest_that_cannot_be_read_is_not_mended(
    store: ManifestStore, log: Path, request_one: StartRequest, call: str
) -> None:
    """What it says may be all right; somebody has to let us read it."""
    log.unlink()
    log.symlink_to("elsewhere")
    calls = {
        "start": lambda: store.start(request_one),
        "finish": lambda: store.finish("job-1", success=True, directories=[]),
    }
    with pytest.raises(UntrustedStateError, match="what kind of file it is"):
        calls[call]()
    assert log.is_symlink()


def test_a_listing_that_cannot_be_read_stops_everything(store: ManifestStore, log: Path, tmp_path: Path) -> None:
    """An unreadable listing would look like no jobs at all."""
    for name in ("sealed", "manifests"):
        os.rename(tmp_path / ".rules" / name, tmp_path / ".rules" / f"{name}-away")  # noqa: TID251 - a test's own files
        (tmp_path / ".rules" / name).symlink_to(f"{name}-away")
        with pytest.raises(UntrustedStateError) as caught:
            store.load()
        assert caught.value.path == f".rules/{name}"


def test_a_manifest_that_cannot_be_read_is_damage(store: ManifestStore, log: Path, root: Root) -> None:
    """A link in its place is not followed."""
    log.rename(log.with_name("away"))
    log.symlink_to("away")
    log.with_name("away").rename(log.parent.parent / "away")
    (damage,) = store.load().damaged
    assert damage.why.startswith("manifest `job-1@alpha.jsonl`")
