"""What would go day by day: the plan of the last day tells, because each of its steps knows since when it is due."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from rules_engine.plan.model import Batch, Count, Entry, StepAction
from rules_engine.values.quantities import DAY, Instant, format_instant
from rules_engine.values.vocabulary import RuleName

_REMOVALS: Final = (StepAction.DELETE, StepAction.TRASH)


@dataclass(frozen=True, slots=True)
class ForecastDay:
    """What falls due on one day, UTC."""

    day: str
    """`YYYY-MM-DD`."""
    going: Count
    by_rules: tuple[tuple[tuple[RuleName, ...], Count], ...]
    """By the rules that decide together, ordered by their names."""
    kept_bytes: int
    """Bytes of all that was looked at that are still there when the day is over, if a run applied everything."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What would go from now on, if no job starts, ends or writes meanwhile."""

    now: Instant
    already: ForecastDay
    """What is due now."""
    days: tuple[ForecastDay, ...]
    """Each day of the forecast, also those with nothing, the present one first."""

    @property
    def total(self) -> Count:
        """Everything that goes, with what is due now."""
        every = (self.already, *self.days)
        return Count(sum(one.going.files for one in every), sum(one.going.bytes for one in every))

    @property
    def by_rules(self) -> tuple[tuple[tuple[RuleName, ...], Count], ...]:
        """Everything that goes by the rules that decide together, those with most bytes first."""
        found: dict[tuple[RuleName, ...], Count] = {}
        for one in (self.already, *self.days):
            for rules, count in one.by_rules:
                found.setdefault(rules, Count()).add(count)
        return tuple(sorted(found.items(), key=lambda item: (-item[1].bytes, item[0])))


@dataclass(slots=True)
class Foresight:
    """Watches the batches of a plan of `until`, and says what of them falls due on which day after `now`."""

    now: Instant
    until: Instant
    _found: dict[str, dict[tuple[RuleName, ...], Count]] = field(default_factory=dict)

    def watch(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The same batches, counted on their way."""
        for batch in batches:
            if batch.action in _REMOVALS:
                self._count(batch)
            yield batch

    def _count(self, batch: Batch) -> None:
        for place, entry in enumerate(batch.entries):
            files = batch.wholes[place].files if batch.wholes else 1
            days = self._found.setdefault(self._day_of(entry), {})
            days.setdefault(batch.rules, Count()).add(Count(files, entry.size))

    def _day_of(self, entry: Entry) -> str:
        return _day(entry.due) if entry.due > self.now else ""

    def forecast(self, looked_at: Count) -> Forecast:
        """The forecast, once every batch went by; `looked_at` is all that the plan decided on."""
        left = looked_at.bytes
        days: list[ForecastDay] = []
        for day in ("", *_days(self.now, self.until)):
            by_rules = tuple(sorted(self._found.get(day, {}).items()))
            going = Count(sum(one.files for _, one in by_rules), sum(one.bytes for _, one in by_rules))
            left -= going.bytes
            days.append(ForecastDay(day or _day(self.now), going, by_rules, left))
        return Forecast(self.now, days[0], tuple(days[1:]))


def _days(now: Instant, until: Instant) -> Iterator[str]:
    """Every day from that of `now` to that of `until`, both with them."""
    first = now - now % DAY
    return (_day(instant) for instant in range(first, until + 1, DAY))


def _day(instant: int) -> str:
    return format_instant(instant)[:10]
