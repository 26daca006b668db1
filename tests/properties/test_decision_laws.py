"""The laws of the decision, DESIGN "The decision": each holds for every world that the strategies make."""

from dataclasses import replace
from typing import Any

import msgspec
from drawn_marks import marks, pins
from hypothesis import assume, event, given
from hypothesis import strategies as st
from makers import NOW, written
from strategies import LAW, PAST, TIMES, TYPES, damages, jobs_of, keeps, removals, worlds
from world import World, due, removed, shuffled

from rules_engine.inventory.model import FileFact
from rules_engine.manifest.model import JobRecord
from rules_engine.plan.decide import decide, judge, would_go
from rules_engine.plan.given import Pin
from rules_engine.plan.model import Kept, NotDue, Remove
from rules_engine.plan.subject import subject_of
from rules_engine.policy.model import Action, Rule, Since
from rules_engine.values.paths import RelPath, join
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import JobStatus

SEEDS = st.integers(0, 10_000)


@LAW
@given(worlds(), SEEDS)
def test_order_never_matters(world: World, seed: int) -> None:
    """No decision and no byte of a plan depends on the order of rules, layouts, jobs, owners or files."""
    other = shuffled(world, seed)
    assert world.decisions() == other.decisions()
    assert written(world.plan()) == written(other.plan())
    seen = world.evidence
    for fact, owners in world.owned():
        assert decide(fact, owners, world.policies, seen) == decide(fact, owners[::-1], world.policies, seen)


@LAW
@given(worlds(), keeps("added"))
def test_adding_a_keep_rule_never_removes_more(world: World, rule: Rule) -> None:
    """With one more keep rule each decision stays what it was, or the file is kept; at most it is due since later."""
    before, after = world.decisions(), world.with_rules((*world.policies.rules, rule)).decisions()
    for path, decision in after.items():
        was = before[path]
        if isinstance(was, Remove) and isinstance(decision, Remove) and was.due < decision.due:
            # The `for` of the rule was over only then.
            was = replace(was, due=decision.due)
        assert decision == was or isinstance(decision, Kept)
    event("keeps more" if removed(before) - removed(after) else "keeps as much")


@LAW
@given(worlds(), pins)
def test_adding_a_pin_never_removes_more(world: World, pin: Pin) -> None:
    """With one more pin each decision stays what it was, or the file is kept, and no further directory goes.

    Of a pin that is over only this is left, that what it kept went no earlier than it ended.
    """
    more = replace(world, guards=replace(world.guards, pins=(*world.guards.pins, pin)))
    before, after = world.decisions(), more.decisions()
    for path, decision in after.items():
        if isinstance(decision, Remove) and decision != before[path]:
            assert pin.until is not None
            assert decision == replace(before[path], due=pin.until)
            assert before[path].due < pin.until <= world.now
        else:
            assert decision == before[path] or isinstance(decision, Kept)
    assert steps(more) <= steps(world)
    event("keeps more" if removed(before) - removed(after) else "keeps as much")


@LAW
@given(worlds(), marks)
def test_adding_a_keep_marker_never_removes_more(world: World, mark: tuple[RelPath, str]) -> None:
    """With one more keep marker each decision stays what it was, or the file is kept, and no further directory goes."""
    directory, marker = mark
    more = replace(world, marked={**world.marked, directory: marker})
    before, after = world.decisions(), more.decisions()
    for path, decision in after.items():
        assert decision == before[path] or isinstance(decision, Kept)
    assert steps(more) <= steps(world)
    event("keeps more" if removed(before) - removed(after) else "keeps as much")


def steps(world: World) -> set[tuple[str, RelPath]]:
    """Every step of the plan, directories too."""
    return {
        (batch.action, join(batch.directory, entry.name)) for batch in world.plan().batches for entry in batch.entries
    }


@LAW
@given(worlds(), jobs_of("z"))
def test_adding_an_owner_never_removes_more(world: World, owner: JobRecord) -> None:
    """A further owner of a file that has one makes nothing go, go earlier, or go for good instead of to the trash."""
    known = replace(world, jobs=(*world.jobs, owner))
    seen = known.evidence
    for fact, owners in world.owned():
        for kind in TYPES if owners else ():
            declares = replace(owner, files={fact.directory: {fact.name: kind}})
            one = replace(known, jobs=(*world.jobs, declares), ranks=seen.ranks).evidence
            before = decide(fact, owners, world.policies, seen)
            after = decide(fact, (*owners, declares), world.policies, one)
            if isinstance(after, Remove):
                assert isinstance(before, Remove)
                assert before.due <= after.due
                assert before.action is Action.DELETE or after.action is Action.TRASH
                assert set(before.rules) <= set(after.rules)


def unreadable(fact: FileFact, hidden: str) -> FileFact:
    """The file with one thing about it that cannot be read."""
    return msgspec.structs.replace(fact, **{hidden: None})


@LAW
@given(worlds(), st.sampled_from(("size", "mtime_ns", "ctime_ns")))
def test_what_cannot_be_read_never_removes_more(world: World, hidden: str) -> None:
    """A size or time that cannot be read removes nothing that any value it might hold would not remove."""
    seen = world.evidence
    values = (0, 5, 7, 10, 50) if hidden == "size" else [one for one in TIMES if one is not None]
    for fact, owners in world.owned():
        blind = decide(unreadable(fact, hidden), owners, world.policies, seen)
        if isinstance(blind, Remove):
            for value in set(values):
                told = decide(msgspec.structs.replace(fact, **{hidden: value}), owners, world.policies, seen)
                assert isinstance(told, Remove)
                # Since when it goes is the last moment that it might be: a keep rule about sizes may be over by then.
                assert told.due <= blind.due
                assert replace(told, due=blind.due) == blind


CHANGED = removals("changed", since=Since.CHANGED, deliverables=True, report_only=False)


@LAW
@given(worlds(), CHANGED, SEEDS)
def test_a_job_that_cannot_be_read_never_removes_more(world: World, rule: Rule, seed: int) -> None:
    """A job's end or parameter that is missing removes nothing that any value it might hold would not remove."""
    assume(world.jobs)
    # A rule that reads the times of the file alone: the failure shield is all that asks for the job's end.
    world = world if seed % 3 else world.with_rules((*world.policies.keep_rules, rule))
    at = seed % len(world.jobs)
    job = replace(world.jobs[at], status=JobStatus.FAILED) if seed % 2 else world.jobs[at]
    series = world.policies.layouts.get(job.job_type) is not None
    blank = {name: value for name, value in job.parameters.items() if name != "series"}

    def told(changed: JobRecord) -> set[RelPath]:
        return removed(replace(world, jobs=(*world.jobs[:at], changed, *world.jobs[at + 1 :])).decisions())

    endless = told(replace(job, ended=None))
    assert all(endless <= told(replace(job, ended=end)) for end in set(PAST) | {Instant(NOW + 1)})
    if series:
        silent = told(replace(job, parameters=blank))
        assert all(silent <= told(replace(job, parameters=blank | {"series": one})) for one in ("suits", "x", "y"))
    assert told(replace(job, status=JobStatus.UNTRUSTED)) <= told(job)


@LAW
@given(worlds(), damages)
def test_a_damaged_manifest_never_removes_more(world: World, damage: Any) -> None:
    """One more manifest that cannot be trusted leaves each decision as it was, or keeps the file."""
    guards = replace(world.guards, damaged=(*world.guards.damaged, damage))
    before, after = world.decisions(), replace(world, guards=guards).decisions()
    for path, decision in after.items():
        assert decision == before[path] or isinstance(decision, Kept)


@LAW
@given(worlds(), removals("one", report_only=False), removals("two", report_only=False), st.booleans())
def test_two_rules_of_one_class_wait_for_the_longer(world: World, one: Rule, two: Rule, otherwise: bool) -> None:
    """A file that either rule alone would remove goes when the later of them says, by both, and the milder way."""
    one, two = (replace(rule, otherwise=otherwise) for rule in (one, two))
    rest = world.policies.keep_rules
    first, second, both = (world.with_rules((*rest, *some)).decisions() for some in ((one,), (two,), (one, two)))
    seen = world.evidence
    for fact, owners in world.owned():
        path = fact.path
        alone = [due(first[path]), due(second[path])]
        subjects = [subject_of(fact, seen.owners[owner.job_id], world.policies) for owner in owners]
        if len(subjects) > 1 or not all(
            name in decision.rules for name, decision in (("one", first[path]), ("two", second[path]))
        ):
            continue
        if None not in alone:
            event("both select")
            assert due(both[path]) == max(alone)
            assert both[path].rules == ("one", "two")
        if isinstance(both[path], Remove):
            mild = Action.TRASH in {one.action, two.action}
            assert both[path].action is (Action.TRASH if mild else Action.DELETE)


@LAW
@given(worlds(), removals("report", report_only=True))
def test_report_only_changes_no_decision(world: World, rule: Rule) -> None:
    """A rule that only reports changes nothing; what would go by it is what goes once it is real."""
    reporting = world.with_rules((*world.policies.rules, rule))
    assert reporting.decisions() == world.decisions()
    acting = world.with_rules((*world.policies.rules, replace(rule, report_only=False))).decisions()
    seen = reporting.evidence
    for fact, owners in reporting.owned():
        judged = judge(fact, owners, reporting.policies, seen)
        goes = isinstance(acting[fact.path], Remove) and rule.name in acting[fact.path].rules
        assert would_go(judged, rule, reporting.policies, seen) == goes


@LAW
@given(worlds())
def test_planning_twice_gives_the_same_bytes(world: World) -> None:
    """The same inputs make the same plan file, byte for byte."""
    assert written(world.plan()) == written(world.plan())


@LAW
@given(worlds())
def test_a_running_jobs_files_always_stay(world: World) -> None:
    """No rule reaches a file with an owner that runs, or whose manifest is damaged."""
    seen = world.evidence
    for fact, owners in world.owned():
        held = [one for one in owners if seen.owners[one.job_id].status in {JobStatus.RUNNING, JobStatus.UNTRUSTED}]
        if held:
            decision = decide(fact, owners, world.policies, seen)
            assert isinstance(decision, Kept)
            assert decision.rules == ()


@LAW
@given(worlds())
def test_a_deliverable_needs_the_word(world: World) -> None:
    """What any owner's layout calls a deliverable goes only by rules that say so."""
    seen = world.evidence
    rules = {rule.name: rule for rule in world.policies.rules}
    for fact, owners in world.owned():
        decision = decide(fact, owners, world.policies, seen)
        if not isinstance(decision, Remove):
            continue
        views = [subject_of(fact, seen.owners[one.job_id], world.policies) for one in owners]
        views = views or [subject_of(fact, None, world.policies)]
        assert decision.deliverable == any(view.deliverable for view in views)
        if all(view.deliverable for view in views):
            event("removes a deliverable")
            assert all(rules[name].deliverables for name in decision.rules)
        if decision.deliverable:
            assert any(name in rules and rules[name].deliverables for name in decision.rules)
    plain = world.with_rules([replace(rule, deliverables=False) for rule in world.policies.rules])
    assert not any(isinstance(one, Remove) and one.deliverable for one in plain.decisions().values())


@LAW
@given(worlds(), st.integers(0, 10**18))
def test_time_only_ever_makes_due(world: World, later: int) -> None:
    """With nothing else changed a removal stays the same removal at any later time."""
    before, after = world.decisions(), world.later(Instant(world.now + later)).decisions()
    for path, decision in before.items():
        if isinstance(decision, Remove):
            assert after[path] == decision


@LAW
@given(worlds())
def test_what_is_not_due_goes_at_that_very_moment(world: World) -> None:
    """A file that waits stays until one nanosecond before the time that is named, and goes at it."""
    for path, decision in world.decisions().items():
        if isinstance(decision, NotDue):
            event("waits")
            at, before = (world.later(Instant(moment)) for moment in (decision.until, decision.until - 1))
            assert isinstance(at.decisions()[path], Remove)
            assert not isinstance(before.decisions()[path], Remove)
