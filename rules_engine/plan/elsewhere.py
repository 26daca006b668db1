"""Parts of a plan that other processes decide: what they are told, and what they tell.

Each part holds whatever a decision about it has to see, so that the batches of all parts in order, and the sums of all
processes in any order, are those that one process comes to.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from rules_engine.inventory.model import Inventory, Relief, Source
from rules_engine.manifest.model import JobRecord
from rules_engine.plan.deciding import Deciding, Sums
from rules_engine.plan.given import Ask, Guards
from rules_engine.plan.model import Batch
from rules_engine.plan.owners import OwnerIndex
from rules_engine.plan.standing import Ranks
from rules_engine.plan.staying import Staying
from rules_engine.plan.subject import gather_evidence
from rules_engine.policy.model import PolicySet
from rules_engine.values.quantities import Instant


@dataclass(frozen=True, slots=True)
class Task:
    """All that a decision hangs on beside the disk."""

    policies: PolicySet
    jobs: tuple[JobRecord, ...]
    guards: Guards
    now: Instant
    ask: Ask
    ranks: Ranks
    source: Source

    def deciding(self, inventory: Inventory, staying: Staying) -> Deciding:
        """What decides about parts of `inventory` as the process does that hands them out."""
        seen = gather_evidence(self.policies, self.jobs, self.guards, now=self.now, marked=inventory.marked)
        seen = replace(seen, ranks=self.ranks)
        return Deciding(self.policies, OwnerIndex(self.jobs), seen, self.ask, staying)


class Deciders(Relief, Protocol):
    """Other processes that decide parts of a plan."""

    def prepare(self, task: Task) -> None:
        """What they are to be told, once they are wanted."""

    def decide(self, inventory: Inventory, staying: Staying) -> Iterator[Batch]:
        """The steps of what was left to them, in order; what stays is told to `staying`, also in order.

        Raises:
            RulesError: what one of them met, or that it ended too early.
        """

    def sums(self, inventory: Inventory) -> Iterator[Sums]:
        """What each of them came to in all; what it found besides directories goes into `inventory`."""

    def end(self) -> None:
        """Let them end, whatever they are at."""
