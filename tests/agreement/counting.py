"""Counts how often the three readers agree, and of what kind each difference is."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from drawn_patterns import make_list, make_paths
from judges import Pathspec, Question
from readings import Case, Facts, Matches, as_git_matches, as_we_match, ask_about, in_gits_way, in_our_way
from repairs import kind_of

from rules_engine.policy.patterns import Reading

AGREE: Final = "agree"
UNEXPLAINED: Final = "unexplained"
_EACH: Final = 25
"""Paths asked about each list."""
_TOGETHER: Final = 200
"""Lists in one question to git."""


@dataclass(slots=True)
class Counts:
    """How many pairs of each kind there were, for us and for pathspec, each against git."""

    pairs: int = 0
    selected: int = 0
    ours: Counter[str] = field(default_factory=Counter)
    pathspec: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    """The first pairs that nothing explains."""

    def add(self, case: Case, facts: Facts) -> None:
        """Count the pairs of one list."""
        judged = _Judged(case, facts)
        for question in case.questions:
            self.pairs += 1
            self.selected += case.patterns.match(question.path, is_directory=question.is_directory) is not None
            for counter, kind in ((self.ours, judged.ours(question)), (self.pathspec, judged.pathspec(question))):
                counter[kind] += 1
                if kind == UNEXPLAINED and len(self.problems) < 10:
                    self.problems.append(f"{case.patterns.reading} {case.patterns.texts} {question}")


class _Judged:
    """One list, beside what git says of it."""

    def __init__(self, case: Case, facts: Facts) -> None:
        self._patterns, self._facts = case.patterns, facts
        self._texts = case.patterns.texts
        self._gits, self._own = as_git_matches(case, facts), as_we_match(case, facts)
        self._whole = Pathspec.reading(self._texts)

    def _git(self, question: Question) -> tuple[bool, int]:
        line = self._facts.lists[question]
        return line >= 0 and not self._texts[line].startswith("!"), line

    def ours(self, question: Question) -> str:
        """How our answer compares to git's."""
        found = self._patterns.match(question.path, is_directory=question.is_directory)
        if found != in_our_way(self._patterns, self._own, question):
            return UNEXPLAINED
        if self._facts.lists[question] != in_gits_way(self._texts, self._gits, question):
            return UNEXPLAINED
        ignored, line = self._git(question)
        if found is not None:
            return self._selected(found, question) if not ignored else AGREE if found == line else "names a later line"
        return AGREE if not ignored else self._not_selected(question)

    def _selected(self, found: int, question: Question) -> str:
        """Why we select what git does not: never without the stars that only newer ones read as documented."""
        by_git = in_our_way(self._patterns, self._gits, question)
        return "glued stars" if self._patterns.reading is Reading.WIDE and by_git != found else UNEXPLAINED

    def _not_selected(self, question: Question) -> str:
        if in_our_way(self._patterns, self._gits, question) is not None:
            return "glued stars"
        if in_our_way(self._patterns, self._gits, question, all_reach=True) is not None:
            return "does not reach below"
        return "`!` below a directory"

    def pathspec(self, question: Question) -> str:
        """How pathspec's answer compares to git's."""
        (ignored, line), (selects, names) = self._git(question), self._whole.decides(question)
        if ignored == selects and (line == names or not ignored):
            return AGREE
        kinds = {self._alone(at, question) for at in range(len(self._texts))} - {AGREE}
        if kinds:
            return UNEXPLAINED if UNEXPLAINED in kinds else min(kinds)
        if ignored == selects:
            return "names a later line"
        if not any(text.startswith("!") for text in self._texts):
            return UNEXPLAINED
        return "`!` below a directory" if ignored else "file before directory"

    def _alone(self, at: int, question: Question) -> str:
        """How pathspec reads one line, without its `!`."""
        line = self._texts[at].removeprefix("!")
        git = _matches_here_or_above(self._gits, at, question)
        spelled_out = self._facts.spelled_out[at]
        only = line.endswith("/")
        unglued = any(spelled_out[one.path] and (one.is_directory or not only) for one in (*question.above, question))
        return kind_of(line, question, git=git, git_unglued=unglued) or UNEXPLAINED


def _matches_here_or_above(matches: Matches, at: int, question: Question) -> bool:
    return any(matches(at, one) for one in (*question.above, question))


def drawn(chance: random.Random, pairs: int) -> Iterator[Case]:
    """Lists with paths, half of them as keep rules are read, half as removal rules with `!`."""
    while pairs > 0:
        narrow = chance.random() < 0.5
        patterns = make_list(chance, Reading.NARROW if narrow else Reading.WIDE, negations=narrow)
        paths = make_paths(chance, min(_EACH, pairs))
        pairs -= len(paths)
        yield Case(patterns, tuple(Question(path, chance.random() < 0.1) for path in paths))


def count(cases: Sequence[Case]) -> Counts:
    """The counts of these cases."""
    counts = Counts()
    for first in range(0, len(cases), _TOGETHER):
        some = cases[first : first + _TOGETHER]
        for case, facts in zip(some, ask_about(some), strict=True):
            counts.add(case, facts)
    return counts
