"""What the decisions about a part of the tree add up to, and how parts are added to one another."""

import heapq
from collections.abc import Mapping
from typing import Final, TypeVar

import msgspec

from rules_engine.plan.model import Because, Count, KeptSummary, RuleSummary, Trailer
from rules_engine.values.paths import RelPath, sort_key
from rules_engine.values.vocabulary import RuleName

LARGEST_KEPT: Final = 10
_Key = TypeVar("_Key")


class Counted(msgspec.Struct, frozen=True):
    """The counts behind a trailer: in whatever order parts are added, they come to the same."""

    trailer: Trailer
    untracked_removals: Count
    rules: dict[RuleName, RuleSummary]
    kept: dict[tuple[Because, tuple[RuleName, ...]], KeptSummary]
    days: dict[int, Count]
    """What falls due, by the number of the day."""
    nearness: dict[str, int]
    """Where each near miss stands among those of a rule."""

    def add(self, more: "Counted") -> None:
        """Add what another part came to, with the same rules and pins."""
        self._add_totals(more)
        for rule, one in zip(self.rules.values(), more.rules.values(), strict=True):
            _add_rule(rule, one)
        for key, kept in more.kept.items():
            summary = self.kept.setdefault(key, KeptSummary(kept.because, kept.text))
            summary.text = min(summary.text, kept.text)
            summary.total.add(kept.total)
            summary.largest[:] = the_largest([*summary.largest, *kept.largest])
        _add_each(self.days, more.days)
        self.nearness.update(more.nearness)

    def _add_totals(self, more: "Counted") -> None:
        into, trailer = self.trailer, more.trailer
        _add_each(into.steps, trailer.steps)
        into.deliverables.add(trailer.deliverables)
        into.due_later.add(trailer.due_later)
        into.looked_at.add(trailer.looked_at)
        into.untracked.add(trailer.untracked)
        into.left_out.add(trailer.left_out)
        for pin, same in zip(into.pins, trailer.pins, strict=True):
            pin.kept.add(same.kept)
        self.untracked_removals.add(more.untracked_removals)


def the_largest(sizes: list[tuple[int, RelPath]]) -> list[tuple[int, RelPath]]:
    """The ten largest; of equal ones the first by path."""
    return heapq.nsmallest(LARGEST_KEPT, sizes, key=_largest_first)


def _largest_first(one: tuple[int, RelPath]) -> tuple[int, bytes]:
    return -one[0], sort_key(one[1])


def _add_rule(rule: RuleSummary, more: RuleSummary) -> None:
    rule.decided.add(more.decided)
    rule.waiting.add(more.waiting)
    rule.held.add(more.held)
    _add_each(rule.near_misses, more.near_misses)
    due = [one for one in (rule.next_due, more.next_due) if one is not None]
    rule.next_due = min(due, default=None)


def _add_each(counts: dict[_Key, Count], more: Mapping[_Key, Count]) -> None:
    for key, count in more.items():
        counts.setdefault(key, Count()).add(count)
