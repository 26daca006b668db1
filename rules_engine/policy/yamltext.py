"""The syntax stage: from the bytes of one policy file to nodes with places, with the traps of YAML closed."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import yaml

from rules_engine.policy.findings import Findings, Related
from rules_engine.policy.nodes import Node
from rules_engine.policy.treebuild import TreeBuilder
from rules_engine.values.diagnostics import Span

LARGEST_FILE: Final = 1_000_000
"""Bytes; more is not a policy that a person reviews, and costs seconds to scan."""

# The parser written in C where the wheel has it. Only its events are used: its composer recurses, and crashes the
# process on forty thousand nested brackets.
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# Control characters, and those that end a line for YAML or reorder one for a reader, but not in an editor: a
# reviewer would approve another text than the one that is loaded.
_HIDDEN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]"
)
_LINE_END: Final = re.compile(r"\r\n|\n|\r")
_QUOTING: Final = 'put a value that begins with `*`, `!`, `&`, `%`, `@` or a backtick in quotes, such as `"*.part"`'


def decode(file: str, raw: bytes, findings: Findings) -> str | None:
    """The text of a policy file; None, with a finding, where it is too large or not UTF-8."""
    if len(raw) > LARGEST_FILE:
        findings.error(
            "P005",
            f"the file has more than {LARGEST_FILE} bytes",
            Span(file, 1, 1, 1, 1),
            "split it into several files",
        )
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        before = raw[: err.start].decode("utf-8-sig", "replace")
        findings.error(
            "P101",
            f"the file is not UTF-8: byte 0x{raw[err.start]:02x} cannot stand here",
            _span_at(file, before, 1),
            "save the file as UTF-8",
        )
        return None


def parse_text(file: str, text: str, findings: Findings) -> Node | None:
    """The tree of one policy text; None, with findings, where it cannot be read."""
    hidden = list(_HIDDEN.finditer(text))
    for found in hidden[:10]:
        findings.error(
            "P102",
            f"a hidden character U+{ord(found[0]):04X} stands here",
            _span_at(file, text[: found.start()], 1),
            'remove it, or write it as an escape in double quotes, such as `"\\u202e"`',
        )
    if hidden:
        return None
    before = len(findings)
    builder = TreeBuilder(file, findings)
    try:
        for event in _events(text):
            if not builder.take(event):
                return None
    except yaml.MarkedYAMLError as err:
        _report(file, text, err, findings)
        return None
    except (yaml.YAMLError, ValueError):  # such as a version of five thousand digits, for the parser in Python
        help_text = "remove lines that begin with `%`"
        findings.error("P103", "the text is not YAML: it cannot be read", Span(file, 1, 1, 1, 1), help_text)
        return None
    if builder.root is None and len(findings) == before:
        findings.error(
            "P104", "the file is empty", Span(file, 1, 1, 1, 1), "write `version: 1` and a `kind`, or remove the file"
        )
    return builder.root if len(findings) == before else None


def _events(text: str) -> Iterator[Any]:
    loader = _LOADER(text)
    try:
        while loader.check_event():
            yield loader.get_event()
    finally:
        loader.dispose()


def _span_at(file: str, before: str, width: int) -> Span:
    lines = _LINE_END.split(before)
    line, column = len(lines), len(lines[-1]) + 1
    return Span(file, line, column, line, column + width)


def _report(file: str, text: str, err: yaml.MarkedYAMLError, findings: Findings) -> None:
    """Say in our words what the parser could not read; its own words only where they are all there is."""
    mark = err.problem_mark or err.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = _LINE_END.split(text)
    source = lines[line] if line < len(lines) else ""
    span = Span(file, line + 1, column + 1, line + 1, column + 2)
    begins = source[column : column + 1]
    context, problem = err.context or "", (err.problem or "it cannot be read").lower()
    if "\t" in source[: len(source) - len(source.lstrip())]:
        findings.error("P103", "a tab stands in the indentation", span, "indent with spaces")
    elif begins == "\t":
        findings.error("P103", "a tab stands where a value begins", span, "use spaces")
    elif any(word in context for word in ("alias", "anchor", "tag")) or "cannot start any token" in problem:
        span = replace(span, column=_value_start(source, column), end_column=column + 2)
        findings.error("P105", "this value needs quotes", span, _QUOTING)
    else:
        _report_other(file, err, span, findings)


def _value_start(source: str, column: int) -> int:
    """Where the value begins that the parser gave up in: after the last space, bracket or comma."""
    return max(source.rfind(char, 0, column) for char in " [{,") + 2


def _report_other(file: str, err: yaml.MarkedYAMLError, span: Span, findings: Findings) -> None:
    problem = (err.problem or "it cannot be read").lower()
    help_text = "look for a bracket or a quote that is not closed, and for lines that are indented differently"
    if "mapping values" in problem:
        help_text = "put a value that holds `: ` in quotes, and indent the keys of one map alike"
    related: Related = ()
    start = err.context_mark
    if err.context and start and start.line + 1 != span.line:
        place = Span(file, start.line + 1, start.column + 1, start.line + 1, start.column + 2)
        related = ((place, "it begins here"),)
    findings.error("P103", f"the text is not YAML: {problem}", span, help_text, related)
