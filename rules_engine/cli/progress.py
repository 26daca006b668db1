"""What a person hears while a run goes on: how far it is, and each step that failed."""

import sys
from typing import assert_never

from rules_engine.apply.model import (
    Committed,
    Event,
    HandedOver,
    LeftBehind,
    Outcome,
    RunEnded,
    RunStarted,
    StateRetired,
    StepNoted,
)
from rules_engine.cli.terminal import talk
from rules_engine.report.words import VERBS, name
from rules_engine.values.text import escape, plural


class Progress:
    """A listener of a run that talks to stderr."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._steps = 0
        self._moves = sys.stderr.isatty() and not quiet

    def hear(self, event: Event) -> None:
        """Say what is worth saying of one event."""
        if self._quiet:
            return
        match event:
            case RunStarted(run_id=run_id, steps=steps, resumed=resumed):
                self._steps = steps
                talk(f"run {run_id}{' goes on' if resumed else ''}: {plural(steps, 'step')}")
            case StepNoted(noted=noted) if noted.outcome is Outcome.FAILED:
                talk(f"failed: {VERBS[noted.action]} {name(noted.path)}: {escape(noted.cause)}")
            case Committed(settled=settled) if self._moves:
                talk(f"\r{settled} of {self._steps}", end="")
            case RunEnded() if self._moves:
                talk("")
            case StateRetired(notes=notes) | LeftBehind(notes=notes):
                for note in notes:
                    talk(f"note: {escape(note)}")
            case StepNoted() | HandedOver() | Committed() | RunEnded():
                pass
            case _:
                assert_never(event)
