"""Planner cases: what people protect by hand, and keep markers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from rules_engine.plan.given import Pin
from rules_engine.plan.model import PinSummary
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import JobId

MARK_KEYS: Final = ("pins", "marked")
_PIN_KEYS: Final = {"path", "job", "reason", "until"}


def read_pins(raw: Sequence[Mapping[str, Any]], moment: Callable[[object], Instant | None]) -> tuple[Pin, ...]:
    """The pins that a case writes, each with a `path`, `.` for the root, or a `job`."""
    for one in raw:
        assert set(one) <= _PIN_KEYS, f"unknown keys of a pin: {sorted(set(one) - _PIN_KEYS)}"
    return tuple(
        Pin(
            path=RelPath("" if one["path"] == "." else one["path"]) if "path" in one else None,
            job=JobId(one["job"]) if "job" in one else None,
            reason=one.get("reason", ""),
            until=moment(one["until"]) if "until" in one else None,
        )
        for one in raw
    )


def read_marked(raw: Mapping[str, str]) -> dict[RelPath, str]:
    """The directories with a keep marker, and its name; `.` is the root."""
    return {RelPath("" if path == "." else path): marker for path, marker in raw.items()}


def describe_pin(pin: PinSummary) -> dict[str, Any]:
    """A pin as the answer of a case has it."""
    return {"what": pin.what, "files": pin.kept.files}
