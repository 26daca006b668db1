"""What the text of a plan says about its steps, gathered while they stream by."""

from collections.abc import Iterable, Iterator

import msgspec

from rules_engine.plan.model import Batch, Plan, StepAction
from rules_engine.values.paths import RelPath, join
from rules_engine.values.vocabulary import RuleName


class Sample(msgspec.Struct, frozen=True):
    """One step on a deliverable, to be shown at the head of the plan."""

    action: StepAction
    path: RelPath
    size: int
    rules: tuple[RuleName, ...]


class Overview(msgspec.Struct):
    """The first deliverables that a plan removes, or entries that it puts back; the plan itself is never in memory."""

    most: int = 10
    deliverables: list[Sample] = msgspec.field(default_factory=list)
    returning: list[Sample] = msgspec.field(default_factory=list)
    """The first entries that the plan puts back."""
    returns: int = 0
    """How many it puts back altogether."""

    def watch(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The same batches, looked at on their way."""
        for batch in batches:
            if batch.deliverable and len(self.deliverables) < self.most:
                self._sample(batch, self.deliverables)
            if batch.action is StepAction.RESTORE:
                self._sample(batch, self.returning)
                self.returns += len(batch.entries)
            yield batch

    def _sample(self, batch: Batch, into: list[Sample]) -> None:
        into += [
            Sample(batch.action, join(batch.directory, entry.name), entry.size, batch.rules)
            for entry in batch.entries[: self.most - len(into)]
        ]


def look_through(plan: Plan, *, most: int = 10) -> Overview:
    """Go through all batches of `plan` once, so that its trailer is whole, and keep what its text shows of them."""
    overview = Overview(most)
    for _ in overview.watch(plan.batches):
        pass
    return overview
