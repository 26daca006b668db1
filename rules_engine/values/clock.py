"""What a clock must be able to do; the real one lives in `filesystem/clock.py`."""

from typing import Final, Protocol

from rules_engine.values.quantities import MINUTE, Instant

CLOCKS_DIFFER: Final = 5 * MINUTE
"""Clocks of two hosts may differ by this; what is further ahead is of the future, and further back is a wrong clock."""


class Clock(Protocol):
    """The time of day and the wait between two attempts, passed in wherever either is needed."""

    def now(self) -> Instant:
        """The current instant."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait for `seconds`."""
        ...
