"""Lines that prove themselves: JSON objects whose last field is a CRC-32 over everything before it."""

import zlib
from typing import Final, Protocol, TypeVar

import msgspec

_CHECK: Final = b',"crc":"'
_TAIL: Final = len(_CHECK) + 8 + len(b'"}')


def check_of(data: bytes | memoryview) -> str:
    """The CRC-32 of `data`, in hex."""
    return f"{zlib.crc32(data):08x}"


def close_line(body: bytes) -> bytes:
    """The JSON object `body` with its check and a newline at the end."""
    open_body = body[:-1]
    return b'%b%b%08x"}\n' % (open_body, _CHECK, zlib.crc32(open_body))


def check_of_line(line: bytes) -> str:
    """The check that a line, with or without its newline, ends in."""
    return line.rstrip(b"\n")[-10:-2].decode("ascii", "replace")


def open_line(line: bytes) -> bytes | None:
    """The JSON object that `close_line` closed; None where the line fails its check."""
    line = line.removesuffix(b"\n")
    open_body = line[:-_TAIL]
    if line[-_TAIL:] != b'%b%08x"}' % (_CHECK, zlib.crc32(open_body)):
        return None
    return open_body + b"}"


class Numbered(Protocol):
    """A line that says its own number."""

    @property
    def seq(self) -> int:
        """1 for the first line of the file."""
        ...


_Line = TypeVar("_Line", bound=Numbered)


def whole_lines(data: bytes, kind: type[_Line]) -> tuple[tuple[_Line, ...], int, bool]:
    """The intact lines from the start, the bytes that they fill, and whether nothing follows but a torn tail.

    A torn line has no end: whatever has one was written whole, and is damaged now where it does not prove itself.
    """
    found: list[_Line] = []
    length = 0
    for raw in data.split(b"\n")[:-1]:
        body = open_line(raw)
        try:
            line = msgspec.json.decode(body, type=kind) if body is not None else None
        except ValueError:
            line = None
        if line is None or line.seq != len(found) + 1:
            break
        found.append(line)
        length += len(raw) + 1
    return tuple(found), length, b"\n" not in data[length:]
