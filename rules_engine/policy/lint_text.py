"""What only the text of a policy shows: a value cut short by a comment that was not meant as one."""

import re
from collections.abc import Iterator
from typing import Final

from rules_engine.values.diagnostics import Diagnostic, Severity, Span
from rules_engine.values.text import escape

_BLOCK: Final = re.compile(r"[|>][-+0-9]*\s*(?:#.*)?$")
_BEFORE_QUOTE: Final = " \t[{,:-?"


def find_cut_values(file: str, text: str) -> Iterator[Diagnostic]:
    """A warning for each unquoted value with ` #` behind it and no space behind the `#`: YAML drops the rest."""
    block_indent: int | None = None
    quote = ""
    for number, line in enumerate(text.splitlines(), start=1):
        indent = len(line) - len(line.lstrip(" "))
        if block_indent is not None and (not line.strip() or indent > block_indent):
            continue
        block_indent = None
        column, quote = _comment(line, quote)
        if not quote and _BLOCK.search(line if column is None else line[:column].rstrip()):
            block_indent = indent
        if column is None or not _is_suspicious(line, column):
            continue
        cut = line[column:].rstrip()
        yield Diagnostic(
            "W506",
            f"` {escape(cut)}` is a comment to YAML, so the value ends before it",
            Span(file, number, column + 1, number, column + 1 + len(cut)),
            "put the value in quotes; or write a space behind the `#` of a comment",
            Severity.WARNING,
        )


def _is_suspicious(line: str, column: int) -> bool:
    """Whether a plain value stands before the comment, and the comment does not begin as comments do."""
    before = line[:column].rstrip()
    return (
        bool(before.strip())
        and before[-1] not in "\"']},:-"
        and line[column + 1 : column + 2] not in {"", " ", "#", "!"}
    )


def _comment(line: str, quote: str) -> tuple[int | None, str]:
    """Where the comment of a line begins, and the quote that is still open at its end."""
    at = 0
    while at < len(line):
        char = line[at]
        if quote:
            # `\"` in double quotes and `''` in single ones do not end them.
            if (char == "\\" and quote == '"') or (quote == "'" and line.startswith("''", at)):
                at += 1
            elif char == quote:
                quote = ""
        elif char in "\"'" and (at == 0 or line[at - 1] in _BEFORE_QUOTE):
            quote = char
        elif char == "#" and (at == 0 or line[at - 1] in " \t"):
            return at, ""
        at += 1
    return None, quote
