"""One gitignore component to the sets of bytes that it allows, place by place, as git's wildmatch reads it."""

import re
from typing import Final

import msgspec

from rules_engine.errors import InvalidValueError

_DIGIT: Final = frozenset(b"0123456789")
_UPPER: Final = frozenset(range(ord("A"), ord("Z") + 1))
_LOWER: Final = frozenset(range(ord("a"), ord("z") + 1))
_GRAPH: Final = frozenset(range(0x21, 0x7F))
_MEMBERS: Final = {
    "alnum": _DIGIT | _UPPER | _LOWER,
    "alpha": _UPPER | _LOWER,
    "blank": frozenset(b" \t"),
    "cntrl": frozenset({*range(0x20), 0x7F}),
    "digit": _DIGIT,
    "graph": _GRAPH,
    "lower": _LOWER,
    "print": _GRAPH | frozenset(b" "),
    "punct": _GRAPH - _DIGIT - _UPPER - _LOWER,
    "space": frozenset(b" \t\n\v\f\r"),
    "upper": _UPPER,
    "xdigit": _DIGIT | frozenset(b"abcdefABCDEF"),
}
_ANY_BYTE: Final = frozenset(range(1, 256)) - {ord("/")}
_ONLY: Final = tuple(frozenset({code}) for code in range(256))
_LITERAL: Final = re.compile(r"[^*?\[\\]+")


class PatternError(InvalidValueError):
    """A pattern that gitignore would skip, could never match, or reads otherwise than it looks."""

    def __init__(self, text: str, why: str, help_text: str, index: int = 0) -> None:
        super().__init__("pattern", text, why)
        # The base class keeps three values; a process pool rebuilds this one from these four.
        self.args = (text, why, help_text, index)
        self.help_text = help_text
        self.index = index


class Component(msgspec.Struct, frozen=True):
    """What one component of a pattern asks of one name: pieces of fixed length with any bytes between them."""

    pieces: tuple[tuple[frozenset[int], ...], ...]
    """The bytes that are allowed at each place; between two pieces stands `*`."""
    shortest: int
    """The bytes of the shortest name that can match."""
    examples: tuple[str, ...]
    """Of each piece one text that it matches, as latin-1."""
    is_plain: bool
    """Whether there is no wildcard, so that the example is the one name that matches."""

    def joined(self, other: "Component") -> "Component":
        """The component that asks for this one and directly behind it for `other`, in one name."""
        return Component(
            pieces=(*self.pieces[:-1], self.pieces[-1] + other.pieces[0], *other.pieces[1:]),
            shortest=self.shortest + other.shortest,
            examples=(*self.examples[:-1], self.examples[-1] + other.examples[0], *other.examples[1:]),
            is_plain=self.is_plain and other.is_plain,
        )


ANY_NAME: Final = Component(((), ()), 1, ("", ""), is_plain=False)
"""The component `*`: every name."""


def split_components(body: str, whole: str) -> list[str]:
    """The text of a pattern cut at its slashes; one between brackets does not cut.

    Raises:
        PatternError: for an unclosed bracket expression or an escaped slash.
    """
    if "[" not in body and "\\" not in body:
        return body.split("/")
    parts, start, at = [], 0, 0
    while at < len(body):
        if body[at] == "/":
            parts.append(body[start:at])
            start = at + 1
        if body.startswith("\\/", at):
            raise PatternError(whole, "has a backslash before a slash", "drop the backslash; a slash needs no escape")
        at = _bracket_end(body, at, whole) if body[at] == "[" else at + (2 if body[at] == "\\" else 1)
    return [*parts, body[start:]]


def parse_component(text: str, whole: str) -> tuple[Component, str]:
    """The component that `text` writes, and the text with each bracket expression replaced by `?`.

    Raises:
        PatternError: for an unclosed or empty bracket expression, an unknown class, a bad range or escape.
    """
    pieces: list[list[frozenset[int]]] = [[]]
    examples, simple = [""], ""
    at, is_plain = 0, True
    while at < len(text):
        literal = _LITERAL.match(text, at)
        if literal is not None:
            pieces[-1] += [_ONLY[ord(char)] for char in literal[0]]
            examples[-1] += literal[0]
            simple += literal[0]
            at = literal.end()
            continue
        char = text[at]
        is_plain = is_plain and char == "\\"
        if char == "*":
            pieces.append([])
            examples.append("")
            simple += "*"
            at = len(text) - len(text[at:].lstrip("*"))
            continue
        end = _bracket_end(text, at, whole) if char == "[" else at + (2 if char == "\\" else 1)
        allowed, example = _one_byte(text[at:end], whole)
        pieces[-1].append(allowed)
        examples[-1] += example
        simple += "?" if char == "[" else text[at:end]
        at = end
    if len(pieces) > 1 and not any(pieces):
        return ANY_NAME, simple
    return Component(tuple(map(tuple, pieces)), sum(map(len, pieces)), tuple(examples), is_plain), simple


def _one_byte(text: str, whole: str) -> tuple[frozenset[int], str]:
    """The bytes that an escape, `?` or a bracket expression allows, and one of them."""
    if text.startswith("["):
        codes = _bracket_bytes(text[1:-1], whole)
        if not codes:
            raise PatternError(whole, "has brackets that no byte fits, so it could never match", "drop the pattern")
        shown = [code for code in codes if chr(code).isalnum()] or list(codes)
        return codes, chr(min(shown))
    return (_ANY_BYTE, "x") if text == "?" else (_ONLY[ord(text[-1])], text[-1])


def _bracket_end(text: str, start: int, whole: str) -> int:
    """One past the `]` that closes the bracket expression at `start`, walked as git walks it."""
    at = start + 1
    if text[at : at + 1] in {"!", "^"}:
        at += 1
    first = True
    while at < len(text) and (first or text[at] != "]"):
        first = False
        if text[at] == "\\":
            at += 2
        elif text.startswith("[:", at):
            closing = text.find("]", at + 2)
            if closing > at + 2 and text[closing - 1] == ":":
                at = closing + 1
            else:
                at += 1
        else:
            at += 1
    if at >= len(text):
        why = "has a `[` without its `]`, so it could never match"
        raise PatternError(whole, why, "write `\\[` for a name with a bracket in it")
    return at + 1


def _bracket_bytes(body: str, whole: str) -> frozenset[int]:
    """The bytes that the inside of a bracket expression allows; never `/`."""
    if not body.isascii():
        why = "has a character outside ASCII between brackets, where git compares single bytes"
        raise PatternError(whole, why, "write one pattern for each such character, or `*` in its place")
    negated = body[:1] in {"!", "^"}
    allowed: set[int] = set()
    at = 1 if negated else 0
    before: str | None = None
    while at < len(body):
        found = _named_class(body, at, whole)
        if found is not None:
            at, members = found
            allowed |= members
            before = None
            continue
        if body[at] == "-" and before is not None and at + 1 < len(body):
            at, last = _one(body, at + 1)
            if last < before:
                why = f"has the range `{before}-{last}`, which runs backwards and so holds nothing"
                raise PatternError(whole, why, f"write `{last}-{before}`")
            allowed |= set(range(ord(before), ord(last) + 1))
            before = None
            continue
        at, before = _one(body, at)
        allowed.add(ord(before))
    return _ANY_BYTE - allowed if negated else _ANY_BYTE & allowed


def _one(body: str, at: int) -> tuple[int, str]:
    """The character at `at`, unescaped, and the place behind it."""
    return (at + 2, body[at + 1]) if body[at] == "\\" else (at + 1, body[at])


def _named_class(body: str, at: int, whole: str) -> tuple[int, frozenset[int]] | None:
    """The place behind a class such as `[:digit:]` and its bytes; None where there is no such class at `at`."""
    if not body.startswith("[:", at):
        return None
    closing = body.find("]", at + 2)
    if closing <= at + 2 or body[closing - 1] != ":":
        return None
    name = body[at + 2 : closing - 1]
    if name not in _MEMBERS:
        why = f"has the class `[:{name}:]`, which gitignore does not know"
        raise PatternError(whole, why, f"write one of {', '.join(f'`[:{one}:]`' for one in _MEMBERS)}")
    return closing + 1, _MEMBERS[name]
