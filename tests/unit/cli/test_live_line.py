"""The line that moves, on a real terminal."""

import os
import pty
import re
import select
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from rules_engine.cli import liveline
from rules_engine.cli.gauge import Gauge, Phase
from rules_engine.cli.liveline import LiveLine
from rules_engine.cli.progress import Progress
from rules_engine.inventory.model import DirectoryFacts, Inventory
from rules_engine.jobs.planning import Survey
from rules_engine.plan.given import Guards
from rules_engine.policy.model import PolicySet
from rules_engine.values.paths import RelPath

ERASE_LINE = b"\x1b[2K"


class Terminal:
    """The other end of a terminal on which stderr is."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.seen = b""

    def hang_up(self) -> None:
        """Close the window; from now on nothing can be written."""
        os.close(self._fd)

    def wait_for(self, expected: bytes) -> None:
        """Read until that was written."""
        began = time.monotonic()
        while expected not in self.seen:
            assert time.monotonic() - began < 20, f"only {self.seen!r}"
            select.select([self._fd], [], [], 0.1)
            self.read()

    def read(self) -> bytes:
        """Everything that was written by now."""
        while True:
            try:
                self.seen += os.read(self._fd, 4096)
            except BlockingIOError:
                return self.seen
            except OSError:
                # The other side was closed.
                return self.seen


@contextmanager
def at_terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """A terminal in the place of stderr; not a fixture, as pytest puts its own there once those are made."""
    ours, theirs = pty.openpty()
    os.set_blocking(ours, False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(liveline, "PATIENCE_S", 0.01)
    with suppress(OSError), os.fdopen(theirs, "w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        yield Terminal(ours)
        os.close(ours)


def test_the_line_moves_lets_remarks_pass_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A remark stands above it whole, however long; at its end the line is erased."""
    with at_terminal(monkeypatch) as terminal:
        gauge = Gauge(Phase.APPLYING, time.monotonic(), files=7)
        line = LiveLine(gauge)
        terminal.wait_for(b"applying: 7 steps")
        gauge.files = 8_000
        terminal.wait_for(b"applying: 8 000 steps")
        remark = "failed: " + "[bold]/long/path" * 20
        line.say(remark)
        line.clear()
        line.clear()
        seen = terminal.read()
        assert remark.encode() in seen
        assert b"applying" not in re.split(re.escape(ERASE_LINE), seen)[-1]


def test_what_is_done_at_once_is_never_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waited for it, so there is nothing to erase either."""
    with at_terminal(monkeypatch) as terminal:
        monkeypatch.setattr(liveline, "PATIENCE_S", 60)
        line = LiveLine(Gauge(Phase.READING, 0.0))
        line.say("a remark")
        line.clear()
        assert terminal.read() == b"a remark\r\n"


def test_a_line_that_comes_too_late_stays_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """The work may end while the line is being made."""
    with at_terminal(monkeypatch) as terminal:
        line = LiveLine(Gauge(Phase.READING, 0.0))
        line.clear()
        line._show()
        assert line._live is None
        assert b"reading" not in terminal.read().replace(ERASE_LINE, b"")


def test_a_terminal_that_was_closed_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run goes on when the window it was started in is closed."""
    with at_terminal(monkeypatch) as terminal:
        line = LiveLine(Gauge(Phase.READING, time.monotonic()))
        terminal.wait_for(b"reading: ")
        terminal.hang_up()
        time.sleep(0.5)
        line.say("said to nobody")
        line.clear()


def test_a_plan_is_told_while_its_directories_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the last of them passed: what is written then stands on a clean line."""
    with at_terminal(monkeypatch) as terminal:

        def directories() -> Iterator[DirectoryFacts]:
            yield DirectoryFacts(RelPath("a"), ())
            terminal.wait_for(b"planning: ")

        inventory = Inventory(directories(), walked=True)
        with Progress(quiet=False) as progress:
            found = progress.watch(Survey(PolicySet(), (), Guards(), inventory))
            assert [facts.path for facts in found.inventory.directories] == ["a"]
            assert progress._line is None
        assert b"planning" not in terminal.read().split(ERASE_LINE)[-1]


def test_results_that_go_to_the_same_terminal_are_not_drawn_into(monkeypatch: pytest.MonkeyPatch) -> None:
    """A document that is written while the plan is made has the terminal to itself."""
    with at_terminal(monkeypatch):
        monkeypatch.setattr(sys, "stdout", sys.stderr)
        found = Survey(PolicySet(), (), Guards(), Inventory((), walked=True))
        before = found.inventory.directories
        assert Progress(quiet=False).watch(found, streamed=True).inventory.directories is before
