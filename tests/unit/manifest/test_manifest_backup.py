from dataclasses import replace
from pathlib import Path

import pytest

from rules_engine.filesystem.logfile import open_log
from rules_engine.filesystem.root import Root, open_area
from rules_engine.manifest.backup import Backup
from rules_engine.manifest.request import StartRequest
from rules_engine.manifest.shelf import MANIFESTS
from rules_engine.manifest.store import ManifestStore
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import FileType, JobStatus

TEMP = FileType("temp_video")
NAME = "job-1@alpha.jsonl"


@pytest.fixture
def critical(store: ManifestStore, request_one: StartRequest) -> ManifestStore:
    """A store with a critical job that declared one file."""
    store.start(replace(request_one, critical=True))
    store.add_files("job-1", [(RelPath("output/a"), TEMP)])
    return store


def _paths(tmp_path: Path, host: str = "alpha") -> tuple[Path, Path]:
    name = f"job-1@{host}.jsonl"
    return tmp_path / ".rules/manifests" / name, tmp_path / ".rules/backups" / name


def test_the_log_of_a_critical_job_is_written_twice(
    critical: ManifestStore, beta: ManifestStore, tmp_path: Path
) -> None:
    """Byte for byte, whoever writes it and by which way; also that of a host that only joins."""
    critical.remove("job-1", [RelPath("output/a")])
    beta.add_files("job-1", [(RelPath("output/b"), TEMP)])
    beta.add_files("job-1", [(RelPath("output/c"), TEMP)])
    critical.finish("job-1", success=True, directories=[])
    for host in ("alpha", "beta"):
        log, backup = _paths(tmp_path, host)
        assert backup.read_bytes() == log.read_bytes()


def test_the_log_of_any_other_job_is_written_once(
    store: ManifestStore, request_one: StartRequest, tmp_path: Path
) -> None:
    """A backup costs a second write each time."""
    store.start(request_one)
    store.add_files("job-1", [(RelPath("output/a"), TEMP)])
    assert not (tmp_path / ".rules/backups").exists()


def test_a_backup_that_lags_catches_up(critical: ManifestStore, tmp_path: Path) -> None:
    """Its writer may have been killed between the two, or in the middle of the second."""
    log, backup = _paths(tmp_path)
    backup.write_bytes(backup.read_bytes()[:-20])
    critical.add_files("job-1", [(RelPath("output/b"), TEMP)])
    assert backup.read_bytes() == log.read_bytes()


def test_a_backup_that_cannot_be_written_stops_nobody(root: Root, tmp_path: Path) -> None:
    """The log has the line; declaring it again would be wrong."""
    (tmp_path / ".rules/backups").write_bytes(b"in the way")
    with open_area(root.require_state(), MANIFESTS) as area, open_log(area, NAME) as log:
        log.append(b"line\n", durable=False)
        Backup(root.require_state(), NAME).keep_up(log, durable=True)
    assert (tmp_path / ".rules/backups").read_bytes() == b"in the way"


@pytest.mark.parametrize("write", ["add", "finish", "start"])
@pytest.mark.parametrize("left", [0, 300, None])
def test_a_log_shorter_than_its_backup_is_restored_before_anything_is_written(
    critical: ManifestStore, tmp_path: Path, request_one: StartRequest, write: str, left: int | None
) -> None:
    """Else it would grow past the backup, and nobody would notice what it lost."""
    log, backup = _paths(tmp_path)
    if write == "start":
        critical.finish("job-1", success=True, directories=[])
    whole = log.read_bytes()
    if left is None:
        log.unlink()
    else:
        log.write_bytes(whole[: whole.index(b"\n") + 1] if left else b"")
    (damage,) = critical.load().damaged
    assert damage.why.startswith(f"manifest `{NAME}` is ")
    assert not damage.mended
    if write == "add":
        critical.add_files("job-1", [(RelPath("output/b"), TEMP)])
    elif write == "finish":
        critical.finish("job-1", success=False, directories=[])
    else:
        assert critical.start(replace(request_one, critical=True)).attempt == 2
    assert log.read_bytes().startswith(whole)
    assert backup.read_bytes() == log.read_bytes()
    assert critical.load().damaged == ()
    assert "a" in critical.get("job-1").files[RelPath("output")]


def test_a_backup_that_differs_from_a_sound_log_is_written_anew(critical: ManifestStore, tmp_path: Path) -> None:
    """What it said is set aside, should it be the better of the two after all."""
    log, backup = _paths(tmp_path)
    whole = log.read_bytes()
    odd = whole.replace(b"output/a", b"output/x")
    backup.write_bytes(odd)
    (repair,) = critical.mend("job-1")
    assert (repair.file, repair.what) == (f"backups/{NAME}", "written anew from the manifest")
    assert (log.read_bytes(), backup.read_bytes()) == (whole, whole)
    assert [path.read_bytes() for path in (tmp_path / ".rules/damaged").iterdir()] == [odd]
    assert critical.mend("job-1") == ()


def test_the_flag_survives_the_seal_and_a_new_attempt(
    critical: ManifestStore, tmp_path: Path, request_one: StartRequest
) -> None:
    """The first line of the log says it; a later attempt of a job that is critical no more keeps its backup."""
    critical.finish("job-1", success=True, directories=[])
    critical.start(request_one)
    critical.add_files("job-1", [(RelPath("output/z"), TEMP)])
    log, backup = _paths(tmp_path)
    assert backup.read_bytes() == log.read_bytes()
    assert critical.get("job-1").status is JobStatus.RUNNING


def test_a_root_without_backups_has_none(root: Root) -> None:
    """Asking makes nothing."""
    backup = Backup(root.require_state(), NAME)
    assert (backup.length(), backup.read(), backup.is_ahead(0), backup.is_due(None)) == (None, b"", False, False)
    backup.write(b"1")
    assert (backup.length(), backup.read(), Backup(root.require_state(), "x").read()) == (1, b"1", b"")


def test_a_start_lost_in_both_copies_comes_back_critical(critical: ManifestStore, tmp_path: Path) -> None:
    """The seal does not say that the job keeps backups, but there they are."""
    critical.finish("job-1", success=True, directories=[])
    log, backup = _paths(tmp_path)
    for path in (log, backup):
        path.write_bytes(path.read_bytes().replace(b"short_form", b"shirt_form"))
    assert critical.mend("job-1") != ()
    assert critical.load().damaged == ()
    critical.remove("job-1", [RelPath("output/a")])
    assert backup.read_bytes() == log.read_bytes()
