"""From YAML events to nodes: without recursion, without aliases, tags and merge keys, and with every key once."""

import re
from typing import Any, Final

from rules_engine.policy.findings import Findings
from rules_engine.policy.nodes import Node, Scalar
from rules_engine.values.diagnostics import Span

DEEPEST: Final = 32
"""Levels of lists and maps; a policy needs six."""

MOST_NODES: Final = 50_000
"""Values in one file; more is not a policy that a person reviews."""

MOST_FINDINGS: Final = 100
"""Findings after which reading stops: the first ones are what a person can mend."""

# Nothing else is more than text: `NO`, `010`, `12:30:00`, `1e3` and `2026-01-01` mean something else than they
# show under the rules of YAML 1.1.
_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]{0,17}", re.ASCII)
_BOOLEANS: Final = {"true": True, "false": False}


class _Open:
    """A list or map whose end has not been seen."""

    def __init__(self, start: Any, *, is_map: bool) -> None:
        self.start = start
        self.is_map = is_map
        self.items: list[Node] = []
        self.entries: dict[str, Node] = {}
        self.key_spans: dict[str, Span] = {}
        self.key: str | None = None
        self.wants_key = is_map
        self.repeats = 0


class TreeBuilder:
    """Takes events one by one; `root` is the tree once all were taken."""

    def __init__(self, file: str, findings: Findings) -> None:
        self.root: Node | None = None
        self._file = file
        self._findings = findings
        self._open: list[_Open] = []
        self._count = 0
        self._documents = 0

    def take(self, event: Any) -> bool:
        """Take one event; False where the rest of the text must not be read."""
        name = type(event).__name__
        if len(self._findings) >= MOST_FINDINGS:
            return False
        if name == "DocumentStartEvent":
            return self._begin_document(event)
        if name in {"ScalarEvent", "SequenceStartEvent", "MappingStartEvent", "AliasEvent"}:
            self._count += 1
            if self._count > MOST_NODES:
                self._error("P113", f"the file has more than {MOST_NODES} values", event, "split it into several files")
                return False
            self._check_marks(event, name)
        if name == "ScalarEvent":
            self._scalar(event)
        elif name == "AliasEvent":
            self._place(Node(self._span(event), ""))
        elif name in {"SequenceStartEvent", "MappingStartEvent"}:
            return self._begin(event, is_map=name == "MappingStartEvent")
        elif name in {"SequenceEndEvent", "MappingEndEvent"}:
            self._end(event)
        return True

    def _begin_document(self, event: Any) -> bool:
        self._documents += 1
        if self._documents == 1:
            return True
        self._error("P111", "a second document begins here", event, "write one document a file")
        return False

    def _begin(self, event: Any, *, is_map: bool) -> bool:
        if self._open and self._open[-1].wants_key:
            self._error("P110", "a list or map stands where a key belongs", event, "put text with `{` or `[` in quotes")
            return False
        self._open.append(_Open(event, is_map=is_map))
        if len(self._open) > DEEPEST:
            self._error("P112", f"lists and maps are nested more than {DEEPEST} deep", event)
            return False
        return True

    def _end(self, event: Any) -> None:
        done = self._open.pop()
        span = self._span_between(done, event)
        if done.is_map:
            self._place(Node(span, entries=done.entries, key_spans=done.key_spans))
        else:
            self._place(Node(span, items=tuple(done.items)))

    def _span_between(self, done: _Open, end: Any) -> Span:
        # The end mark of a block is where the next token begins, often lines below: the last value is nearer.
        last = (list(done.entries.values()) if done.is_map else done.items)[-1:]
        start = done.start.start_mark
        if done.start.flow_style or not last:
            return self._make(start.line, start.column, end.end_mark.line, end.end_mark.column)
        return Span(self._file, start.line + 1, start.column + 1, last[0].span.end_line, last[0].span.end_column)

    def _scalar(self, event: Any) -> None:
        if self._open and self._open[-1].wants_key:
            self._key(event)
            return
        quoted = bool(event.style)
        self._check_text(event)
        self._place(Node(self._span(event), event.value if quoted else _resolve(event.value), quoted=quoted))

    def _key(self, event: Any) -> None:
        top = self._open[-1]
        key, span = str(event.value), self._span(event)
        top.wants_key = False
        top.key = key
        if not key:
            self._error("P110", "a key is empty", event, "write the key before the `:`")
        elif key == "<<" and not event.style:
            self._error("P109", "merge keys are not part of the language", event, "write the keys out")
        elif key in top.key_spans:
            first = top.key_spans[key]
            self._error(
                "P106",
                f"`{key}` is written twice, first in line {first.line}",
                event,
                "remove one of them",
                ((first, "the first is here"),),
            )
            top.repeats += 1
            top.key = f"{key}\0{top.repeats}"  # kept apart, so that neither hides what is wrong in the other
            return
        self._check_text(event)
        top.key_spans[key] = span

    def _place(self, node: Node) -> None:
        if not self._open:
            self.root = None if node.is_empty else node
            return
        top = self._open[-1]
        if not top.is_map:
            top.items.append(node)
        elif top.wants_key:
            top.wants_key, top.key = False, node.text
        else:
            top.entries[top.key or ""] = node
            top.wants_key = True

    def _check_marks(self, event: Any, name: str) -> None:
        quoting = "write the value out, or put a text that begins with `{}` in quotes"
        if name == "AliasEvent":
            self._error("P107", f"`*{event.anchor}` is an alias, and policies have none", event, quoting.format("*"))
            return
        if event.anchor is not None:
            self._error("P107", f"`&{event.anchor}` is an anchor, and policies have none", event, quoting.format("&"))
        if event.tag is not None:
            tag = str(event.tag).replace("tag:yaml.org,2002:", "!!")
            self._error(
                "P108", f"`{tag}` is a tag, and policies have none", event, "put a text that begins with `!` in quotes"
            )

    def _check_text(self, event: Any) -> None:
        bad = next((char for char in event.value if char == "\0" or "\ud800" <= char <= "\udfff"), None)
        if bad is not None:
            self._error("P102", f"U+{ord(bad):04X} cannot stand in a text", event, "remove it")

    def _error(
        self,
        code: str,
        message: str,
        event: Any,
        help_text: str | None = None,
        related: tuple[tuple[Span, str], ...] = (),
    ) -> None:
        self._findings.error(code, message, self._span(event), help_text, related)

    def _span(self, event: Any) -> Span:
        start, end = event.start_mark, event.end_mark
        return self._make(start.line, start.column, end.line, end.column)

    def _make(self, line: int, column: int, end_line: int, end_column: int) -> Span:
        return Span(self._file, line + 1, column + 1, end_line + 1, end_column + 1)


def _resolve(text: str) -> Scalar:
    if not text:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    return int(text) if _INTEGER.fullmatch(text) else text
