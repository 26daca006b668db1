"""`report.json`: what a run came to, as other programs and the next attempt read it."""

from typing import Final

import msgspec

from rules_engine.apply.model import ActionCount, Noted, Outcome, RunResult, RunState
from rules_engine.errors import UntrustedStateError
from rules_engine.filesystem.guards import Guard, GuardState
from rules_engine.plan.model import StepAction
from rules_engine.values.names import decode_name, encode_name
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import Instant

FORMAT_VERSION: Final = "1.0"
KIND: Final = "run"
_KNOWN_GUARDS: Final = frozenset(Guard)


class CountLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """How many steps with one action had one outcome, and how many of them took a directory whole."""

    action: StepAction
    outcome: Outcome
    steps: int
    bytes: int
    directories: int = 0
    files: int = 0


class NotedLine(msgspec.Struct, frozen=True):
    """One step that was not carried out."""

    path: str | dict[str, str]
    action: StepAction
    outcome: Outcome
    errno: int
    cause: str


class GuardLine(msgspec.Struct, frozen=True):
    """One guard of the system, and whether it was active."""

    guard: str
    active: bool
    note: str


class Report(msgspec.Struct, frozen=True):
    """The whole document."""

    format_version: str
    kind: str
    run_id: str
    state: RunState
    started: int
    ended: int
    stopped_because: str
    bytes_freed: int
    bytes_set_aside: int
    counts: tuple[CountLine, ...]
    noted: tuple[NotedLine, ...]
    guards: tuple[GuardLine, ...] = ()


def to_report(result: RunResult) -> Report:
    """The document of a result."""
    return Report(
        format_version=FORMAT_VERSION,
        kind=KIND,
        run_id=result.run_id,
        state=result.state,
        started=result.started,
        ended=result.ended,
        stopped_because=result.stopped_because,
        bytes_freed=result.freed,
        bytes_set_aside=result.set_aside,
        counts=tuple(
            CountLine(one.action, one.outcome, one.steps, one.size, one.directories, one.files) for one in result.counts
        ),
        noted=tuple(
            NotedLine(encode_name(one.path), one.action, one.outcome, one.errno, one.cause) for one in result.noted
        ),
        guards=tuple(GuardLine(one.guard, one.active, one.note) for one in result.guards),
    )


def from_report(data: bytes, where: str) -> RunResult:
    """The result that a document holds.

    Raises:
        UntrustedStateError: when it is damaged, or of a format that this version does not know.
    """
    try:
        report = msgspec.json.decode(data, type=Report)
    except ValueError as err:
        raise UntrustedStateError(where, f"is damaged: {err}", "make a new plan") from err
    if report.kind != KIND or report.format_version != FORMAT_VERSION:
        raise UntrustedStateError(where, "is of a format this version does not know", "use a newer version")
    return RunResult(
        run_id=report.run_id,
        state=report.state,
        started=Instant(report.started),
        ended=Instant(report.ended),
        counts=tuple(
            ActionCount(one.action, one.outcome, one.steps, one.bytes, one.directories, one.files)
            for one in report.counts
        ),
        noted=tuple(
            Noted(RelPath(decode_name(one.path)), one.action, one.outcome, one.errno, one.cause) for one in report.noted
        ),
        stopped_because=report.stopped_because,
        # A guard of a newer version is none that this one could speak of.
        guards=tuple(
            GuardState(Guard(one.guard), one.active, one.note) for one in report.guards if one.guard in _KNOWN_GUARDS
        ),
    )
