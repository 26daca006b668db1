"""The places that jobs may have among their like, for rules that ask: every side of every line that rules draw."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product

import msgspec

from rules_engine.plan.standing import Group, NoPlace, Placed, Ranks, Standing
from rules_engine.policy.model import FileSelector, JobSelector, Rule
from rules_engine.values.vocabulary import JobId, JobType


class Like(msgspec.Struct, frozen=True):
    """What rules rank jobs by: two that only draw their lines elsewhere see the same places."""

    jobs: JobSelector
    files: FileSelector

    @classmethod
    def of(cls, rule: Rule) -> "Like":
        """What `rule` ranks jobs by."""
        return cls(replace(rule.jobs, newest=None, beyond_newest=None), rule.files)


def line_of(rule: Rule) -> int:
    """How many jobs of each group are before the line that a rule with a rank draws."""
    return rule.jobs.newest or rule.jobs.beyond_newest or 0


def is_on_its_side(rule: Rule, place: int) -> bool:
    """Whether a rule with a rank selects a job in that place."""
    return (place <= line_of(rule)) is (rule.jobs.newest is not None)


class Places(Ranks):
    """The place that one job has, for each way to rank it; of no job else anything is known."""

    def __init__(self, places: Mapping[Like, int], job_type: JobType) -> None:
        super().__init__()
        self._places = places
        self._job_type = job_type

    def of(self, rule: Rule, job_id: JobId) -> Standing:
        """Where the job stands."""
        place = self._places.get(Like.of(rule))
        if place is None:
            return NoPlace(f"the place of job `{job_id}` among its like is not known")
        most = line_of(rule)
        return Placed(place <= most, place, Group(self._job_type, (), most))


def places_of(rules: Iterable[Rule]) -> Iterator[tuple[tuple[Like, int], ...]]:
    """Every choice of places that some of `rules` tells apart; one empty choice where none of them ranks."""
    lines: dict[Like, set[int]] = {}
    for rule in rules:
        if rule.jobs.ranks:
            lines.setdefault(Like.of(rule), set()).add(line_of(rule))
    choices: list[Sequence[tuple[Like, int]]] = [
        [(like, place) for place in (1, *(most + 1 for most in sorted(some)))] for like, some in lines.items()
    ]
    yield from product(*choices)
