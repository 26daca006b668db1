"""How far removal rules reach into a tree: a walk reads no directory in which none can select anything.

Rules about files with an owner select only what jobs have, so beyond their places patterns alone decide. Where one
removal rule reaches files without an owner and has no pattern, everything has to be looked at.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from operator import is_

from rules_engine.filesystem.listing import Wants
from rules_engine.manifest.model import JobRecord
from rules_engine.policy.automaton import Answer, Place
from rules_engine.policy.model import PolicySet, Tracked, Unit
from rules_engine.policy.patterns import PatternList
from rules_engine.policy.together import Together
from rules_engine.values.paths import ROOT, RelPath, ancestors, name_of


@dataclass(frozen=True, slots=True)
class Reach:
    """What rules can do in one directory."""

    place: Place
    whole: bool = False
    """Everything in it and below it is looked at: it belongs to a job, or goes whole."""


@dataclass(frozen=True, slots=True)
class Extent:
    """What a walk has to look at."""

    selecting: tuple[PatternList, ...]
    """Of removal rules: which files."""
    units: tuple[PatternList, ...]
    """Of rules that take directories whole: which directories."""
    places: frozenset[RelPath]
    """Workspaces and outputs of jobs, each whole."""
    declared: frozenset[RelPath]
    """Directories in which jobs declared files."""


class Pruning:
    """Tells which directories of a walk have to be read, and which of their files looked at."""

    def __init__(self, extent: Extent) -> None:
        self.extent = extent
        patterns = Together((*extent.units, *extent.selecting))
        self._automaton = patterns.automaton
        self._units = frozenset(patterns.numbers[one] for one in extent.units)
        self._selecting = frozenset(patterns.numbers.values())
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
        answer, place = above.place.directory(name), above.place.below(name)
        # A directory goes whole only where all of it was looked at, also what the rule itself leaves out.
        if path in self.extent.places or not self._units.isdisjoint(answer.selected):
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


def pruning_of(policies: PolicySet, jobs: Iterable[JobRecord]) -> Pruning | None:
    """What a walk for these policies can leave out; None where a rule reaches everything."""
    selecting: list[PatternList] = []
    units: list[PatternList] = []
    for rule in policies.removal_rules:
        match, _ = rule.lists
        if match is not None:
            # Also of rules that reach only what jobs have: a plan says how many more files match that no job declared.
            (units if rule.unit is Unit.DIRECTORY else selecting).append(match)
        elif rule.unit is not Unit.WORKSPACE and rule.files.tracked is not Tracked.TRACKED:
            return None
    known = tuple(jobs)
    places = frozenset(place for job in known for place in job.places)
    declared = frozenset(directory for job in known for directory in job.files)
    return Pruning(Extent(tuple(selecting), tuple(units), places, declared))
