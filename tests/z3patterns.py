"""Patterns as regular expressions of z3, written from the text alone: a second opinion that shares no code with ours.

A path is a string of bytes 1 to 255, one character each. What is read here is what `docs/patterns.md` says; the few
lines that git versions disagree about (`**` glued to a name) are not.
"""

import re
from collections.abc import Sequence
from functools import reduce
from typing import Any, Final

import z3

_SORT: Final = z3.ReSort(z3.StringSort())
_SLASH: Final = z3.Re("/")
_IN_NAME: Final = z3.Union(z3.Range("\\u{1}", "\\u{2e}"), z3.Range("\\u{30}", "\\u{ff}"))
_TOKEN: Final = re.compile(
    r"\\(?P<escaped>.)|\[(?P<sign>[!^]?)(?P<members>\]?(?:\\.|[^\]\\])*)\]|(?P<wild>\*+|\?)|(?P<plain>.)", re.DOTALL
)
_MEMBER: Final = re.compile(r"(\\.|.)-(\\.|.)|(\\.|.)", re.DOTALL)


def text_of(raw: bytes) -> Any:
    """A string of z3, each byte written as its number: in a plain text z3 reads escapes."""
    return z3.StringVal("".join(f"\\u{{{code:x}}}" for code in raw))


def bytes_of(value: Any) -> bytes:
    """The bytes that a string of z3 stands for."""
    plain = value.as_string()
    return re.sub(r"\\u\{([0-9a-f]+)\}", lambda found: chr(int(found[1], 16)), plain).encode("latin-1")


def any_of(parts: Sequence[Any]) -> Any:
    """What one of these allows; of none, nothing."""
    return z3.Union(*parts) if len(parts) > 1 else parts[0] if parts else z3.Empty(_SORT)


def all_of(parts: Sequence[Any]) -> Any:
    """What all of these allow."""
    return z3.Intersect(*parts) if len(parts) > 1 else parts[0]


def _joined(parts: Sequence[Any]) -> Any:
    return z3.Concat(*parts) if len(parts) > 1 else parts[0] if parts else z3.Re("")


_DOTS: Final = z3.Union(z3.Re("."), z3.Re(".."))
_NAME: Final = z3.Intersect(z3.Plus(_IN_NAME), z3.Complement(_DOTS))
_ABOVE: Final = z3.Star(_joined([_NAME, _SLASH]))
PATHS: Final = _joined([_ABOVE, _NAME])
"""Every path below the root."""


def selected(texts: Sequence[str], *, narrow: bool) -> Any:
    """The files that a list of patterns selects: those about which the last line that matches is no `!`."""
    found, later = z3.Empty(_SORT), z3.Empty(_SORT)
    for text in reversed(texts):
        matched = matched_by(text, narrow=narrow)
        if not text.startswith("!"):
            found = z3.Union(found, z3.Intersect(matched, z3.Complement(later)))
        later = z3.Union(later, matched)
    return found


def matched_by(text: str, *, narrow: bool) -> Any:
    """The files that one line matches, itself or by a directory above them."""
    negated = text.startswith("!")
    line = text.removeprefix("!").encode("utf-8", "surrogateescape").decode("latin-1")
    body = line.removesuffix("/")
    itself = _itself(body)
    below = _joined([itself, _SLASH, PATHS])
    if line.endswith("/"):
        return below
    takes_below = negated or not narrow or body.endswith("/**")
    return z3.Union(itself, below) if takes_below else itself


def _itself(body: str) -> Any:
    """The entries that a line without its last slash matches by their own path."""
    if "/" not in body:
        return _joined([_ABOVE, _component(body)])
    parts = body.removeprefix("/").split("/")
    found: list[Any] = []
    for at, part in enumerate(parts):
        last = at + 1 == len(parts)
        if len(part) > 1 and not part.strip("*"):
            found.append(PATHS if last else _ABOVE)
        else:
            found += [_component(part)] if last else [_component(part), _SLASH]
    return _joined(found)


def _component(text: str) -> Any:
    """The names that one component of a pattern matches."""
    found = [_token(one) for one in _TOKEN.finditer(text)]
    return z3.Intersect(_NAME, _joined(found))


def _token(found: re.Match[str]) -> Any:
    """What one piece of a component allows."""
    if found["members"] is not None:
        return _brackets(found["members"], negated=bool(found["sign"]))
    if found["wild"]:
        return _IN_NAME if found["wild"] == "?" else z3.Star(_IN_NAME)
    return z3.Re(text_of((found["escaped"] or found["plain"]).encode("latin-1")))


def _brackets(members: str, *, negated: bool) -> Any:
    """One byte in, or not in, a bracket expression; never a slash."""
    allowed = reduce(
        z3.Union,
        [_range(*(one and one.removeprefix("\\") for one in found.groups())) for found in _MEMBER.finditer(members)],
    )
    return z3.Intersect(_IN_NAME, z3.Complement(allowed) if negated else allowed)


def _range(first: str | None, last: str | None, single: str | None) -> Any:
    first, last = single or first or "", single or last or ""
    return z3.Range(f"\\u{{{ord(first):x}}}", f"\\u{{{ord(last):x}}}")


def path_in(language: Any, *, seconds: int = 20) -> bytes | None:
    """A path of that language; None where it is proved that there is none.

    Raises:
        TimeoutError: when z3 can tell neither.
    """
    solver = z3.Solver()
    solver.set("timeout", seconds * 1000)
    path = z3.String("path")
    solver.add(z3.InRe(path, z3.Intersect(PATHS, language)))
    answer = solver.check()
    if answer == z3.unknown:
        raise TimeoutError(solver.reason_unknown())
    return bytes_of(solver.model()[path]) if answer == z3.sat else None


def holds(language: Any, path: bytes) -> bool:
    """Whether a path is in the language."""
    answer = z3.simplify(z3.InRe(text_of(path), language))
    return bool(z3.is_true(answer))
