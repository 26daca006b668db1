"""Kinds of files: what was decided about all that agree in everything a decision sees, but perhaps in their times."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rules_engine.inventory.model import FileFact
from rules_engine.plan.ages import Wait, job_waits
from rules_engine.plan.decide import Judged, opened, removal_of
from rules_engine.plan.decided import DecidedFiles
from rules_engine.plan.model import Because, Kept, NotDue
from rules_engine.plan.schedule import Schedule, schedule_of
from rules_engine.plan.select import Unknown
from rules_engine.plan.subject import Evidence
from rules_engine.plan.verdicts import Said
from rules_engine.policy.model import PolicySet
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import JobId

_WHATEVER_TIME: Final = frozenset(
    {Because.KEEP_RULE, Because.CLEANUP_OFF, Because.JOB_POLICY, Because.FILE_TYPE_NOT_CLEANED, Because.NO_RULE}
)
"""Reasons that hold whatever the times of a file are."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What files of one kind share: a judgement, and where they fall due at different times, how these come about."""

    judged: Judged
    schedule: Schedule | None = None
    """None where the judgement says all; else it is that of those that are due."""

    def groups(self, owners: tuple[JobId, ...], files: Sequence[FileFact], now: Instant) -> Iterator[DecidedFiles]:
        """Files of this kind: those that go, and those that wait for the same, together."""
        schedule = self.schedule
        if schedule is None:
            yield DecidedFiles(self.judged, owners, tuple(files))
            return
        ends = schedule.ends(files)
        latest = max(ends)
        going = files if latest <= now else [file for file, end in zip(files, ends, strict=True) if end <= now]
        if going:
            yield DecidedFiles(self.judged, owners, tuple(going), schedule=schedule)
        if latest <= now:
            return
        only, waiting = schedule.only_wait(now), dict[str, list[FileFact]]()
        for file, end in zip(files, ends, strict=True):
            if end > now:
                waiting.setdefault(only or schedule.waits_for(file), []).append(file)
        for name, some in waiting.items():
            decision = NotDue(Instant(latest), name, self.judged.decision.rules)
            judged = Judged(decision, self.judged.subjects, self.judged.said)
            yield DecidedFiles(judged, owners, tuple(some), schedule=schedule)


def kind_of(judged: Judged, policies: PolicySet, seen: Evidence, *, timed: bool) -> Kind | None:
    """The kind of a file with that judgement; None where each file that is like it has to be judged for itself.

    `timed` says that the times of all of them are known, that none lies in the future, and that no rule waits for ages.
    """
    if not judged.subjects:
        return Kind(judged)
    # A keep rule that ends does so by the times of each file, and so does what a rule would do that only reports.
    if any(told.reports or _ends(told) for told in judged.said):
        return None
    if isinstance(judged.decision, Kept):
        return Kind(judged) if _stays(judged, judged.decision, timed=timed) else None
    return _timed(judged, policies, seen) if timed and len(judged.subjects) == 1 else None


def _ends(told: Said) -> bool:
    return bool(told.over) or any(rule.keep_for is not None for rule, _ in told.keep)


def _stays(judged: Judged, kept: Kept, *, timed: bool) -> bool:
    """Whether all files of the kind are kept for that reason."""
    return timed or (len(judged.said) == 1 and kept.because in _WHATEVER_TIME)


def _timed(judged: Judged, policies: PolicySet, seen: Evidence) -> Kind:
    (subject,), (told,) = judged.subjects, judged.said
    named = (*(rule for rule, _ in told.removal), *([seen.built_in] if seen.built_in is not None else []))
    rules = [rule for rule in named if rule.name in judged.decision.rules]
    by_job = job_waits(subject.owner, policies.settings, subject.restored) if subject.owner is not None else ()
    least = (Wait(opened(subject, (), seen), ""), *(() if isinstance(by_job, Unknown) else by_job))
    schedule = schedule_of(subject, rules, least, seen.now)
    going = removal_of(subject, rules, Instant(schedule.least.until))
    return Kind(Judged(going, judged.subjects, judged.said), schedule)
