"""What becomes of one file over time, as the decision that plans make says it at every moment that matters.

for situation in situations([policies], Budget(200_000)):
    ending = fate(policies, situation).ending
"""

from dataclasses import replace

import msgspec

from rules_engine.analysis.situation import Situation
from rules_engine.plan.ages import aged_from
from rules_engine.plan.decide import Judgement, judge
from rules_engine.plan.given import Guards
from rules_engine.plan.model import Decision, Kept, NotDue, Remove
from rules_engine.plan.select import Matched, Unknown
from rules_engine.plan.subject import Evidence, gather_evidence
from rules_engine.policy.model import PolicySet
from rules_engine.values.quantities import FOREVER, Duration, Instant


class Stage(msgspec.Struct, frozen=True):
    """What is decided from some age on, until the next stage."""

    age: Duration
    """Counted from the last thing that happened to the file or its job."""
    decision: Decision


class Fate(msgspec.Struct, frozen=True):
    """The stages in order, the first from the age of zero on; the last one holds for ever."""

    stages: tuple[Stage, ...]

    @property
    def ending(self) -> Stage:
        """What holds in the end: the file stays, or goes from that age on."""
        return self.stages[-1]

    @property
    def removal(self) -> Remove | None:
        """How the file goes in the end; None where it stays."""
        return self.ending.decision if isinstance(self.ending.decision, Remove) else None


def fate(policies: PolicySet, situation: Situation) -> Fate:
    """What `policies` do with the file, from the last thing that happened to it until nothing changes any more."""
    seen = evidence(policies, situation, situation.born)
    stages: list[Stage] = []
    moment: Instant | None = situation.born
    while moment is not None:
        seen = replace(seen, now=moment)
        judged = judge(situation.file, situation.owners, policies, seen)
        if not stages or stages[-1].decision != judged.decision:
            stages.append(Stage(Duration(moment - situation.born), judged.decision))
        moment = _next_moment(judged, policies, seen)
    return Fate(tuple(stages))


def judged_at(policies: PolicySet, situation: Situation, age: int) -> Judgement:
    """The decision at that age, and what each rule said."""
    seen = evidence(policies, situation, Instant(situation.born + age))
    return judge(situation.file, situation.owners, policies, seen)


def evidence(policies: PolicySet, situation: Situation, now: Instant) -> Evidence:
    """What the decision sees of a root that has this file alone."""
    seen = gather_evidence(policies, situation.owners, Guards(), now=now)
    return replace(seen, ranks=situation.ranks)


def _next_moment(judged: Judgement, policies: PolicySet, seen: Evidence) -> Instant | None:
    """When something else may be decided: a removal does not wait any more, or the `for` of a keep rule ends."""
    decision = judged.decision
    if isinstance(decision, NotDue):
        return decision.until
    if not isinstance(decision, Kept):
        return None
    ends = [
        base + rule.keep_for
        for subject, said in zip(judged.subjects, judged.verdicts, strict=True)
        for rule, verdict in zip(policies.file_rules, said, strict=True)
        if rule.keep_for is not None and isinstance(verdict, Matched)
        if not isinstance(base := aged_from(rule.since, subject, seen.now), Unknown)
    ]
    coming = [end for end in ends if seen.now < end < FOREVER]
    return Instant(min(coming)) if coming else None
