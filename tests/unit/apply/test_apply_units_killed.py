"""Steps on whole directories that were killed, and what is left of them."""

from pathlib import Path

from apply_world import FixedClock, apply, batch_of, counts, fill, plan_of, tree_of, unit_of
from other_users import immutable
from unit_world import BOTH, DELETE, RUN, state_of, take

from rules_engine.apply.model import Event, LeftBehind, Outcome, StepResult
from rules_engine.apply.units import Units, sweep
from rules_engine.filesystem.root import Root
from rules_engine.plan.model import Batch, StepAction
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import Instant


def test_a_sweep_finishes_what_other_runs_left(root: Root, job: Path) -> None:
    """What lies there was proved once; the run at hand has its own in its plan."""
    state = Path(root.path) / ".rules/removing"
    for run_id in ("mine", "theirs"):
        (state / run_id / "77-3/deep").mkdir(parents=True)
        (state / run_id / "77-3/deep/x").touch()
    assert sweep(root.require_state(), spare="mine") == ()
    assert [path.name for path in state.iterdir()] == ["mine"]
    assert (state / "mine/77-3/deep/x").exists()


def test_a_sweep_that_can_read_nothing_says_so(root: Root) -> None:
    """The run goes on; nothing of this is about its own steps."""
    assert sweep(root.require_state(), spare="") == ()
    (Path(root.path) / ".rules/removing").touch()
    assert sweep(root.require_state(), spare="") == ("`.rules/removing` cannot be read: Not a directory",)


def _aside(root: Root, batch: Batch) -> Path:
    """Set the directory aside, as a step that was killed right after that left it."""
    folder = Path(root.path) / ".rules/trash/r1/scratch"
    folder.mkdir(parents=True)
    (Path(root.path) / "scratch/j1").rename(folder / "j1")
    return folder / "j1"


@BOTH
def test_a_step_killed_after_the_rename_goes_on(root: Root, job: Path, action: StepAction) -> None:
    """The same plan finds the directory aside, looks again, and ends as if nobody had killed it."""
    batch = unit_of(root, "scratch", "j1", action=action)
    _aside(root, batch)
    assert take(root, batch) == StepResult(Outcome.DONE, 9)
    assert state_of(root)[:1] == ([] if action is DELETE else ["trash/r1"])


@BOTH
def test_a_step_killed_after_the_rename_looks_again(root: Root, job: Path, action: StepAction) -> None:
    """What came into it meanwhile comes back with it."""
    batch = unit_of(root, "scratch", "j1", action=action)
    (_aside(root, batch) / "late").touch()
    assert take(root, batch).outcome is Outcome.CHANGED
    assert (job / "late").exists()
    assert state_of(root) == []


def test_a_step_killed_in_the_middle_of_the_removal_goes_on(root: Root, job: Path) -> None:
    """What is left of it was proved before; the outcome counts what went altogether."""
    batch = unit_of(root, "scratch", "j1")
    removing = Path(root.path) / ".rules/removing/r1"
    removing.mkdir(parents=True)
    job.rename(removing / f"{batch.entries[0].inode}-9")
    (removing / f"{batch.entries[0].inode}-9/a").unlink()
    fill(root, "scratch/j1/theirs")
    assert take(root, batch) == StepResult(Outcome.DONE, 9)
    assert take(root, batch).cause == "another directory has its name now"
    assert tree_of(root) == ["scratch", "scratch/j1", "scratch/j1/theirs"]
    assert state_of(root) == []


@BOTH
def test_a_step_goes_on_where_the_directory_above_is_gone(root: Root, job: Path, action: StepAction) -> None:
    """A later step of the same run may have removed it."""
    batch = unit_of(root, "scratch", "j1", action=action)
    _aside(root, batch)
    job.parent.rmdir()
    step = Units(root.require_state(), RUN, ())
    assert step.take(None, batch, batch.entries[0]) == StepResult(Outcome.DONE, 9)


@BOTH
def test_what_is_neither_there_nor_aside_is_gone(root: Root, job: Path, action: StepAction) -> None:
    """With the directory above it."""
    batch = unit_of(root, "scratch", "j1", action=action)
    assert Units(root.require_state(), RUN, ()).take(None, batch, batch.entries[0]).outcome is Outcome.GONE
    assert state_of(root) == []


def test_without_its_parent_it_cannot_be_put_back(root: Root, job: Path) -> None:
    """It stays in the trash, and the outcome says so."""
    batch = unit_of(root, "scratch", "j1")
    (_aside(root, batch) / "late").touch()
    job.parent.rmdir()
    result = Units(root.require_state(), RUN, ()).take(None, batch, batch.entries[0])
    assert result.cause.endswith(
        "it cannot be put back (the directory above it is gone) and lies in `.rules/trash/r1/scratch/j1`"
    )


def test_what_may_not_go_any_more_is_given_back(root: Root, job: Path) -> None:
    """A killed step had set it aside; then somebody pinned it."""
    batch = unit_of(root, "scratch", "j1")
    step = Units(root.require_state(), RUN, ())
    with root.directory.open(RelPath("scratch")) as here:
        step.give_back(here, batch, batch.entries[0])
        _aside(root, batch)
        step.give_back(here, batch, batch.entries[0])
    assert (job / "b/c").exists()
    assert state_of(root) == []


def test_the_next_run_of_any_plan_finishes_what_was_proved(root: Root, job: Path) -> None:
    """What another run had begun to remove goes before the first step."""
    removing = Path(root.path) / ".rules/removing/0123456789abcdef"
    removing.mkdir(parents=True)
    job.rename(removing / "77-9")
    fill(root, "old/y")
    assert counts(apply(plan_of(root, batch_of(root, "old", "y")), root)) == {"done": 1}
    assert not removing.exists()


def test_a_run_with_a_deadline_leaves_the_rest_to_others(root: Root, job: Path) -> None:
    """It may be the rest of a large tree."""
    removing = Path(root.path) / ".rules/removing/0123456789abcdef"
    removing.mkdir(parents=True)
    job.rename(removing / "77-9")
    fill(root, "old/y")
    apply(plan_of(root, batch_of(root, "old", "y")), root, until=Instant(FixedClock().now() + 1))
    assert (removing / "77-9/a").exists()


def test_what_cannot_be_finished_is_said_and_stops_nobody(root: Root, job: Path) -> None:
    """The run is about its own steps."""
    removing = Path(root.path) / ".rules/removing/0123456789abcdef"
    removing.mkdir(parents=True)
    job.rename(removing / "77-9")
    fill(root, "old/y")
    heard: list[Event] = []
    with immutable(removing / "77-9/b/c"):
        plan = plan_of(root, batch_of(root, "old", "y"))
        assert counts(apply(plan, root, listen=heard.append)) == {"done": 1}
    where = ".rules/removing/0123456789abcdef/77-9/b/c"
    assert LeftBehind((f"`{where}` cannot be removed: Operation not permitted",)) in heard
