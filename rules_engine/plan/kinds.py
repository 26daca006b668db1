"""Kinds of files: what was decided about all that agree in everything a decision sees, but perhaps in their times."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rules_engine.inventory.model import FileFact
from rules_engine.plan.ages import Wait, job_waits
from rules_engine.plan.decide import Judged, decide_with, opened, removal_of
from rules_engine.plan.decided import DecidedFiles
from rules_engine.plan.model import Because, Kept, NotDue
from rules_engine.plan.schedule import Schedule, end_of_keeping, schedule_of
from rules_engine.plan.select import Unknown
from rules_engine.plan.subject import Evidence
from rules_engine.plan.verdicts import Said
from rules_engine.policy.model import PolicySet, Rule
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import JobId, RuleName

WHATEVER_TIME: Final = frozenset(
    {Because.KEEP_RULE, Because.CLEANUP_OFF, Because.JOB_POLICY, Because.FILE_TYPE_NOT_CLEANED, Because.NO_RULE}
)
"""Reasons that hold whatever the times of a file are."""
_KEEPING: Final = "keeping"
_REPORTING: Final = "reporting"


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


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the files that are parted."""

    by: str
    """What the moments are the ends of that parted them."""
    over: tuple[bool, ...]
    """Of each whether it is over."""


@dataclass(frozen=True, slots=True)
class Parting:
    """What parts files into kinds: moments that are over for some of them and not for others."""

    by: str
    schedules: tuple[Schedule, ...]

    def part(self, files: Sequence[FileFact], now: Instant) -> Mapping[Part, Sequence[FileFact]]:
        """Files by which of the moments are over."""
        found: dict[tuple[bool, ...], list[FileFact]] = {}
        for file, *ends in zip(files, *(schedule.ends(files) for schedule in self.schedules), strict=True):
            found.setdefault(tuple([end <= now for end in ends]), []).append(file)
        return {Part(self.by, over): some for over, some in found.items()}


def kind_of(
    judged: Judged, policies: PolicySet, seen: Evidence, *, timed: bool, parted: Collection[str]
) -> Kind | Parting | None:
    """The kind of a file with that judgement; None where each file that is like it has to be judged for itself.

    `timed` says that the times of all of them are known, that none lies in the future, and that no rule waits for ages;
    `parted` by what they were parted already.
    """
    if not judged.subjects:
        return Kind(judged)
    alone = len(judged.subjects) == 1
    # A keep rule that ends does so by the times of each file, and so does what a rule would do that only reports.
    if any(told.reports or keeps_for_a_time(told) for told in judged.said):
        if not timed or not alone:
            return None
        parting = _parting(judged, policies, seen, parted)
        if parting is not None:
            return parting
    if isinstance(judged.decision, Kept):
        return Kind(judged) if timed or (alone and judged.decision.because in WHATEVER_TIME) else None
    return _timed(judged, policies, seen) if timed and alone else None


def _parting(judged: Judged, policies: PolicySet, seen: Evidence, parted: Collection[str]) -> Parting | None:
    """What else of their times the judgement of files like that one hangs on."""
    subject, told = judged.subjects[0], judged.said[0]
    ending = keeps_for_a_time(told)
    if ending and _KEEPING not in parted:
        return Parting(_KEEPING, tuple([end_of_keeping(subject, rule, seen.now) for rule in ending]))
    if not told.reports or _REPORTING in parted:
        return None
    decisions = [decide_with(judged, rule, policies, seen) for rule, _ in told.reports]
    going = [schedule_of_due(judged, one.rules, policies, seen) for one in decisions if not isinstance(one, Kept)]
    return Parting(_REPORTING, tuple(going)) if going else None


def keeps_for_a_time(told: Said) -> list[Rule]:
    """The keep rules with `for` that select it, or did so."""
    return [rule for rule in (*told.over, *(rule for rule, _ in told.keep)) if rule.keep_for is not None]


def _timed(judged: Judged, policies: PolicySet, seen: Evidence) -> Kind:
    names, subject = judged.decision.rules, judged.subjects[0]
    schedule = schedule_of_due(judged, names, policies, seen)
    going = removal_of(subject, selecting(judged, names, seen), Instant(schedule.least.until))
    return Kind(Judged(going, judged.subjects, judged.said), schedule)


def schedule_of_due(judged: Judged, names: Collection[RuleName], policies: PolicySet, seen: Evidence) -> Schedule:
    """When files that are judged like that fall due by the rules with these names."""
    (subject,), (told,) = judged.subjects, judged.said
    owner = subject.owner
    by_job = job_waits(owner, policies.settings, subject.restored) if owner is not None else ()
    least = (Wait(opened(subject, (), seen), ""), *(() if isinstance(by_job, Unknown) else by_job))
    over = [rule for rule in told.over if owner is None or not rule.jobs.ranks]
    return schedule_of(subject, selecting(judged, names, seen), over, least, seen.now)


def selecting(judged: Judged, names: Collection[RuleName], seen: Evidence) -> list[Rule]:
    """The removal rules with these names that select files that are judged like that."""
    built_in = () if seen.built_in is None else (seen.built_in,)
    every = (rule for told in judged.said for rule, _ in (*told.removal, *told.reports))
    return [rule for rule in (*every, *built_in) if rule.name in names]
