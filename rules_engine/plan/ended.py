"""Files of ended jobs that differ in nothing but when that was: judged once for all of these jobs.

Of a sealed file that has not changed since its job ended no time counts but that end. What rules see of a job takes few
values, so that of ten thousand jobs only the first of each sort costs a decision, and the others an addition.
"""

from collections.abc import Hashable

import msgspec
from msgspec.structs import replace as with_fields

from rules_engine.inventory.model import FileFact
from rules_engine.plan.ages import Wait
from rules_engine.plan.decide import Judged, removal_of
from rules_engine.plan.kinds import WHATEVER_TIME, keeps_for_a_time, schedule_of_due, selecting
from rules_engine.plan.model import Kept, NotDue
from rules_engine.plan.protect import protection_by_owner
from rules_engine.plan.subject import Evidence, Owner
from rules_engine.plan.verdicts import Verdicts
from rules_engine.policy.model import PolicySet, Rule
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import JobStatus, Place


class EndedKind(msgspec.Struct, frozen=True):
    """What is decided about files that are as old as the end of their job, whenever that was."""

    judged: Judged
    """For one of these jobs."""
    rules: tuple[Rule, ...] = ()
    """The removal rules that select them; none where they stay."""
    wait: Wait | None = None
    """What they wait for last, as if their job had ended in 1970; None where they stay."""

    def judged_of(self, file: FileFact, owner: Owner, end: int, now: Instant) -> Judged:
        """The judgement of a file of one of these jobs, which ended then."""
        subject = with_fields(self.judged.subjects[0], file=file, path=file.path, owner=owner)
        decision = self.judged.decision
        if self.wait is not None:
            due = Instant(end + self.wait.until)
            decision = (
                removal_of(subject, self.rules, due) if due <= now else NotDue(due, self.wait.name, decision.rules)
            )
        return Judged(decision, (subject,), self.judged.said)


def ended_kind(judged: Judged, end: int, policies: PolicySet, seen: Evidence) -> EndedKind | None:
    """The kind of a file that was judged so, of a job that ended then; None where more than that end counts."""
    told = judged.said[0]
    if told.reports or keeps_for_a_time(told):
        return None
    decision = judged.decision
    if isinstance(decision, Kept):
        return EndedKind(judged) if decision.because in WHATEVER_TIME else None
    least = schedule_of_due(judged, decision.rules, policies, seen).least
    return EndedKind(judged, tuple(selecting(judged, decision.rules, seen)), Wait(least.until - end, least.name))


def seen_of_ended(owner: Owner, place: Place | None, verdicts: Verdicts, seen: Evidence) -> Hashable | None:
    """What a decision about files there sees of a job beside its end; None where it sees this very job."""
    job, pinned = owner.job, seen.pinned
    leased = owner.status is JobStatus.ABANDONED and job.lease_until is not None
    was_pinned = job.job_id in pinned.over_jobs or pinned.over_paths
    # A rule about directories looks at where the workspace of a job is.
    if seen.unit_rules or leased or was_pinned or seen.guards.restored or protection_by_owner(owner, seen) is not None:
        return None
    return verdicts.look_of(owner, seen), job.cleanup, place
