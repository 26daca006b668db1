"""Being asked to stop: SIGTERM and SIGHUP do what Ctrl-C does, and none of them leaves a traceback."""

import signal
from types import FrameType
from typing import Final, NoReturn

ASKING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def hear_signals() -> None:
    """Take SIGTERM and SIGHUP as Ctrl-C is taken; for a program that is about to begin."""
    for number in ASKING:
        # Whoever started us with `nohup`, or in the background, does not want us to hear it.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


def ignore_signals() -> None:
    """Hear nothing any more: what was to be done is done, and only the exit is left."""
    for number in ASKING:
        signal.signal(number, signal.SIG_IGN)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
