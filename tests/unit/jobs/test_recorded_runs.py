"""The recorded runs of a root: which there are, in which state, and which one a text names."""

from pathlib import Path

import pytest
from past_runs import NOON, batch, in_trash, record

from rules_engine.apply.model import ActionCount, Outcome, RunResult, RunState
from rules_engine.apply.outcomes import OutcomeLine, OutcomeRun
from rules_engine.errors import UntrustedStateError
from rules_engine.filesystem.root import Root
from rules_engine.jobs.runs import (
    RunDetails,
    UnknownRunError,
    find_run,
    open_run_details,
    recorded_runs,
)
from rules_engine.plan.model import Header, Plan, PlanLimits, StepAction, Trailer
from rules_engine.plan.planfile import PlanFileError
from rules_engine.values.quantities import SECOND, Instant

DONE = OutcomeRun(Outcome.DONE, 1, 3)
FAILED = OutcomeRun(Outcome.FAILED, 1, 0, 13, "Permission denied")


def _ended(state: RunState = RunState.FINISHED, at: int = NOON) -> RunResult:
    count = ActionCount(StepAction.TRASH, Outcome.DONE, 2, 6)
    return RunResult("0" * 16, state, Instant(at), Instant(at + SECOND), (count,))


def test_runs_are_told_newest_first_each_with_its_state(root: Root) -> None:
    """By when they began last; what has no report is known by its plan and its outcomes."""
    old = record(root, batch("a", "x", "y"), result=_ended(), asked={"only": "/a/"})
    cut = record(root, batch("b", "x"), batch("b", "y"), now=NOON + 9, outcomes=((DONE,),))
    late = record(root, batch("c", "x"), now=NOON + 5, result=_ended(RunState.STOPPED, NOON + SECOND))
    in_trash(root, old, "a/x")
    found = recorded_runs(root)
    assert [run.run_id for run in found] == [late, cut, old]
    stopped, unfinished, whole = found
    assert (whole.is_whole, whole.set_aside, whole.in_trash, dict(whole.asked)) == (True, True, True, {"only": "/a/"})
    assert (whole.planned, whole.when, whole.settled) == (NOON, NOON, 2)
    assert (unfinished.result, unfinished.settled, unfinished.when) == (None, 1, NOON + 9)
    assert (unfinished.is_whole, unfinished.set_aside, unfinished.in_trash) == (False, False, False)
    assert not stopped.is_whole
    assert unfinished.plan_path == f".rules/runs/{cut}/plan.jsonl"


def test_a_folder_that_cannot_be_read_is_a_run_without_a_word(root: Root) -> None:
    """Nothing of it is guessed, and the others are told all the same."""
    run_id = record(root, batch("a", "x"), result=_ended())
    folder = Path(root.path, ".rules/runs", run_id)
    for name in ("plan.jsonl", "report.json"):
        (folder / name).write_text("{")
    (folder / "outcomes.jsonl").unlink()
    Path(root.path, ".rules/runs/.gone").mkdir()
    (run,) = recorded_runs(root)
    assert (run.planned, run.result, run.settled, run.when) == (None, None, 0, 0)


def test_a_root_without_runs_has_none(root: Root, tmp_path: Path) -> None:
    """Nor has a directory that is no root; runs that cannot be listed are not none."""
    assert recorded_runs(root) == ()
    (tmp_path / "plain").mkdir()
    with Root.open(str(tmp_path / "plain")) as plain:
        assert recorded_runs(plain) == ()
        with pytest.raises(UnknownRunError, match="`last` is neither a file nor a recorded run"):
            find_run(plain, "last")
    Path(root.path, ".rules/runs").write_text("in the way")
    with pytest.raises(UntrustedStateError, match="cannot be read: Not a directory"):
        recorded_runs(root)


def test_a_run_is_named_by_its_id_its_beginning_or_last(root: Root) -> None:
    """A beginning that several share names none of them."""
    ids = sorted(
        record(root, batch("a", "x"), now=NOON + number, result=_ended(at=NOON + number)) for number in range(17)
    )
    newest = recorded_runs(root)[0].run_id
    assert find_run(root, "last").run_id == newest
    assert find_run(root, ids[3]).run_id == ids[3]
    alone = next(one for one in ids if sum(other[:4] == one[:4] for other in ids) == 1)
    assert find_run(root, alone[:4]).run_id == alone
    shared = next(one[0] for one in ids if sum(other[0] == one[0] for other in ids) > 1)
    with pytest.raises(UnknownRunError, match=rf"`{shared}` begins the ids of \d+ runs\n  help: write more of it"):
        find_run(root, shared)
    for nobody in ("", "zz"):
        with pytest.raises(UnknownRunError, match="is neither a file nor a recorded run"):
            find_run(root, nobody)


def test_details_give_each_step_its_outcome(root: Root) -> None:
    """In the order of the plan; what was not reached has none."""
    run_id = record(root, batch("a", "x", "y", "z"), batch("b", "x"), outcomes=((DONE, FAILED),))
    with open_run_details(root, run_id) as details:
        for _ in range(2):
            first, second = details.batches()
            assert [one.cause if one else None for one in first.outcomes] == ["", "Permission denied", None]
            assert second.outcomes == (None,)
    Path(root.path, ".rules/runs", run_id, "plan.jsonl").unlink()
    with pytest.raises(PlanFileError, match="cannot be read: No such file"), open_run_details(root, run_id):
        pass


def test_what_was_recorded_twice_counts_as_it_was_recorded_first() -> None:
    """A group whose outcomes were written by an attempt that was cut short and by the next."""
    again = OutcomeRun(Outcome.GONE, 3)
    lines = (OutcomeLine(1, 1, 0, 0, (DONE,)), OutcomeLine(2, 2, 0, 0, (again,)))
    header = Header(NOON, None, "d", PlanLimits(None, None, None, None), {})
    (past,) = RunDetails(Plan(header, (batch("a", "x", "y"),), Trailer()), lines).batches()
    assert [one.outcome.value for one in past.outcomes if one is not None] == ["done", "gone"]


def test_trash_that_holds_only_directories_has_nothing_to_put_back(root: Root) -> None:
    """As a restore leaves it; what cannot be looked at may hold something."""
    run_id = record(root, batch("a/b", "x"), result=_ended())
    in_trash(root, run_id, "a/b/x")
    assert find_run(root, run_id).in_trash
    folder = Path(root.path, ".rules/trash", run_id)
    (folder / "a/b/x").unlink()
    assert not find_run(root, run_id).in_trash
    (folder / "a/b").rmdir()
    (folder / "a").rmdir()
    folder.rmdir()
    folder.write_text("in the way")
    assert find_run(root, run_id).in_trash
