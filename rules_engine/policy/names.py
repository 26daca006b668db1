"""What was found for names in one directory, remembered for all names that are alike.

Names of jobs are told apart by counters, and most patterns do not look at those: such names have one shape.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Generic, TypeAlias, TypeVar

from rules_engine.policy.nametest import BETWEEN_SHAPES, NameTest
from rules_engine.policy.wildmatch import Component
from rules_engine.values.paths import to_bytes

Point: TypeAlias = tuple[int, int]
"""Number of a way, and how many of its components a directory has matched."""
_Found = TypeVar("_Found")

_MOST_NAMES: Final = 20_000
"""Shapes that one place remembers: a directory may hold millions of names that no two are alike."""


class Names(Generic[_Found]):
    """What was found for names in one place; literal names are looked up as they are, others by their shapes."""

    __slots__ = (
        "_by_component",
        "_by_matched",
        "_by_shape",
        "_differing",
        "_literal",
        "_note",
        "_points",
        "_shapes",
        "_test",
        "_work_out",
    )

    def __init__(
        self,
        points: Iterable[tuple[Point, Component]],
        tests: "dict[tuple[Component, ...], NameTest]",
        work_out: Callable[[Sequence[Point]], _Found],
        note: Callable[[bytes], None],
    ) -> None:
        self._work_out = work_out
        self._note = note
        self._points: dict[bytes, tuple[Point, ...]] = {}
        by_component: dict[Component, list[Point]] = {}
        for point, component in points:
            if component.is_plain:
                name = component.examples[0].encode("latin-1")
                self._points[name] = (*self._points.get(name, ()), point)
            else:
                by_component.setdefault(component, []).append(point)
        key = tuple(by_component)
        self._test = tests.get(key) or tests.setdefault(key, NameTest(key))
        self._by_component = tuple(by_component.values())
        self._by_matched: dict[tuple[int, ...], _Found] = {}
        self._differing: set[bytes] = set()
        self._literal: dict[bytes, _Found | None] = dict.fromkeys(self._points)
        # None where names of a shape differ, or only one was met.
        self._by_shape: dict[bytes, _Found | None] = {}
        self._shapes = self._test.shapes

    def of(self, raw: bytes) -> _Found:
        """What one name comes to; `note` is called with each name that was not known, nor one like it."""
        found = (
            self._literal[raw]
            if raw in self._literal
            else self._by_shape.get(raw.translate(self._shapes)) or self._by_shape.get(self._test.last_counter(raw))
        )
        if found is None:
            found = self._find(raw)
            self._note(raw)
        return found

    def of_all(self, names: Sequence[str]) -> list[_Found]:
        """What each of at least one name comes to; for those whose shapes are known, one pass over all their bytes."""
        joined = to_bytes("/".join(names))
        if not self._literal:
            found = [*filter(None, map(self._by_shape.get, joined.translate(self._shapes).split(BETWEEN_SHAPES)))]
            if len(found) == len(names):
                return found
        return [self.of(raw) for raw in joined.split(b"/")]

    def _find(self, raw: bytes) -> _Found:
        """What a name comes to, worked out and remembered for the names that are like it."""
        if raw in self._literal:
            matched = self._test.matched(raw.translate(self._test.classes))
            found = self._literal[raw] = self._work_out(self._taken(matched, self._points[raw]))
            return found
        if len(self._by_shape) >= _MOST_NAMES:
            self._by_shape.clear()
            self._differing.clear()
        classes, last = raw.translate(self._test.classes), self._test.last_counter(raw)
        return (
            self._shared(raw.translate(self._shapes))
            or self._shared(last)
            # A name with one counter is the same by both; it would be followed as a shape that comes again.
            or (self._shared(classes) if classes != last else None)
            or self._remembered(self._test.matched(classes))
        )

    def _shared(self, shape: bytes) -> _Found | None:
        """What all names of a shape come to; None where they differ, or where the shape is met for the first time."""
        found = self._by_shape.get(shape)
        if found is None and shape not in self._by_shape:
            # Only a shape that comes again is worth more than its one name.
            self._by_shape[shape] = None
        elif found is None and shape not in self._differing:
            matched = self._test.matched_by_all(shape)
            if matched is None:
                self._differing.add(shape)
            else:
                found = self._by_shape[shape] = self._remembered(matched)
        return found

    def _remembered(self, matched: tuple[int, ...]) -> _Found:
        """What names come to that match just these components."""
        found = self._by_matched.get(matched)
        if found is None:
            found = self._by_matched[matched] = self._work_out(self._taken(matched, ()))
        return found

    def _taken(self, matched: Sequence[int], literal: Sequence[Point]) -> list[Point]:
        return [*literal, *(point for number in matched for point in self._by_component[number])]
