"""What git says of each line alone, put together in git's way and in ours."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from drawn_patterns import has_glued_stars
from judges import Asked, Question, ask_git

from rules_engine.policy.patterns import PatternList, Reading

TOKEN = re.compile(r"\\.|(?P<brackets>\[[!^]?\]?(?:\\.|\[:\w+:\]|[^\]])*\])|(?P<stars>\*\*+)", re.DOTALL)
"""An escaped character, a bracket expression, or stars."""

Matches: TypeAlias = Callable[[int, Question], bool]
"""Whether a line matches just this path, whatever stands above it."""


@dataclass(frozen=True, slots=True)
class Case:
    """A list of patterns with the paths to ask about."""

    patterns: PatternList
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What git says of a case: of the whole list, and of each line alone for each path and all above it."""

    lists: dict[Question, int]
    lines: tuple[dict[str, bool], ...]
    spelled_out: tuple[dict[str, bool], ...]
    """The same with `**` that is glued to a name written as `*`, which is what the documentation of git says it is."""


def _body(text: str) -> str:
    """The pattern without its sign, and without the slash that asks for a directory."""
    return text.removeprefix("!").removesuffix("/")


def spell_out(body: str) -> str:
    """The pattern with each `**` that is glued to a name written as `*`."""
    parts = body.split("/")
    return "/".join(one if not one.strip("*") else TOKEN.sub(_one_star, one) for one in parts)


def _one_star(found: re.Match[str]) -> str:
    return "*" if found["stars"] else found[0]


def ask_about(cases: Sequence[Case]) -> Iterator[Facts]:
    """The facts of each case, from one process."""
    asked: list[Asked] = []
    for case in cases:
        everything = sorted({one.path for each in case.questions for one in (each, *each.above)})
        plain = [Question(path) for path in everything]
        asked.append((case.patterns.texts, case.questions))
        # After a `!` git looks on in the directories below, so it says of every path whether the line matches that.
        asked += [([f"!{_body(text)}"], plain) for text in case.patterns.texts]
        asked += [([f"!{spell_out(_body(text))}"], plain) for text in case.patterns.texts if has_glued_stars(text)]
    answers = zip(asked, ask_git(asked), strict=True)
    for case in cases:
        (_, questions), found = next(answers)
        lists = dict(zip(questions, found, strict=True))
        lines = tuple(_matched(*next(answers)) for _ in case.patterns.texts)
        spelled_out = tuple(
            _matched(*next(answers)) if has_glued_stars(text) else alone
            for text, alone in zip(case.patterns.texts, lines, strict=True)
        )
        yield Facts(lists, lines, spelled_out)


def _matched(asked: Asked, found: Sequence[int]) -> dict[str, bool]:
    return {question.path: line >= 0 for question, line in zip(asked[1], found, strict=True)}


def in_gits_way(texts: Sequence[str], matches: Matches, question: Question) -> int:
    """The line that git names: it never looks below a directory that is ignored."""
    last = -1
    for one in (*question.above, question):
        last = max((at for at in range(len(texts)) if matches(at, one)), default=-1)
        if last >= 0 and not texts[last].startswith("!"):
            return last
    return last


def in_our_way(patterns: PatternList, matches: Matches, question: Question, *, all_reach: bool = False) -> int | None:
    """The line that selects the path: the last that matches it or, where the reading says so, a directory above it."""
    for at in reversed(range(len(patterns.texts))):
        text = patterns.texts[at]
        reaches = all_reach or patterns.reading is Reading.WIDE or text.startswith("!") or text.endswith(("/", "/**"))
        if matches(at, question) or (reaches and any(matches(at, one) for one in question.above)):
            return None if text.startswith("!") else at
    return None


def as_git_matches(case: Case, facts: Facts) -> Matches:
    """Each line as this git matches it."""
    texts = case.patterns.texts

    def matches(at: int, one: Question) -> bool:
        return facts.lines[at][one.path] and (one.is_directory or not texts[at].endswith("/"))

    return matches


def as_we_match(case: Case, facts: Facts) -> Matches:
    """The same; of glued stars what removes takes the documented part, and what protects takes both."""
    texts = case.patterns.texts

    def matches(at: int, one: Question) -> bool:
        found = facts.spelled_out[at][one.path]
        if case.patterns.reading is Reading.WIDE or texts[at].startswith("!"):
            found = found or facts.lines[at][one.path]
        return found and (one.is_directory or not texts[at].endswith("/"))

    return matches
