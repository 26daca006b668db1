"""The laws of a plan: its steps are the decisions, and nothing else."""

from hypothesis import event, given
from reached import reached
from strategies import LAW, worlds
from world import World

from rules_engine.plan.model import Because, Decision, Kept, NotDue, Remove, StepAction
from rules_engine.policy.model import Action
from rules_engine.values.paths import RelPath, join


@LAW
@given(worlds())
def test_removals_are_exactly_the_steps(world: World) -> None:
    """Each file that is decided to go is one step of that action and those rules; there is no other file step."""
    watched: dict[RelPath, Decision] = {}
    plan = world.plan(watch=lambda fact, decision: watched.update({fact.path: decision}))
    assert watched == world.decisions()
    steps = {
        join(batch.directory, entry.name): (batch.action, batch.rules, batch.deliverable, entry.due)
        for batch in plan.batches
        for entry in batch.entries
        if batch.action is not StepAction.REMOVE_DIRECTORY
    }
    assert steps == {
        path: (StepAction(one.action.value), one.rules, one.deliverable, one.due)
        for path, one in watched.items()
        if isinstance(one, Remove)
    }
    files = sum(count.files for action, count in plan.trailer.steps.items() if action != "remove_directory")
    assert files == len(steps)
    assert plan.trailer.looked_at.files == len(watched)
    assert sum(kept.total.files for kept in plan.trailer.kept) == sum(isinstance(one, Kept) for one in watched.values())
    assert bool(plan.trailer.refusals) == (len(steps) > 3)


@LAW
@given(worlds())
def test_a_removed_directory_was_emptied(world: World) -> None:
    """A directory goes only where all of it was listed, and every file and directory in it goes by the same plan."""
    plan = world.plan()
    steps = [(batch, entry) for batch in plan.batches for entry in batch.entries]
    going = {join(batch.directory, entry.name) for batch, entry in steps}
    order = [join(batch.directory, entry.name) for batch, entry in steps]
    listed = {one.path: one for one in world.directories}
    for batch, entry in steps:
        if batch.action is StepAction.REMOVE_DIRECTORY:
            event("removes a directory")
            path = join(batch.directory, entry.name)
            inside = {one.path for one in listed[path].files} | {join(path, one) for one in listed[path].subdirectories}
            assert listed[path].complete
            assert inside <= going
            assert all(order.index(one) < order.index(path) for one in inside)


def _outcome(decision: Decision) -> set[object]:
    match decision:
        case Kept(because=because):
            return {because}
        case Remove(action=action, deliverable=deliverable):
            return {action, "deliverable" if deliverable else "temporary"}
        case NotDue():
            return {NotDue}


def test_the_strategies_reach_every_outcome() -> None:
    """The laws are tried on worlds in which every reason, wait and removal occurs."""
    hoped = {*Because, Action.DELETE, Action.TRASH, "deliverable", "temporary", NotDue}
    assert reached(worlds(), lambda world: set().union(*map(_outcome, world.decisions().values())), hoped) == hoped
