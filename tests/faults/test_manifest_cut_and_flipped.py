"""A manifest is cut at every byte and changed at every byte: it is restored exactly, or its job is kept."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rules_engine.filesystem.machine import Machine
from rules_engine.filesystem.root import Root
from rules_engine.manifest.log import parse_log
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.request import StartRequest
from rules_engine.manifest.store import ManifestStore
from rules_engine.values.paths import RelPath, join
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import FileType, JobId, JobStatus, JobType

TEMP, FINAL = FileType("temp_video"), FileType("final_video")
REQUEST = StartRequest(JobId("j"), JobType("clip"), RelPath("scratch/j"), RelPath("out/j"))


class FixedClock:
    """Always the same moment, so that what is mended twice is the same."""

    def now(self) -> Instant:
        """That moment."""
        return Instant(1_000)

    def sleep(self, seconds: float) -> None:
        """Wait for nothing."""


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Root]:
    """An initialised root."""
    with Root.create(str(tmp_path)) as made:
        yield made


def make_store(root: Root) -> ManifestStore:
    """The manifests of the root, read by somebody who knows nothing yet."""
    return ManifestStore(root, FixedClock(), machine=Machine("alpha", "boot", Instant(0)))


def make_job(root: Root, request: StartRequest, *, finished: bool) -> JobRecord:
    """A job of six lines, or of seven and a seal."""
    store = make_store(root)
    store.start(request)
    store.add_files("j", [(RelPath("out/j/a"), FINAL), (RelPath("scratch/j/b"), TEMP)])
    store.add_directory("j", RelPath("scratch/j/frames"), file_type=TEMP)
    store.add_files("j", [(RelPath("out/j/c"), FINAL)])
    store.remove("j", [RelPath("scratch/j/b")])
    store.add_files("j", [(RelPath("elsewhere/d"), TEMP)])
    if finished:
        store.finish("j", success=True, directories=[])
    return store.get("j")


def says(record: JobRecord | None) -> object:
    """What a record says about the job itself."""
    if record is None:
        return None
    files = {path: dict(names) for path, names in record.files.items()}
    return record.status, record.attempt, record.workspace, record.output, record.ended, files, record.directories


def declared(record: JobRecord | None) -> set[RelPath]:
    """Every file that a record names."""
    return {join(path, name) for path, names in record.files.items() for name in names} if record else set()


def restored_or_kept(root: Root, log: Path, want: JobRecord, *, exactly: bool = False) -> None:
    """Mend the manifest, and claim what must hold before and after."""
    intact = {
        RelPath(str(path))
        for line in parse_log(log.read_bytes() if log.exists() else b"", log.name, "alpha").lines
        for path, _ in getattr(line.event, "files", ())
        if path != "scratch/j/b"
    }
    before = make_store(root).load()
    if not before.damaged:
        # A cut between two lines without any other evidence, or a log that is not read because of its seal.
        assert intact <= declared(before.jobs[0])
    make_store(root).mend("j")
    loaded = make_store(root).load()
    record = next(iter(loaded.jobs), None)
    if exactly:
        assert (loaded.damaged, says(record)) == ((), says(want))
    elif before.damaged and not loaded.damaged:
        assert says(record) == says(want)
    elif before.damaged:
        assert {one.job_id for one in loaded.damaged} == {"j"}
        assert loaded.damaged[0].anywhere
        assert record is None or record.status is JobStatus.UNTRUSTED
    named = declared(record) if record else set()
    places = {place for one in loaded.damaged for place in one.below}
    assert all(path in named or path.rpartition("/")[0] in places for path in intact)
    again = log.read_bytes()
    assert make_store(root).mend("j") == ()
    assert log.read_bytes() == again


def for_each(data: bytes, change: Callable[[bytes, int], bytes], *, step: int = 1) -> Iterator[bytes]:
    """The data with each of its bytes changed, one at a time."""
    return (change(data, place) for place in range(0, len(data), step))


def cut(data: bytes, place: int) -> bytes:
    """The first bytes only."""
    return data[:place]


def flip(data: bytes, place: int) -> bytes:
    """One bit of one byte is another."""
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def break_line(data: bytes, place: int) -> bytes:
    """A newline where there was none, and none where there was one."""
    other = b"x" if data[place : place + 1] == b"\n" else b"\n"
    return data[:place] + other + data[place + 1 :]


def clear(root_path: Path) -> None:
    """Take away what the last repair set aside."""
    for path in (root_path / ".rules/damaged").glob("*"):
        path.unlink()


@pytest.mark.slow
@pytest.mark.parametrize("change", [cut, flip, break_line], ids=lambda change: change.__name__)
@pytest.mark.parametrize("kind", ["running", "sealed", "critical"])
def test_a_manifest_changed_anywhere_is_restored_or_kept(
    tmp_path: Path, root: Root, change: Callable[[bytes, int], bytes], kind: str
) -> None:
    """With a backup, or a bit of a log that a seal covers, exactly; else its job stays untrusted and protects all."""
    want = make_job(root, replace(REQUEST, critical=kind == "critical"), finished=kind == "sealed")
    log = tmp_path / ".rules/manifests/j@alpha.jsonl"
    others = (tmp_path / ".rules/sealed/j.json", tmp_path / ".rules/backups/j@alpha.jsonl")
    saved = {path: path.read_bytes() for path in others if path.exists()}
    whole = log.read_bytes()
    assert len(saved) == (0 if kind == "running" else 1)
    for data in for_each(whole, change, step=7):
        log.write_bytes(data)
        for path, content in saved.items():
            path.write_bytes(content)
        exactly = kind == "critical" or (kind == "sealed" and change is not cut)
        restored_or_kept(root, log, want, exactly=exactly)
        clear(tmp_path)


def test_a_cut_manifest_never_takes_back_what_its_seal_names(tmp_path: Path, root: Root) -> None:
    """The seal's files stay declared; but what came after the seal may be lost too, so the job is not trusted."""
    want = make_job(root, REQUEST, finished=True)
    log = tmp_path / ".rules/manifests/j@alpha.jsonl"
    whole = log.read_bytes()
    for keep in (0, 1, whole.index(b"\n") + 1, len(whole) // 2, len(whole) - 1):
        log.write_bytes(whole[:keep])
        make_store(root).mend("j")
        (record,) = make_store(root).load().jobs
        assert record.status is JobStatus.UNTRUSTED
        assert declared(want) <= declared(record)
        assert log.stat().st_size > len(whole)
    log.unlink()
    make_store(root).mend("j")
    assert declared(make_store(root).get("j")) == declared(want)
