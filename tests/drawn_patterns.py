"""Patterns, lists of them and paths, drawn by chance from the pieces that readers of gitignore disagree about."""

import random
from collections.abc import Sequence

from rules_engine.policy.patterns import PatternError, PatternList, Reading, parse_patterns
from rules_engine.values.paths import RelPath

NAMES = [
    "a", "b", "ab", "abc", "a.b", "aé", "é", "A", "[x]", "x]", "-", "a-b", "1", "\\", "!a", " a", "a ", "temp_x",
    "*", "\udcff", "..a", "\udcc3", "^", "#", "a\tb",
]  # fmt: skip
PIECES = [
    "a", "b", "*", "**", "?", "[ab]", "[!a]", "[a-c]", "[[:alpha:]]", "[[:digit:]x]", "[]a]", r"[\]x]", "[a/b]",
    r"\*", r"\[", ".", "é", "-", "x", "***", "[!]a]", "[^[:upper:]]", r"\a", "!", "[--b]", "[,-b]", "[a-]", "1",
    "[[:a]",
]  # fmt: skip


def make_pattern(chance: random.Random, *, negations: bool) -> str:
    """A pattern that git would read, with or without a `!`."""
    parts = [
        "**" if chance.random() < 0.25 else "".join(chance.choices(PIECES, k=chance.choice([1, 1, 2, 2, 3])))
        for _ in range(chance.choice([1, 1, 1, 2, 2, 3, 4]))
    ]
    sign = "!" if negations and chance.random() < 0.35 else ""
    return f"{sign}{chance.choice(['', '/', '**/', '/'])}{'/'.join(parts)}{chance.choice(['', '', '/', '/**'])}"


def is_accepted(text: str, reading: Reading) -> bool:
    """Whether this program takes the pattern."""
    try:
        parse_patterns([text], reading)
    except PatternError:
        return False
    return True


def make_list(chance: random.Random, reading: Reading, *, negations: bool) -> PatternList:
    """A list of one to four patterns that this program accepts."""
    texts: list[str] = []
    wanted = chance.randint(1, 4)
    while len(texts) < wanted:
        text = make_pattern(chance, negations=negations)
        if is_accepted(text, reading):
            texts.append(text)
    return parse_patterns(texts, reading)


def make_paths(chance: random.Random, count: int, names: Sequence[str] = NAMES) -> list[RelPath]:
    """At most so many paths of one to five components from a small set of names."""
    return sorted({RelPath("/".join(chance.choices(names, k=chance.randint(1, 5)))) for _ in range(count)})


def has_glued_stars(text: str) -> bool:
    """Whether git versions disagree about the pattern: 2.53 changed `**` that is glued to a name."""
    return any("**" in part and part.strip("*") for part in text.removeprefix("!").split("/"))
