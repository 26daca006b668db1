"""Patterns that make a searching reader look back again and again, with paths that almost match, and what they cost."""

import random
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final, NamedTuple

from rules_engine.policy.patterns import Reading, parse_patterns
from rules_engine.values.paths import RelPath

ORDINARY: Final = "*.mkv"
_LENGTHS: Final = range(211, 251)
_DEPTHS: Final = range(1960, 2000)
_LETTERS = random.Random(1)  # noqa: S311 - the same names in every run


class Hostile(NamedTuple):
    """What makes it slow elsewhere, the pattern, and paths of which no two are alike."""

    why: str
    pattern: str
    paths: tuple[RelPath, ...]


def _names(letters: str) -> tuple[RelPath, ...]:
    return tuple(RelPath("".join(_LETTERS.choices(letters, k=length))) for length in _LENGTHS)


def _deep(name: str) -> tuple[RelPath, ...]:
    return tuple(RelPath(f"{name}/" * depth + name) for depth in _DEPTHS)


HOSTILE: Final = (
    Hostile("five stars and no end", "*a*a*a*a*b", _names("a")),
    Hostile("eleven stars and no end", "*a" * 10 + "*b", _names("a")),
    Hostile("fifty stars and no end", "*a" * 50 + "*b", _names("a")),
    Hostile("`*?` a hundred times", "*?" * 100 + "b", _names("a")),
    Hostile("250 question marks", "?" * 250, _names("a")),
    Hostile("a letter a hundred bytes before the end", "*a" + "?" * 100, _names("ab")),
    Hostile("negated brackets between stars", "[!b]*" * 30, _names("a")),
    Hostile("a bracket expression of 600 bytes", f"*[{'a-y' * 200}]*z", _names("a")),
    Hostile("classes between stars", "*[[:alpha:][:digit:]]" * 20 + "!", _names("a")),
    Hostile("`**/a/` ten times, 2 000 deep", "**/a/" * 10 + "b", _deep("a")),
    Hostile("`**/` a hundred times, 2 000 deep", "**/" * 100 + "x", _deep("a")),
    Hostile("`**/*/` forty times, 2 000 deep", "/" + "**/*/" * 40 + "x", _deep("a")),
    Hostile("`**/*a*/` a hundred times, long names", "/" + "**/*a*/" * 100 + "b", tuple(
        RelPath("/".join(["a" * length] * 16)) for length in _LENGTHS
    )),
)  # fmt: skip
"""Those of the literature on readers that backtrack, at the lengths that a disk allows."""


def seconds_a_path(pattern: str, paths: Sequence[RelPath]) -> tuple[float, float]:
    """What one path costs the first time and when it comes again, the best of three rounds."""
    rounds = []
    for _ in range(3):
        patterns = parse_patterns([pattern], Reading.WIDE)
        times = []
        for _ in range(2):
            began = time.process_time()
            for path in paths:
                patterns.match(path)
            times.append((time.process_time() - began) / len(paths))
        rounds.append(times)
    return min(one[0] for one in rounds), min(one[1] for one in rounds)


@contextmanager
def calls_counted() -> Iterator[list[int]]:
    """The number of calls made inside, in the one item of the list: work that no load of the machine changes."""
    count = [0]

    def note(frame: FrameType, event: str, value: Any) -> None:
        del frame, value
        count[0] += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield count
    finally:
        sys.setprofile(before)
