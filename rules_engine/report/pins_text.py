"""Pins as text and as JSON: what is protected by hand, why, until when, and by whom."""

from collections.abc import Iterator, Sequence

from rules_engine.apply.pins import PinLine
from rules_engine.plan.pinned import pin_name
from rules_engine.report.documents import Json, document, instant_json
from rules_engine.report.tables import align
from rules_engine.report.words import moment
from rules_engine.values.names import decode_name
from rules_engine.values.quantities import Instant, format_instant
from rules_engine.values.text import escape


def pin_lines(pins: Sequence[PinLine], now: Instant) -> Iterator[str]:
    """A line for each pin, with its reason."""
    if not pins:
        yield "nothing is pinned"
        return
    rows = [(escape(pin_name(one.pin)), _until(one, now), _who(one), escape(one.reason)) for one in pins]
    yield from align(rows, indent="")


def _until(one: PinLine, now: Instant) -> str:
    return "until it is unpinned" if one.until is None else f"until {moment(one.until, now)}"


def _who(one: PinLine) -> str:
    return f"by user {one.user} on {escape(decode_name(one.host))}, {format_instant(one.at)}"


def pins_document(pins: Sequence[PinLine], now: Instant) -> str:
    """The JSON document of kind `pins`."""
    return document("pins", {"now": instant_json(now), "pins": [_pin(one) for one in pins]})


def _pin(one: PinLine) -> Json:
    return {
        "path": one.path,
        "job": one.job,
        "reason": one.reason or None,
        "until": None if one.until is None else instant_json(one.until),
        "set": instant_json(one.at),
        "user": one.user,
        "host": one.host,
    }
