from rules_engine.manifest.events import AddDirectory, AddFiles, Event, Finish, Lease, Line, Remove, Start
from rules_engine.manifest.fold import Attempt, Folded, fold
from rules_engine.manifest.log import Log
from rules_engine.manifest.model import DeclaredDirectory, JobRecord, Liveness
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import DirectoryType, FileType, JobId, JobStatus

JOB = JobId("job-1")


def _log(host: str, *events: tuple[int, Event], held: bool = False, damage: str | None = None) -> Log:
    lines = tuple(Line(seq, at, event, held=held) for seq, (at, event) in enumerate(events, 1))
    return Log(host, lines, damage=damage)


def _start(attempt: int = 1, **changes: object) -> Start:
    fields: dict[str, object] = {
        "format_version": 1,
        "job_type": "short_form",
        "attempt": attempt,
        "workspace": "scratch/job-1",
        "output": "output/a",
        "status_links": {"running": "jobs/running/job-1", "failed": "jobs/failed/job-1"},
    }
    return Start(**(fields | changes))  # type: ignore[arg-type]


def _fold(*logs: Log, alive: dict[str, Liveness] | None = None) -> Folded:
    def observe(attempt: Attempt) -> Liveness:
        return (alive or {}).get(attempt.host, Liveness.UNKNOWN)

    return fold(JOB, logs, observe)


def _record(*logs: Log, alive: dict[str, Liveness] | None = None) -> JobRecord:
    record = _fold(*logs, alive=alive).record
    assert record is not None
    return record


def test_a_job_runs_until_it_is_finished() -> None:
    """Recorded are running and how it ended; the status link follows."""
    running = _record(_log("a", (10, _start()), (20, Lease(5))))
    assert (running.status, running.ended, running.last_sign) == (JobStatus.RUNNING, None, 20)
    assert running.status_link == "jobs/running/job-1"
    failed = _record(_log("a", (10, _start()), (30, Finish("failed"))))
    assert (failed.status, failed.started, failed.ended) == (JobStatus.FAILED, 10, 30)
    assert failed.status_link == "jobs/failed/job-1"


def test_files_are_declared_and_removed_in_order() -> None:
    """What was removed is gone, what was declared again is back; removing a directory takes all in it."""
    record = _record(
        _log(
            "a",
            (10, _start()),
            (11, AddFiles([("w/a", "t1"), ("w/b", "t2"), ("x", "t3")])),
            (12, AddDirectory("w/d", directory_type="slides")),
            (13, AddDirectory("w/d/e", file_type="t4")),
            (14, AddFiles([("w/d/e/f", "t4")])),
            (15, Remove(["w/a", "w/d", "not/there"])),
            (16, AddFiles([("w/a", "t5")])),
            (17, AddDirectory("kept", directory_type="temp")),
            (18, Remove(["x"])),
            (19, AddFiles([("y/sub/a", "t"), ("y/sub/deep/b", "t"), ("y/subway", "t")])),
            (20, Remove(["y/sub"])),
        )
    )
    assert record.files == {"w": {"a": FileType("t5"), "b": FileType("t2")}, "y": {"subway": FileType("t")}}
    assert record.directories == {"kept": DeclaredDirectory(DirectoryType("temp"))}


def test_order_within_a_log_is_kept_when_its_clock_goes_back() -> None:
    """A later line is later, whatever its time says."""
    record = _record(_log("a", (100, _start()), (90, AddFiles([("w/a", "t")])), (10, Remove(["w/a"]))))
    assert record.files == {}
    assert record.last_sign == 100


def test_a_new_attempt_counts_and_files_of_the_old_stay() -> None:
    """Status, start and end are the newest attempt's; what an earlier one declared is still the job's."""
    record = _record(
        _log(
            "a",
            (10, _start()),
            (11, AddFiles([("out/a", "t")])),
            (12, Finish("failed")),
            (20, _start(2, workspace="elsewhere/job-1")),
            (30, Finish("completed")),
        )
    )
    assert (record.attempt, record.status, record.started, record.ended) == (2, JobStatus.COMPLETED, 20, 30)
    assert record.files == {"out": {"a": FileType("t")}}
    assert record.workspace == "elsewhere/job-1"
    assert record.directories == {"scratch/job-1": DeclaredDirectory(None, FileType.UNDECLARED)}


def test_a_host_that_was_read_as_abandoned_does_not_hold_the_job() -> None:
    """The next attempt elsewhere says which attempt it takes for dead; a later event there wakes it up again."""
    dead = ((10, _start()), (11, AddFiles([("w/a", "t")])))
    second = _log("b", (20, _start(2, abandons={"a": 2})), (30, Finish("completed")))
    assert _record(_log("a", *dead), second).status is JobStatus.COMPLETED
    awake = _record(_log("a", *dead, (40, AddFiles([("w/b", "t")]))), second)
    assert (awake.status, awake.ended) == (JobStatus.RUNNING, None)


def test_a_job_finished_from_another_host_is_finished() -> None:
    """The one who finishes says up to which event it knew the others."""
    logs = (_log("a", (10, _start())), _log("b", (20, Finish("failed", finishes={"a": 1}))))
    record = _record(*logs)
    assert (record.status, record.ended) == (JobStatus.FAILED, 20)
    late = _log("a", (10, _start()), (21, AddFiles([("w/a", "t")])))
    assert _record(late, logs[1]).status is JobStatus.RUNNING


def test_evidence_needs_every_host() -> None:
    """One alive is alive; dead are all or none; a host that says nothing keeps the job running."""
    both = (_log("a", (10, _start())), _log("b", (11, _start(2))))
    dead, alive, unknown = Liveness.DEAD, Liveness.ALIVE, Liveness.UNKNOWN
    for a, b, wanted in ((dead, dead, dead), (dead, alive, alive), (dead, unknown, unknown), (alive, alive, alive)):
        assert _record(*both, alive={"a": a, "b": b}).liveness is wanted


def test_a_lease_runs_from_the_last_event() -> None:
    """Each event keeps the job running for as long as its lease says; then it is abandoned at its last sign."""
    record = _record(_log("a", (10, _start(lease_ns=100)), (50, AddFiles([("w/a", "t")]))))
    assert record.lease_until == 150
    assert record.reading(Instant(149)) is JobStatus.RUNNING
    assert (record.reading(Instant(150)), record.end(Instant(150))) == (JobStatus.ABANDONED, 50)
    renewed = _record(_log("a", (10, _start(lease_ns=100)), (50, Lease(1_000))))
    assert renewed.lease_until == 1_050


def test_a_host_without_a_lease_outlives_the_leases_of_others() -> None:
    """Only when all undecided hosts have a lease can they run out, and then the longest counts."""
    first, second = _log("a", (10, _start(lease_ns=100))), _log("b", (20, _start(2)))
    assert _record(first, second).lease_until is None
    leased = _log("b", (20, _start(2, lease_ns=5)))
    assert _record(first, leased).lease_until == 110
    assert _record(first, second, alive={"b": Liveness.DEAD}).lease_until == 110


def test_damage_makes_a_job_untrusted() -> None:
    """What is known is kept, with every directory that it names."""
    folded = _fold(_log("a", (10, _start()), (11, AddFiles([("w/a", "t")])), (12, Finish("completed")), damage="bad"))
    assert folded.record is not None
    assert folded.record.status is JobStatus.UNTRUSTED
    assert folded.damage == "bad"
    assert folded.directories == ("scratch/job-1", "w")


def test_a_job_whose_start_is_lost_has_no_record() -> None:
    """Nobody knows what kind of job it was; what it named is known."""
    folded = _fold(_log("a", (11, AddFiles([("w/a", "t")]))))
    assert folded.record is None
    assert folded.damage == "no manifest tells how job `job-1` was started"
    assert folded.directories == ("w",)


def test_a_path_that_leads_out_is_damage() -> None:
    """It can only come from a hand that edited the log and made the check anew."""
    for event in (
        AddFiles([("../a", "t")]),
        Remove(["/etc"]),
        AddDirectory("a//b"),
        AddFiles([({"bytes": "zz"}, "t")]),
    ):
        folded = _fold(_log("a", (10, _start()), (11, event)))
        assert folded.damage == "the manifest of job `job-1` names a path that cannot be below the root"
    assert _fold(_log("a", (10, _start(workspace="/tmp")))).record is None  # noqa: S108 - a path that is refused
