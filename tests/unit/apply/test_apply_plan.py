import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from apply_world import NOON, POLICIES, FixedClock, apply, batch_of, counts, fill, plan_of, tree_of
from other_users import IS_ROOT

from rules_engine.apply.model import (
    ActionCount,
    Committed,
    Event,
    Noted,
    Outcome,
    RunEnded,
    RunStarted,
    RunState,
    StalePlanError,
    StepNoted,
)
from rules_engine.errors import ExitCode, LockedError, RefusedError
from rules_engine.filesystem.locks import lock_root
from rules_engine.filesystem.root import Root
from rules_engine.plan.model import Plan, StepAction
from rules_engine.plan.planfile import PlanFileError, write_plan
from rules_engine.policy.model import PolicySet
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY, MINUTE


def write(plan: Plan, path: Path) -> str:
    """The plan file."""
    with path.open("wb") as out:
        write_plan(plan, out)
    return str(path)


def test_what_was_planned_is_done_and_nothing_else(root: Root) -> None:
    """Files are deleted or set aside, directories go when they are empty; the neighbours stay."""
    fill(root, "a/x", "a/y", "a/stays", "b/z")
    plan = plan_of(
        root,
        batch_of(root, "a", "x"),
        batch_of(root, "a", "y", action=StepAction.TRASH),
        batch_of(root, "b", "z"),
        batch_of(root, "", "b", action=StepAction.REMOVE_DIRECTORY),
    )
    result = apply(plan, root)
    assert tree_of(root) == ["a", "a/stays"]
    assert result.counts == (
        ActionCount(StepAction.DELETE, Outcome.DONE, 2, 6),
        ActionCount(StepAction.TRASH, Outcome.DONE, 1, 3),
        ActionCount(StepAction.REMOVE_DIRECTORY, Outcome.DONE, 1, 0),
    )
    assert (result.state, result.exit_code, result.freed, result.set_aside) == (RunState.FINISHED, ExitCode.DONE, 6, 3)
    assert (Path(root.path) / ".rules/trash" / result.run_id / "a/y").exists()


def test_a_run_keeps_its_plan_its_outcomes_and_its_report(root: Root, tmp_path: Path) -> None:
    """The folder is named by the plan's digest and holds the plan byte for byte."""
    fill(root, "a/x")
    path = write(plan_of(root, batch_of(root, "a", "x")), tmp_path / "p.jsonl")
    result = apply(path, root)
    folder = Path(root.path) / ".rules/runs" / result.run_id
    assert sorted(os.listdir(folder)) == ["outcomes.jsonl", "plan.jsonl", "report.json"]
    assert (folder / "plan.jsonl").read_bytes() == Path(path).read_bytes()
    assert (
        (folder / "outcomes.jsonl").read_bytes().startswith(b'{"seq":1,"commit":1,"batch":0,"first":0,"runs":[["done"')
    )
    report = msgspec.json.decode((folder / "report.json").read_bytes())
    assert (report["state"], report["bytes_freed"], report["noted"]) == ("finished", 3, [])


def test_skipped_steps_are_noted_with_their_cause(root: Root) -> None:
    """They are safe: the exit code is that of success."""
    fill(root, "a/changed", "a/gone", "a/fine")
    plan = plan_of(root, batch_of(root, "a", "changed", "gone", "fine"))
    fill(root, "a/changed.new")
    os.replace(Path(root.path) / "a/changed.new", Path(root.path) / "a/changed")
    os.unlink(Path(root.path) / "a/gone")
    result = apply(plan, root)
    assert counts(result) == {"done": 1, "gone": 1, "changed": 1}
    cause = "another file has its name now"
    assert result.noted == (Noted(RelPath("a/changed"), StepAction.DELETE, Outcome.CHANGED, 0, cause),)
    assert (result.exit_code, result.failures) == (ExitCode.DONE, ())


def test_a_failed_step_is_named_and_the_rest_is_done(root: Root) -> None:
    """One bad file does not stop the others, and the exit code says that some failed."""
    fill(root, "a/x", "a/y", ".rules/trash/keep")
    plan = plan_of(root, batch_of(root, "a", "x", action=StepAction.TRASH), batch_of(root, "a", "y"))
    with Path(root.path, "p").open("w+b") as out:
        write_plan(plan, out)
    Path(root.path, "p").unlink()
    fill(root, f".rules/trash/{plan.trailer.run_id}/a/x")
    result = apply(plan, root)
    assert counts(result) == {"done": 1, "failed": 1}
    assert [(one.path, one.cause) for one in result.failures] == [("a/x", "File exists")]
    assert (result.exit_code, result.state) == (ExitCode.SOME_FAILED, RunState.FINISHED)
    assert tree_of(root) == ["a", "a/x"]


def test_the_same_plan_again_changes_nothing(root: Root, tmp_path: Path) -> None:
    """Not even where a file came back: the answer is that of the first time."""
    fill(root, "a/x", "a/y")
    path = write(plan_of(root, batch_of(root, "a", "x", "y")), tmp_path / "p.jsonl")
    first = apply(path, root)
    fill(root, "a/x")
    second = apply(path, root, clock=FixedClock(NOON + MINUTE))
    assert second == first
    assert tree_of(root) == ["a", "a/x"]


def test_a_listener_hears_the_run(root: Root) -> None:
    """Its start, what was not carried out, each commit, and its end."""
    fill(root, "a/x", "a/y")
    plan = plan_of(root, batch_of(root, "a", "x", "y"))
    fill(root, "a/y2")
    os.replace(Path(root.path) / "a/y2", Path(root.path) / "a/y")
    heard: list[Event] = []
    result = apply(plan, root, listen=heard.append)
    assert heard == [
        RunStarted(result.run_id, 0, resumed=False),
        StepNoted(result.noted[0]),
        Committed(2, 3),
        RunEnded(result),
    ]


@pytest.mark.parametrize(
    ("spoil", "error", "code"),
    [
        (lambda plan: replace(plan, header=replace(plan.header, root_id="other")), StalePlanError, 5),
        (lambda plan: replace(plan, header=replace(plan.header, root_id=None)), StalePlanError, 5),
        (lambda plan: replace(plan, header=replace(plan.header, policies_digest="e")), StalePlanError, 5),
        (lambda plan: replace(plan, header=replace(plan.header, now=NOON + 6 * MINUTE)), StalePlanError, 5),
        (lambda plan: replace(plan, header=replace(plan.header, now=NOON - 8 * DAY)), StalePlanError, 5),
        (lambda plan: replace(plan, trailer=replace(plan.trailer, refusals=["too much"])), RefusedError, 6),
    ],
    ids=["root", "no_root", "policies", "forecast", "old", "limit"],
)
def test_a_refused_plan_changes_nothing(
    root: Root, spoil: Callable[[Plan], Plan], error: type[Exception], code: int
) -> None:
    """Neither the tree nor the state: not even a run folder is made."""
    fill(root, "a/x")
    plan = spoil(plan_of(root, batch_of(root, "a", "x")))
    with pytest.raises(error) as caught:
        apply(plan, root)
    assert caught.value.exit_code == code  # type: ignore[attr-defined]
    assert tree_of(root) == ["a", "a/x"]
    assert os.listdir(Path(root.path) / ".rules") == ["root.json"]


def test_a_directory_that_is_no_root_is_refused(tmp_path: Path, root: Root) -> None:
    """An unmounted drive is nobody's tree."""
    (tmp_path / "other").mkdir()
    with Root.open(str(tmp_path / "other")) as other, pytest.raises(RefusedError) as caught:
        apply(plan_of(root), other)
    assert caught.value.exit_code == ExitCode.REFUSED
    assert os.listdir(tmp_path / "other") == []


@pytest.mark.parametrize("cut", [0, 1, 50, -2, -1])
def test_a_cut_plan_file_is_refused(root: Root, tmp_path: Path, cut: int) -> None:
    """A plan that is not whole is no plan."""
    fill(root, "a/x")
    path = write(plan_of(root, batch_of(root, "a", "x")), tmp_path / "p.jsonl")
    Path(path).write_bytes(Path(path).read_bytes()[:cut])
    with pytest.raises(PlanFileError):
        apply(path, root)
    assert tree_of(root) == ["a", "a/x"]


def test_a_plan_file_that_is_not_there_is_refused(root: Root, tmp_path: Path) -> None:
    """The message names it."""
    with pytest.raises(PlanFileError, match=r"nowhere` cannot be read: No such file or directory"):
        apply(str(tmp_path / "nowhere"), root)


def test_a_host_without_policies_trusts_the_plan(root: Root) -> None:
    """`policies=None` is the caller's word for it."""
    fill(root, "a/x")
    plan = plan_of(root, batch_of(root, "a", "x"))
    assert counts(apply(plan, root, policies=None)) == {"done": 1}


def test_two_applies_at_once_are_one(root: Root) -> None:
    """The second finds the lock held and changes nothing."""
    fill(root, "a/x")
    plan = plan_of(root, batch_of(root, "a", "x"))
    with lock_root(root.require_state()), pytest.raises(LockedError) as caught:
        apply(plan, root)
    assert caught.value.exit_code == ExitCode.LOCKED
    assert tree_of(root) == ["a", "a/x"]
    assert counts(apply(plan, root)) == {"done": 1}


def test_a_plan_does_not_take_itself_or_its_policies(root: Root) -> None:
    """Both may lie in the root."""
    fill(root, "policies/p.yaml", "plans/x")
    policies = PolicySet(digest=POLICIES.digest, folders=(f"{root.path}/policies",))
    plan = plan_of(root, batch_of(root, "policies", "p.yaml"))
    assert counts(apply(write(plan, Path(root.path) / "plans/p"), root, policies=policies)) == {"protected": 1}


def test_names_of_any_bytes_go_and_are_reported(root: Root, tmp_path: Path) -> None:
    """Through the plan file, the outcomes and the report."""
    names = ["new\nline", "\udcff\udcfe", "esc\x1b[2J"]
    for name in names:
        fill(root, f"a/{name}")
    path = write(plan_of(root, batch_of(root, "a", *names)), tmp_path / "p.jsonl")
    odd = Path(root.path) / "a/\udcff\udcfe"
    os.utime(odd, (1, 1))
    result = apply(path, root)
    assert counts(result) == {"done": 2, "changed": 1}
    assert result.noted[0].path == "a/\udcff\udcfe"
    assert apply(path, root) == result


def test_a_swapped_directory_is_not_entered(root: Root, tmp_path: Path) -> None:
    """A link in place of a planned directory leads nowhere, though the file behind it is the planned one."""
    fill(root, "a/x")
    plan = plan_of(root, batch_of(root, "a", "x"))
    os.rename(Path(root.path) / "a", tmp_path / "outside")  # noqa: TID251 - the attack
    os.symlink(tmp_path / "outside", Path(root.path) / "a")
    assert counts(apply(plan, root)) == {"changed": 1}
    assert os.listdir(tmp_path / "outside") == ["x"]


@pytest.mark.skipif(not IS_ROOT, reason="it is about the superuser")
def test_the_superuser_applies_no_plan_that_anybody_may_write(root: Root, tmp_path: Path) -> None:
    """Whoever may write the file would decide what goes; an ordinary user decides about no more than he may anyway."""
    fill(root, "a/x")
    path = write(plan_of(root, batch_of(root, "a", "x")), tmp_path / "p.jsonl")
    Path(path).chmod(0o666)
    with pytest.raises(PlanFileError, match="anybody may write to"):
        apply(path, root)
    Path(path).chmod(0o664)
    assert counts(apply(path, root)) == {"done": 1}
