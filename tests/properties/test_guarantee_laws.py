"""Guarantees: no made-up world breaks what was proved, and what is shown is real."""

import os
from dataclasses import replace

from alone import plan_for
from drawn_units import unit_worlds
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from strategies import chosen, keeps, worlds
from world import World

from rules_engine.analysis.guarantees import Broken, NotKnown, Proved, hold
from rules_engine.inventory.model import FileFact
from rules_engine.manifest.model import JobRecord
from rules_engine.plan.decide import verdict_of
from rules_engine.plan.model import Decision, Remove
from rules_engine.plan.select import Matched
from rules_engine.plan.subject import Evidence, subject_of
from rules_engine.policy.model import Guarantee, Rule
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import RuleName

STATES = 60_000
EXAMPLES = int(os.environ.get("GUARANTEE_EXAMPLES", "60"))
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
        values = {"series": "suits", "language": "de", **job.parameters}
        jobs.append(replace(job, parameters=values, output=RelPath(f"out/{values['series']}")))
    return replace(world, jobs=tuple(jobs))


def speaks_of(rule: Rule, file: FileFact, owners: tuple[JobRecord, ...], world: World, seen: Evidence) -> bool:
    """Whether the rule certainly selects the file as one of its owners sees it."""
    views = [seen.owners[one.job_id] for one in owners] or [None]
    subjects = (subject_of(file, view, world.policies) for view in views)
    return any(isinstance(verdict_of(rule, one, seen), Matched) for one in subjects)


def gone(world: World) -> dict[RelPath, Decision]:
    """What a plan removes, by itself or with its directory."""
    found: dict[RelPath, Decision] = {}

    def watch(file: FileFact, decision: Decision) -> None:
        if isinstance(decision, Remove):
            found[file.path] = decision

    world.plan(watch)
    return found


@TRIED
@given(st.one_of(worlds(), unit_worlds()), guarantees())
def test_what_was_proved_no_world_breaks_and_what_is_shown_is_real(drawn: World, guarantee: Guarantee) -> None:
    """A file that a proved guarantee speaks of never goes; the example of a broken one goes by a plan of its own."""
    world = as_laid_out(drawn)
    (answer,) = hold(world.policies, [guarantee], STATES)
    event(type(answer).__name__)
    match answer:
        case Proved():
            seen, removed = world.evidence, gone(world)
            for file, owners in world.owned():
                if file.path in removed:
                    assert not speaks_of(guarantee.rule, file, owners, world, seen), (file, removed[file.path])
        case Broken(situation=situation) if not situation.places:
            decision = plan_for(world.policies, answer)[situation.path]
            assert isinstance(decision, Remove)
            assert decision.rules == answer.taken.removal.rules
        case Broken() | NotKnown():
            pass


@TRIED
@given(st.one_of(worlds(), unit_worlds()), guarantees())
def test_rules_that_are_asked_one_by_one_give_the_same_answer(drawn: World, guarantee: Guarantee) -> None:
    """With so small a budget that all rules together are too many, what is known is what is known at once."""
    policies = drawn.policies
    (at_once,) = hold(policies, [guarantee], 20 * STATES)
    (apart,) = hold(policies, [guarantee], 2_000)
    event(f"{type(at_once).__name__} {type(apart).__name__}")
    assert isinstance(apart, (NotKnown, type(at_once)))
