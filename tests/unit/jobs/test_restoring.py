"""The plan that undoes a run: what it puts back, what it makes again, and what it says cannot come back."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from past_runs import NOON, batch, in_trash, record

from rules_engine.apply.applying import apply_plan
from rules_engine.apply.model import ActionCount, Outcome, RunResult, RunState
from rules_engine.apply.outcomes import OutcomeRun
from rules_engine.errors import InvalidValueError, RefusedError
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.jobs.restoring import last_undoable, put_back, restoring
from rules_engine.jobs.runs import UnknownRunError, find_run
from rules_engine.plan.model import Batch, Entry, Plan, StepAction, Whole
from rules_engine.values.paths import ROOT, RelPath
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import EntryKind, JobId


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Root]:
    """An initialised root at `tmp_path/media`."""
    (tmp_path / "media").mkdir()
    with Root.create(str(tmp_path / "media")) as found:
        yield found


def unit(directory: str, name: str, files: int = 2, action: StepAction = StepAction.TRASH) -> Batch:
    """A directory that went whole."""
    entry = Entry(name, EntryKind.DIRECTORY, size=3 * files)
    wholes = (Whole(files, "0" * 64),)
    return Batch(RelPath(directory), action, (entry,), owners=(JobId("j1"),), reason="unit", wholes=wholes)


def removed(directory: str, name: str, mode: int) -> tuple[Batch, tuple[OutcomeRun, ...]]:
    """An empty directory that went, with its bits in the record."""
    entry = Entry(name, EntryKind.DIRECTORY)
    gone = Batch(RelPath(directory), StepAction.REMOVE_DIRECTORY, (entry,), owners=(JobId("j1"),), reason="empty")
    return gone, (OutcomeRun(Outcome.DONE, 1, mode=mode),)


def planned(root: Root, run: str, *paths: str) -> tuple[Plan, tuple[str, ...]]:
    """The plan that undoes a run, whole, and what it says beside."""
    with restoring(root, SystemClock(), find_run(root, run), [RelPath(one) for one in paths]) as way:
        return way.plan.collected(), way.notes


def steps(plan: Plan) -> list[tuple[str, str, str, int]]:
    """Each step: its action, directory, name and the bits of what is made."""
    return [(one.action.value, one.directory, entry.name, entry.mode) for one in plan.batches for entry in one.entries]


def test_directories_are_made_again_before_what_lies_in_them(root: Root) -> None:
    """With the bits that they had; those that nobody removed but that are missing, with the bits of any new one."""
    gone, done = removed("work", "j1", 0o2750)
    files = batch("work/j1/temp", "a")
    run = record(root, files, gone, outcomes=((OutcomeRun(Outcome.DONE, 1, 3),), done))
    in_trash(root, run, "work/j1/temp/a")
    plan, notes = planned(root, run)
    assert steps(plan) == [
        ("create_directory", "", "work", -1),
        ("create_directory", "work", "j1", 0o2750),
        ("create_directory", "work/j1", "temp", -1),
        ("restore", "work/j1/temp", "a", -1),
    ]
    assert notes == ()
    assert {one.from_run for one in plan.batches if one.action is StepAction.RESTORE} == {run}
    assert plan.trailer.steps["create_directory"].files == 3
    assert (plan.trailer.steps["restore"].files, plan.trailer.steps["restore"].bytes) == (1, 3)


def test_a_directory_that_went_whole_comes_back_whole(root: Root) -> None:
    """As one step, with its owners; the files below it are counted."""
    run = record(root, unit("work", "j1"))
    in_trash(root, run, "work/j1/a")
    in_trash(root, run, "work/j1/deep/b")
    plan, _ = planned(root, run)
    assert steps(plan) == [("create_directory", "", "work", -1), ("restore", "work", "j1", -1)]
    assert {one.owners for one in plan.batches} == {("j1",)}
    assert plan.trailer.steps["restore"].files == 2
    result = apply_plan(plan, root, policies=None, clock=SystemClock())
    assert result.count(Outcome.DONE) == 2
    assert Path(root.path, "work/j1/deep/b").exists()
    assert put_back(root, result.run_id) == ("work/j1",)


def test_a_part_of_a_directory_that_went_whole_comes_back_by_itself(root: Root) -> None:
    """The rest stays in the trash."""
    run = record(root, unit("work", "j1"))
    in_trash(root, run, "work/j1/a")
    in_trash(root, run, "work/j1/deep/b")
    plan, _ = planned(root, run, "work/j1/deep", "work/j1/deep/b")
    assert steps(plan)[-1] == ("restore", "work/j1", "deep", -1)
    apply_plan(plan, root, policies=None, clock=SystemClock())
    assert Path(root.path, "work/j1/deep/b").exists()
    assert not Path(root.path, "work/j1/a").exists()
    plan, notes = planned(root, run, "work/j1/deep/b", "work/j1/a")
    assert steps(plan) == [("restore", "work/j1", "a", -1)]
    assert notes == ("1 entry is at the old place already",)


def test_a_directory_that_was_to_be_deleted_and_was_not_comes_back(root: Root) -> None:
    """Its run was cut short between the rename and the removal: it lies in the trash like anything else there."""
    run = record(root, unit("work", "j1", action=StepAction.DELETE), outcomes=((),))
    in_trash(root, run, "work/j1/a")
    assert steps(planned(root, run)[0])[-1] == ("restore", "work", "j1", -1)


def test_what_was_deleted_cannot_come_back(root: Root) -> None:
    """It is counted, also below a directory that went whole, and where nothing else comes back that is an error."""
    run = record(root, batch("x", "a", "b", action=StepAction.DELETE), unit("work", "j1", 7, StepAction.DELETE))
    with pytest.raises(RefusedError, match="9 files were deleted, not set aside: they cannot come back"):
        planned(root, run)
    with pytest.raises(RefusedError, match="1 file was deleted, not set aside: it cannot come back"):
        planned(root, run, "work/j1/a")
    run = record(root, batch("x", "a", action=StepAction.DELETE), batch("x", "b"))
    in_trash(root, run, "x/b")
    plan, notes = planned(root, run)
    assert steps(plan)[-1] == ("restore", "x", "b", -1)
    assert notes == ("1 file was deleted, not set aside: it cannot come back",)


def test_a_step_that_was_not_done_took_nothing(root: Root) -> None:
    """Neither a file that had changed, nor a directory that was not empty."""
    kept = OutcomeRun(Outcome.CHANGED, 1)
    gone, _ = removed("work", "j1", 0o755)
    run = record(
        root, batch("x", "a"), gone, batch("y", "b"), outcomes=((kept,), (kept,), (OutcomeRun(Outcome.DONE, 1),))
    )
    in_trash(root, run, "y/b")
    assert steps(planned(root, run)[0]) == [("create_directory", "", "y", -1), ("restore", "y", "b", -1)]


def test_a_run_that_was_killed_is_undone_by_what_lies_in_its_trash(root: Root) -> None:
    """Without a single outcome: what is there was taken."""
    run = record(root, batch("x", "a", "b"), outcomes=((),))
    in_trash(root, run, "x/a")
    assert steps(planned(root, run)[0])[-1] == ("restore", "x", "a", -1)
    assert last_undoable(root).run_id == run


def test_what_is_there_already_is_no_mistake(root: Root) -> None:
    """The second restore finds nothing to do, and says so."""
    run = record(root, batch("", "a"))
    in_trash(root, run, "a")
    plan, _ = planned(root, run)
    apply_plan(plan, root, policies=None, clock=SystemClock())
    Path(root.path, "a").unlink()
    with pytest.raises(RefusedError, match="1 entry of it left the trash since"):
        planned(root, run)


def test_a_path_that_the_run_did_not_take_is_a_mistake(root: Root) -> None:
    """Also one above which it took nothing whole."""
    run = record(root, batch("x", "a"))
    in_trash(root, run, "x/a")
    for path in ("y", "x/b", "x/a/b"):
        with pytest.raises(InvalidValueError, match="is nothing that run"):
            planned(root, run, path)
    gone, done = removed("", "d", 0o700)
    run = record(root, gone, outcomes=(done,))
    assert steps(planned(root, run, "d")[0]) == [("create_directory", "", "d", 0o700)]


def test_a_name_that_is_taken_is_said_before(root: Root) -> None:
    """And left alone when it comes to that."""
    run = record(root, batch("", "a"))
    in_trash(root, run, "a")
    Path(root.path, "a").write_text("new")
    assert planned(root, run)[1] == ("1 entry finds the old name taken, and will be left alone",)


def test_what_is_in_the_way_of_a_directory_is_left_alone(root: Root) -> None:
    """A file that has the name of a directory above: nothing below it can come back, and nothing breaks."""
    run = record(root, batch("x", "a"))
    in_trash(root, run, "x/a")
    Path(root.path, "x").write_text("a file by now")
    plan, _ = planned(root, run)
    result = apply_plan(plan, root, policies=None, clock=SystemClock())
    assert [one.outcome for one in result.noted] == [Outcome.CHANGED]
    assert os.listdir(Path(root.path, ".rules/trash", run, "x")) == ["a"]


def result_of(run: str, action: StepAction, at: int) -> RunResult:
    """The result of a run with one step done."""
    counts = (ActionCount(action, Outcome.DONE, 1, 3),)
    return RunResult(run, RunState.FINISHED, Instant(at), Instant(at), counts)


def test_the_last_run_is_the_newest_that_took_something(root: Root) -> None:
    """Not a restore, an emptying, a file that was published over another, or a run that did nothing."""
    with pytest.raises(UnknownRunError):
        last_undoable(root)
    first = record(root, batch("", "a"), now=NOON, result=result_of("1", StepAction.TRASH, NOON))
    kinds = ({"restore": "x"}, StepAction.RESTORE), ({"empty trash": "x"}, StepAction.EMPTY_TRASH)
    for number, (asked, action) in enumerate(
        (*kinds, ({"publish": "x"}, StepAction.TRASH), ({}, StepAction.CREATE_LINK))
    ):
        at = NOON + number + 1
        record(root, batch(ROOT, "b"), now=at, asked=asked, result=result_of("2", action, at))
    assert last_undoable(root).run_id == first
