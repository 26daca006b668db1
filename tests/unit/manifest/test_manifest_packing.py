"""Packed seals: what stands for the logs of a job that ended long ago."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from makers import changes

from rules_engine.errors import LockedError, UntrustedStateError
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.locks import lock_job
from rules_engine.filesystem.machine import Machine
from rules_engine.filesystem.root import Root
from rules_engine.inventory.repair import repair
from rules_engine.inventory.tracked import observe_job
from rules_engine.manifest.errors import JobFinishedError
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.packing import pack, unpack
from rules_engine.manifest.request import StartRequest
from rules_engine.manifest.sealing import write_seal
from rules_engine.manifest.shelf import list_shelf
from rules_engine.manifest.store import ManifestStore
from rules_engine.manifest.verify import verify
from rules_engine.values.clock import Clock
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY, Duration, Instant
from rules_engine.values.vocabulary import FileType, JobId, JobStatus

JOB = JobId("job-1")
TEMP, FINAL = FileType("temp_video"), FileType("final_video")
LATER = Instant(DAY)
Pack = Callable[[], bool]


def _files(record: JobRecord) -> dict[str, dict[str, str]]:
    return {str(path): {name: str(kind) for name, kind in names.items()} for path, names in record.files.items()}


@pytest.fixture
def pack_it(root: Root, machine: Machine, clock: Clock) -> Pack:
    """Pack `job-1`, which ended within a day."""

    def packed() -> bool:
        logs = list_shelf(root.require_state()).logs.get(JOB, {})
        return pack(root, machine, clock, JOB, logs, ended_before=LATER)

    return packed


@pytest.fixture
def finished(store: ManifestStore, request_one: StartRequest, root: Root, tmp_path: Path) -> JobRecord:
    """A critical job that made two of its three files, and declared a fourth where nothing is."""
    for name in ("output/Suits/final.mkv", "scratch/job-1/a"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    store.start(replace(request_one, critical=True))
    store.add_directory("job-1", RelPath("extra"), file_type=TEMP)
    declared = [("output/Suits/final.mkv", FINAL), ("scratch/job-1/a", TEMP), ("scratch/job-1/never", TEMP)]
    store.add_files("job-1", [(RelPath(path), kind) for path, kind in (*declared, ("far/away", TEMP))])
    return store.end("job-1", success=True, observe=lambda record: observe_job(root, record)).record


def _logs(tmp_path: Path) -> list[str]:
    places = (tmp_path / ".rules" / place for place in ("manifests", "backups"))
    return sorted(path.name for place in places if place.exists() for path in place.iterdir())


def test_a_packed_job_is_known_by_its_seal_alone(
    finished: JobRecord, pack_it: Pack, store: ManifestStore, root: Root, tmp_path: Path
) -> None:
    """Its logs are gone; the files that are there are still its own, and rows of those that never were are dropped."""
    assert finished.files
    assert pack_it()
    assert _logs(tmp_path) == []
    loaded = store.load()
    (record,) = loaded.jobs
    assert (loaded.damaged, loaded.notes) == ((), ())
    assert _files(record) == {"output/Suits": {"final.mkv": "final_video"}, "scratch/job-1": {"a": "temp_video"}}
    assert record.packed
    assert replace(record, packed=False, files=finished.files) == finished
    assert list(verify(root.require_state())) == []
    assert pack_it(), "packing again is harmless"


def test_what_came_into_being_after_sealing_is_not_forgotten(
    finished: JobRecord, pack_it: Pack, store: ManifestStore, tmp_path: Path
) -> None:
    """A declared file that was not there when the job was sealed, and is now, stays its own; so does what is hidden."""
    assert finished.sealed
    (tmp_path / "scratch/job-1/never").write_text("late")
    (tmp_path / "far").symlink_to("scratch")
    assert pack_it()
    record = store.get("job-1")
    assert _files(record)["scratch/job-1"] == {"a": "temp_video", "never": "temp_video"}
    assert _files(record)["far"] == {"away": "temp_video"}


def test_only_a_job_that_ended_long_ago_and_nobody_works_on_is_packed(
    finished: JobRecord, pack_it: Pack, *, store: ManifestStore, request_one: StartRequest, root: Root, clock: Clock
) -> None:
    """Not one that ended since, is held, runs again, or has a log that the seal does not cover."""
    state, machine = root.require_state(), Machine("alpha", "boot1", Instant(0))
    logs = list_shelf(state).logs[JOB]
    assert finished.ended is not None
    assert not pack(root, machine, clock, JOB, logs, ended_before=Instant(finished.ended - 1))
    assert not pack(root, machine, clock, JOB, {**logs, "unheard-of": 9}, ended_before=LATER)
    with lock_job(state, JOB), pytest.raises(LockedError):
        pack_it()
    assert not store.get("job-1").packed
    store.start(request_one)
    assert not pack_it()
    assert not pack(root, machine, clock, JobId("nobody"), {}, ended_before=LATER)


def test_starting_a_packed_job_anew_forgets_nothing(
    finished: JobRecord, pack_it: Pack, store: ManifestStore, request_one: StartRequest, tmp_path: Path
) -> None:
    """The new log begins with what the seal says, so that it stays said when the seal is replaced, and after."""
    assert pack_it()
    before = store.get("job-1")
    begun = store.begin(replace(request_one, critical=True))
    assert begun.before == before
    assert (begun.record.attempt, begun.record.status) == (finished.attempt + 1, JobStatus.RUNNING)
    assert _files(begun.record) == _files(before)
    assert dict(begun.record.directories) == dict(finished.directories)
    assert _logs(tmp_path) == ["job-1@alpha.jsonl"] * 2
    store.add_files("job-1", [(RelPath("scratch/job-1/b"), TEMP)])
    store.finish("job-1", success=True, directories=[])
    store.start(request_one)
    found = _files(store.get("job-1"))
    assert found == {**_files(before), "scratch/job-1": {"a": "temp_video", "b": "temp_video"}}


def test_a_late_word_on_a_packed_job_leaves_it_as_it_was(
    finished: JobRecord, pack_it: Pack, store: ManifestStore, beta: ManifestStore
) -> None:
    """A lease or a removal from another host finds all that the job has in the log that it begins."""
    assert pack_it()
    with pytest.raises(JobFinishedError):
        beta.add_files("job-1", [(RelPath("scratch/job-1/b"), TEMP)])
    beta.renew("job-1", Duration(DAY))
    assert store.get("job-1").status is finished.status
    beta.remove("job-1", [RelPath("scratch/job-1/a")])
    assert _files(store.get("job-1")) == {"output/Suits": {"final.mkv": "final_video"}}
    assert store.load().damaged == ()


def test_amending_a_packed_seal_leaves_it_packed(finished: JobRecord, pack_it: Pack, store: ManifestStore) -> None:
    """A run takes a file of the job, and the job goes on without logs."""
    assert finished.sealed
    assert pack_it()
    store.amend_seals({JobId("job-1"): changes(removed=[RelPath("scratch/job-1/a")])})
    record = store.get("job-1")
    assert record.packed
    assert _files(record) == {"output/Suits": {"final.mkv": "final_video"}}


@pytest.mark.parametrize("left", ["nothing", "log", "both"])
def test_what_a_killed_packing_left_is_covered_and_goes_next_time(
    finished: JobRecord,
    pack_it: Pack,
    *,
    root: Root,
    clock: Clock,
    request_one: StartRequest,
    tmp_path: Path,
    left: str,
) -> None:
    """Readers see one job with the same files, a new attempt is not mixed up with it, packing again ends it."""
    assert finished.sealed
    paths = [tmp_path / ".rules" / place / "job-1@alpha.jsonl" for place in ("backups", "manifests")]
    kept = {path: path.read_bytes() for path in paths[2 - ["nothing", "log", "both"].index(left) :]}
    assert pack_it()
    store = ManifestStore(root, clock, machine=Machine("alpha", "boot1", Instant(0)))
    packed = store.get("job-1")
    for path, data in kept.items():
        path.write_bytes(data)
    loaded = store.load()
    assert (loaded.damaged, len(loaded.jobs), _files(loaded.jobs[0])) == ((), 1, _files(packed))
    assert list(verify(root.require_state())) == []
    if left == "both":
        assert _files(store.start(request_one)) == _files(packed)
    else:
        assert pack_it()
        assert _logs(tmp_path) == []


def test_a_log_that_grew_when_another_was_gone_makes_the_job_untrusted(
    store: ManifestStore, beta: ManifestStore, request_one: StartRequest, pack_it: Pack, tmp_path: Path
) -> None:
    """Nobody knows any more what the whole was, so everything that it may name is kept."""
    store.start(request_one)
    beta.add_files("job-1", [(RelPath("scratch/job-1/a"), TEMP)])
    store.finish("job-1", success=True, directories=[])
    left = tmp_path / ".rules/manifests/job-1@beta.jsonl"
    data = left.read_bytes()
    assert pack_it()
    left.write_bytes(data)
    assert store.get("job-1").packed
    beta.renew("job-1", Duration(DAY))
    (damage,) = store.load().damaged
    assert damage.why == "manifest `job-1@alpha.jsonl` is gone"
    assert store.get("job-1").status is JobStatus.UNTRUSTED


def test_a_log_that_grew_while_a_packing_was_cut_short_is_read(
    finished: JobRecord, pack_it: Pack, store: ManifestStore, tmp_path: Path
) -> None:
    """It outweighs the seal, as it does before any packing."""
    log = tmp_path / ".rules/manifests/job-1@alpha.jsonl"
    data = log.read_bytes()
    assert pack_it()
    log.write_bytes(data)
    store.remove("job-1", [RelPath("scratch/job-1/a")])
    record = store.get("job-1")
    assert (record.packed, record.status) == (False, finished.status)
    assert "never" in record.files[RelPath("scratch/job-1")]
    assert not pack_it()


def test_a_damaged_seal_that_stands_alone_is_never_silently_replaced(
    finished: JobRecord,
    pack_it: Pack,
    *,
    store: ManifestStore,
    request_one: StartRequest,
    root: Root,
    clock: Clock,
    tmp_path: Path,
) -> None:
    """The job is untrusted and cannot be started until somebody accepts what is lost."""
    assert finished.sealed
    assert pack_it()
    seal = tmp_path / ".rules/sealed/job-1.json"
    seal.write_bytes(seal.read_bytes()[:-5])
    (damage,) = store.load().damaged
    assert damage.anywhere
    with pytest.raises(UntrustedStateError, match="it alone tells what the job has"):
        store.start(request_one)
    assert repair(root, store, clock, "job-1").left
    done = repair(root, store, clock, "job-1", accept=True)
    assert ([one.what for one in done.repairs], done.left) == (
        ["set aside: nothing tells any more what the job had"],
        (),
    )
    assert os.listdir(tmp_path / ".rules/damaged")
    assert store.load().damaged == ()
    assert store.start(request_one).attempt == 1


def test_a_log_that_grows_while_the_seal_is_packed_stays(
    finished: JobRecord, pack_it: Pack, store: ManifestStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host that says something in between is heard: nothing is removed, and the logs are read."""
    assert finished.sealed

    def packed_meanwhile(state: Directory, job_id: JobId, data: bytes) -> None:
        write_seal(state, job_id, data)
        store.remove("job-1", [RelPath("scratch/job-1/a")])

    monkeypatch.setattr("rules_engine.manifest.packing.write_seal", packed_meanwhile)
    assert not pack_it()
    assert _logs(tmp_path) == ["job-1@alpha.jsonl"] * 2
    record = store.get("job-1")
    assert (record.packed, "a" in record.files[RelPath("scratch/job-1")]) == (False, False)


def test_unpacking_that_was_cut_short_is_done_again(
    finished: JobRecord, pack_it: Pack, store: ManifestStore, request_one: StartRequest, root: Root
) -> None:
    """Killed before the new log began: the seal still stands, and says the same once more."""
    assert finished.sealed
    assert pack_it()
    before = store.get("job-1")
    first = unpack(root.require_state(), JOB)
    assert len(first) == 4
    assert store.get("job-1") == before
    assert unpack(root.require_state(), JOB) == first
    assert _files(store.start(request_one)) == _files(before)
    assert unpack(root.require_state(), JOB) == ()


def test_a_damaged_seal_beside_logs_stops_nobody(
    finished: JobRecord, store: ManifestStore, request_one: StartRequest, tmp_path: Path
) -> None:
    """The logs say what it said."""
    (tmp_path / ".rules/sealed/job-1.json").write_bytes(b"{")
    assert _files(store.start(request_one)) == _files(finished)
