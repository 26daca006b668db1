"""Lines that prove themselves: JSON objects whose last field is a CRC-32 over everything before it."""

import zlib
from typing import Final

_CHECK: Final = b',"crc":"'
_TAIL: Final = len(_CHECK) + 8 + len(b'"}')


def check_of(data: bytes) -> str:
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
