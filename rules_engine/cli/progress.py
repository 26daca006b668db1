"""What a person or a program hears while work goes on: how far it is, and each step that failed."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from types import TracebackType
from typing import Final, Self, assert_never

import msgspec

from rules_engine.apply.model import (
    Committed,
    Event,
    HandedOver,
    LeftBehind,
    Noted,
    Outcome,
    RunEnded,
    RunStarted,
    StateRetired,
    StepNoted,
)
from rules_engine.cli.gauge import Gauge, Phase, count_directories
from rules_engine.cli.liveline import LiveLine
from rules_engine.cli.terminal import talk
from rules_engine.inventory.model import DirectoryFacts, Inventory
from rules_engine.jobs.planning import Survey
from rules_engine.report.words import VERBS, name
from rules_engine.values.names import encode_name
from rules_engine.values.text import escape, plural

FORMAT_VERSION: Final = "1.0"
_BETWEEN_S: Final = 1.0
"""Events come no faster than this."""


class Telling(StrEnum):
    """How progress is told."""

    LINE = "line"
    """One line that moves, on a terminal; nothing elsewhere."""
    JSON = "json"
    """One JSON object a line."""
    NONE = "none"


class Progress:
    """Tells on stderr how long work goes, as a listener of runs and a watcher of plans."""

    def __init__(
        self, *, quiet: bool, telling: Telling = Telling.LINE, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._quiet = quiet
        self._telling = Telling.NONE if telling is Telling.LINE and (quiet or not _moves()) else telling
        self._monotonic = monotonic
        self._gauge: Gauge | None = None
        self._line: LiveLine | None = None
        self._told_s = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.end()

    def begin(self, phase: Phase, total: int | None = None) -> Gauge:
        """Begin a phase, of which `total` steps or directories are known to come."""
        self.end()
        self._told_s = self._monotonic()
        self._gauge = Gauge(phase, self._told_s, total=total)
        if self._telling is Telling.LINE:
            self._line = LiveLine(self._gauge)
        return self._gauge

    def end(self) -> None:
        """End the phase, if there is one: nothing moves any more."""
        gauge, self._gauge = self._gauge, None
        if self._line is not None:
            self._line.clear()
            self._line = None
        if gauge is not None:
            self._tell_how_far(gauge, ended=True)

    def watch(self, found: Survey, *, streamed: bool = False) -> Survey:
        """The same survey; how far its plan is will be told while its batches are gone through.

        With `streamed`, results are written meanwhile: no line may move between them on the same terminal.
        """
        if self._telling is Telling.NONE or (self._telling is Telling.LINE and streamed and sys.stdout.isatty()):
            self.end()
            return found
        inventory = found.inventory
        # A walk finds what nobody counted; what seals tell of can be counted before it is read.
        total = None if inventory.walked else sum(len(job.files) for job in found.jobs if job.sealed)
        gauge = self.begin(Phase.PLANNING, total or None)
        inventory.directories = self._watched(inventory, inventory.directories, gauge)
        return found

    def _watched(
        self, inventory: Inventory, directories: Iterable[DirectoryFacts], gauge: Gauge
    ) -> Iterator[DirectoryFacts]:
        yield from count_directories(directories, gauge, self._tell_now_and_then)
        left = len(inventory.left)
        if not left:
            self.end()

        def count(*looked_at: int) -> None:
            """Count a part that another process went through."""
            nonlocal left
            gauge.add(*looked_at)
            left -= 1
            if left:
                self._tell_now_and_then()
            else:
                self.end()

        inventory.count = count

    def hear(self, event: Event) -> None:
        """Say what is worth saying of one event of a run."""
        match event:
            case RunStarted(run_id=run_id, steps=steps, resumed=resumed):
                self.begin(Phase.APPLYING, steps)
                self._event("run_started", {"run_id": run_id, "steps": steps, "resumed": resumed})
                self._remark(f"run {run_id}{' goes on' if resumed else ''}: {plural(steps, 'step')}")
            case StepNoted(noted=noted) if noted.outcome is Outcome.FAILED:
                self._event("step_failed", _failure(noted))
                self._remark(f"failed: {VERBS[noted.action]} {name(noted.path)}: {escape(noted.cause)}")
            case Committed(settled=settled, size=size):
                if self._gauge is not None:
                    self._gauge.files = self._gauge.done = settled
                    self._gauge.size_bytes = size or None
                    self._tell_now_and_then()
            case RunEnded(result=result):
                self.end()
                self._event("run_ended", {"run_id": result.run_id, "state": str(result.state)})
            case StateRetired(notes=notes) | LeftBehind(notes=notes):
                for note in notes:
                    self._remark(f"note: {escape(note)}")
            case StepNoted() | HandedOver():
                pass
            case _:
                assert_never(event)

    def _tell_now_and_then(self) -> None:
        if self._telling is not Telling.JSON or self._gauge is None:
            return
        if self._monotonic() - self._told_s >= _BETWEEN_S:
            self._tell_how_far(self._gauge, ended=False)

    def _tell_how_far(self, gauge: Gauge, *, ended: bool) -> None:
        self._told_s = self._monotonic()
        self._event("progress", {**gauge.fields(self._told_s), "ended": ended})

    def _event(self, kind: str, fields: Mapping[str, object]) -> None:
        if self._telling is Telling.JSON:
            event = {"format_version": FORMAT_VERSION, "event": kind, **fields}
            talk(msgspec.json.encode(event).decode())

    def _remark(self, text: str) -> None:
        """A line for people; events say the same to programs."""
        if self._quiet or self._telling is Telling.JSON:
            return
        if self._line is not None:
            self._line.say(text)
        else:
            talk(text)


def _moves() -> bool:
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def _failure(noted: Noted) -> dict[str, object]:
    return {"path": encode_name(noted.path), "action": str(noted.action), "cause": noted.cause}
