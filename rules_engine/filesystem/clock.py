"""The real clock; everything else is given one."""

import time

from rules_engine.values.quantities import Instant


class SystemClock:
    """The clock of this machine."""

    def now(self) -> Instant:
        """The current instant."""
        return Instant(time.time_ns())  # noqa: TID251 - this is the one place that reads the clock

    def sleep(self, seconds: float) -> None:
        """Wait for `seconds`."""
        time.sleep(seconds)
