"""How far removal rules reach into a tree: a walk reads no directory in which none can select anything.

What has to be looked at is worked out in `extents.py`; this is all that a process needs which only reads.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from operator import is_

import msgspec

from rules_engine.filesystem.listing import Wants
from rules_engine.policy.automaton import Answer, Automaton, Place
from rules_engine.policy.gitignore import Line
from rules_engine.values.paths import ROOT, RelPath, ancestors, name_of


class Reach(msgspec.Struct, frozen=True):
    """What rules can do in one directory."""

    place: Place
    whole: bool = False
    """Everything in it and below it is looked at: it belongs to a job, or goes whole."""


@dataclass(frozen=True, slots=True)
class Extent:
    """What a walk has to look at."""

    lists: tuple[tuple[Line, ...], ...]
    """The patterns of removal rules, each list once."""
    units: frozenset[int]
    """Which of them are of rules that take directories whole."""
    places: frozenset[RelPath]
    """Workspaces and outputs of jobs, each whole."""
    declared: frozenset[RelPath]
    """Directories in which jobs declared files."""


class Pruning:
    """Tells which directories of a walk have to be read, and which of their files looked at."""

    def __init__(self, extent: Extent) -> None:
        self.extent = extent
        self._automaton = Automaton(extent.lists)
        self._selecting = frozenset(range(len(extent.lists)))
        every = extent.places | extent.declared
        self._leading = every.union(above for path in every for above in ancestors(path))

    def at_root(self) -> Reach:
        """Where a walk of everything begins."""
        return Reach(self._automaton.at(ROOT))

    def at(self, path: RelPath) -> Reach | None:
        """The reach into the directory at `path`; None where nobody has to read it."""
        reach: Reach | None = self.at_root()
        for one in reversed((path, *ancestors(path))):
            if one != ROOT and reach is not None:
                reach = self.below(reach, name_of(one), one)
        return reach

    def below(self, above: Reach, name: str, path: RelPath) -> Reach | None:
        """The reach into the directory `name`, which lies at `path`; None where nobody has to read it."""
        if above.whole:
            return above
        answer, place = above.place.entered(name)
        # A directory goes whole only where all of it was looked at, also what the rule itself leaves out.
        if path in self.extent.places or not self.extent.units.isdisjoint(answer.selected):
            return Reach(place, whole=True)
        if path in self._leading or self._selects(answer) or self._may_select(place):
            return Reach(place)
        return None

    def wants(self, reach: Reach, path: RelPath) -> Wants | None:
        """Which files of the directory at `path` have to be looked at, by their names; None is all of them."""
        if reach.whole or path in self.extent.declared:
            return None
        return partial(self._wants, reach.place)

    def _wants(self, place: Place, names: Sequence[str]) -> Sequence[bool]:
        answers = place.files(names)
        # Mostly one answer is about all files of a directory: to see that takes less than to ask of each.
        if names and all(map(is_, answers, repeat(answers[0]))):
            return (self._selects(answers[0]),) * len(names)
        none_selects = self._selecting.isdisjoint
        return [not none_selects(answer.selected) for answer in answers]

    def _selects(self, answer: Answer) -> bool:
        return not self._selecting.isdisjoint(answer.selected)

    def _may_select(self, place: Place) -> bool:
        return not self._selecting.isdisjoint(place.may_select)
