"""Who competes with whom for a place among the newest, before anybody looked at what they have."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from rules_engine.plan.select import NotMatched, Unknown, select_like
from rules_engine.plan.standing import NoPlace
from rules_engine.plan.subject import Evidence, Owner
from rules_engine.policy.model import JobSelector, Rule
from rules_engine.values.quantities import EARLIEST, Instant
from rules_engine.values.vocabulary import JobId, JobStatus, JobType

DAMAGED = "its manifest is damaged"

_Key: TypeAlias = tuple[JobType, tuple[str | None, ...]]
"""A job type and the values of the parameters that a rule counts per; None where the manifest does not say one."""


@dataclass(frozen=True, slots=True)
class Rival:
    """One job that holds a place among its like, or may hold one."""

    job_id: JobId
    end: Instant | None
    """None where it cannot be told: then it may be newer than any other."""
    doubt: str = ""
    """Why it may hold a place or not; empty where that depends only on what it has."""
    is_known: bool = True
    """Whether its manifest can be trusted to say what it has."""


@dataclass(frozen=True, slots=True)
class Side:
    """One group: those who surely belong to it, and those who may."""

    job_type: JobType
    per: tuple[tuple[str, str], ...]
    most: int
    members: tuple[Rival, ...]
    strangers: tuple[Rival, ...]
    """The same tuple for all groups that the same jobs may belong to."""

    @property
    def is_crowded(self) -> bool:
        """Whether there are more rivals than places."""
        return len(self.members) + len(self.strangers) > self.most


@dataclass(slots=True)
class Contest:
    """All jobs that the other conditions of one rule select, or may select."""

    rule: Rule
    without_place: dict[JobId, NoPlace] = field(default_factory=dict)
    """Those that have no place, and why the rule cannot tell about them."""
    _members: dict[_Key, list[Rival]] = field(default_factory=dict)
    _partly: dict[_Key, list[Rival]] = field(default_factory=dict)
    """Those that do not say all that forms their group."""
    _anywhere: list[Rival] = field(default_factory=list)
    """Those of which not even the type is known."""
    _sides: list[Side] = field(default_factory=list)

    def sides(self) -> Iterator[Side]:
        """Every group; in no order that means anything."""
        jobs = self.rule.jobs
        most = jobs.newest if jobs.newest is not None else jobs.beyond_newest or 0
        shared: dict[tuple[_Key, ...], tuple[Rival, ...]] = {}
        for (job_type, values), members in self._members.items():
            fitting = tuple(one for one in self._partly if _fits((job_type, values), one))
            if fitting not in shared:
                found = (rival for one in fitting for rival in self._partly[one])
                shared[fitting] = (*self._anywhere, *found)
            per = tuple((name, value or "") for name, value in zip(jobs.per, values, strict=True))
            yield Side(job_type, per, most, tuple(members), shared[fitting])

    def enter(self, owner: Owner, damaged: frozenset[str], now: Instant) -> None:
        """Enter one job where it belongs, if it takes part."""
        job_id = owner.job.job_id
        is_known = owner.status is not JobStatus.UNTRUSTED and job_id not in damaged
        verdict = select_like(_selector(self.rule, is_known=is_known), owner)
        if isinstance(verdict, NotMatched):
            return
        if owner.status is JobStatus.RUNNING:
            self.without_place[job_id] = NoPlace(f"job `{job_id}` has no end yet")
            return
        end, why = _end(owner, now)
        doubt = f"it {verdict.why.removeprefix(f'job `{job_id}` ')}" if isinstance(verdict, Unknown) else ""
        if end is None:
            self.without_place[job_id] = NoPlace(f"the end of job `{job_id}` {why}")
            doubt = f"its end {why}"
        if not is_known:
            self.without_place[job_id] = NoPlace(f"the manifest of job `{job_id}` is damaged")
            end, doubt = None, DAMAGED
        self._place(owner, Rival(job_id, end, doubt, is_known))

    def _place(self, owner: Owner, rival: Rival) -> None:
        job = owner.job
        values = tuple(job.parameters.get(name) for name in self.rule.jobs.per)
        missing = [name for name in self.rule.jobs.per if name not in job.parameters]
        if not missing:
            self._members.setdefault((job.job_type, values), []).append(rival)
            return
        self.without_place[job.job_id] = NoPlace(f"job `{job.job_id}` does not say its `{missing[0]}`")
        layout = owner.layout
        # Of a parameter that its layout has it could be any; one that its layout has not forms no group with others.
        if layout is None or all(any(name == known for known, _ in layout.parameters) for name in missing):
            doubt = rival.doubt or f"it does not say its `{missing[0]}`"
            self._partly.setdefault((job.job_type, values), []).append(replace(rival, doubt=doubt))

    def enter_unknown(self, job_id: str) -> None:
        """Enter a job whose manifest does not even say of which type it is."""
        self._anywhere.append(Rival(JobId(job_id), None, DAMAGED, is_known=False))


def contest_of(rule: Rule, seen: Evidence) -> Contest:
    """Everybody who takes part in the ranks of one rule."""
    contest = Contest(rule)
    damaged = frozenset(one.job_id for one in seen.guards.damaged)
    for owner in seen.owners.values():
        contest.enter(owner, damaged, seen.now)
    for job_id in sorted(damaged - seen.owners.keys()):
        contest.enter_unknown(job_id)
    return contest


def _selector(rule: Rule, *, is_known: bool) -> JobSelector:
    """The jobs block of a rule, its statuses those of its `after`; of a damaged manifest the status is unknown."""
    if not is_known:
        return replace(rule.jobs, statuses=None)
    if rule.after is None or rule.after.always is not None:
        return rule.jobs
    named = frozenset(status for status, _ in rule.after.by_status)
    return replace(rule.jobs, statuses=named if rule.jobs.statuses is None else named & rule.jobs.statuses)


def _end(owner: Owner, now: Instant) -> tuple[Instant | None, str]:
    """When the job ended; None with a reason where that is missing or cannot be."""
    if owner.end is None or owner.end < EARLIEST:
        return None, "cannot be read"
    return (None, "is in the future") if owner.end > now else (owner.end, "")


def _fits(group: _Key, partly: _Key) -> bool:
    return group[0] == partly[0] and all(
        said is None or said == value for value, said in zip(group[1], partly[1], strict=True)
    )
