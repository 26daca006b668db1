"""The laws of directories that go whole and of empty ones, in every world that the strategies make."""

from dataclasses import replace

from drawn_marks import marks, pins
from drawn_units import gone, unit_rules, unit_worlds, whole
from hypothesis import event, find, given, settings
from hypothesis import strategies as st
from makers import written
from strategies import LAW, keeps
from world import World, removed, shuffled

from rules_engine.plan.decide import decide
from rules_engine.plan.given import Pin
from rules_engine.plan.model import Because, Kept, NotDue
from rules_engine.policy.model import Rule
from rules_engine.values.paths import RelPath, is_below


@LAW
@given(unit_worlds())
def test_a_unit_holds_no_file_that_a_decision_keeps(world: World) -> None:
    """Below a directory that goes whole every file goes by itself too, or no rule selects it."""
    units, seen = whole(world), world.evidence
    for fact, owners in world.owned():
        if any(is_below(fact.path, unit) for unit in units):
            decision = decide(fact, owners, world.policies, seen)
            assert not isinstance(decision, NotDue)
            assert not isinstance(decision, Kept) or decision.because is Because.NO_RULE
    event("some go whole" if units else "none goes whole")


@LAW
@given(unit_worlds(), keeps("added"))
def test_adding_a_keep_rule_never_takes_a_directory_whole(world: World, rule: Rule) -> None:
    """With one more keep rule no other directory goes whole, and nothing goes that stayed."""
    more = world.with_rules((*world.policies.rules, rule))
    assert whole(more) <= whole(world)
    assert gone(more) <= gone(world)
    event("keeps more" if gone(more) != gone(world) else "keeps as much")


@LAW
@given(unit_worlds(), st.one_of(pins, marks))
def test_adding_a_pin_or_a_marker_never_takes_a_directory_whole(world: World, mark: Pin | tuple[RelPath, str]) -> None:
    """With one more pin or keep marker no other directory goes whole, and nothing goes that stayed."""
    if isinstance(mark, Pin):
        more = replace(world, guards=replace(world.guards, pins=(mark,)))
    else:
        more = replace(world, marked=dict([mark]))
    assert whole(more) <= whole(world)
    assert gone(more) <= gone(world)


@LAW
@given(unit_worlds(), unit_rules("unit-added"))
def test_a_unit_rule_delays_and_hides_no_file_rule(world: World, rule: Rule) -> None:
    """With one more unit rule every file goes that went by a file rule of a policy, singly or with its directory."""
    without = replace(world, policies=replace(world.policies, built_in=False))
    more = without.with_rules((*without.policies.rules, rule))
    assert removed(without.decisions()) == removed(more.decisions())
    assert removed(more.decisions()) <= gone(more)


@LAW
@given(unit_worlds(), st.integers(0, 10_000))
def test_the_order_of_nothing_matters_to_a_unit(world: World, seed: int) -> None:
    """The same bytes whatever the order of rules, jobs and files."""
    assert written(world.plan()) == written(shuffled(world, seed).plan())


@LAW
@given(unit_worlds())
def test_a_rule_that_only_reports_takes_nothing_whole(world: World) -> None:
    """Without the rules that only report the plan does the same."""
    acting = world.with_rules([rule for rule in world.policies.rules if not rule.report_only])
    assert gone(acting) == gone(world)
    assert whole(acting) == whole(world)


def test_the_strategies_take_directories_whole() -> None:
    """Worlds in which a workspace, another directory and an empty one go are found."""
    seen = settings(max_examples=3_000, database=None)
    assert find(unit_worlds(), lambda world: RelPath("scratch/a") in whole(world), settings=seen)
    assert find(unit_worlds(), lambda world: RelPath("misc/x") in whole(world), settings=seen)
    assert find(unit_worlds(), lambda world: RelPath("misc/none") in gone(world) - whole(world), settings=seen)
