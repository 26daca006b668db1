"""The forecast on the page: a bar a day for what goes, a line for what stays, and both as a table."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from rules_engine.plan.forecast import Forecast, ForecastDay
from rules_engine.report.words import amount
from rules_engine.values.quantities import format_size
from rules_engine.values.text import escape

HEIGHT: Final = 160
"""Of the chart, in its own units."""
_STEP: Final = 22
_BAR: Final = 16


@dataclass(frozen=True, slots=True)
class Column:
    """One day of the chart, in its own units."""

    x: int
    y: int
    height: int
    label: str
    """The day and what goes, for the pointer and for who does not see the bar."""


@dataclass(frozen=True)
class Chart:
    """A forecast in the words and measures of the page."""

    forecast: Forecast

    @property
    def headline(self) -> str:
        """How much goes until when, and what stays."""
        last = self._days[-1][1]
        going = self.forecast.total
        much = f"{amount(going)}, would go" if going.files else "nothing would go"
        return f"Until {last.day} {much}; {format_size(last.kept_bytes)} would stay"

    @property
    def width(self) -> int:
        """Of the chart, in its own units."""
        return _STEP * len(self._days)

    @property
    def height(self) -> int:
        """Of the chart, in its own units."""
        return HEIGHT

    @cached_property
    def _days(self) -> list[tuple[str, ForecastDay]]:
        return [("due now", self.forecast.already), *((one.day, one) for one in self.forecast.days)]

    @property
    def columns(self) -> list[Column]:
        """A bar for each day on which something goes; its height is its share of the day with most bytes."""
        most = max(one.going.bytes for _, one in self._days)
        found: list[Column] = []
        for place, (label, day) in enumerate(self._days):
            if day.going.files:
                # Never no bar at all: an empty file goes, too.
                height = max(2, HEIGHT * day.going.bytes // most) if most else 2
                text = f"{label}: {amount(day.going)}"
                found.append(Column(place * _STEP + (_STEP - _BAR) // 2, HEIGHT - height, height, text))
        return found

    @property
    def bar(self) -> int:
        """How wide a bar is, in units of the chart."""
        return _BAR

    @property
    def line(self) -> str:
        """The points of the line: what stays after each day, of what was looked at."""
        return " ".join(f"{x},{y}" for x, y in self._points())

    def _points(self) -> Iterator[tuple[int, int]]:
        whole = self.forecast.already.kept_bytes + self.forecast.already.going.bytes
        for place, (_, day) in enumerate(self._days):
            share = HEIGHT - HEIGHT * day.kept_bytes // whole if whole else HEIGHT
            yield place * _STEP + _STEP // 2, share

    @property
    def rows(self) -> list[tuple[str, str, str, str]]:
        """The days on which something goes: day, how much, by which rules, what stays after it."""
        return [
            (label, amount(day.going), _rules(day), format_size(day.kept_bytes))
            for label, day in self._days
            if day.going.files
        ]

    @property
    def rules(self) -> list[tuple[str, str]]:
        """What goes by the rules that decide together, those with most bytes first."""
        return [(_names(rules), amount(count)) for rules, count in self.forecast.by_rules]


def _rules(day: ForecastDay) -> str:
    return "; ".join(f"{_names(rules)}: {amount(count)}" for rules, count in day.by_rules)


def _names(rules: tuple[str, ...]) -> str:
    return ", ".join(escape(one) for one in rules)
