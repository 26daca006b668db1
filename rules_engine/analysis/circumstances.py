"""Everything besides its path that tells files apart: job, type of file, size, rank; each choice once.

What a rule says of each of them is worked out for all rules at once, as the bits of one number.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain, product
from typing import Final, NamedTuple, TypeAlias

import msgspec

from rules_engine.analysis.homes import Home
from rules_engine.analysis.jobvalues import Values, groups_of, other_word
from rules_engine.analysis.ranking import Like, is_on_its_side, places_of
from rules_engine.analysis.situation import JobWords
from rules_engine.plan.subject import is_deliverable
from rules_engine.policy.budget import Budget
from rules_engine.policy.layout_model import Layout
from rules_engine.policy.model import PolicySet, Rule, Tracked, Unit
from rules_engine.values.vocabulary import FileType, JobStatus, JobType, Place

_PLACES: Final = (Place.WORKSPACE, Place.OUTPUT, None)
_STATUSES: Final = (JobStatus.COMPLETED, JobStatus.FAILED)
"""A running job has nothing that any rule reaches; an abandoned one counts as failed."""

Bits: TypeAlias = int
"""A set of rules, by their places among those of all policy sets."""


class Standing(NamedTuple):
    """Besides the rules that select it, all of a file that a decision asks for; of each policy set."""

    status: JobStatus | None
    places: tuple[Place | None, ...]
    has_layout: tuple[bool, ...]
    deliverable: tuple[bool, ...]
    cleaned: tuple[bool, ...]
    """Whether `cleanup.file_types` has its type."""

    @classmethod
    def of_nobody(cls, places: Sequence[Place | None], deliverable: Sequence[bool]) -> "Standing":
        """How a file stands that no job owns: where layouts have such places, and what they call a deliverable."""
        some = tuple(False for _ in places)
        return cls(None, tuple(places), some, tuple(deliverable), some)


class Circumstance(msgspec.Struct, frozen=True):
    """Files that only their paths tell apart, and the paths that they can have."""

    words: JobWords | None
    """None for files without an owner."""
    size: int
    places: tuple[tuple[Like, int], ...]
    standing: Standing
    selecting: Bits
    """The rules that select such a file, should their patterns select its path."""
    home: Home | None
    """The directory of the job that the file lies in; None where in neither, and without an owner."""
    outside: Home | None
    """A directory that it does not lie in, though every job of the type has it."""


class Circumstances:
    """All choices that the rules, layouts and settings of some policy sets tell apart."""

    def __init__(
        self,
        policy_sets: Sequence[PolicySet],
        budget: Budget,
        focus: Callable[[Rule], bool] | None = None,
        *,
        together: bool = False,
    ) -> None:
        self._sets = policy_sets
        self._budget = budget
        self.rules = tuple((number, rule) for number, one in enumerate(policy_sets) for rule in one.rules)
        """Of all sets, in order, with the number of the set."""
        self._removals = self.bits(lambda rule: rule.is_removal and not rule.deliverables and rule.unit is None)
        self._of_set = tuple(
            sum(1 << at for at, (owner, _) in enumerate(self.rules) if owner == number)
            for number in range(len(policy_sets))
        )
        self._ranking = self.bits(lambda rule: rule.jobs.ranks)
        self.focus = None if focus is None else self.bits(focus)
        """The rules of interest; None where every file is."""
        self.together = together

    def bits(self, selects: Callable[[Rule], bool]) -> Bits:
        """The rules that are selected."""
        return sum(1 << at for at, (_, rule) in enumerate(self.rules) if selects(rule))

    def of(self, bits: Bits) -> Iterator[tuple[int, Rule]]:
        """The rules of a set of them."""
        return (one for at, one in enumerate(self.rules) if bits >> at & 1)

    def all(self) -> Iterator[Circumstance]:
        """Every choice that something tells apart from the others; with a focus, of those that such a rule selects.

        Raises:
            BudgetSpentError: when there are more than the budget has.
        """
        seen: set[object] = set()
        for one in chain(self._untracked(), self._tracked()):
            self._budget.spend()
            if not self.matters(one.selecting):
                continue
            key = (one.standing, one.selecting, one.home, one.outside, one.words is None)
            if key not in seen:
                seen.add(key)
                yield one

    def matters(self, selecting: Bits) -> bool:
        """Whether a rule of interest is among those that select something; all of them, where they are `together`."""
        if self.focus is None:
            return True
        found = selecting & self.focus
        return found == self.focus if self.together else bool(found)

    def _untracked(self) -> Iterator[Circumstance]:
        nobody = self.bits(lambda rule: rule.decides_files or rule.unit is Unit.DIRECTORY)
        nobody &= self.bits(lambda rule: rule.files.tracked is not Tracked.TRACKED and rule.files.types is None)
        nothing = Standing.of_nobody((), ())
        for size, fits in self._sizes(nobody):
            # Where it lies and whether its name is that of a deliverable, its path says.
            yield Circumstance(None, size, (), nothing, nobody & fits, None, None)

    def _tracked(self) -> Iterator[Circumstance]:
        tracked = self.bits(lambda rule: rule.files.tracked is not Tracked.UNTRACKED)
        tracked &= self.bits(lambda rule: rule.decides_files or rule.unit is Unit.WORKSPACE)
        for job_type in dict.fromkeys(name for one in self._sets for name in one.layouts):
            layouts = tuple(one.layouts.get(job_type) for one in self._sets)
            jobs = [
                _Jobs(layout, layouts, values, status, selecting)
                for layout in dict.fromkeys(one for one in layouts if one is not None)
                for values, status in product(self._values(job_type, layouts), _STATUSES)
                if self.matters(selecting := tracked & self._jobs(layout, values, status))
            ]
            kinds = tuple(self._file_kinds(layouts)) if jobs else ()
            for one in jobs:
                yield from self._files(one, kinds)

    def _files(self, jobs: "_Jobs", kinds: "Sequence[_FileKind]") -> Iterator[Circumstance]:
        has_layout = tuple(one is not None for one in jobs.layouts)
        for at, place in enumerate(_PLACES):
            there = jobs.selecting & self._places(place)
            for kind in kinds if self.matters(there) else ():
                how = kind.there[at]
                what = there & kind.selecting & ~how.spared
                if not self.matters(what):
                    continue
                standing = Standing(jobs.status, (place,), has_layout, how.deliverable, how.cleaned)
                words = JobWords(jobs.layout, jobs.status, place, kind.file_type, jobs.values.examples)
                home, outside = _homes(jobs.layout, place, jobs.values)
                for size, fits in self._sizes(what):
                    for places, selecting in self._ranked(what & fits):
                        yield Circumstance(words, size, places, standing, selecting, home, outside)

    def _ranked(self, bits: Bits) -> Iterator[tuple[tuple[tuple[Like, int], ...], Bits]]:
        """Every choice of places that some of the rules tells apart, and the rules that select a job there."""
        for places in places_of(rule for _, rule in self.of(bits & self._ranking)):
            there = dict(places)
            beyond = 0
            for at, (_, rule) in enumerate(self.rules):
                if (bits & self._ranking) >> at & 1 and not is_on_its_side(rule, there[Like.of(rule)]):
                    beyond |= 1 << at
            yield places, bits & ~beyond

    def _there(self, file_type: FileType, place: Place | None, layouts: Sequence[Layout | None]) -> "_There":
        deliverable, cleaned, spared = [], [], 0
        for number, (one, layout) in enumerate(zip(self._sets, layouts, strict=True)):
            types = one.settings.cleanup.file_types
            final = is_deliverable(layout, file_type, place)
            deliverable.append(final)
            cleaned.append(final or types is None or file_type in types)
            spared |= self._removals & self._of_set[number] if final else 0
        return _There(tuple(deliverable), tuple(cleaned), spared)

    def _jobs(self, layout: Layout, values: Values, status: JobStatus) -> Bits:
        def selects(rule: Rule) -> bool:
            jobs = rule.jobs
            return (
                (jobs.types is None or layout.job_type in jobs.types)
                and (jobs.statuses is None or status in jobs.statuses)
                and all(values.examples.get(name) in allowed for name, allowed in jobs.parameters)
            )

        return self.bits(selects)

    def _places(self, place: Place | None) -> Bits:
        def selects(rule: Rule) -> bool:
            wanted = Place.WORKSPACE if rule.unit is Unit.WORKSPACE else rule.files.place
            return wanted is None or wanted is place

        return self.bits(selects)

    def _types(self, file_type: FileType) -> Bits:
        return self.bits(lambda rule: rule.files.types is None or file_type in rule.files.types)

    def _sizes(self, bits: Bits) -> Iterator[tuple[int, Bits]]:
        """A size on each side of every bound, and the rules that take it."""
        selectors = [rule.files for _, rule in self.of(bits)]
        larger = [one.larger_than + 1 for one in selectors if one.larger_than is not None]
        smaller = [one.smaller_than for one in selectors if one.smaller_than is not None]
        # From one bound to the next no rule tells sizes apart; the first of each stretch stands for it.
        for size in sorted({0, *larger, *smaller}):
            yield size, self.bits(partial(_takes, size))

    def _file_kinds(self, layouts: Sequence[Layout | None]) -> "Iterator[_FileKind]":
        """An example of all types that neither a rule, nor a layout, nor a setting tells apart."""
        held = [name for one in layouts if one is not None for where in one.directories for name in where.holds]
        named = sorted({name for _, rule in self.rules for name in rule.files.types or ()})
        cleaned = sorted({name for one in self._sets for name in one.settings.cleanup.file_types or ()})
        seen: set[object] = set()
        for file_type in dict.fromkeys(
            (*held, FileType.UNDECLARED, *named, *cleaned, FileType(other_word({*held, *named, *cleaned})))
        ):
            selecting = self._types(file_type)
            there = tuple(self._there(file_type, place, layouts) for place in _PLACES)
            if (selecting, there) not in seen:
                seen.add((selecting, there))
                yield _FileKind(file_type, selecting, there)

    def _values(self, job_type: JobType, layouts: Sequence[Layout | None]) -> Iterator[Values]:
        """Every choice of values that rules tell apart, of the parameters that jobs of the type have."""
        known = {name for one in layouts if one is not None for name, _ in one.parameters}
        named: dict[str, dict[str, list[int]]] = {}
        for at, (_, rule) in enumerate(self.rules):
            if rule.jobs.types is None or job_type in rule.jobs.types:
                for name, values in rule.jobs.parameters:
                    for value in sorted(values):
                        named.setdefault(name, {}).setdefault(value, []).append(at)
        groups = [groups_of(name, values) for name, values in sorted(named.items()) if name in known]
        for chosen in product(*groups):
            self._budget.spend()
            yield Values(
                tuple((name, values) for name, values, inside in chosen if inside),
                tuple((name, values) for name, values, inside in chosen if not inside),
            )


class _There(NamedTuple):
    """What files of one type are in one place, of each policy set."""

    deliverable: tuple[bool, ...]
    cleaned: tuple[bool, ...]
    spared: Bits
    """The removals that do not reach them, for they are deliverables."""


class _FileKind(NamedTuple):
    """A type that stands for all that nothing tells apart from it."""

    file_type: FileType
    selecting: Bits
    """The rules that may select files of the type."""
    there: tuple[_There, ...]
    """In each of the places that there are."""


class _Jobs(msgspec.Struct, frozen=True):
    """Jobs that no rule tells apart, but by the place of one among its like."""

    layout: Layout
    layouts: tuple[Layout | None, ...]
    """Of each policy set, for the type of the jobs."""
    values: Values
    status: JobStatus
    selecting: Bits


def _homes(layout: Layout, place: Place | None, values: Values) -> tuple[Home | None, Home | None]:
    """The directory that such files lie in, and the one that they cannot help lying in else."""
    if place is None:
        # An output without fields is every job's: no file below it lies elsewhere.
        return None, None if layout.output.fields else Home(layout.output)
    template = layout.workspace if place is Place.WORKSPACE else layout.output
    given = tuple(one for one in values.given if one[0] in template.fields)
    other = tuple(one for one in values.other if one[0] in template.fields)
    return Home(template, given, other), None


def _takes(size: int, rule: Rule) -> bool:
    files = rule.files
    return (files.larger_than is None or size > files.larger_than) and (
        files.smaller_than is None or size < files.smaller_than
    )
