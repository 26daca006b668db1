"""The forecast as a chart for a terminal, and as a JSON document."""

from collections.abc import Iterator
from typing import Final

from rules_engine.plan.forecast import Forecast, ForecastDay
from rules_engine.plan.model import Count
from rules_engine.report.documents import Json, count_json, document, instant_json, path_json
from rules_engine.report.tables import align
from rules_engine.report.words import amount, name
from rules_engine.values.quantities import format_instant, format_size
from rules_engine.values.text import escape, plural
from rules_engine.values.vocabulary import RuleName

_WIDEST: Final = 24


def forecast_lines(forecast: Forecast, *, root: str) -> Iterator[str]:
    """The answer, a bar for each day on which something goes, and the rules behind it."""
    last = forecast.days[-1]
    ahead = f"until {last.day}"
    if forecast.total.files:
        yield f"{amount(forecast.total)}, would go {ahead}; {format_size(last.kept_bytes)} would stay."
    else:
        yield f"Nothing would go {ahead}; {format_size(last.kept_bytes)} would stay."
    yield f"root {name(root)}, as of {format_instant(forecast.now)}, if no job starts, ends or writes meanwhile"
    yield from _chart(forecast)
    yield from _rules(forecast)


def _chart(forecast: Forecast) -> Iterator[str]:
    shown = [("due now", forecast.already), *((one.day, one) for one in forecast.days)]
    shown = [(label, one) for label, one in shown if one.going.files]
    if not shown:
        return
    yield ""
    yield "Day by day, and what stays after it; on the other days nothing falls due"
    most = max(one.going.bytes for _, one in shown)
    yield from align([_row(label, one, most) for label, one in shown], right=(2, 3, 4))


def _row(label: str, day: ForecastDay, most: int) -> tuple[str, ...]:
    # Never no bar at all: an empty file goes, too.
    width = max(1, round(_WIDEST * day.going.bytes / most)) if most else 1
    files = plural(day.going.files, "file")
    return label, "#" * width, files, format_size(day.going.bytes), f"{format_size(day.kept_bytes)} stays"


def _rules(forecast: Forecast) -> Iterator[str]:
    if not forecast.by_rules:
        return
    yield ""
    yield "By rule"
    rows = [
        (_names(rules), plural(count.files, "file"), format_size(count.bytes)) for rules, count in forecast.by_rules
    ]
    yield from align(rows, right=(1, 2))


def _names(rules: tuple[RuleName, ...]) -> str:
    return ", ".join(f"`{escape(one)}`" for one in rules)


def forecast_document(forecast: Forecast, *, root: str) -> str:
    """The JSON document."""
    content: dict[str, Json] = {
        "root": path_json(root),
        "now": instant_json(forecast.now),
        "total": count_json(forecast.total),
        "by_rules": _by_rules(forecast.by_rules),
        "due_now": _day(forecast.already),
        "days": [{"day": one.day, **_day(one)} for one in forecast.days],
    }
    return document("forecast", content)


def _day(day: ForecastDay) -> dict[str, Json]:
    return {**count_json(day.going), "kept_bytes": day.kept_bytes, "by_rules": _by_rules(day.by_rules)}


def _by_rules(found: tuple[tuple[tuple[RuleName, ...], Count], ...]) -> Json:
    return [{"rules": list(rules), **count_json(count)} for rules, count in found]
