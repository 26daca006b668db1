"""The place of a job among its like, for rules that keep the newest jobs or remove those beyond them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from rules_engine.policy.model import Rule
from rules_engine.values.text import plural
from rules_engine.values.vocabulary import JobId, JobType, RuleName

_MOST_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Group:
    """Jobs that are ranked together: one type, the same values of the parameters that a rule counts per."""

    job_type: JobType
    per: tuple[tuple[str, str], ...] = ()
    """Each parameter with its value, in the order of the rule."""
    most: int = 1
    """How many of them are the newest."""
    size: int = 0
    """How many surely hold a place."""
    newest: tuple[JobId, ...] = ()
    """The newest of these, newest end first."""
    looked: bool = True
    """Whether what each of them has was looked at; where there are no more than `most`, nobody needs to."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A place, and on which side of the line it certainly is."""

    among: bool
    """Among the newest; else beyond them."""
    place: int
    """Counted from 1 over the jobs that surely come before."""
    group: Group
    doubted: bool = False
    """Whether others may come before it too, which does not change the side."""


@dataclass(frozen=True, slots=True)
class NoPlace:
    """The job has no place, or it cannot be told on which side of the line."""

    why: str


Standing: TypeAlias = Placed | NoPlace


class Ranks:
    """What every rule with a rank says of the jobs that its other conditions select, as one plan observed them."""

    def __init__(self, tables: Iterable[tuple[Rule, Mapping[JobId, Standing]]] = ()) -> None:
        self._tables: dict[RuleName, list[tuple[Rule, Mapping[JobId, Standing]]]] = {}
        for rule, table in tables:
            self._tables.setdefault(rule.name, []).append((rule, table))

    def of(self, rule: Rule, job_id: JobId) -> Standing:
        """Where a job stands that the other conditions of `rule` select."""
        # By name first: an earlier rule may share it with one of today, and to compare whole rules takes long.
        for known, table in self._tables.get(rule.name, ()):
            if known is rule or known == rule:
                found = table.get(job_id)
                return found if found is not None else _unknown(job_id)
        return _unknown(job_id)


def _unknown(job_id: JobId) -> NoPlace:
    return NoPlace(f"the place of job `{job_id}` among its like is not known")


class AllBeyond(Ranks):
    """Ranks of a time at which every job has enough newer ones: what may be due then, and not what is."""

    def of(self, rule: Rule, job_id: JobId) -> Standing:
        """Beyond the newest, whichever job it is."""
        del job_id
        return Placed(False, (rule.jobs.beyond_newest or rule.jobs.newest or 0) + 1, Group(JobType("")))


NO_RANKS: Final = Ranks()
"""Where nobody took them: no rule with a rank can tell."""


def describe_standing(job_id: JobId, standing: Placed, *, keeps: bool) -> str:
    """One line: the place of a job, in which group, and which jobs are the newest there."""
    group = standing.group
    like = ", ".join([f"`{group.job_type}`", *(f"{name} `{value}`" for name, value in group.per)])
    if not group.looked:
        return f"job `{job_id}` is one of {plural(group.size, 'job')} of {like}: all are among the newest {group.most}"
    least = "at least " if standing.doubted else ""
    place = f"job `{job_id}` is {least}{_ordinal(standing.place)} of {max(group.size, standing.place)} of {like}"
    named = ", ".join(f"`{one}`" for one in group.newest[:_MOST_NAMED])
    more = f" and {group.most - _MOST_NAMED} more" if len(group.newest) > _MOST_NAMED else ""
    return f"{place}; newest {group.most} {'are kept' if keeps else 'stay'}: {named}{more}"


def _ordinal(number: int) -> str:
    tens = number % 100 // 10
    return f"{number}{'th' if tens == 1 else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
