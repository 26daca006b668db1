"""Which line of a list of patterns decides about a path, remembered directory by directory.

A pattern is walked component by component, so a path costs one look-up of its directory and one match of its
name; `**` is a state that stays, not a search, so that no pattern can make it slow.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from rules_engine.policy.gitignore import Line
from rules_engine.policy.wildmatch import Component

_LARGEST_MEMORY: Final = 4_000_000
"""Characters of directory paths that one automaton remembers; then it begins anew."""
_ENTRY: Final = 200


@dataclass(frozen=True, slots=True)
class _Way:
    """One alternative of one line."""

    line: int
    only_directories: bool
    reaches_below: bool
    components: tuple[Component | None, ...]


@dataclass(frozen=True, slots=True)
class _Shape:
    """The last components that a name in one directory may match, the last line of the list first."""

    regex: re.Pattern[str] | None
    lines: tuple[int, ...]

    def decides(self, name: str, above: int) -> int:
        """The last line that `name` matches, at least `above`."""
        found = self.regex.match(name) if self.regex is not None else None
        return above if found is None or found.lastindex is None else self.lines[found.lastindex - 1]


_Point: TypeAlias = tuple[int, int]
"""Number of a way, and how many of its components a directory has matched."""


@dataclass(frozen=True, slots=True)
class _Place:
    """What a list has to say inside all directories that have matched the same."""

    above: int
    """The last line that decides about everything in the directory, by matching it or one above it; else -1."""
    tests: tuple[tuple[_Point, Callable[[str], object]], ...]
    """For each point that a name can take further, whether it does."""
    staying: tuple[_Point, ...]
    """Points at `**`, which every name leaves where they are."""
    files: _Shape
    directories: _Shape
    below: dict[str, "_Place"] = field(default_factory=dict)
    """By the name of a directory here; most names come again and again."""


class Automaton:
    """The lines of one list, and what was worked out for the directories met so far."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._ways = tuple(
            _Way(number, line.only_directories, line.reaches_below, components)
            for number, line in enumerate(lines)
            for components in line.alternatives
        )
        self._forget()

    def _forget(self) -> None:
        """Begin with nothing remembered."""
        self._size = 0
        self._directories: dict[str, _Place] = {}
        self._places: dict[tuple[int, frozenset[_Point]], _Place] = {}
        self._shapes: dict[tuple[_Point, ...], _Shape] = {}
        self._root = self._place(-1, [(way, 0) for way in range(len(self._ways))])

    def decides(self, path: str, *, is_directory: bool) -> int:
        """The last line that matches `path` or a directory above it; -1 where none does."""
        directory, _, name = path.rpartition("/")
        place = self._directories.get(directory) or self._enter(directory)
        shape = place.directories if is_directory else place.files
        if shape.regex is None:
            return place.above
        return shape.decides(name if name.isascii() else _as_bytes(name), place.above)

    def _enter(self, directory: str) -> _Place:
        """The place of `directory`, worked out from the nearest directory above it that is remembered."""
        missing: list[str] = []
        at, place = directory, self._root
        while at:
            known = self._directories.get(at)
            if known is not None:
                place = known
                break
            missing.append(at)
            at = at.rpartition("/")[0]
        for one in reversed(missing):
            name = one.rpartition("/")[2]
            # A walk of millions of directories must not keep them all, nor one deep tree its long paths.
            self._size += len(one) + len(name) + _ENTRY
            if self._size > _LARGEST_MEMORY:
                self._forget()
            place = place.below.get(name) or self._step(place, name)
            self._directories[one] = place
        return place

    def _step(self, place: _Place, name: str) -> _Place:
        """The place of the directory `name` in `place`."""
        raw = _as_bytes(name)
        above = place.above
        reached = list(place.staying)
        for (way_number, count), test in place.tests:
            if not test(raw):
                continue
            way = self._ways[way_number]
            if count + 1 < len(way.components):
                reached.append((way_number, count + 1))
            elif way.reaches_below:
                above = max(above, way.line)
        found = place.below[name] = self._place(above, reached)
        return found

    def _place(self, above: int, reached: Iterable[_Point]) -> _Place:
        """The one place for these points."""
        # Only a later line can change what is decided already.
        points = frozenset(one for one in reached if self._ways[one[0]].line > above)
        key = (above, points)
        if key not in self._places:
            # `**` may stand for no directory, so what comes behind it is reached too; two never stand side by side.
            staying = tuple(one for one in points if self._component(one) is None)
            moving = sorted((points - {*staying}) | {(way, count + 1) for way, count in staying})
            last = [one for one in moving if one[1] + 1 == len(self._ways[one[0]].components)]
            files = [one for one in last if not self._ways[one[0]].only_directories]
            tests = tuple((one, _test(part)) for one in moving if (part := self._component(one)) is not None)
            self._places[key] = _Place(above, tests, staying, self._shape(files), self._shape(last))
        return self._places[key]

    def _component(self, point: _Point) -> Component | None:
        return self._ways[point[0]].components[point[1]]

    def _shape(self, ends: Iterable[_Point]) -> _Shape:
        """The shape of these last components; one for all places where the same ones are open."""
        key = tuple(sorted(ends, reverse=True))
        if key not in self._shapes:
            parts = [f"({part.regex})" for one in key if (part := self._component(one)) is not None]
            regex = re.compile("|".join(parts), re.DOTALL) if parts else None
            self._shapes[key] = _Shape(regex, tuple(self._ways[way].line for way, _ in key))
        return self._shapes[key]


def _test(component: Component) -> Callable[[str], object]:
    """What answers whether a name, as latin-1, matches the component."""
    return component.examples[0].__eq__ if component.is_plain else re.compile(component.regex, re.DOTALL).match


def _as_bytes(name: str) -> str:
    """The bytes of a name, each as the character of its number: git compares bytes, so `?` is one of them."""
    return name if name.isascii() else name.encode("utf-8", "surrogateescape").decode("latin-1")
