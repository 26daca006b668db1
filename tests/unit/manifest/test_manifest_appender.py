"""A log that stays open keeps every promise of one that is opened each time."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from rules_engine.filesystem.locks import lock_job
from rules_engine.filesystem.root import Root
from rules_engine.manifest.errors import UnknownJobError
from rules_engine.manifest.events import Lease, Line, encode_line
from rules_engine.manifest.log import parse_log
from rules_engine.manifest.request import StartRequest
from rules_engine.manifest.store import ManifestStore
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import FileType, JobId

TEMP = FileType("temp_video")


@pytest.fixture
def log(store: ManifestStore, request_one: StartRequest, root: Root) -> Path:
    """The log of `job-1`, with one file `a`, kept open by `store`."""
    store.start(request_one)
    store.add_files("job-1", [(RelPath("scratch/job-1/a"), TEMP)])
    return Path(root.path) / ".rules/manifests/job-1@alpha.jsonl"


def _add(store: ManifestStore, name: str) -> None:
    store.add_files("job-1", [(RelPath(f"scratch/job-1/{name}"), TEMP)])


def _names(store: ManifestStore) -> list[str]:
    return sorted(store.get("job-1").files.get(RelPath("scratch/job-1"), {}))


def test_the_torn_tail_of_another_writer_is_cut(store: ManifestStore, log: Path) -> None:
    """What somebody began and never finished goes before the next line comes."""
    with log.open("ab") as other:
        other.write(b'{"seq":3,"at"')
    _add(store, "b")
    assert _names(store) == ["a", "b"]
    assert parse_log(log.read_bytes(), log.name, "alpha").damage is None


def test_lines_of_another_writer_are_counted(store: ManifestStore, log: Path) -> None:
    """The sequence goes on where the other one left it."""
    with log.open("ab") as other:
        other.write(encode_line(Line(3, Instant(5), Lease(7))))
    _add(store, "b")
    assert [line.seq for line in parse_log(log.read_bytes(), log.name, "alpha").lines] == [1, 2, 3, 4]


def test_a_log_that_was_replaced_is_found_again(store: ManifestStore, log: Path) -> None:
    """A repair that sets the old file aside gets the next line, also at the same length."""
    data = log.read_bytes()
    log.rename(log.with_name("aside"))
    log.write_bytes(data)
    _add(store, "b")
    assert log.with_name("aside").read_bytes() == data
    log.with_name("aside").unlink()
    assert _names(store) == ["a", "b"]


def test_a_last_line_that_went_bad_is_mended_by_the_next(store: ManifestStore, log: Path, tmp_path: Path) -> None:
    """Nothing is written behind damage: the log is put together again, and what was there is set aside."""
    with log.open("ab") as other:
        other.write(b"rubbish\n")
    damaged = log.read_bytes()
    for name in ("b", "c"):
        _add(store, name)
    assert _names(store) == ["a", "b", "c"]
    assert parse_log(log.read_bytes(), log.name, "alpha").damage is None
    assert [path.read_bytes() for path in (tmp_path / ".rules/damaged").iterdir()] == [damaged]


def test_a_line_says_whether_the_job_is_held_at_that_moment(store: ManifestStore, log: Path, root: Root) -> None:
    """The evidence is as fresh as the line, though the lock was looked up long ago."""
    with lock_job(root.require_state(), JobId("job-1")):
        _add(store, "b")
    _add(store, "c")
    with lock_job(root.require_state(), JobId("job-1")):
        _add(store, "d")
    assert [line.held for line in parse_log(log.read_bytes(), log.name, "alpha").lines][2:] == [True, False, True]


def test_a_job_whose_log_went_is_unknown(store: ManifestStore, log: Path) -> None:
    """Nothing is written into a file that has no name any more."""
    log.unlink()
    with pytest.raises(UnknownJobError):
        _add(store, "b")
    assert not log.exists()


def test_a_thousand_jobs_do_not_keep_a_thousand_logs_open(
    store: ManifestStore, request_one: StartRequest, open_descriptors: Callable[[], int]
) -> None:
    """Those that were used longest ago are closed, and opened again when they are needed."""
    before = open_descriptors()
    jobs = [JobId(f"many-{number}") for number in range(140)]
    for job in jobs:
        store.start(replace(request_one, job_id=job, workspace=RelPath(f"scratch/{job}")))
        store.add_files(job, [(RelPath(f"scratch/{job}/a"), TEMP)])
    assert open_descriptors() - before <= 3 * 128
    store.add_files(jobs[0], [(RelPath(f"scratch/{jobs[0]}/b"), TEMP)])
    assert sorted(store.get(jobs[0]).files[RelPath(f"scratch/{jobs[0]}")]) == ["a", "b"]


def test_a_store_that_is_let_go_closes_its_logs(
    root: Root, request_one: StartRequest, clock: object, open_descriptors: Callable[[], int]
) -> None:
    """Nobody has to close a store."""
    before = open_descriptors()
    store = ManifestStore(root, clock)  # type: ignore[arg-type]
    store.start(request_one)
    store.add_files("job-1", [(RelPath("scratch/job-1/a"), TEMP)])
    assert open_descriptors() > before
    del store
    assert open_descriptors() == before


@pytest.fixture
def open_descriptors() -> Callable[[], int]:
    """How many descriptors this process has open."""
    return lambda: len(os.listdir("/proc/self/fd"))
