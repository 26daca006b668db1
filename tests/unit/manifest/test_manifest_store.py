import os
import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from rules_engine.errors import RefusedError, UntrustedStateError
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.locks import lock_job
from rules_engine.filesystem.machine import Machine
from rules_engine.filesystem.root import Root
from rules_engine.manifest.errors import ForeignPathError, JobFinishedError, JobRunningError, UnknownJobError
from rules_engine.manifest.model import DeclaredDirectory, Liveness
from rules_engine.manifest.request import StartRequest
from rules_engine.manifest.store import ManifestStore
from rules_engine.values.clock import Clock
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import SECOND, Duration, Instant
from rules_engine.values.vocabulary import CleanupPolicy, DirectoryType, FileType, JobId, JobStatus

TEMP = FileType("temp_video")
WORKSPACE = RelPath("scratch/job-1")


def _above(path: RelPath) -> tuple[RelPath, ...]:
    parts = path.split("/")
    return (RelPath("/".join(parts[:2])),) if parts[0] == "scratch" and len(parts) > 2 else ()


def test_a_job_goes_from_start_to_end(store: ManifestStore, request_one: StartRequest) -> None:
    """What was started, declared and finished is read back from the seal as it was from the log."""
    policy = CleanupPolicy(retention=Duration(5), file_types=frozenset({TEMP}))
    started = store.start(replace(request_one, cleanup=policy, lease=Duration(60 * SECOND)))
    assert started.status is JobStatus.RUNNING
    assert started.status_link == "jobs/running/job-1"
    store.add_files("job-1", [(RelPath("scratch/job-1/a"), TEMP), (RelPath("output/Suits/\udcff.mkv"), TEMP)])
    store.add_files("job-1", [])
    store.add_directory("job-1", RelPath("scratch/job-1/temp"), DirectoryType.TEMP)
    store.add_directory("job-1", RelPath("scratch/job-1/frames"), file_type=TEMP)
    running = store.get("job-1")
    finished = store.finish("job-1", success=True, directories=[])
    assert finished.sealed
    assert finished.status is JobStatus.COMPLETED
    assert finished.status_link == "jobs/completed/job-1"
    assert finished.ended is not None
    assert finished.ended > started.started
    assert finished.cleanup == policy
    assert finished.aliases == ("old/shorts",)
    assert finished.directories == running.directories
    assert finished.directories[RelPath("scratch/job-1/frames")] == DeclaredDirectory(None, TEMP)
    assert finished.parameters == {"odd": "a\udcff", "series": "Suits"}
    assert {path: dict(names) for path, names in finished.files.items()} == running.files
    assert (len(finished.files), list(finished.files)) == (2, ["output/Suits", "scratch/job-1"])


def test_loading_tells_every_job_by_id(store: ManifestStore, request_one: StartRequest) -> None:
    """Jobs come sorted; nothing is damaged."""
    for name in ("job-9", "job-10", "Job-1"):
        store.start(replace(request_one, job_id=JobId(name), workspace=RelPath(f"scratch/{name}")))
    store.finish("job-9", success=False, directories=[])
    loaded = store.load()
    assert [(job.job_id, job.sealed) for job in loaded.jobs] == [("Job-1", False), ("job-10", False), ("job-9", True)]
    assert (loaded.damaged, loaded.notes) == ((), ())


def test_a_running_job_cannot_be_started(store: ManifestStore, request_one: StartRequest) -> None:
    """Neither while its manifest says so, nor while somebody else holds its lock."""
    store.start(request_one)
    with pytest.raises(JobRunningError) as caught:
        store.start(request_one)
    assert str(caught.value) == "job `job-1` is running\n  help: finish it first"
    store.finish("job-1", success=True, directories=[])
    assert store.start(request_one).attempt == 2


def test_a_lock_held_elsewhere_is_a_running_job(store: ManifestStore, root: Root, request_one: StartRequest) -> None:
    """Whoever is just starting the job holds its lock."""
    with lock_job(root.require_state(), request_one.job_id), pytest.raises(JobRunningError):
        store.start(request_one)
    assert store.find("job-1") is None


def test_a_holder_that_died_leaves_an_abandoned_job(
    store: ManifestStore, root: Root, request_one: StartRequest, beta: ManifestStore
) -> None:
    """Alive while the lock is held, dead when it is free; another host cannot tell; a new attempt is possible."""
    with lock_job(root.require_state(), request_one.job_id):
        assert store.start(replace(request_one, held=True)).liveness is Liveness.ALIVE
        store.add_files("job-1", [(RelPath("scratch/job-1/a"), TEMP)])
        assert beta.get("job-1").liveness is Liveness.ALIVE
    dead = store.get("job-1")
    assert dead.liveness is Liveness.DEAD
    assert dead.reading(Instant(0)) is JobStatus.ABANDONED
    assert dead.end(Instant(0)) == dead.last_sign
    assert beta.get("job-1").liveness is Liveness.UNKNOWN
    again = store.start(request_one)
    assert (again.attempt, again.status, again.liveness) == (2, JobStatus.RUNNING, Liveness.UNKNOWN)
    assert again.files == {WORKSPACE: {"a": TEMP}}


def test_a_later_event_makes_an_abandoned_job_running_again(
    store: ManifestStore, root: Root, request_one: StartRequest
) -> None:
    """Somebody who adds files without holding the lock is there; nothing proves that they are gone."""
    with lock_job(root.require_state(), request_one.job_id):
        store.start(replace(request_one, held=True))
    assert store.get("job-1").liveness is Liveness.DEAD
    store.add_files("job-1", [(RelPath("scratch/job-1/a"), TEMP)])
    assert store.get("job-1").reading(Instant(0)) is JobStatus.RUNNING


@pytest.mark.parametrize(("booted", "liveness"), [(10**18, Liveness.DEAD), (0, Liveness.UNKNOWN)])
def test_only_a_later_boot_of_the_host_proves_death(  # noqa: PLR0917 - fixtures
    store: ManifestStore, root: Root, request_one: StartRequest, clock: Clock, booted: int, liveness: Liveness
) -> None:
    """A machine of the same name that was up all the time is another machine."""
    with lock_job(root.require_state(), request_one.job_id):
        store.start(replace(request_one, held=True))
    other = ManifestStore(root, clock, machine=Machine("alpha", "boot2", Instant(booted)))
    assert other.get("job-1").liveness is liveness


def test_a_job_without_a_holder_runs_until_it_is_finished(store: ManifestStore, request_one: StartRequest) -> None:
    """No lock, no lease: nothing ever proves that it is over."""
    assert store.start(request_one).reading(Instant(2**62)) is JobStatus.RUNNING


def test_a_lease_can_be_renewed(store: ManifestStore, request_one: StartRequest) -> None:
    """Each event keeps the job running for as long as the newest lease says."""
    store.start(replace(request_one, lease=Duration(SECOND)))
    store.renew("job-1", Duration(100 * SECOND))
    record = store.get("job-1")
    assert record.lease_until == record.last_sign + 100 * SECOND


def test_paths_of_other_jobs_cannot_be_declared(store: ManifestStore, request_one: StartRequest) -> None:
    """A file or directory below another workspace, or in the state, is refused before anything is written."""
    store.start(request_one)
    for path in ("scratch/job-2/a", ".rules/manifests/a", "output/.rules/x"):
        with pytest.raises(ForeignPathError) as caught:
            store.add_files("job-1", [(RelPath(path), TEMP)], workspaces_above=_above)
        with pytest.raises(ForeignPathError):
            store.add_directory("job-1", RelPath(path), workspaces_above=_above)
    assert "job `job-1` cannot declare `output/.rules/x`: it lies in `.rules`" in str(caught.value)
    assert pickle.loads(pickle.dumps(caught.value)).path == "output/.rules/x"  # noqa: S301 - our own bytes
    store.add_files("job-1", [(RelPath("scratch/job-1/a"), TEMP), (RelPath("b"), TEMP)], workspaces_above=_above)
    assert set(store.get("job-1").files) == {"", "scratch/job-1"}


def test_a_directory_that_holds_other_workspaces_cannot_be_declared(
    store: ManifestStore, request_one: StartRequest
) -> None:
    """Neither the workspace of another job itself, nor a directory above; the job's own may be."""
    store.start(request_one)
    for path, why in (("scratch/job-2", "lies below `scratch/job-2`"), ("scratch", "holds the workspaces of jobs")):
        with pytest.raises(ForeignPathError, match=why):
            store.add_directory("job-1", RelPath(path), file_type=TEMP, workspaces_above=_above)
    store.add_directory("job-1", WORKSPACE, workspaces_above=_above)
    assert list(store.get("job-1").directories) == [WORKSPACE]


def test_a_workspace_that_moved_is_still_the_jobs(store: ManifestStore, request_one: StartRequest) -> None:
    """The workspaces of all attempts are the job's own."""
    store.start(request_one)
    store.finish("job-1", success=False, directories=[])
    store.start(replace(request_one, workspace=RelPath("scratch/moved")))
    files = [(RelPath("scratch/job-1/a"), TEMP), (RelPath("scratch/moved/a"), TEMP)]
    store.add_files("job-1", files, workspaces_above=_above)
    assert set(store.get("job-1").files) == {"scratch/job-1", "scratch/moved"}


def test_what_is_finished_takes_no_files(store: ManifestStore, request_one: StartRequest, beta: ManifestStore) -> None:
    """Neither on the host that finished it nor on another; nor can it be finished twice."""
    store.start(request_one)
    store.finish("job-1", success=True, directories=[])
    for one in (store, beta):
        with pytest.raises(JobFinishedError, match="is finished"):
            one.add_files("job-1", [(RelPath("scratch/job-1/a"), TEMP)])
        with pytest.raises(JobFinishedError):
            one.finish("job-1", success=True, directories=[])


def test_an_unknown_job_takes_nothing(store: ManifestStore, root: Root) -> None:
    """No log is made for a job that was never started."""
    with pytest.raises(UnknownJobError) as caught:
        store.add_files("job-1", [(RelPath("a"), TEMP)])
    assert str(caught.value) == "job `job-1` is not known to this root\n  help: `rules job list` shows the jobs"
    for call in (lambda: store.get("x"), lambda: store.finish("x", success=True, directories=[])):
        with pytest.raises(UnknownJobError):
            call()
    with pytest.raises(UnknownJobError):
        store.remove("x", [RelPath("a")])
    assert store.load().jobs == ()


def test_hosts_work_on_one_job_together(store: ManifestStore, beta: ManifestStore, request_one: StartRequest) -> None:
    """Another host declares files into a log of its own, removes some, and may finish the job."""
    store.start(request_one)
    beta.add_files("job-1", [(RelPath("scratch/job-1/b"), TEMP), (RelPath("scratch/job-1/c"), TEMP)])
    beta.remove("job-1", [RelPath("scratch/job-1/c")])
    beta.remove("job-1", [])
    assert store.get("job-1").files == {WORKSPACE: {"b": TEMP}}
    assert beta.finish("job-1", success=True, directories=[]).status is JobStatus.COMPLETED
    assert store.get("job-1").sealed


def test_a_job_that_another_host_works_on_again_is_not_sealed(
    store: ManifestStore, beta: ManifestStore, request_one: StartRequest
) -> None:
    """Whoever read it as abandoned and began anew made two attempts; the job ends with both."""
    store.start(replace(request_one, lease=Duration(1)))
    beta.start(request_one)
    store.add_files("job-1", [(RelPath("scratch/job-1/a"), TEMP)])
    assert store.get("job-1").status is JobStatus.RUNNING
    assert store.finish("job-1", success=True, directories=[]).sealed


def test_adding_a_file_costs_the_same_however_many_there_are(
    store: ManifestStore, root: Root, request_one: StartRequest, tmp_path: Path
) -> None:
    """A declaration reads the head and the tail of the log, never the whole of it."""
    store.start(request_one)
    log = tmp_path / ".rules/manifests/job-1@alpha.jsonl"
    first = log.read_bytes()
    store.add_files("job-1", [(RelPath(f"scratch/job-1/{number}"), TEMP) for number in range(20_000)])
    store.add_files("job-1", [(RelPath("scratch/job-1/last"), TEMP)])
    lines = log.read_bytes().splitlines(keepends=True)
    # A broken middle would be noticed by anything that reads it.
    log.write_bytes(first + b"?" * (len(lines[1]) - 1) + b"\n" + lines[2])
    store.add_files("job-1", [(RelPath("scratch/job-1/after"), TEMP)], workspaces_above=_above)
    assert log.read_bytes().count(b"\n") == 4


def test_reading_needs_no_root_and_writing_does(tmp_path: Path, request_one: StartRequest) -> None:
    """A directory that was never initialised has no jobs and takes none."""
    with Root.open(str(tmp_path)) as root:
        store = ManifestStore(root, SystemClock(), host="gamma")
        assert store.load().jobs == ()
        assert store.find("job-1") is None
        with pytest.raises(RefusedError, match="is not a root"):
            store.start(request_one)
    assert os.listdir(tmp_path) == []


def test_reading_writes_nothing(store: ManifestStore, request_one: StartRequest, tmp_path: Path) -> None:
    """Loading leaves a torn tail as it is; only a writer cuts it."""
    store.start(request_one)
    log = tmp_path / ".rules/manifests/job-1@alpha.jsonl"
    log.write_bytes(log.read_bytes() + b'{"seq":2')
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert store.load().damaged == ()
    assert store.get("job-1").status is JobStatus.RUNNING
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_errors_survive_a_process_pool(store: ManifestStore) -> None:
    """Each keeps its text."""
    for error in (
        JobRunningError("a"),
        UnknownJobError("b"),
        JobFinishedError("c"),
        UntrustedStateError("d", "e", "f"),
    ):
        assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301 - our own bytes
