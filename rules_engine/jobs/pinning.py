"""Pins: what a person protects by hand, and takes back; the rules and the code around them stay as they are."""

import difflib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rules_engine.apply.pins import PinLine, read_pin_lines, read_pins, set_pin, take_pin
from rules_engine.errors import ExitCode, InvalidValueError, RulesError
from rules_engine.filesystem.root import Root
from rules_engine.jobs.convert import relative_path
from rules_engine.jobs.paths import path_below
from rules_engine.manifest.errors import UnknownJobError
from rules_engine.manifest.log import check_job_id
from rules_engine.manifest.shelf import list_shelf
from rules_engine.plan.given import Pin
from rules_engine.plan.pinned import holds, pin_name
from rules_engine.values.clock import Clock
from rules_engine.values.paths import ROOT, RelPath, is_at_or_below
from rules_engine.values.quantities import Instant, format_instant
from rules_engine.values.text import escape

_MOST_NEAR: Final = 5


class NotPinnedError(RulesError):
    """Something is to be unpinned that has no pin of its own."""

    exit_code = ExitCode.USAGE

    def __init__(self, what: str, near: tuple[str, ...]) -> None:
        super().__init__(what, near)
        self.what = what
        self.near = near

    def __str__(self) -> str:
        pinned = ", ".join(f"`{escape(one)}`" for one in self.near)
        help_text = f"pinned near it: {pinned}" if pinned else "`rules pin --list` names what is pinned"
        return f"`{escape(self.what)}` is not pinned\n  help: {help_text}"


def pin(root: Root, clock: Clock, asked: Pin) -> Pin | None:
    """Protect a path with all below it, or everything that a job owns, durably; gives the pin that this one replaces.

    Raises:
        InvalidValueError: when its time is over already.
        UnknownJobError: when nothing is known of the job.
        UntrustedStateError: when the pins cannot be read.
        RefusedError: when the root is none, or its disk takes no pin.
    """
    state, now = root.require_state(), clock.now()
    if asked.until is not None and not holds(asked, now):
        raise InvalidValueError(
            "time", format_instant(asked.until), "is over already; a pin until then protects nothing"
        )
    if asked.job is not None:
        _check_known(root, asked.job)
    # What is no text, such as a byte of another encoding, cannot be written as a reason.
    reason = asked.reason.encode("utf-8", "replace").decode()
    return set_pin(state, Pin(asked.path, asked.job, reason, asked.until), now)


def unpin(root: Root, clock: Clock, asked: Pin) -> Pin:
    """Take the pin of that path or job away, durably, and give it; other pins that protect it stay.

    Raises:
        NotPinnedError: when it has no pin of its own.
        UntrustedStateError: when the pins cannot be read.
        RefusedError: when the root is none, or its disk takes no word.
    """
    state = root.require_state()
    # Looked at first: to say nothing must not make a file.
    standing = read_pins(state)
    known = any((one.path, one.job) == (asked.path, asked.job) for one in standing)
    taken = take_pin(state, asked, clock.now()) if known else None
    if taken is None:
        raise NotPinnedError(pin_name(asked), _near(asked, standing))
    return taken


def pins(root: Root, now: Instant) -> tuple[PinLine, ...]:
    """The pins that hold at `now`, with who set them, oldest first.

    Raises:
        UntrustedStateError: when they cannot be read.
    """
    return tuple(one for one in read_pin_lines(root.require_state()) if holds(one.pin, now))


def thing_to_pin(root: Root, path: Path | str | None, job_id: str | None) -> Pin:
    """The path, absolute or from the root, or the job that a caller names.

    Raises:
        InvalidValueError: when the path lies outside the root, or not exactly one of both is named.
    """
    if (path is None) == (job_id is None):
        raise InvalidValueError("pin", f"{path}, {job_id}", "needs either a path or a job")
    if path is None:
        return Pin(job=check_job_id(job_id or ""))
    return Pin(path=ROOT if os.fspath(path) == root.path else relative_path(root, path))


def path_to_pin(root: Root, text: str, *, current: str) -> RelPath:
    """The path below the root that `text` writes, as `rules explain` reads it; also the root itself.

    Raises:
        InvalidValueError: when it lies outside the root.
    """
    if os.path.realpath(os.path.join(current, text)) == os.path.realpath(root.path):
        return ROOT
    return path_below(root, text, current=current)


def _check_known(root: Root, job_id: str) -> None:
    listing = list_shelf(root.require_state())
    if listing.tells_of(check_job_id(job_id)):
        return
    near = difflib.get_close_matches(job_id, sorted({*listing.logs, *listing.seals, *listing.backups}), 1)
    if near:
        raise UnknownJobError(job_id, help_text=f"did you mean `{near[0]}`?")
    raise UnknownJobError(job_id)


def _near(asked: Pin, standing: Sequence[Pin]) -> tuple[str, ...]:
    """The pins that somebody may have meant: those above and below, then those that are written alike."""
    names = [pin_name(one) for one in standing]
    related = [
        pin_name(one)
        for one in standing
        if asked.path is not None
        and one.path is not None
        and (is_at_or_below(asked.path, one.path) or is_at_or_below(one.path, asked.path))
    ]
    alike = difflib.get_close_matches(pin_name(asked), names, _MOST_NEAR)
    return tuple(dict.fromkeys((*related, *alike)))[:_MOST_NEAR]
