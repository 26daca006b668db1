"""Which line of a list of patterns decides about a path, remembered directory by directory.

A pattern is walked component by component, so a path costs one look-up of its directory and one match of its
name; `**` is a state that stays, not a search, so that no pattern can make it slow.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rules_engine.policy.gitignore import Line
from rules_engine.policy.wildmatch import Component

_LARGEST_MEMORY: Final = 4_000_000
"""Characters of directory paths that one automaton remembers; then it begins anew."""
_ENTRY: Final = 200
_MOST_SHAPES: Final = 1000


@dataclass(frozen=True, slots=True)
class _Way:
    """One alternative of one line."""

    line: int
    only_directories: bool
    reaches_below: bool
    components: tuple[Component | None, ...]
    names: tuple[re.Pattern[str] | None, ...]


@dataclass(frozen=True, slots=True)
class _Shape:
    """The last components that a name in one directory may match, the last line of the list first."""

    regex: re.Pattern[str] | None
    lines: tuple[int, ...]

    def decides(self, name: str, above: int) -> int:
        """The last line that `name` matches, at least `above`."""
        found = self.regex.match(name) if self.regex is not None else None
        return above if found is None or found.lastindex is None else self.lines[found.lastindex - 1]


@dataclass(frozen=True, slots=True)
class _Place:
    """What a list has to say inside one directory."""

    above: int
    """The last line that decides about everything in the directory, by matching it or one above it; else -1."""
    reached: frozenset[tuple[int, int]]
    """Way, and how many of its components the directory has matched."""
    files: _Shape
    directories: _Shape


class Automaton:
    """The lines of one list, and what was worked out for the directories met so far."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._ways = tuple(
            _Way(
                line=number,
                only_directories=line.only_directories,
                reaches_below=line.reaches_below,
                components=components,
                names=tuple(None if one is None else re.compile(one.regex, re.DOTALL) for one in components),
            )
            for number, line in enumerate(lines)
            for components in line.alternatives
        )
        self._places: dict[str, _Place] = {}
        self._shapes: dict[tuple[tuple[int, int], ...], _Shape] = {}
        self._size = 0
        self._root = self._place(-1, self._closed((way, 0) for way in range(len(self._ways))))

    def decides(self, path: str, *, is_directory: bool) -> int:
        """The last line that matches `path` or a directory above it; -1 where none does."""
        directory, _, name = path.rpartition("/")
        place = self._places.get(directory) or self._enter(directory)
        shape = place.directories if is_directory else place.files
        if shape.regex is None:
            return place.above
        return shape.decides(name if name.isascii() else _as_bytes(name), place.above)

    def _enter(self, directory: str) -> _Place:
        """The place of `directory`, worked out from the nearest directory above it that is remembered."""
        missing: list[str] = []
        at, place = directory, self._root
        while at:
            known = self._places.get(at)
            if known is not None:
                place = known
                break
            missing.append(at)
            at = at.rpartition("/")[0]
        for one in reversed(missing):
            place = self._below(place, _as_bytes(one.rpartition("/")[2]))
            self._remember(one, place)
        return place

    def _remember(self, directory: str, place: _Place) -> None:
        # A walk of millions of directories must not keep them all, nor one deep tree its long paths.
        self._size += len(directory) + _ENTRY
        if self._size > _LARGEST_MEMORY:
            self._places.clear()
            self._size = len(directory) + _ENTRY
        self._places[directory] = place

    def _below(self, place: _Place, name: str) -> _Place:
        """The place of the directory `name` in `place`."""
        above = place.above
        reached: list[tuple[int, int]] = []
        for way_number, count in place.reached:
            way = self._ways[way_number]
            shape = way.names[count]
            if shape is None:
                reached.append((way_number, count))
            elif shape.match(name) is None:
                continue
            elif count + 1 < len(way.names):
                reached.append((way_number, count + 1))
            elif way.reaches_below:
                above = max(above, way.line)
        return self._place(above, self._closed(reached))

    def _closed(self, reached: Iterable[tuple[int, int]]) -> frozenset[tuple[int, int]]:
        """The same, and for each `**` reached also what comes behind it: it may stand for no directory."""
        found = set(reached)
        found |= {(way, count + 1) for way, count in found if self._ways[way].names[count] is None}
        return frozenset(found)

    def _place(self, above: int, reached: frozenset[tuple[int, int]]) -> _Place:
        # Only a later line can change what is decided already.
        open_ways = frozenset(one for one in reached if self._ways[one[0]].line > above)
        last = [(way, count) for way, count in open_ways if count + 1 == len(self._ways[way].names)]
        files = [one for one in last if not self._ways[one[0]].only_directories]
        return _Place(above, open_ways, self._shape(files), self._shape(last))

    def _shape(self, ends: Iterable[tuple[int, int]]) -> _Shape:
        """The shape of these last components; one for all directories where the same ones are open."""
        key = tuple(sorted(ends, reverse=True))
        if key not in self._shapes:
            if len(self._shapes) > _MOST_SHAPES:
                self._shapes.clear()
            parts = [component.regex for way, at in key if (component := self._ways[way].components[at]) is not None]
            regex = re.compile("|".join(f"({part})" for part in parts), re.DOTALL) if parts else None
            self._shapes[key] = _Shape(regex, tuple(self._ways[way].line for way, _ in key))
        return self._shapes[key]


def _as_bytes(name: str) -> str:
    """The bytes of a name, each as the character of its number: git compares bytes, so `?` is one of them."""
    return name if name.isascii() else name.encode("utf-8", "surrogateescape").decode("latin-1")
