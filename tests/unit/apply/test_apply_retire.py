"""State that retires at the end of a run: what goes, what stays, and that no run fails by it."""

from dataclasses import replace
from pathlib import Path

import pytest
from apply_world import NOON, POLICIES, FixedClock, apply, batch_of, fill, plan_of

from rules_engine.apply.model import Event, RunResult, RunState, StateRetired
from rules_engine.apply.retire import Retired, retire
from rules_engine.filesystem.locks import lock_job
from rules_engine.filesystem.machine import Machine
from rules_engine.filesystem.root import Root
from rules_engine.manifest.request import StartRequest
from rules_engine.manifest.store import ManifestStore
from rules_engine.plan.model import Count, StepAction
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY, SECOND, Duration, Instant
from rules_engine.values.vocabulary import JobId, JobType

KEEP = Duration(90 * DAY)
LONG_AFTER = NOON + 91 * DAY


@pytest.fixture
def store(root: Root) -> ManifestStore:
    """The manifests, at noon."""
    return ManifestStore(root, FixedClock(), machine=Machine("alpha", "boot", Instant(0)))


def _run(root: Root, name: str, *, now: int = NOON, action: StepAction = StepAction.DELETE) -> RunResult:
    """A run that takes one file."""
    fill(root, f"d/{name}")
    plan = plan_of(root, batch_of(root, "d", name, action=action), now=now, steps={action.value: Count(1, 3)})
    return apply(plan, root, clock=FixedClock(now))


def _runs(root: Root) -> set[str]:
    return {path.name for path in Path(root.path, ".rules/runs").iterdir()}


def _take_one(root: Root, now: int = LONG_AFTER) -> list[StateRetired]:
    """What retires with a run long after noon that takes one file."""
    events: list[Event] = []
    fill(root, f"d/last-{now}")
    plan = plan_of(root, batch_of(root, "d", f"last-{now}"), now=now, steps={"delete": Count(1, 3)})
    result = apply(plan, root, clock=FixedClock(now), listen=events.append)
    assert result.state is RunState.FINISHED
    return [event for event in events if isinstance(event, StateRetired)]


def test_a_run_that_ended_long_ago_retires_with_a_later_one(root: Root) -> None:
    """Not earlier, not the run itself, and no policy set that was applied."""
    first = _run(root, "a")
    assert _take_one(root, NOON + 89 * DAY) == []
    assert first.run_id in _runs(root)
    applied = Path(root.path, ".rules/policies")
    before = sorted(applied.iterdir()) if applied.exists() else []
    assert _take_one(root) == [StateRetired(1, 0, ())]
    assert first.run_id not in _runs(root)
    assert len(_runs(root)) == 2
    assert (sorted(applied.iterdir()) if applied.exists() else []) == before


def test_a_run_whose_trash_is_there_stays(root: Root) -> None:
    """It can be restored; once its trash is gone it retires."""
    run = _run(root, "a", action=StepAction.TRASH)
    assert _take_one(root) == []
    trash = Path(root.path, ".rules/trash", run.run_id)
    (trash / "d/a").unlink()
    (trash / "d").rmdir()
    trash.rmdir()
    assert _take_one(root, LONG_AFTER + SECOND) == [StateRetired(1, 0, ())]


@pytest.mark.parametrize("report", [None, b"{", b'{"format_version": "9.0"}'])
def test_a_run_without_a_whole_report_never_retires(root: Root, report: bytes | None) -> None:
    """Nobody knows that it ended; so does one that was stopped."""
    run = _run(root, "a")
    place = Path(root.path, ".rules/runs", run.run_id, "report.json")
    whole = place.read_bytes()
    place.unlink()
    if report is not None:
        place.write_bytes(report)
    assert _take_one(root) == []
    place.write_bytes(whole.replace(b'"finished"', b'"stopped"'))
    assert _take_one(root, LONG_AFTER + SECOND) == []
    assert run.run_id in _runs(root)


def test_what_a_killed_retiring_left_goes_with_the_next_run(root: Root) -> None:
    """Its name says what it is, so that nobody takes it for a run."""
    run = _run(root, "a")
    runs = Path(root.path, ".rules/runs")
    (runs / run.run_id).rename(runs / f".{run.run_id}")
    (runs / f".{run.run_id}" / "plan.jsonl").unlink()
    assert _take_one(root) == []
    assert len(_runs(root)) == 1


def test_a_run_that_removes_nothing_retires_nothing(root: Root) -> None:
    """Only a removing apply looks for old state."""
    run = _run(root, "a")
    fill(root, "e/x")
    apply(plan_of(root, now=LONG_AFTER), root, clock=FixedClock(LONG_AFTER))
    assert run.run_id in _runs(root)


def _finish(root: Root, store: ManifestStore, *job_ids: str) -> list[Path]:
    """Jobs that end at noon; their logs."""
    for job_id in job_ids:
        store.start(StartRequest(JobId(job_id), JobType("clip"), RelPath(f"w/{job_id}"), RelPath("out")))
        store.finish(job_id, success=True, directories=[])
    return [Path(root.path, f".rules/manifests/{job_id}@alpha.jsonl") for job_id in job_ids]


def test_manifests_of_jobs_that_ended_long_ago_are_packed(root: Root, store: ManifestStore) -> None:
    """One that somebody holds waits; one that runs, or ended since, is not touched."""
    ended, held, running = _finish(root, store, "a", "b", "c")
    store.start(StartRequest(JobId("c"), JobType("clip"), RelPath("w/c"), RelPath("out")))
    with lock_job(root.require_state(), JobId("b")):
        assert _take_one(root, NOON + 89 * DAY) == []
        assert _take_one(root) == [StateRetired(0, 1, ())]
    assert (ended.exists(), held.exists(), running.exists()) == (False, True, True)
    assert [job.packed for job in store.load().jobs] == [True, False, False]
    assert _take_one(root, LONG_AFTER + SECOND) == [StateRetired(0, 1, ())]


def test_what_cannot_retire_is_noted_and_the_run_is_finished_all_the_same(root: Root, store: ManifestStore) -> None:
    """A directory in a run folder, trash that is no directory: one line each."""
    run = _run(root, "a")
    (log,) = _finish(root, store, "a")
    Path(root.path, ".rules/runs", run.run_id, "odd").mkdir()
    sealed = Path(root.path, ".rules/sealed/a.json")
    [retired] = _take_one(root)
    assert (retired.runs, retired.jobs) == (0, 1)
    assert retired.notes == (f"run {run.run_id} cannot retire: Is a directory",)
    assert sealed.exists()
    assert not log.exists()
    Path(root.path, ".rules/trash").write_text("in the way")
    again = retire(root, FixedClock(LONG_AFTER + SECOND), (), keep=KEEP, spare="")
    assert again.notes == (
        f"what is left of run {run.run_id} cannot retire: Is a directory",
        "the folders of old runs cannot retire: Not a directory",
    )
    assert (Path(root.path, ".rules/runs", f".{run.run_id}") / "odd").is_dir()


def test_a_manifest_that_cannot_be_removed_is_noted(root: Root, store: ManifestStore) -> None:
    """Its seal is read by everybody as before."""
    (log,) = _finish(root, store, "a")
    jobs = store.load().jobs
    Path(root.path, ".rules/locks").rename(Path(root.path, ".rules/locks-away"))
    Path(root.path, ".rules/locks").write_text("in the way")
    retired = retire(root, FixedClock(LONG_AFTER), jobs, keep=KEEP, spare="")
    assert len(retired.notes) == 1
    assert retired.notes[0].startswith("the manifest of job `a` cannot retire: ")
    assert log.exists()


def test_retiring_stops_when_its_time_is_over(root: Root, store: ManifestStore) -> None:
    """The next run goes on with what is left."""
    _run(root, "a")
    _finish(root, store, "a")
    jobs = store.load().jobs
    clock = FixedClock(LONG_AFTER)
    assert retire(root, clock, jobs, keep=KEEP, spare="", until=clock.now()) == Retired()
    assert len(_runs(root)) == 1
    assert retire(root, clock, jobs, keep=KEEP, spare="") == Retired(runs=1, jobs=1)


def test_policies_say_how_long_state_is_kept(root: Root) -> None:
    """`state.keep` of the policies of the run."""
    _run(root, "a")
    short = replace(POLICIES, settings=replace(POLICIES.settings, state_keep=Duration(DAY)))
    fill(root, "d/b")
    plan = plan_of(root, batch_of(root, "d", "b"), now=NOON + 2 * DAY, steps={"delete": Count(1, 3)})
    apply(plan, root, policies=short, clock=FixedClock(NOON + 2 * DAY))
    assert len(_runs(root)) == 1
