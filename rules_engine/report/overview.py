"""What the text of a plan says about its steps, gathered while they stream by."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from rules_engine.plan.model import Batch, Plan, StepAction
from rules_engine.values.paths import RelPath, join
from rules_engine.values.vocabulary import RuleName


@dataclass(frozen=True, slots=True)
class Sample:
    """One step on a deliverable, to be shown at the head of the plan."""

    action: StepAction
    path: RelPath
    size: int
    rules: tuple[RuleName, ...]


@dataclass(slots=True)
class Overview:
    """The first deliverables that a plan removes; the plan itself is never held in memory."""

    most: int = 10
    deliverables: list[Sample] = field(default_factory=list)

    def watch(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The same batches, looked at on their way."""
        for batch in batches:
            if batch.deliverable and len(self.deliverables) < self.most:
                self._sample(batch)
            yield batch

    def _sample(self, batch: Batch) -> None:
        room = self.most - len(self.deliverables)
        self.deliverables += [
            Sample(batch.action, join(batch.directory, entry.name), entry.size, batch.rules)
            for entry in batch.entries[:room]
        ]


def look_through(plan: Plan, *, most: int = 10) -> Overview:
    """Go through all batches of `plan` once, so that its trailer is whole, and keep what its text shows of them."""
    overview = Overview(most)
    for _ in overview.watch(plan.batches):
        pass
    return overview
