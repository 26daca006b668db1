"""Ranks: which jobs are among the newest of their like, taken once before anything is decided.

Ranked are the jobs that the other conditions of a rule select and of which a file that it selects is there. What
cannot be read may hold a place or not; then a rule cannot tell where that would change its answer.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from rules_engine.inventory.model import Inventory
from rules_engine.manifest.model import JobRecord
from rules_engine.plan.presence import THERE, Presence
from rules_engine.plan.rivals import Contest, Rival, Side, contest_of
from rules_engine.plan.standing import Group, NoPlace, Placed, Ranks, Standing
from rules_engine.plan.subject import Evidence
from rules_engine.policy.model import PolicySet, Rule
from rules_engine.values.vocabulary import JobId

Look: TypeAlias = Callable[[Sequence[JobRecord]], Inventory]
"""What only these jobs have, looked at as the plan sees it."""


def with_ranks(seen: Evidence, policies: PolicySet, look: Look) -> Evidence:
    """The evidence with the ranks of all its jobs, whatever a plan is narrowed to; pins and keep rules play no part."""
    rules = _ranking(policies, seen)
    if not rules:
        return seen
    contests = [contest_of(rule, seen) for rule in rules]
    presence = Presence(_wanted(contests), policies, seen)
    if presence.jobs:
        presence.look_through(look(presence.jobs))
    return replace(seen, ranks=Ranks((one.rule, _Table(one, presence).standings()) for one in contests))


def _ranking(policies: PolicySet, seen: Evidence) -> tuple[Rule, ...]:
    """The rules that ask for ranks: of these policies, and of those that were applied before."""
    earlier = (one.rule for one in seen.guards.earlier)
    found: list[Rule] = []
    for rule in (*policies.rules, *earlier):
        if rule.jobs.ranks and rule not in found:
            found.append(rule)
    return tuple(found)


def _wanted(contests: Iterable[Contest]) -> Mapping[JobId, list[Rule]]:
    """Of which jobs it matters whether something of them is there: those of groups with more rivals than places."""
    found: dict[JobId, list[Rule]] = {}
    for contest in contests:
        crowded = [side for side in contest.sides() if side.is_crowded]
        shared = {id(side.strangers): side.strangers for side in crowded}
        rivals = (rival for some in (*(side.members for side in crowded), *shared.values()) for rival in some)
        for job_id in dict.fromkeys(rival.job_id for rival in rivals if rival.is_known):
            found.setdefault(job_id, []).append(contest.rule)
    return found


class _Line:
    """Rivals in the order of their places, newest end first, then by id; one without an end before all others."""

    def __init__(self, rivals: Iterable[Rival]) -> None:
        self.rivals = sorted(rivals, key=_newest_first)
        self._keys = [_newest_first(one) for one in self.rivals]

    def before(self, rival: Rival) -> int:
        """How many come before a rival whose end is known."""
        return bisect_left(self._keys, _newest_first(rival))


def _newest_first(rival: Rival) -> tuple[bool, int, JobId]:
    return rival.end is not None, -(rival.end or 0), rival.job_id


class _Table:
    """The standings that one rule gives."""

    def __init__(self, contest: Contest, presence: Presence) -> None:
        self._contest = contest
        self._presence = presence
        self._strangers: dict[int, _Line] = {}

    def standings(self) -> dict[JobId, Standing]:
        """Where each job stands that the other conditions of the rule select."""
        found: dict[JobId, Standing] = {}
        for side in self._contest.sides():
            found.update(self._of(side))
        # Last: a job that says nothing of its end or group is in none, or only where it may stand in the way.
        return found | self._contest.without_place

    def _of(self, side: Side) -> Iterator[tuple[JobId, Standing]]:
        members = tuple(self._looked_up(side.members))
        certain = _Line(one for one in members if not one.doubt)
        unsure = (_Line(one for one in members if one.doubt), self._line_of(side))
        newest = tuple(one.job_id for one in certain.rivals[: side.most])
        group = Group(side.job_type, side.per, side.most, len(certain.rivals), newest, looked=side.is_crowded)
        for rival in side.members:
            if rival.end is None:
                continue
            before = certain.before(rival)
            # More of them than there are places change nothing.
            maybe = [one for line in unsure for one in line.rivals[: min(line.before(rival), side.most)]]
            if before < side.most <= before + len(maybe):
                yield rival.job_id, _cannot_tell(maybe)
            else:
                yield rival.job_id, Placed(before < side.most, before + 1, group, doubted=bool(maybe))

    def _line_of(self, side: Side) -> _Line:
        """Those who may belong to a group; looked up once for all groups that share them."""
        known = self._strangers.get(id(side.strangers))
        if known is None:
            known = self._strangers[id(side.strangers)] = _Line(self._looked_up(side.strangers))
        return known

    def _looked_up(self, rivals: Iterable[Rival]) -> Iterator[Rival]:
        """Those of whom something is there, or may be."""
        for rival in rivals:
            doubt = self._presence.doubt(rival.job_id, self._contest.rule) if rival.is_known else THERE
            if doubt is not None:
                yield replace(rival, doubt=rival.doubt or doubt)


def _cannot_tell(unsure: Sequence[Rival]) -> NoPlace:
    first = min(unsure, key=lambda one: one.job_id)
    return NoPlace(f"job `{first.job_id}` may hold a place before it: {first.doubt}")
