"""A log as it lies on the disk, piece by piece: intact lines, and what should be a line and is none."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rules_engine.errors import InvalidValueError
from rules_engine.manifest.events import (
    Accepted,
    AddDirectory,
    AddFiles,
    Event,
    Line,
    Mended,
    Remove,
    Start,
    decode_line,
    decode_path,
    parts_of,
)

_CLOSED: Final = re.compile(rb',"crc":"[0-9a-f]{8}"\}')


@dataclass(frozen=True, slots=True)
class Piece:
    """What stands between two newlines of a log."""

    number: int
    """Counted from 1, as an editor does."""
    start: int
    end: int
    """Where the next piece begins."""
    line: Line | None
    """None where it is damaged."""


def split_pieces(data: bytes) -> Iterator[Piece]:
    """The pieces of a log in order; a torn tail is none, for what has no newline was never finished."""
    number, start = 0, 0
    while (newline := data.find(b"\n", start)) >= 0:
        number += 1
        yield Piece(number, start, newline + 1, decode_line(data[start:newline]))
        start = newline + 1
    if is_whole_but_newline(data[start:]):
        yield Piece(number + 1, start, len(data), None)


def first_seq(line: Line) -> int:
    """The sequence number of the first line that a line stands for: its own, unless it was mended."""
    return line.seq - line.event.lines + 1 if isinstance(line.event, Mended) else line.seq


def lost_after(lost: int, event: Event) -> int:
    """How many lines are lost after an event, if `lost` were before it."""
    match event:
        case Mended(lines=lines, lost=True):
            return lost + lines
        case Accepted():
            return 0
        case _:
            return lost


def is_whole_but_newline(tail: bytes) -> bool:
    """Whether what looks like a torn tail is a whole line whose newline became another byte."""
    # Whoever is killed while writing leaves less of the line, never a byte that is not of it.
    return len(tail) > 1 and decode_line(tail[:-1]) is not None


def salvage(raw: bytes) -> tuple[Line, ...]:
    """The intact lines in a damaged piece: those whose newline became another byte."""
    found: list[Line] = []
    start = 0
    for closed in _CLOSED.finditer(raw):
        line = decode_line(raw[start : closed.end()])
        if line is not None:
            found.append(line)
        start = closed.end() + 1
    return tuple(found)


def has_good_paths(line: Line) -> bool:
    """Whether every path in a line can be one below the root; a line that fails is worth no more than a lost one."""
    try:
        for event in parts_of(line.event):
            match event:
                case AddFiles(files=files):
                    written = [path for path, _ in files]
                case Remove(paths=paths):
                    written = paths
                case AddDirectory(path=path):
                    written = [path]
                case Start():
                    written = [event.workspace, event.output, *event.aliases, *event.status_links.values()]
                case _:
                    written = []
            for one in written:
                decode_path(one)
    except InvalidValueError:
        return False
    return True
