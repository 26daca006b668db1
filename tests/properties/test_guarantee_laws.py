"""Guarantees: no made-up world breaks what was proved, and what is shown is real."""

import os
import re
from dataclasses import replace
from functools import cache

from alone import plan_for
from drawn_units import unit_worlds
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from makers import days_ago, keep, wide
from msgspec.structs import replace as with_fields
from strategies import chosen, keeps, worlds
from world import World

from rules_engine.analysis import guarantees as proofs
from rules_engine.analysis.guarantees import Broken, NotKnown, Proved, hold
from rules_engine.inventory.model import FileFact
from rules_engine.manifest.model import JobRecord
from rules_engine.plan.ages import aged_from
from rules_engine.plan.decide import verdict_of
from rules_engine.plan.model import Decision, Remove
from rules_engine.plan.select import Matched, Unknown
from rules_engine.plan.subject import Evidence, subject_of
from rules_engine.policy.budget import Budget, BudgetSpentError
from rules_engine.policy.model import FileSelector, Guarantee, JobSelector, Rule, Since, Tracked
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import Duration
from rules_engine.values.vocabulary import RuleName

STATES, FEW = 60_000, 4_000
EXAMPLES = int(os.environ.get("GUARANTEE_EXAMPLES", "50"))
"""How many examples each law is tried with; `./dev guarantees` asks for more."""
TRIED = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def guarantees() -> st.SearchStrategy[Guarantee]:
    """A guarantee with the words of a keep rule; a rank is none of them."""
    everywhere = chosen(lambda everywhere: everywhere, everywhere=(False, False, True))
    return st.builds(_guarantee, keeps("said"), everywhere)


def _guarantee(rule: Rule, everywhere: bool) -> Guarantee:
    jobs = replace(rule.jobs, newest=None, per=())
    files = replace(rule.files, match=None) if everywhere else rule.files
    return Guarantee("said", replace(rule, name=RuleName("guarantees.said"), jobs=jobs, files=files))


def as_laid_out(world: World) -> World:
    """The same world with every job where its layout places it, and every parameter said."""
    jobs: list[JobRecord] = []
    for job in world.jobs:
        layout = world.policies.layouts.get(job.job_type)
        said = {"series": "suits", "language": "de", **job.parameters}
        values = {name: said[name] for name, _ in layout.parameters} if layout is not None else said
        jobs.append(replace(job, parameters=values, output=RelPath(f"out/{values['series']}")))
    return replace(world, jobs=tuple(jobs))


def speaks_of(rule: Rule, file: FileFact, owners: tuple[JobRecord, ...], world: World, seen: Evidence) -> bool:
    """Whether the rule certainly selects the file as one of its owners sees it."""
    views = [seen.owners[one.job_id] for one in owners] or [None]
    subjects = (subject_of(file, view, world.policies) for view in views)
    return any(isinstance(verdict_of(rule, one, seen), Matched) for one in subjects)


AGES = (0.0, 0.4, 0.9, 1.1, 3.0, 4.5, 5.5, 16.0, 21.0, 400.0)
times = st.lists(st.tuples(*[st.sampled_from(AGES)] * 3), min_size=8, max_size=8)
"""Ages of the end of every job, and of the mtime and ctime of every file."""


def at_times(world: World, ended: float, written: float, changed: float) -> World:
    """The same world with these ages; ranks are as they were."""
    jobs = tuple(replace(job, ended=days_ago(ended), started=days_ago(1000)) for job in world.jobs)
    newer = {"mtime_ns": days_ago(written), "ctime_ns": days_ago(changed)}
    directories = tuple(
        with_fields(one, files=tuple(with_fields(file, **newer) for file in one.files)) for one in world.directories
    )
    return replace(world, jobs=jobs, directories=directories, ranks=world.evidence.ranks)


def gone(world: World) -> dict[RelPath, Decision]:
    """What a plan removes, by itself or with its directory."""
    found: dict[RelPath, Decision] = {}

    def watch(file: FileFact, decision: Decision) -> None:
        if isinstance(decision, Remove):
            found[file.path] = decision

    world.plan(watch)
    return found


def broken_in(world: World, guarantee: Guarantee) -> list[tuple[FileFact, Decision]]:
    """The files that break a guarantee in a world."""
    seen, removed = world.evidence, gone(world)
    return [
        (file, removed[file.path])
        for file, owners in world.owned()
        if file.path in removed and speaks_of(guarantee.rule, file, owners, world, seen)
    ]


@TRIED
@given(st.one_of(worlds(), unit_worlds()), guarantees(), times)
def test_what_was_proved_no_world_breaks_and_what_is_shown_is_real(
    drawn: World, guarantee: Guarantee, ages: list[tuple[float, float, float]]
) -> None:
    """A file that a proved guarantee speaks of never goes; the example of a broken one goes by a plan of its own."""
    world = as_laid_out(drawn)
    (answer,) = hold(world.policies, [guarantee], STATES)
    event(type(answer).__name__)
    match answer:
        case Proved():
            for one in (world, *(at_times(world, *some) for some in ages)):
                assert not broken_in(one, guarantee)
        case Broken(situation=situation) if not situation.places:
            policies = replace(world.policies, settings=replace(world.policies.settings, debug=False))
            decision = plan_for(policies, answer)[situation.path]
            assert isinstance(decision, Remove)
            assert decision.rules == answer.taken.removal.rules
        case Broken() | NotKnown():
            pass


def just_longer(file: FileFact, owners: tuple[JobRecord, ...], since: Since | None, world: World) -> Guarantee | None:
    """The guarantee that the file stays for a moment longer than it is old now; None where its age is not known."""
    seen = world.evidence
    owner = seen.owners[owners[0].job_id] if owners else None
    subject = subject_of(file, owner, world.policies)
    base = aged_from(since, subject, world.now)
    if isinstance(base, Unknown):
        return None
    pattern = f"/{re.sub('[^A-Za-z0-9_./-]', '?', file.path)}"
    longer = Duration(world.now - base + 1)
    files = FileSelector(match=wide(pattern), tracked=Tracked.UNTRACKED)
    jobs = JobSelector()
    if owner is not None:
        # Of nothing but files like this one: what breaks it by another kind of file would say less.
        types = None if subject.file_type is None else frozenset({subject.file_type})
        files = replace(files, tracked=Tracked.TRACKED, types=types)
        jobs = JobSelector(frozenset({owner.job.job_type}), frozenset({owner.status.counts_as}))
    return Guarantee("said", keep("guarantees.said", jobs=jobs, files=files, since=since, keep_for=longer))


@TRIED
@given(st.one_of(worlds(), unit_worlds()), st.sampled_from([None, *Since]))
def test_a_file_that_goes_breaks_the_guarantee_that_it_stays_a_moment_longer(drawn: World, since: Since | None) -> None:
    """Whatever goes, by itself or with its directory, by whichever clock: the proof finds that it can."""
    world = as_laid_out(drawn)
    removed = gone(world)
    said = [
        found
        for file, owners in world.owned()
        if file.path in removed and (found := just_longer(file, owners, since, world)) is not None
    ][:3]
    for guarantee, answer in zip(said, hold(world.policies, said, STATES), strict=True):
        event(type(answer).__name__)
        assert not isinstance(answer, Proved), answer
        # As if all rules together were too many.
        apart = proofs._ask_apart(world.policies, guarantee, Budget(STATES))
        assert isinstance(apart, Broken)


@TRIED
@given(st.one_of(worlds(), unit_worlds()), guarantees())
def test_rules_that_are_asked_one_by_one_give_the_same_answer(drawn: World, guarantee: Guarantee) -> None:
    """As all rules asked together about every kind of file that they tell apart; less to spend tells no more."""
    policies = replace(drawn.policies, settings=replace(drawn.policies.settings, debug=False))
    answer, cheap = hold(policies, [guarantee], STATES)[0], hold(policies, [guarantee], FEW)[0]
    assert isinstance(cheap, (NotKnown, type(answer)))
    try:
        together = proofs._ask(policies, policies, guarantee, Budget(STATES))
    except BudgetSpentError:
        event("too many together")
        return
    event(type(answer).__name__)
    assert isinstance(answer, Broken) is isinstance(together, Broken)


@TRIED
@given(st.one_of(worlds(), unit_worlds()))
def test_what_goes_by_several_rules_goes_by_each_of_them_alone(drawn: World) -> None:
    """Other removals only delay it, and keep rules only keep; a directory goes by the rule that names the outermost."""
    world = replace(drawn, ranks=drawn.evidence.ranks)
    by_name = {rule.name: rule for rule in world.policies.rules}

    @cache
    def alone(name: RuleName) -> dict[RelPath, Decision]:
        rule = by_name.get(name)
        some = replace(world.policies, rules=(rule,) if rule is not None else (), built_in=rule is None)
        return gone(replace(world, policies=some))

    for path, decision in gone(world).items():
        assert isinstance(decision, Remove)
        whole = any(name in by_name and by_name[name].unit is not None for name in decision.rules)
        takes = [path in alone(name) for name in decision.rules]
        assert any(takes) if whole else all(takes)
