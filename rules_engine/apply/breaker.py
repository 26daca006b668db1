"""Stops a run when failure after failure shows that something larger is wrong."""

from typing import Final

from rules_engine.apply.model import PERMISSIONS, Outcome, StepResult

MOST_IN_A_ROW: Final = 10


class StopRun(Exception):  # noqa: N818 - it is not an error of anybody's; the run ends early and says why
    """The run cannot go on."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Breaker:
    """Counts failures in a row; files of another user are no sign of a broken disk and do not count."""

    def __init__(self) -> None:
        self._in_a_row = 0
        self._last: StepResult | None = None

    def note(self, result: StepResult) -> None:
        """Take one more result into account.

        Raises:
            StopRun: after ten failures in a row.
        """
        if result.outcome is not Outcome.FAILED:
            self._in_a_row = 0
            return
        # A directory that cannot be opened fails all its steps with one result, and is one failure.
        if result.errno in PERMISSIONS or result is self._last:
            return
        self._last = result
        self._in_a_row += 1
        if self._in_a_row >= MOST_IN_A_ROW:
            raise StopRun(f"{MOST_IN_A_ROW} steps in a row failed, the last one with: {result.cause}")
