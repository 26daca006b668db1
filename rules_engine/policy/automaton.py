"""Many lists of patterns as one automaton: which line of each list decides about a path, in one pass.

A path is walked component by component. What all patterns together have to say inside a directory is a `Place`;
directories that have matched the same share one. A name costs one look-up of its bytes, or of their classes where
it was not met before: names that differ in a counter are one. `**` is a state that stays, not a search.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Final

import msgspec

from rules_engine.policy.budget import Budget
from rules_engine.policy.gitignore import Line
from rules_engine.policy.names import Names, Point
from rules_engine.policy.nametest import NameTest
from rules_engine.policy.wildmatch import Component
from rules_engine.values.paths import RelPath, from_bytes, to_bytes

_LARGEST_MEMORY: Final = 8_000_000
"""About how many bytes one automaton remembers; then it begins anew."""
_ENTRY: Final = 200


class Answer(msgspec.Struct, frozen=True):
    """What every list says about a path; equal answers of one automaton are one object."""

    number: int
    lines: tuple[int, ...]
    """Of each list the index of the line that decides; -1 where none does."""
    selected: frozenset[int]
    """The numbers of the lists that select the path."""


class Kind(msgspec.Struct, frozen=True):
    """Names that no pattern tells apart in a directory, and what becomes of them."""

    name: str
    """The shortest of them."""
    as_file: Answer
    as_directory: Answer
    below: "Place"


class _Way(msgspec.Struct, frozen=True):
    """One alternative of one line of one list."""

    list_number: int
    line: int
    negated: bool
    only_directories: bool
    reaches_below: bool
    components: tuple[Component | None, ...]


class _Directory(msgspec.Struct, frozen=True):
    """What a directory of some name is."""

    answer: Answer
    below: "Place"


_DOTS: Final = (
    Component(((frozenset({46}),),), 1, (".",), is_plain=True),
    Component(((frozenset({46}), frozenset({46})),), 2, ("..",), is_plain=True),
)


class Place:
    """What all lists have to say inside the directories that have matched the same."""

    def __init__(self, whole: "Automaton", above: tuple[int, ...], points: frozenset[Point]) -> None:
        self._whole = whole
        self._above = above
        # `**` may stand for no directory, so what comes behind it is reached too; two never stand side by side.
        self._staying = tuple(one for one in points if whole.component(one) is None)
        moving = sorted((points - {*self._staying}) | {(way, count + 1) for way, count in self._staying})
        self._moving = tuple((one, part) for one in moving if (part := whole.component(one)) is not None)
        self._answer = whole.answer_of(above)
        self.settled = None if points else self._answer
        """What everything in it and below it is answered; None where names matter."""

    @cached_property
    def may_select(self) -> frozenset[int]:
        """The lists that can select something in it or below it; never too few."""
        ways = (self._whole.ways[point[0]] for point, _ in self._moving)
        return self._answer.selected | {way.list_number for way in ways if not way.negated}

    @cached_property
    def _files(self) -> Names[Answer]:
        ends = ((point, part) for point, part in self._moving if self._whole.ends(point, is_directory=False))
        return Names(ends, self._whole.tests, self._answer_file, self._whole.spend)

    def _answer_file(self, points: Sequence[Point]) -> Answer:
        return self._whole.answer_at(self._above, points, is_directory=False)

    @cached_property
    def _directories(self) -> Names[_Directory]:
        return Names(self._moving, self._whole.tests, self._work_out, self._whole.spend)

    def file(self, name: str) -> Answer:
        """What is answered about the file `name` in it."""
        return self._files.of(to_bytes(name)) if self.settled is None else self.settled

    def files(self, names: Sequence[str]) -> Sequence[Answer]:
        """The same for each of many files at once."""
        if self.settled is not None:
            return (self.settled,) * len(names)
        return self._files.of_all(names) if names else ()

    def directory(self, name: str) -> Answer:
        """What is answered about the directory `name` in it."""
        return self._directories.of(to_bytes(name)).answer

    def entered(self, name: str) -> tuple[Answer, "Place"]:
        """What is answered about the directory `name` in it, and the place inside that."""
        found = self._directories.of(to_bytes(name))
        return found.answer, found.below

    def below(self, name: str) -> "Place":
        """The place inside the directory `name` in it."""
        return self._directories.of(to_bytes(name)).below

    def _work_out(self, points: Sequence[Point]) -> _Directory:
        answer = self._whole.answer_at(self._above, points, is_directory=True)
        return _Directory(answer, self._whole.behind(self._above, self._staying, points))

    def kinds(self, budget: Budget) -> Iterator[Kind]:
        """Every kind of name that some pattern tells apart here, each once, short names first.

        Raises:
            BudgetSpentError: when that takes more states than the budget has.
        """
        parts = tuple(dict.fromkeys((*_DOTS, *(part for _, part in self._moving))))
        number = {part: at for at, part in enumerate(parts)}
        points: list[list[Point]] = [[] for _ in parts]
        for point, part in self._moving:
            points[number[part]].append(point)
        dots = {number[part] for part in _DOTS}
        seen: set[tuple[Answer, Answer, int]] = set()
        for word, matched in self._whole.names(parts, budget):
            if not dots.isdisjoint(matched):
                continue
            taken = [point for at in matched for point in points[at]]
            as_file = self._whole.answer_at(self._above, taken, is_directory=False)
            directory = self._work_out(taken)
            key = (as_file, directory.answer, id(directory.below))
            if key not in seen:
                seen.add(key)
                yield Kind(from_bytes(word), as_file, directory.answer, directory.below)


class Automaton:
    """The lines of many lists, and what was worked out for the paths met so far."""

    def __init__(self, lists: Sequence[Sequence[Line]]) -> None:
        self.ways = tuple(
            _Way(number, at, line.negated, line.only_directories, line.reaches_below, components)
            for number, lines in enumerate(lists)
            for at, line in enumerate(lines)
            for components in line.alternatives
        )
        self._negated = tuple(tuple(line.negated for line in lines) for lines in lists)
        self._answers: dict[tuple[int, ...], Answer] = {}
        self._numbers = itertools.count()
        self._forget()

    def _forget(self) -> None:
        """Begin with nothing remembered; places that somebody still holds go on working."""
        self._size = self._walked = 0
        self._directories: dict[str, Place] = {}
        self._places: dict[tuple[tuple[int, ...], frozenset[Point]], Place] = {}
        self.tests: dict[tuple[Component, ...], NameTest] = {}
        self._told_apart: dict[tuple[Component, ...], Sequence[tuple[bytes, tuple[int, ...]]]] = {}
        self._root = self._place((-1,) * len(self._negated), [(way, 0) for way in range(len(self.ways))])

    def answer(self, path: RelPath, *, is_directory: bool = False) -> Answer:
        """What every list says about `path`, by the last of its lines that matches it or a directory above it."""
        directory, _, name = path.rpartition("/")
        place = self._directories.get(directory) or self.at(RelPath(directory))
        return place.directory(name) if is_directory else place.file(name)

    def at(self, directory: RelPath) -> Place:
        """The place inside `directory`, worked out from the nearest directory above it that is remembered."""
        missing: list[str] = []
        at, place = str(directory), self._root
        while at:
            known = self._directories.get(at)
            if known is not None:
                place = known
                break
            missing.append(at)
            at = at.rpartition("/")[0]
        for one in reversed(missing):
            place = place.below(one.rpartition("/")[2])
            # A walk of millions of directories must not keep them all, nor one deep tree its long paths.
            self._walked += len(one) + _ENTRY
            if self._walked > _LARGEST_MEMORY:
                self._directories.clear()
                self._walked = 0
            self._directories[one] = place
        return place

    def names(self, parts: tuple[Component, ...], budget: Budget) -> Sequence[tuple[bytes, tuple[int, ...]]]:
        """A shortest name for each choice of components that a name can match together, and the choice.

        Raises:
            BudgetSpentError: when that takes more states than the budget has.
        """
        found = self._told_apart.get(parts)
        if found is None:
            shortest: dict[tuple[int, ...], bytes] = {}
            for word, matched in NameTest(parts).words(budget):
                shortest.setdefault(matched, word)
            found = self._told_apart[parts] = tuple((word, matched) for matched, word in shortest.items())
        return found

    def spend(self, text: str | bytes) -> None:
        """Note that something so long was remembered; with too much of it everything is forgotten."""
        self._size += len(text) + _ENTRY
        if self._size > _LARGEST_MEMORY:
            self._forget()

    def component(self, point: Point) -> Component | None:
        """What a point asks of the next name; None is `**`."""
        return self.ways[point[0]].components[point[1]]

    def ends(self, point: Point, *, is_directory: bool) -> bool:
        """Whether a name that the point takes further is matched by the whole pattern."""
        way = self.ways[point[0]]
        return point[1] + 1 == len(way.components) and (is_directory or not way.only_directories)

    def answer_at(self, above: tuple[int, ...], points: Sequence[Point], *, is_directory: bool) -> Answer:
        """What is answered where `above` decides about the directory and a name takes `points` further."""
        if not points:
            return self.answer_of(above)
        lines = list(above)
        for point in points:
            if self.ends(point, is_directory=is_directory):
                way = self.ways[point[0]]
                lines[way.list_number] = max(lines[way.list_number], way.line)
        return self.answer_of(tuple(lines))

    def answer_of(self, lines: tuple[int, ...]) -> Answer:
        """The one answer with these deciding lines."""
        found = self._answers.get(lines)
        if found is None:
            selected = (number for number, line in enumerate(lines) if line >= 0 and not self._negated[number][line])
            # Threads share an automaton: one number for two answers would be one judgement for two sorts of files.
            found = self._answers.setdefault(lines, Answer(next(self._numbers), lines, frozenset(selected)))
        return found

    def behind(self, above: tuple[int, ...], staying: Sequence[Point], points: Sequence[Point]) -> Place:
        """The place inside a directory whose name takes `points` further."""
        lines = list(above)
        reached = list(staying)
        for way_number, count in points:
            way = self.ways[way_number]
            if count + 1 < len(way.components):
                reached.append((way_number, count + 1))
            elif way.reaches_below:
                lines[way.list_number] = max(lines[way.list_number], way.line)
        return self._place(tuple(lines), reached)

    def _place(self, above: tuple[int, ...], reached: Iterable[Point]) -> Place:
        # Only a later line can change what is decided already.
        points = frozenset(one for one in reached if (way := self.ways[one[0]]).line > above[way.list_number])
        key = (above, points)
        if key not in self._places:
            self._places[key] = Place(self, above, points)
        return self._places[key]
