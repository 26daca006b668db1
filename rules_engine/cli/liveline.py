"""One line at the foot of a terminal that says how far long work is; it comes late, and leaves nothing behind."""

import threading
import time
from typing import IO, TYPE_CHECKING, Final, cast

from rules_engine.cli.gauge import Gauge
from rules_engine.cli.terminal import talk

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

PATIENCE_S: Final = 0.5
"""Who is done by then was not waited for."""
_A_SECOND: Final = 5


class _Talk:
    """Stderr for what draws: a terminal that was closed ends nobody's run, and no thread of it either."""

    def write(self, text: str) -> None:
        """Say it, if anybody is there."""
        talk(text, end="")

    def flush(self) -> None:
        """Nothing is kept back."""


class LiveLine:
    """Shows a gauge until it is cleared; a thread of its own draws it, so that the work only counts."""

    def __init__(self, gauge: Gauge) -> None:
        self._gauge = gauge
        # Held while anything is written, so that no line is drawn into another.
        self._lock = threading.Lock()
        self._live: Live | None = None
        self._is_over = False
        self._timer = threading.Timer(PATIENCE_S, self._show)
        self._timer.daemon = True
        self._timer.start()

    def say(self, text: str) -> None:
        """Write a remark above the line."""
        with self._lock:
            if self._live is None:
                talk(text)
                return
            self._live.console.print(text, markup=False, emoji=False, highlight=False, soft_wrap=True)

    def clear(self) -> None:
        """Take the line away; what is written next stands where it was."""
        self._timer.cancel()
        with self._lock:
            self._is_over = True
            live, self._live = self._live, None
            if live is not None:
                live.stop()

    def _show(self) -> None:
        from rich.console import Console  # noqa: PLC0415 - only work that takes long needs it
        from rich.live import Live  # noqa: PLC0415 - same

        live = Live(
            console=Console(file=cast("IO[str]", _Talk()), force_terminal=True),
            get_renderable=self._line,
            refresh_per_second=_A_SECOND,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        with self._lock:
            if not self._is_over:
                live.start()
                self._live = live

    def _line(self) -> "Text":
        from rich.text import Text  # noqa: PLC0415 - as above

        return Text(self._gauge.line(time.monotonic()), no_wrap=True, overflow="ellipsis")
