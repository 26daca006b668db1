"""Runs with directories that go whole: what is recorded, who is asked, and how the next plan goes on."""

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest
from apply_world import FixedClock, apply, batch_of, counts, fill, plan_of, tree_of, unit_of
from other_users import give_away, ordinary_user
from test_apply_trees import make_deep

from rules_engine.apply import units
from rules_engine.apply.contents import Held, read_contents
from rules_engine.apply.executor import Executor
from rules_engine.apply.group import LONGEST, Group
from rules_engine.apply.handover import read_handover
from rules_engine.apply.model import ActionCount, Noted, Outcome, RunState, StepResult
from rules_engine.apply.pins import set_pin
from rules_engine.apply.report import from_report
from rules_engine.apply.retry import Retrier
from rules_engine.apply.trees import remove_tree
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.root import Root
from rules_engine.inventory.tracked import from_seals, observe_job
from rules_engine.manifest.request import StartRequest
from rules_engine.manifest.store import ManifestStore
from rules_engine.plan.given import Pin
from rules_engine.plan.model import Batch, StepAction
from rules_engine.policy.model import Retry
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import JobId, JobType

DELETE, TRASH = StepAction.DELETE, StepAction.TRASH
BOTH = pytest.mark.parametrize("action", [DELETE, TRASH])


@pytest.fixture
def store(root: Root, job: Path) -> ManifestStore:
    """A store with the sealed job `j1`."""
    found = ManifestStore(root, FixedClock())
    record = found.start(StartRequest(JobId("j1"), JobType("t"), RelPath("scratch/j1"), RelPath("out/j1")))
    found.finish("j1", success=True, directories=observe_job(root, record))
    return found


def sealed(root: Root, store: ManifestStore) -> dict[str, int]:
    """What a plan from seals sees of the job: its directories, each with how many files."""
    record = store.get("j1")
    seal = store.seal_of(record)
    assert seal is not None
    return {facts.path: len(facts.files) for facts in from_seals(root, {record.job_id: seal}, [record]).directories}


def only_noted(plan: Any, root: Root, **more: Any) -> Noted:
    """What became of the only step that was not carried out."""
    [noted] = apply(plan, root, **more).noted
    return noted


def test_a_run_counts_directories_and_what_they_held(root: Root, job: Path) -> None:
    """One step each, in the result and in the report; files that went by themselves are not among them."""
    fill(root, "scratch/j2/x", "scratch/j3/x", "old/y")
    plan = plan_of(root, batch_of(root, "old", "y"), unit_of(root, "scratch", "j1", "j2"))
    result = apply(plan, root)
    assert result.counts == (ActionCount(DELETE, Outcome.DONE, 3, 15, directories=2, files=4),)
    assert result.freed == 15
    data = (Path(root.path) / ".rules/runs" / result.run_id / "report.json").read_bytes()
    assert json.loads(data)["counts"] == [
        {"action": "delete", "outcome": "done", "steps": 3, "bytes": 15, "directories": 2, "files": 4}
    ]
    assert from_report(data, "report.json") == result
    assert tree_of(root) == ["old", "scratch", "scratch/j3", "scratch/j3/x"]


def test_a_directory_that_is_set_aside_counts_as_such(root: Root, job: Path) -> None:
    """Its bytes are not free yet."""
    result = apply(plan_of(root, unit_of(root, "scratch", "j1", action=TRASH)), root)
    assert (result.freed, result.set_aside) == (0, 9)
    assert result.counts == (ActionCount(TRASH, Outcome.DONE, 1, 9, directories=1, files=3),)


def test_a_deep_directory_and_names_of_bytes_go_whole(root: Root, job: Path) -> None:
    """Three thousand levels, and a name that is no text, from the plan to the last `rmdir`."""
    make_deep(Path(root.path))
    odd = os.fsdecode(os.fsencode(root.path) + b"/scratch/\xff\n")
    Path(odd).mkdir()
    (Path(odd) / os.fsdecode(b"\xe9")).write_bytes(b"123")
    plan = plan_of(root, unit_of(root, "", "deep"), unit_of(root, "scratch", os.fsdecode(b"\xff\n"), action=TRASH))
    try:
        result = apply(plan, root)
    finally:
        # Whoever tidies up after the tests recurses.
        remove_tree(root.directory, "deep")
    assert counts(result) == {"done": 2}
    assert (result.freed, result.set_aside) == (0, 3)
    assert "deep" not in tree_of(root)


@BOTH
def test_the_seal_tells_nothing_of_a_directory_that_went(
    root: Root, job: Path, store: ManifestStore, action: StepAction
) -> None:
    """Nothing at it or below it, so the next plan from seals has nothing to take."""
    assert sealed(root, store) == {"scratch/j1": 1, "scratch/j1/b": 2}
    plan = plan_of(root, unit_of(root, "scratch", "j1", action=action, owners=("j1",)))
    assert counts(apply(plan, root)) == {"done": 1}
    assert sealed(root, store) == {}


@pytest.mark.parametrize("new", ["scratch/j1/new", "scratch/j1/b/new", "scratch/j1/b/deep/new"])
def test_a_directory_that_changed_is_looked_at_again(root: Root, job: Path, store: ManifestStore, new: str) -> None:
    """With all below it, so the next plan sees what the seal does not tell."""
    plan = plan_of(root, unit_of(root, "scratch", "j1", owners=("j1",)))
    fill(root, new)
    assert counts(apply(plan, root)) == {"changed": 1}
    assert sum(sealed(root, store).values()) == 4


def test_a_directory_that_was_gone_is_gone_from_the_seal(root: Root, job: Path, store: ManifestStore) -> None:
    """Somebody else removed it."""
    plan = plan_of(root, unit_of(root, "scratch", "j1", owners=("j1",)))
    job.rename(Path(root.path) / "elsewhere")
    assert counts(apply(plan, root)) == {"gone": 1}
    assert sealed(root, store) == {}


@pytest.mark.parametrize("path", ["scratch", "scratch/j1", "scratch/j1/b/c", "scratch/j1/not/there"])
def test_a_pin_between_plan_and_apply_protects(root: Root, job: Path, path: str) -> None:
    """Above the directory, of it, and of anything in it."""
    plan = plan_of(root, unit_of(root, "scratch", "j1"))
    set_pin(root.require_state(), Pin(RelPath(path), reason="look"), FixedClock().now())
    noted = only_noted(plan, root)
    assert (noted.outcome, noted.cause) == (Outcome.PROTECTED, f"`{path}` is pinned: look")
    assert (job / "a").exists()


def test_a_job_that_begins_between_plan_and_apply_protects(root: Root, job: Path) -> None:
    """Its workspace is the directory that nobody owned."""
    plan = plan_of(root, unit_of(root, "scratch", "j1"))
    request = StartRequest(JobId("j1"), JobType("t"), RelPath("scratch/j1"), RelPath("out/j1"))
    ManifestStore(root, FixedClock()).start(request)
    noted = only_noted(plan, root)
    assert (noted.outcome, noted.cause) == (Outcome.PROTECTED, "job `j1` is running")
    assert (job / "a").exists()


@pytest.mark.parametrize("marked", ["", "scratch", "scratch/j1", "scratch/j1/b"])
def test_a_marker_between_plan_and_apply_protects(root: Root, job: Path, marked: str) -> None:
    """Above it, in it, and below it."""
    plan = plan_of(root, unit_of(root, "scratch", "j1"))
    (Path(root.path) / marked / ".rules-keep").touch()
    noted = only_noted(plan, root)
    assert noted.outcome is Outcome.PROTECTED
    assert "has the keep marker `.rules-keep`" in noted.cause
    assert (job / "a").exists()


@BOTH
def test_what_was_set_aside_before_a_kill_and_pinned_then_comes_back(root: Root, job: Path, action: StepAction) -> None:
    """The next attempt may not go on, so it undoes the half that was done."""
    plan = plan_of(root, unit_of(root, "scratch", "j1", action=action))
    run_id = _set_aside(root, plan)
    set_pin(root.require_state(), Pin(RelPath("scratch")), FixedClock().now())
    assert only_noted(plan, root).outcome is Outcome.PROTECTED
    assert (job / "b/c").exists()
    assert not (Path(root.path) / ".rules/trash" / run_id).exists()


@BOTH
def test_a_killed_step_is_finished_where_its_parent_is_gone(root: Root, job: Path, action: StepAction) -> None:
    """The run that was killed had removed the parent as well, and recorded neither."""
    plan = plan_of(root, unit_of(root, "scratch", "j1", action=action))
    _set_aside(root, plan)
    job.parent.rmdir()
    result = apply(plan, root)
    assert counts(result) == {"done": 1}
    assert result.freed + result.set_aside == 9


def test_a_disk_that_fails_where_the_parent_is_gone_is_a_failure(root: Root, job: Path) -> None:
    """Nobody can put it back, and nobody removes what cannot be read."""
    plan = plan_of(root, unit_of(root, "scratch", "j1"))
    _set_aside(root, plan)
    (Path(root.path) / ".rules/trash").chmod(0)
    give_away(root)
    job.parent.rmdir()
    with ordinary_user():
        noted = only_noted(plan, root)
    assert (noted.outcome, noted.cause) == (Outcome.FAILED, "Permission denied")
    (Path(root.path) / ".rules/trash").chmod(0o700)


def _set_aside(root: Root, plan: Any) -> str:
    """Have a run that was killed right after it set `scratch/j1` aside; its id."""
    whole = plan.collected()
    late = apply(whole, root, until=Instant(0), clock=FixedClock())
    assert late.state is RunState.STOPPED
    folder = Path(root.path) / ".rules/trash" / late.run_id / "scratch"
    folder.mkdir(parents=True)
    (Path(root.path) / "scratch/j1").rename(folder / "j1")
    return late.run_id


def test_what_we_may_not_remove_is_handed_over(root: Root, job: Path) -> None:
    """Nothing of it was touched; another user may."""
    give_away(root)
    (job / "b").chmod(0o555)
    plan = plan_of(root, unit_of(root, "scratch", "j1"))
    with ordinary_user():
        noted = only_noted(plan, root)
    assert (noted.outcome, noted.cause) == (Outcome.FAILED, "Permission denied: `j1/b`")
    assert [line.path for line in read_handover(root.require_state())] == ["scratch/j1"]
    assert (job / "a").exists()


def test_a_filesystem_without_such_a_rename_hands_it_over(root: Root, job: Path) -> None:
    """A directory cannot have two names for a moment, as a file can."""
    plan = plan_of(root, unit_of(root, "scratch", "j1"))
    with Root.open(root.path, portable=True) as portable:
        noted = only_noted(plan, portable)
    assert (noted.outcome, noted.cause) == (Outcome.FAILED, "Operation not permitted")
    assert (job / "a").exists()


def test_what_fails_for_a_moment_is_tried_again(root: Root, job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stale handle is not the end of the step."""
    failures = [OSError(errno.ESTALE, os.strerror(errno.ESTALE), "j1/b")]

    def read(parent: Directory, name: str, markers: tuple[str, ...]) -> Held:
        if failures:
            raise failures.pop()
        return read_contents(parent, name, markers)

    monkeypatch.setattr(units, "read_contents", read)
    clock = FixedClock()
    assert counts(apply(plan_of(root, unit_of(root, "scratch", "j1")), root, clock=clock)) == {"done": 1}
    assert len(clock.slept) == 1


def test_a_plan_that_does_not_say_what_a_directory_held_takes_none(root: Root, job: Path) -> None:
    """Also one that was written by hand."""
    for action in (DELETE, TRASH):
        noted = only_noted(plan_of(root, batch_of(root, "scratch", "j1", action=action)), root)
        assert (noted.outcome, noted.cause) == (Outcome.CHANGED, "the plan does not say what it held")
    assert (job / "a").exists()


def test_a_directory_that_took_long_is_recorded_at_once(root: Root, job: Path) -> None:
    """Else a crash would leave an hour in doubt, and jobs that began meanwhile would not be seen."""
    clock = FixedClock()
    plain, whole = batch_of(root, "scratch/j1", "a"), unit_of(root, "scratch", "j1")
    for batch, due in ((plain, False), (whole, True)):
        group = _group(root, clock, batch)
        clock.instant += LONGEST
        assert group.is_due is due


def _group(root: Root, clock: FixedClock, batch: Batch) -> Group:
    group = Group(root.directory, None, clock, commits=0)  # type: ignore[arg-type]
    group.add(0, batch, 0, StepResult(Outcome.DONE))
    return group


def test_the_executor_takes_no_directory_without_a_state(root: Root, job: Path) -> None:
    """A directory that goes whole needs a place to be set aside to."""
    executor = Executor(root.directory, Retrier(Retry(), FixedClock()))
    with pytest.raises(AssertionError, match="needs a run with a state"):
        list(executor.carry_out(unit_of(root, "scratch", "j1")))
    assert (job / "a").exists()
