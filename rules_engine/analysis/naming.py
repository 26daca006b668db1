"""What a group of situations is called: the patterns, jobs and types for which the same holds, never fewer or more."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, TypeAlias, TypeVar

from msgspec.structs import replace as with_fields

from rules_engine.analysis.situation import Situation
from rules_engine.manifest.model import DeclaredDirectory, JobRecord
from rules_engine.plan.subject import is_deliverable
from rules_engine.policy.model import PolicySet, Rule
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import FileType, JobStatus, JobType, Place, RuleName

_MOST: Final = 6
"""Situations of one group that are asked for other words; of larger groups types are not named."""
_Word = TypeVar("_Word")

Holds: TypeAlias = Callable[[Situation], bool]
"""Whether what is said of a group is true of a situation, by the real decision."""

Selected: TypeAlias = tuple[tuple[str, ...], ...]
"""Of each of some rules that all select a path, the patterns by one of which it does."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Which files a group of situations stands for; what is empty is not restricted."""

    owned: bool
    deliverable: bool
    patterns: tuple[Selected, ...] = ()
    """By which patterns rules of interest select such paths: in one or another of these ways."""
    statuses: tuple[JobStatus, ...] = ()
    job_types: tuple[JobType, ...] = ()
    places: tuple[Place, ...] = ()
    """Where in the directories of their job they lie."""
    file_types: tuple[FileType, ...] = ()
    but_types: tuple[FileType, ...] = ()
    """Types that are left out; only where the other types are too many to be named."""


class Naming:
    """Knows the words of some policy sets. A situation has one of all for which it holds; the others are asked for."""

    def __init__(self, policy_sets: Sequence[PolicySet]) -> None:
        self._sets = policy_sets
        self._job_types = tuple(sorted({name for one in policy_sets for name in one.layouts}))
        layouts = (layout for one in policy_sets for layout in one.layouts.values())
        held = {name for layout in layouts for where in layout.directories for name in where.holds}
        named = {name for one in policy_sets for rule in one.rules for name in rule.files.types or ()}
        cleaned = {name for one in policy_sets for name in one.settings.cleanup.file_types or ()}
        known = {*held, *named, *cleaned, FileType.UNDECLARED}
        self._other = FileType(next(word for n in range(len(known) + 1) if (word := f"other{n or ''}") not in known))
        """Stands for every type that no policy names."""
        self._file_types = (*sorted(known), self._other)

    def kind(self, situations: Sequence[Situation], patterns: Iterable[Selected], holds: Holds, *, final: bool) -> Kind:
        """What these situations are together; they all have an owner, or none has. `final`: they are deliverables."""
        distinct = tuple(dict.fromkeys(filter(None, patterns)))
        if situations[0].job is None:
            return Kind(owned=False, deliverable=final, patterns=distinct)
        few = situations[:_MOST] if len(situations) <= _MOST else ()
        types, but = self._types_of_files(few, holds, final=final)
        return Kind(
            owned=True,
            deliverable=final,
            patterns=distinct,
            statuses=_only({one.status for one in situations}),
            job_types=self._types_of_jobs(few, holds),
            places=_only({one.place for one in situations}),
            file_types=types,
            but_types=but,
        )

    def _types_of_jobs(self, situations: Iterable[Situation], holds: Holds) -> tuple[JobType, ...]:
        meant = set[JobType]()
        for one in situations:
            others = (name for name in self._job_types if name not in meant)
            meant |= {name for name in others if any(map(holds, self._with_job_type(one, name)))}
        return () if len(meant) == len(self._job_types) else tuple(sorted(meant))

    def _with_job_type(self, situation: Situation, job_type: JobType) -> Iterator[Situation]:
        """The same file of a job of that type, as the same kind of file; types of files differ between layouts."""
        other = with_fields(situation, job=replace(_job_of(situation), job_type=job_type))
        yield other
        shown = self._standing(situation.file_type or self._other, situation)
        alike = (name for name in self._file_types if self._standing(name, other) == shown)
        yield from (_with_type(other, name) for name in islice(alike, _MOST))

    def _types_of_files(
        self, situations: Iterable[Situation], holds: Holds, *, final: bool
    ) -> tuple[tuple[FileType, ...], tuple[FileType, ...]]:
        """The types that are meant, or those that are not, whichever can be said; both empty where all are meant."""
        meant, possible = set[FileType](), set[FileType]()
        for one in situations:
            standings = {name: self._standing(name, one) for name in self._file_types}
            # By the version in which they go they are all what the group is called.
            there = {name for name, said in standings.items() if (any(said) if final else not all(said))}
            possible |= there
            meant |= {name for name in there - meant if holds(_with_type(one, name))}
        if meant >= possible:
            return (), ()
        if self._other in meant:
            return (), tuple(sorted(possible - meant))
        return tuple(sorted(meant)), ()

    def _standing(self, file_type: FileType, there: Situation) -> tuple[bool, ...]:
        """Of each set whether a file of that type is a deliverable where that situation has one."""
        layouts = (one.layouts.get(_job_of(there).job_type) for one in self._sets)
        return tuple(is_deliverable(layout, file_type, there.place) for layout in layouts)


def _only(found: set[_Word | None]) -> tuple[_Word, ...]:
    """The one word that all have; empty where they have several, or none."""
    return tuple(one for one in found if one is not None) if len(found) == 1 else ()


def _job_of(situation: Situation) -> JobRecord:
    if situation.job is None:
        raise ValueError(situation.path)
    return situation.job


def _with_type(situation: Situation, file_type: FileType) -> Situation:
    """The same file, declared with another type or not at all."""
    file, job = situation.file, _job_of(situation)
    if file_type == FileType.UNDECLARED:
        changed = replace(job, files={}, directories={file.directory: DeclaredDirectory(None)})
    else:
        changed = replace(job, files={file.directory: {file.name: file_type}}, directories={})
    return with_fields(situation, job=changed, file_type=file_type)


def deciding_patterns(policies: PolicySet, other: PolicySet, names: Iterable[RuleName], path: RelPath) -> Selected:
    """Of each of these rules the patterns by one of which it selects `path`; a rule without patterns has none.

    Where the rule has other patterns in the `other` version, only those that differ, or only those that do not.
    """
    wanted = frozenset(names)
    there = {rule.name: rule for rule in other.rules}
    found = (_deciding(rule, there.get(rule.name), path) for rule in policies.rules if rule.name in wanted)
    return tuple(one for one in found if one)


def _deciding(rule: Rule, other: Rule | None, path: RelPath) -> tuple[str, ...]:
    match = rule.files.match
    at = match.match(path) if match is not None else None
    if match is None or at is None:
        return ()
    texts = tuple(text for text, line in zip(match.texts, match.lines, strict=True) if not line.negated)
    known = other.files.match.texts if other is not None and other.files.match is not None else ()
    differing = tuple(text for text in texts if text not in known)
    return differing if match.texts[at] in differing else tuple(text for text in texts if text not in differing)
