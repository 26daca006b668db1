"""`.rules/pins.jsonl`: the protections that people set and took away, one line each; the newest word on a thing holds.

docs/reference/formats/pins.md describes the file.
"""

import os
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

from rules_engine.errors import RefusedError, UntrustedStateError
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.logfile import LogFile, open_log
from rules_engine.filesystem.machine import this_machine
from rules_engine.manifest.lines import close_line, open_line
from rules_engine.plan.given import Pin
from rules_engine.plan.pinned import holds
from rules_engine.values.names import EncodedName, decode_name, encode_name
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import JobId

PINS: Final = "pins.jsonl"
_WHERE: Final = f".rules/{PINS}"
_LARGEST: Final = 2**28
_HELP: Final = "restore it from a backup of the root; until then it is not known what people protected"


class Word(StrEnum):
    """What a line says of a path or a job."""

    PIN = "pin"
    UNPIN = "unpin"


class PinLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One word of a person; exactly one of `path` and `job` is there."""

    seq: int
    """1 for the first line of the file."""
    at: Instant
    word: Word
    user: int
    """The user id of whoever said it, on `host`; for people, decides nothing."""
    host: EncodedName
    path: EncodedName | None = None
    job: JobId | None = None
    reason: str = ""
    until: Instant | None = None

    @property
    def pin(self) -> Pin:
        """What was said, without who said it."""
        path = None if self.path is None else RelPath(decode_name(self.path))
        return Pin(path, self.job, self.reason, self.until)


def read_pins(state: Directory, now: Instant | None = None) -> tuple[Pin, ...]:
    """The pins that stand, each thing once, in the order in which they were set; with `now`, those that hold then.

    Raises:
        UntrustedStateError: when they cannot be read or are damaged.
    """
    pins = (line.pin for line in read_pin_lines(state))
    return tuple(pin for pin in pins if now is None or holds(pin, now))


def read_pin_lines(state: Directory) -> tuple[PinLine, ...]:
    """The lines that set the pins that stand, oldest first.

    Raises:
        UntrustedStateError: when they cannot be read or are damaged.
    """
    try:
        data = state.read_file(PINS, limit=_LARGEST)
    except FileNotFoundError:
        return ()
    except OSError as err:
        raise UntrustedStateError(_WHERE, f"cannot be read: {err.strerror or err}", _HELP) from err
    lines, _ = _lines(data)
    return tuple(_standing(lines).values())


def set_pin(state: Directory, pin: Pin, now: Instant) -> Pin | None:
    """Set a pin durably; the newest word on a path or job holds. Gives the pin that it replaces.

    Raises:
        UntrustedStateError: when the pins are damaged.
        RefusedError: when they cannot be written.
    """
    return _say(state, Word.PIN, pin, now)


def take_pin(state: Directory, pin: Pin, now: Instant) -> Pin | None:
    """Take the pin of that path or job away durably, and give it; None, and nothing said, where none stands.

    Raises:
        UntrustedStateError: when the pins are damaged.
        RefusedError: when they cannot be written.
    """
    return _say(state, Word.UNPIN, pin, now)


class PinsOnDisk:
    """Reads the pins, and says cheaply whether that has to be done again."""

    def __init__(self, state: Directory) -> None:
        self._state = state
        self._seen: tuple[int, int, int] | None = None

    def read(self) -> tuple[Pin, ...]:
        """The pins that stand, read now."""
        # The look first: what changes while they are read shows next time.
        self._seen = self._look()
        return read_pins(self._state)

    def has_changed(self) -> bool:
        """Whether somebody said another word since the last reading."""
        return self._look() != self._seen

    def _look(self) -> tuple[int, int, int] | None:
        try:
            found = self._state.stat(PINS)
        except OSError as err:
            raise UntrustedStateError(_WHERE, f"cannot be looked at: {err.strerror or err}", _HELP) from err
        return None if found is None else (found.inode, found.size, found.mtime_ns)


def _say(state: Directory, word: Word, pin: Pin, now: Instant) -> Pin | None:
    try:
        with open_log(state, PINS) as log:
            data = log.read(0, log.size)
            lines, length = _lines(data)
            before = _standing(lines).get((pin.path, pin.job))
            if word is Word.PIN or before is not None:
                _append(log, _line(len(lines) + 1, word, pin, now), data, length)
    except OSError as err:
        what = f"the pin cannot be written to `{_WHERE}`: {err.strerror or err}"
        raise RefusedError(what, "make room, or check its permissions") from err
    return before.pin if before is not None else None


def _line(seq: int, word: Word, pin: Pin, now: Instant) -> PinLine:
    return PinLine(
        seq=seq,
        at=now,
        word=word,
        user=os.geteuid(),
        host=encode_name(this_machine().host),
        path=None if pin.path is None else encode_name(pin.path),
        job=pin.job,
        reason=pin.reason if word is Word.PIN else "",
        until=pin.until if word is Word.PIN else None,
    )


def _append(log: LogFile, line: PinLine, data: bytes, length: int) -> None:
    # What a killed writer left behind proves nothing, and goes before the next line.
    log.cut(length)
    whole = not length or data[length - 1 : length] == b"\n"
    log.append((b"" if whole else b"\n") + close_line(msgspec.json.encode(line)), durable=True)


def _lines(data: bytes) -> tuple[list[PinLine], int]:
    """The lines, and the bytes that they fill; a torn tail is left out.

    Only the last line may be torn, and a torn line has no end: anything else was written whole, and is damaged now.
    """
    found: list[PinLine] = []
    *whole, tail = data.split(b"\n")
    for number, raw in enumerate(whole, 1):
        line = _decoded(raw)
        if line is None or line.seq != number:
            raise UntrustedStateError(_WHERE, f"has a damaged line {number}", _HELP)
        found.append(line)
    last = _decoded(tail)
    if last is not None and last.seq == len(found) + 1:
        return [*found, last], len(data)
    return found, len(data) - len(tail)


def _decoded(raw: bytes) -> PinLine | None:
    body = open_line(raw)
    if body is None:
        return None
    try:
        line = msgspec.json.decode(body, type=PinLine)
        if line.path is not None:
            decode_name(line.path)
    except ValueError:
        return None
    return line if (line.path is None) != (line.job is None) else None


def _standing(lines: Iterable[PinLine]) -> dict[tuple[RelPath | None, JobId | None], PinLine]:
    standing: dict[tuple[RelPath | None, JobId | None], PinLine] = {}
    for line in lines:
        thing = (line.pin.path, line.job)
        standing.pop(thing, None)
        if line.word is Word.PIN:
            standing[thing] = line
    return standing
