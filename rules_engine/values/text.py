"""The one place where a name from the disk becomes text for a terminal or a log."""

import re
from typing import Final

# C0, DEL, C1, soft hyphen, zero-width and bidirectional controls, line and paragraph separators, BOM, and
# surrogates: each could move a cursor, reorder a line, or hide a part of a name from the reviewer of a plan.
_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_NAMED: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _escape_one(found: re.Match[str]) -> str:
    char = found[0]
    if char in _NAMED:
        return _NAMED[char]
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # noqa: PLR2004 - a byte that is not UTF-8, as PEP 383 keeps it
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"  # noqa: PLR2004


def escape(text: str) -> str:
    r"""`text` in one line with nothing in it that a terminal obeys: a newline is `\n`, byte 0xff is `\xff`."""
    return _UNSAFE.sub(_escape_one, text)


def plural(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun: `1 file`, `12 345 files`."""
    noun = one if count == 1 else (many or f"{one}s")
    return f"{count:,} {noun}".replace(",", " ")
