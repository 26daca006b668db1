"""Where text leaves the program: results to stdout, talk to stderr, colour only for a person at a terminal."""

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TextIO

from rules_engine.errors import RulesError
from rules_engine.values.text import escape

if TYPE_CHECKING:
    from rich.console import Console

_LINES_AT_ONCE: Final = 512


class OutputError(RulesError):
    """Results could not be written to stdout."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def __str__(self) -> str:
        return f"the output cannot be written: {self.why}\n  help: make room, or send it elsewhere"


def show(lines: Iterable[str]) -> None:
    """Write result lines to stdout."""
    if _wants_colour(sys.stdout):
        console = _console()
        for line in lines:
            console.print(line)
        return
    pending: list[str] = []
    for line in lines:
        pending.append(line)
        if len(pending) >= _LINES_AT_ONCE:
            _write("\n".join(pending) + "\n")
            pending.clear()
    if pending:
        _write("\n".join(pending) + "\n")


def show_bytes(pieces: Iterable[bytes]) -> None:
    """Write results for another program to stdout, as they are."""
    for piece in pieces:
        _write_raw(piece)


def talk(text: str, end: str = "\n") -> None:
    """Write a remark to stderr: progress, counts, what to do next."""
    # A run must not end half-way because the terminal that it talks to was closed.
    with suppress(OSError):
        sys.stderr.write(f"{text}{end}")
        sys.stderr.flush()


def complain(text: str) -> None:
    """Write an error to stderr, each of its lines escaped."""
    talk("\n".join(escape(line) for line in f"error: {text}".split("\n")))


def refusal(error: OSError) -> str:
    """What a disk or its permissions say, as an error of nobody's program."""
    return f"the system refuses: {error.strerror or error}\n  help: make room, or mend the permissions, and try again"


def is_interactive() -> bool:
    """Whether a person can be asked: both ends are terminals."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _write(text: str) -> None:
    # Names were escaped; what is left that the terminal's encoding lacks becomes `?`, never an error.
    _write_raw(text.encode(sys.stdout.encoding or "utf-8", "replace"))


def _write_raw(piece: bytes) -> None:
    try:
        sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        _stop_writing()
    except OSError as err:
        _stop_writing()
        raise OutputError(err.strerror or str(err)) from err


def _stop_writing() -> None:
    """Send further output nowhere: who read it has left, and an apply must go on to its end all the same."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _wants_colour(stream: TextIO) -> bool:
    return stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def _console() -> "Console":
    from rich.console import Console  # noqa: PLC0415 - half the start-up time, and only a terminal needs it

    from rules_engine.cli.colours import THEME, RulesHighlighter  # noqa: PLC0415 - same

    return Console(
        file=sys.stdout, highlighter=RulesHighlighter(), theme=THEME, markup=False, emoji=False, soft_wrap=True
    )
