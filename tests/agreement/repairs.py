"""Why pathspec reads a line otherwise than git: what must be written differently until both agree again."""

import re
from collections.abc import Callable
from functools import cache
from typing import Final

from judges import Pathspec, Question
from readings import TOKEN, spell_out

from rules_engine.policy.patterns import Reading, parse_patterns
from rules_engine.values.paths import RelPath, to_bytes

_UNTYPED: Final = "\x01"
"""A byte that no drawn path has: it keeps brackets from being empty, and from beginning with `^` or `!`."""


def as_bytes(text: str) -> str:
    """Each byte as the character of its number."""
    return to_bytes(text).decode("latin-1")


def plain_brackets(pattern: str, question: Question) -> str:
    """The pattern with each bracket expression written as the bytes of the path that fit it."""
    present = frozenset(question.path) - {"/"}
    return TOKEN.sub(lambda found: _plain(found[0], present) if found["brackets"] else found[0], pattern)


@cache
def _plain(expression: str, present: frozenset[str]) -> str:
    """The brackets that hold the same of these bytes, in the one form that all readers read alike."""
    alone = parse_patterns([f"/{expression}"], Reading.WIDE)
    fitting = {char for char in present if alone.match(RelPath(_path_of(char))) is not None}
    first, last = ("]" if "]" in fitting else ""), ("-" if "-" in fitting else "")
    return f"[{first}{_UNTYPED}{''.join(sorted(fitting - {']', '-'}))}{last}]"


def _path_of(byte: str) -> str:
    return byte.encode("latin-1").decode("utf-8", "surrogateescape")


def _two_stars(pattern: str, question: Question) -> str:
    """Three and more stars as the two that they are to git, and never one `**` behind another."""
    del question
    parts = ["**" if len(part) > 2 and not part.strip("*") else part for part in pattern.split("/")]
    kept = [part for at, part in enumerate(parts) if part != "**" or at == 0 or parts[at - 1] != "**"]
    return "/".join(kept)


def _name_below(pattern: str, question: Question) -> str:
    """A `**` at the end with the name that git asks for behind it."""
    del question
    return re.sub(r"/\*\*(/?)$", r"/**/*\1", pattern)


def _unglued(pattern: str, question: Question) -> str:
    del question
    return spell_out(pattern)


REPAIRS: Final[dict[str, Callable[[str, Question], str]]] = {
    "single bytes": lambda pattern, _: pattern,
    "brackets": plain_brackets,
    "three stars": _two_stars,
    "`**` at the end": _name_below,
    "glued stars": _unglued,
}
"""What to write differently, by the name that the documentation has for the difference."""


def kind_of(line: str, question: Question, *, git: bool, git_unglued: bool) -> str | None:
    """The one difference that, written away, makes pathspec agree with git; `several` of them, or None."""
    if Pathspec.reading([line]).decides(question)[0] == git:
        return "agree"
    asked = Question(RelPath(as_bytes(question.path)), question.is_directory)
    pattern = as_bytes(line)
    for name, repair in REPAIRS.items():
        want = git_unglued if name == "glued stars" else git
        if Pathspec.reading([repair(pattern, asked)]).decides(asked)[0] == want:
            return name
    for repair in REPAIRS.values():
        pattern = repair(pattern, asked)
    return "several" if Pathspec.reading([pattern]).decides(asked)[0] == git_unglued else None
