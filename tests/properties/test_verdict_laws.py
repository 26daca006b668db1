"""Files that share a judgement get the one that each would get alone, with every rule asked."""

import random
from collections.abc import Iterator
from dataclasses import replace

import msgspec
from drawn_units import unit_worlds
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as with_fields
from strategies import LAW, worlds
from world import World

from rules_engine.inventory.model import DirectoryFacts, FileFact
from rules_engine.plan.alike import Judge
from rules_engine.plan.decide import Judged, judge, would_go
from rules_engine.plan.model import Decision
from rules_engine.plan.owners import OwnerIndex
from rules_engine.plan.subject import Evidence
from rules_engine.values.quantities import EARLIEST, Instant
from rules_engine.values.vocabulary import EntryKind


@LAW
@given(st.one_of(worlds(), unit_worlds()))
def test_a_shared_judgement_is_that_of_every_file_alone(world: World) -> None:
    """The decision is the same, and so is what the rules say that select the file, or nearly do."""
    agrees_with_each_file_alone(world)


@LAW
@given(worlds(), st.integers(0, 10_000))
def test_a_judgement_is_shared_up_to_the_very_moment_at_which_files_differ(world: World, seed: int) -> None:
    """Also where hundreds of files beside each other fall due now, just before and just after, or cannot be aged."""
    agrees_with_each_file_alone(at_thresholds(world, seed))


def agrees_with_each_file_alone(world: World) -> None:
    """Judge all files of a world together and each alone, and compare."""
    seen = world.evidence
    index = OwnerIndex(world.jobs)
    # It remembers nothing, or next to nothing: then both ways are taken for files that are alike.
    judges = (Judge(world.policies, seen), Judge(world.policies, seen, remembered=1))
    for facts in world.directories:
        owners = index.of_directory(facts.path)
        for each in judges:
            groups = each.judge_directory(facts, owners)
            together = {
                file.name: (group.owners, told(group.judged, decision), goes_with(group.judged, world, seen))
                for group in groups
                for file, decision in group.decisions()
            }
            assert sum(len(group.files) for group in groups) == len(facts.files) == len(together)
            for file in facts.files:
                jobs = owners.of(file)
                alone = judge(file, jobs, world.policies, seen)
                ids, would = tuple(job.job_id for job in jobs), goes_with(alone, world, seen)
                assert together[file.name] == (ids, told(alone, alone.decision), would)


def goes_with(judged: Judged, world: World, seen: Evidence) -> list[bool]:
    """For each rule that only reports, whether the file would go by it."""
    reports = [rule for rule in world.policies.rules if rule.report_only]
    return [would_go(judged, rule, world.policies, seen) for rule in reports]


def at_thresholds(world: World, seed: int) -> World:
    """The same world with files beside the known ones whose times lie where some wait begins or ends."""
    chance = random.Random(seed)  # noqa: S311 - times, not secrets
    times = sorted({time + by for time in _moments(world) for by in (-1, 0, 1)})

    def time() -> Instant | None:
        return None if chance.random() < 0.02 else Instant(chance.choice(times))

    def crowd(facts: DirectoryFacts) -> Iterator[FileFact]:
        for one in facts.files:
            yield one
            if one.kind is EntryKind.FILE:
                for number in range(6):
                    vouched = chance.random() < 0.5
                    own = {"mtime_ns": time(), "ctime_ns": time(), "vouched": vouched, "size": chance.choice((1, 5, 6))}
                    yield msgspec.structs.replace(one, name=f"{number}{one.name}", **own)

    return replace(world, directories=tuple(with_fields(one, files=tuple(crowd(one))) for one in world.directories))


def _moments(world: World) -> Iterator[int]:
    """When something begins or ends: now, the end of each job, and each as long ago as some rule waits."""
    yield from (EARLIEST, world.now)
    ends = [end for job in world.jobs if (end := job.end(world.now)) is not None]
    yield from ends
    for rule in world.policies.rules:
        for wait in (rule.keep_for, *((rule.after.always, *dict(rule.after.by_status).values()) if rule.after else ())):
            yield from (world.now - wait, *(end - wait for end in ends)) if wait is not None else ()


def told(judged: Judged, decision: Decision) -> object:
    """What a plan takes from a judgement: the decision, and what was said beside which owner."""
    owners = [subject.owner.job.job_id if subject.owner else None for subject in judged.subjects]
    types = [(subject.file_type, subject.deliverable, subject.place) for subject in judged.subjects]
    said = [(one.pairs, one.keep, one.removal, one.reports, one.over) for one in judged.said]
    return decision, owners, types, said
