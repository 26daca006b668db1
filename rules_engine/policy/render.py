"""A diagnostic as text: place, code and message, the source line with its part underlined, help, related places."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final

from rules_engine.values.diagnostics import Diagnostic, Span
from rules_engine.values.text import escape

_LINE_END: Final = re.compile(r"\r\n|\n|\r")
_WIDEST: Final = 120
_BEFORE: Final = 60


def render(diagnostic: Diagnostic, sources: Mapping[str, str]) -> str:
    """The lines that show one diagnostic; `sources` maps the file of a span to its text."""
    head = f"{diagnostic.severity}[{diagnostic.code}]: {escape(diagnostic.message)}"
    lines = [f"{escape(str(diagnostic.span))}: {head}" if diagnostic.span else head]
    lines += _show(diagnostic.span, sources)
    if diagnostic.help_text is not None:
        lines.append(f"  help: {escape(diagnostic.help_text)}")
    for span, text in diagnostic.related:
        lines.append(f"  see {escape(str(span))}: {escape(text)}" if span else f"  see {escape(text)}")
        lines += _show(span, sources)
    return "\n".join(lines)


def render_all(diagnostics: Iterable[Diagnostic], sources: Mapping[str, str]) -> str:
    """All diagnostics, with an empty line between two."""
    return "\n\n".join(render(one, sources) for one in diagnostics)


def _show(span: Span | None, sources: Mapping[str, str]) -> list[str]:
    if span is None or span.file not in sources:
        return []
    lines = _LINE_END.split(sources[span.file])
    if span.line > len(lines):
        return []
    source = lines[span.line - 1]
    start = span.column - 1
    end = span.end_column - 1 if span.end_line == span.line else len(source.rstrip())
    before, marked, after = source[:start], source[start : max(end, start)], source[max(end, start) :]
    if len(source) > _WIDEST:
        before, marked, after = _cut(before, marked, after)
    number, shown = str(span.line), escape(before)
    carets = "^" * max(_width(escape(marked)), 1)
    return [
        f"  {number} | {shown}{escape(marked)}{escape(after)}".rstrip(),
        f"  {' ' * len(number)} | {' ' * _width(shown)}{carets}",
    ]


def _cut(before: str, marked: str, after: str) -> tuple[str, str, str]:
    """The neighbourhood of the marked part: a line of a megabyte must not hide the message."""
    if len(before) > _BEFORE:
        before = f"…{before[-_BEFORE:]}"
    if len(marked) > _BEFORE:
        return before, f"{marked[:_BEFORE]}…", ""
    return before, marked, f"{after[:_BEFORE]}…" if len(after) > _BEFORE else after


def _width(text: str) -> int:
    """Columns on a terminal: East Asian characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )
