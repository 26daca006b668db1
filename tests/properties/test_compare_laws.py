"""The laws of comparing two versions: nothing can be removed more where it says so, and what it shows is so."""

from collections.abc import Iterator
from dataclasses import replace

from drawn_units import unit_rules, unit_worlds
from hypothesis import event, given
from hypothesis import strategies as st
from strategies import FEWER, keeps, policy_sets, removals, worlds
from world import World

from rules_engine.analysis.compare import Difference, compare
from rules_engine.analysis.effects import Effect
from rules_engine.inventory.model import FileFact
from rules_engine.plan.decide import decide
from rules_engine.plan.given import Guards
from rules_engine.plan.model import Because, Decision, Kept, NotDue, Remove
from rules_engine.plan.subject import gather_evidence
from rules_engine.policy.budget import Budget
from rules_engine.policy.model import PolicySet, Rule
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY, FOREVER, Instant

"""A comparison asks about more files than any world has."""
ENOUGH = 300_000
_CANNOT_TELL = frozenset({Because.UNKNOWN, Because.KEEP_RULE_CANNOT_TELL})


@st.composite
def changed(draw: st.DrawFn, policies: PolicySet) -> PolicySet:
    """The same policies with one rule more, fewer or another one, or other ones altogether."""
    rules = list(policies.rules)
    match draw(st.sampled_from(("more", "whole", "fewer", "other", "settings", "all"))):
        case "more":
            rules.append(draw(removals("new")))
        case "whole":
            rules.append(draw(unit_rules("new")))
        case "fewer" if rules:
            rules.pop(draw(st.integers(0, len(rules) - 1)))
        case "other" if rules:
            at = draw(st.integers(0, len(rules) - 1))
            rules[at] = draw(_another(rules[at]))
        case "settings":
            return replace(policies, settings=draw(policy_sets()).settings)
        case _:
            return draw(policy_sets())
    return replace(policies, rules=tuple(rules))


def _another(rule: Rule) -> st.SearchStrategy[Rule]:
    """A rule of the same kind and name."""
    if not rule.decides_files:
        return unit_rules(rule.name)
    return removals(rule.name) if rule.is_removal else keeps(rule.name)


@st.composite
def changes(draw: st.DrawFn) -> tuple[World, World]:
    """A world by two versions of its policies."""
    world = draw(st.one_of(worlds(), unit_worlds()))
    return world, replace(world, policies=draw(changed(world.policies)))


@FEWER
@given(changes())
def test_what_is_said_to_change_is_all_that_does_and_what_is_shown_is_so(both: tuple[World, World]) -> None:
    """Each witness ends as it is said; and where nothing more can be removed, random search finds no such file."""
    old, new = both
    found = compare(old.policies, new.policies, Budget(ENOUGH))
    for difference in found.differences:
        event(difference.effect)
        _replay(difference, old.policies, new.policies)
    if not found.removes_more:
        _search(old, new)


def _search(old: World, new: World) -> None:
    """Look for a file that goes by the new version at a moment at which it stays by the old one."""
    for moment in _moments(old, new):
        before, after = _planned(old.later(moment)), _planned(new.later(moment))
        for path, decision in after.items():
            if isinstance(decision, Remove) and not _cannot_tell(before[path]):
                assert isinstance(before[path], Remove), (path, moment, before[path], decision)


def _planned(world: World) -> dict[RelPath, Decision]:
    """What a plan does with each file, by itself or with its directory."""
    found: dict[RelPath, Decision] = {}

    def note(file: FileFact, decision: Decision) -> None:
        found[file.path] = decision

    world.plan(note)
    return found


def _moments(old: World, new: World) -> Iterator[Instant]:
    """Now, when something is due by either version, and long after."""
    found = {old.now, Instant(old.now + 50 * DAY), Instant(old.now + 500 * DAY)}
    for world in (old, new):
        waits = [one.until for one in world.decisions().values() if isinstance(one, NotDue)]
        found |= {Instant(until) for until in waits if until < FOREVER - DAY}
    yield from sorted(found)[:6]


def _cannot_tell(decision: Decision) -> bool:
    # What cannot be told is kept by either version; a version that does not ask can tell.
    return isinstance(decision, Kept) and decision.because in _CANNOT_TELL


def _replay(found: Difference, old: PolicySet, new: PolicySet) -> None:
    """At the age that is said it goes so, and not a nanosecond before; by the other version it does not."""
    for policies, outcome in ((old, found.before), (new, found.after)):
        if outcome.whole:
            # The decision about a file does not speak of its directory.
            return
        if outcome.ending is None:
            assert not isinstance(_decided(found, policies, 2_000 * DAY), Remove)
            continue
        going = _decided(found, policies, outcome.ending.since)
        assert isinstance(going, Remove)
        assert (going.action, going.rules) == (outcome.ending.action, outcome.rules)
        if outcome.ending.since > 0:
            assert not isinstance(_decided(found, policies, outcome.ending.since - 1), Remove)
    if found.effect is Effect.SOONER:
        assert found.after.ending is not None
        assert not isinstance(_decided(found, old, found.after.ending.since), Remove)


def _decided(found: Difference, policies: PolicySet, age: int) -> Decision:
    """What the decision says of the witness at that age, asked anew."""
    situation = found.witness
    seen = gather_evidence(policies, situation.owners, Guards(), now=Instant(situation.born + age))
    return decide(situation.file, situation.owners, policies, replace(seen, ranks=situation.ranks))


@FEWER
@given(worlds())
def test_equal_policies_differ_nowhere(world: World) -> None:
    """However their rules are ordered."""
    turned = replace(world.policies, rules=world.policies.rules[::-1])
    found = compare(world.policies, turned, Budget(ENOUGH))
    assert (found.differences, found.removes_more) == ((), False)
