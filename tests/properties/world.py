"""One world that a plan is made from, and what the laws ask of it."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from makers import NOW
from msgspec.structs import replace as with_fields

from rules_engine.inventory.model import DirectoryFacts, FileFact, Inventory, Problem, Skipped
from rules_engine.manifest.model import JobRecord
from rules_engine.plan.decide import decide
from rules_engine.plan.deciding import NOBODY, Watch
from rules_engine.plan.given import Ask, Guards
from rules_engine.plan.model import Decision, NotDue, Plan, Remove
from rules_engine.plan.owners import OwnerIndex
from rules_engine.plan.planner import make_plan
from rules_engine.plan.ranks import with_ranks
from rules_engine.plan.standing import Ranks
from rules_engine.plan.subject import Evidence, gather_evidence
from rules_engine.policy.model import PolicySet, Rule
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import Instant, instant_to_datetime


@dataclass(frozen=True)
class World:
    """Everything that one plan is made from."""

    policies: PolicySet
    jobs: tuple[JobRecord, ...]
    directories: tuple[DirectoryFacts, ...]
    guards: Guards
    now: Instant = NOW
    marked: Mapping[RelPath, str] = field(default_factory=dict)
    """Directories with a keep marker, and its name."""
    ranks: Ranks | None = None
    """Ranks that are given; else those that this world has."""

    @property
    def evidence(self) -> Evidence:
        """What a decision sees of this world, read anew."""
        seen = gather_evidence(self.policies, self.jobs, self.guards, now=self.now, marked=self.marked)
        return with_ranks(seen, self.policies, self.look_at) if self.ranks is None else replace(seen, ranks=self.ranks)

    def look_at(self, _jobs: Sequence[JobRecord]) -> Inventory:
        """What some jobs have: whoever looks finds everything."""
        return Inventory(self.directories)

    def later(self, now: Instant) -> "World":
        """The same world at another moment; who is among the newest is as it was."""
        return replace(self, now=now, ranks=self.evidence.ranks)

    def owned(self) -> list[tuple[FileFact, tuple[JobRecord, ...]]]:
        """Every file with its owners."""
        index = OwnerIndex(self.jobs)
        return [(fact, index.of_directory(one.path).of(fact)) for one in self.directories for fact in one.files]

    def decisions(self) -> dict[RelPath, Decision]:
        """What is decided for each file, one by one."""
        seen = self.evidence
        return {fact.path: decide(fact, owners, self.policies, seen) for fact, owners in self.owned()}

    def with_rules(self, rules: Sequence[Rule]) -> "World":
        """The same world under other rules."""
        return replace(self, policies=replace(self.policies, rules=tuple(rules)))

    def plan(self, watch: Watch = NOBODY) -> Plan:
        """The plan for all of it, its batches in memory."""
        problems = [Problem(RelPath("locked"), "permission denied")]
        skipped = [Skipped(RelPath("mnt\udcff"), "another filesystem")]
        inventory = Inventory(self.directories, self.look_at, problems, skipped, marked=dict(self.marked), walked=True)
        now = instant_to_datetime(self.now)
        ask = Ask(limits={"files": 3, "bytes": None})
        return make_plan(self.policies, self.jobs, inventory, self.guards, now=now, ask=ask, watch=watch).collected()


def removed(decisions: dict[RelPath, Decision]) -> set[RelPath]:
    """The paths that go."""
    return {path for path, decision in decisions.items() if isinstance(decision, Remove)}


def due(decision: Decision) -> int | None:
    """When a file goes; None where it stays."""
    match decision:
        case Remove(due=since):
            return since
        case NotDue(until=until):
            return until
        case _:
            return None


def shuffled(world: World, seed: int) -> World:
    """The same world with everything that has no order of its own in another one."""
    chance = random.Random(seed)  # noqa: S311 - an order, not a secret

    def mixed(some: Iterable[Any]) -> tuple[Any, ...]:
        found = list(some)
        chance.shuffle(found)
        return tuple(found)

    return replace(
        world,
        policies=replace(
            world.policies,
            rules=mixed(world.policies.rules),
            layouts=dict(mixed(world.policies.layouts.items())),
        ),
        guards=replace(world.guards, pins=mixed(world.guards.pins)),
        jobs=tuple(replace(job, aliases=mixed(job.aliases)) for job in mixed(world.jobs)),
        directories=tuple(with_fields(one, files=mixed(one.files)) for one in world.directories),
    )
