"""What becomes of one kind of file by one version of policies: how it goes, by itself or with its directory, or not."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from msgspec import structs

from rules_engine.analysis.effects import Ending
from rules_engine.analysis.fate import fate
from rules_engine.analysis.situation import Situation, Times
from rules_engine.analysis.whole import taken_whole
from rules_engine.plan.model import Kept, Remove
from rules_engine.policy.model import PolicySet, Since
from rules_engine.values.vocabulary import JobStatus, RuleName

_OTHER_CLOCKS: Final = frozenset({Since.CHANGED, Since.WRITTEN})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a kind of file by one version."""

    ending: Ending | None
    """Its `since` is the age at which it goes; None where it stays."""
    rules: tuple[RuleName, ...] = ()
    """The rules that decide it."""
    why: str = ""
    """Why it stays."""
    held_by: tuple[RuleName, ...] = ()
    """The rules that keep it until that very moment."""
    deliverable: bool = False
    whole: bool = False
    """Whether it goes with its directory; what else lies in there can only hold that back."""
    held_back: bool = False
    """Whether it would go with its directory, did nothing else that lies in there hold that back."""
    named: frozenset[RuleName] = field(default=frozenset(), compare=False)
    """Every rule that the decision named on the way."""


class Version:
    """One version, and what becomes of files by it."""

    def __init__(self, policies: PolicySet) -> None:
        self.policies = policies
        self._clocks = {rule.name for rule in policies.rules if rule.since in _OTHER_CLOCKS}

    def outcomes(self, situation: Situation) -> tuple[Outcome, Outcome]:
        """What becomes of the file as early as it can, by itself or with its directory; and where that is held back."""
        alone = _alone(self.policies, situation)
        taken = taken_whole(self.policies, situation) if self.policies.unit_rules else None
        if taken is None or (alone.ending is not None and alone.ending.since <= taken.age):
            return alone, alone
        removal = taken.removal
        ending = Ending(removal.action, taken.age, removal.rules)
        named = alone.named | {*removal.rules}
        whole = Outcome(ending, removal.rules, deliverable=removal.deliverable, whole=True, named=named)
        return whole, replace(alone, held_back=True)

    def reads_other_clocks(self, names: frozenset[RuleName]) -> bool:
        """Whether one of these rules does not count from the end of a job."""
        return not self._clocks.isdisjoint(names)


def _alone(policies: PolicySet, situation: Situation) -> Outcome:
    found = fate(policies, situation)
    named = frozenset(name for stage in found.stages for name in stage.decision.rules)
    last = found.ending.decision
    if not isinstance(last, Remove):
        # The last stage holds for ever, so nothing waits in it.
        return Outcome(None, last.rules, last.text if isinstance(last, Kept) else last.waits_for, named=named)
    ending = Ending(last.action, found.ending.age, last.rules)
    before = found.stages[-2].decision if len(found.stages) > 1 else last
    held_by = before.rules if isinstance(before, Kept) else ()
    return Outcome(ending, last.rules, held_by=held_by, deliverable=last.deliverable, named=named)


def with_times(situation: Situation, versions: tuple[Version, Version]) -> Iterator[Situation]:
    """The file with each of its times as the last one, where more than one of them can decide."""
    yield situation
    pairs = zip(versions, situation.selecting, strict=True)
    # The shield of a failed job counts from the end of the job alone.
    shielded = situation.status is JobStatus.FAILED
    if shielded or any(version.reads_other_clocks(names) for version, names in pairs):
        yield from (situation.aged(one) for one in Times if one is not Times.TOGETHER)
        # A seal vouches for the file of a situation; of any other its ctime counts as well.
        copied = situation.aged(Times.CHANGED_LAST)
        yield structs.replace(copied, file=structs.replace(copied.file, vouched=False))
