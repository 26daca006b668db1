"""Moments as a case writes them: `3d ago`, `in 2d`, `now`, a date, a time."""

import re
from typing import Final

from rules_engine.errors import InvalidValueError
from rules_engine.policy.findings import Findings
from rules_engine.policy.nodes import Node
from rules_engine.values.quantities import (
    EARLIEST,
    FOREVER,
    Instant,
    format_duration,
    format_instant,
    parse_duration,
    parse_instant,
)

_MOMENT: Final = re.compile(r"now|.* ago|in .*|\d{4}-.*")


def is_moment(text: str) -> bool:
    """Whether `text` is meant as a moment, and not as the name of a file type."""
    return _MOMENT.fullmatch(text) is not None


def parse_moment(text: str, now: Instant) -> Instant:
    """The instant that `text` writes.

    Raises:
        InvalidValueError: when it writes none.
    """
    if text == "now":
        return now
    if text.endswith(" ago"):
        return _within(text, now - parse_duration(text.removesuffix(" ago")))
    if text.startswith("in "):
        return _within(text, now + parse_duration(text.removeprefix("in ")))
    return parse_instant(text)


def _within(text: str, instant: int) -> Instant:
    # A plan can be made of no other moment, and no manifest can hold one.
    if not EARLIEST <= instant < FOREVER:
        raise InvalidValueError("time", text, "lies outside the years 1678 to 2261")
    return Instant(instant)


def read_moment(node: Node, now: Instant, findings: Findings) -> Instant | None:
    """The instant that stands there; None, with a finding, where none does."""
    try:
        return parse_moment(node.text, now)
    except InvalidValueError as err:
        help_text = "write `3d ago`, `in 2d`, `now`, a date such as `2026-03-01`, or a time in ISO 8601"
        findings.error("P502", str(err), node.span, help_text)
        return None


def format_moment(instant: Instant, now: Instant) -> str:
    """How a case writes an instant that is still to come."""
    ahead = instant - now
    text = format_duration(ahead)
    # Two units are shown; where that is not the whole truth, only the exact time will do.
    return f"in {text}" if parse_duration(text) == ahead else format_instant(instant)
