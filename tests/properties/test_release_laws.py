"""The laws of releases: what an earlier keep rule protects is what it would keep, were it still in the policies."""

from dataclasses import replace

from drawn_units import unit_worlds, whole
from hypothesis import event, given
from hypothesis import strategies as st
from strategies import LAW, keeps, worlds
from world import World, removed

from rules_engine.plan.given import EarlierKeep
from rules_engine.plan.model import Batch, Plan
from rules_engine.policy.model import Rule
from rules_engine.values.paths import RelPath, join


def after(world: World, *rules: Rule) -> World:
    """The world after policies with these keep rules were applied to it."""
    earlier = tuple(EarlierKeep(rule, f"old/cleanup.yaml:{at}", "") for at, rule in enumerate(rules))
    return replace(world, guards=replace(world.guards, earlier=earlier))


def released(plan: Plan, reason: str) -> set[RelPath]:
    """What goes for that reason although an earlier keep rule protects it."""
    return {
        join(batch.directory, entry.name)
        for batch in plan.batches
        if batch.reason == reason and batch.released
        for entry in batch.entries
    }


@LAW
@given(worlds(), keeps("earlier"))
def test_a_release_is_what_the_rule_would_keep_were_it_still_there(world: World, rule: Rule) -> None:
    """No file more and none less, whatever its owners, ages and ranks."""
    without = removed(world.decisions())
    beside = removed(world.with_rules((*world.policies.rules, rule)).decisions())
    found = released(after(world, rule).plan(), "due")
    assert found == without - beside
    event("releases" if found else "releases nothing")


@LAW
@given(unit_worlds(), keeps("earlier"))
def test_a_directory_that_goes_whole_is_a_release_where_the_rule_would_keep_it_whole(world: World, rule: Rule) -> None:
    """One protected file below is enough."""
    beside = whole(world.with_rules((*world.policies.rules, rule)))
    found = released(after(world, rule).plan(), "unit")
    assert found == whole(world) - beside
    event("releases" if found else "releases nothing")


@LAW
@given(st.one_of(worlds(), unit_worlds()), keeps("one"), keeps("other"))
def test_a_plan_with_releases_is_refused_and_has_the_same_steps(world: World, one: Rule, other: Rule) -> None:
    """Earlier rules decide about nothing: they only say what nobody may apply without having asked for it."""
    plan, before = after(world, one, other).plan(), world.plan()
    told = [line for line in plan.trailer.refusals if "--release" in line]
    assert bool(told) == bool(plan.trailer.releases)
    assert [replace(step, released=()) for step in _steps(plan)] == _steps(before)
    names = {name for batch in plan.batches for name in batch.released}
    assert names == {summary.name for summary in plan.trailer.releases}


def _steps(plan: Plan) -> list[Batch]:
    """Every step by itself: releases may cut a batch in pieces."""
    single = [
        replace(batch, entries=(entry,), wholes=batch.wholes[at : at + 1])
        for batch in plan.batches
        for at, entry in enumerate(batch.entries)
    ]
    return sorted(single, key=lambda batch: (batch.directory, batch.entries[0].name, batch.action))
