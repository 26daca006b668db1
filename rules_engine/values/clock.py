"""What a clock must be able to do; the real one lives in `filesystem/clock.py`."""

from typing import Protocol

from rules_engine.values.quantities import Instant


class Clock(Protocol):
    """The time of day and the wait between two attempts, passed in wherever either is needed."""

    def now(self) -> Instant:
        """The current instant."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait for `seconds`."""
        ...
