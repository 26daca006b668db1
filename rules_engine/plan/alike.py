"""Files that no rule can tell apart: they are judged once, however many they are, in whatever directories.

A pipeline leaves hundreds of files that differ in a counter in their name. What a decision sees of a file is
its owners, its type, what the automaton answers about its path, its size where a rule asks for it, and its times; of a
sealed file that has not changed since its job ended the times do not count. Files that agree in all of that but in
times that are known are of one kind; most of it they share with all that lie beside them.
"""

import sys
from bisect import bisect_right
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from operator import is_
from typing import Final, TypeAlias, cast

import msgspec

from rules_engine.inventory.model import DirectoryFacts, FileFact
from rules_engine.manifest.model import JobRecord
from rules_engine.plan.decide import Judged, decide_all, views_of
from rules_engine.plan.decided import DecidedFiles
from rules_engine.plan.ended import EndedKind, ended_kind, seen_of_ended
from rules_engine.plan.kinds import Kind, Part, Parting, kind_of
from rules_engine.plan.owners import DirectoryOwners
from rules_engine.plan.protect import SPECIAL_BEGINS, is_special, protection, protection_of_directory, restored_at
from rules_engine.plan.schedule import is_within_time
from rules_engine.plan.subject import Evidence, Owner, output_names, place_by_layouts, subject_of
from rules_engine.plan.verdicts import Verdicts
from rules_engine.policy.automaton import Answer, Place
from rules_engine.policy.model import PolicySet, Since
from rules_engine.values.paths import RelPath, name_of, parent
from rules_engine.values.quantities import EARLIEST
from rules_engine.values.remembered import Remembered
from rules_engine.values.vocabulary import EntryKind, JobId

MOST_REMEMBERED: Final = 2_000
"""Kinds, after which it begins anew: a root may have more jobs than fit."""


_SETTLED: Final = 0
"""The times of a file say nothing of its age: it is as old as the end of its jobs, which is over."""
_VOUCHED: Final = 1
"""They are known, and its seal vouches for its mtime."""
_KNOWN: Final = 2
_UNKNOWN: Final = 3
"""One of them is not known, or in the future."""
_LONE: Final = 4
"""The name or kind of the file sets it apart, whatever its times."""

_What: TypeAlias = tuple[int, Hashable, int, int | None]
"""What is seen of one file: the answer to its path, what it is to its owners, its times, and its size as rules ask."""

_NONE_BEFORE: Final[tuple[Answer | None, Hashable, int, int | None]] = (None, None, _LONE, None)
_NEVER: Final = EARLIEST - 1
_NO_NAMES: Final[frozenset[str]] = frozenset()


class _Beside(msgspec.Struct, frozen=True):
    """What files of one directory have in common that have the same owners."""

    place: Place
    """What patterns have to say of them."""
    views: tuple[Owner, ...]
    like: Hashable
    """What else a decision sees of them all."""
    ended: Hashable | None
    """The same for those that are as old as the end of their job; None where it sees this very job."""
    settled: int
    """The last mtime of a file that has not changed since its jobs ended."""
    lone: frozenset[str]
    """Names that something is said of."""


class Judge:
    """Judges one directory after another, and remembers the kinds of files that it met."""

    def __init__(self, policies: PolicySet, seen: Evidence, *, remembered: int = MOST_REMEMBERED) -> None:
        self._policies = policies
        self._seen = seen
        self._verdicts = Verdicts(seen.file_rules, policies.together, remembered=remembered)
        rules = seen.file_rules if seen.built_in is None else (*seen.file_rules, seen.built_in)
        bounds = {one for rule in rules for one in (rule.files.larger_than, rule.files.smaller_than) if one is not None}
        self._bounds = sorted({size for bound in bounds for size in (bound, bound + 1)})
        self._settles = not any(rule.since in {Since.CHANGED, Since.WRITTEN} for rule in rules)
        self._within_time = all(is_within_time(rule, seen.now) for rule in rules)
        self._output_names = output_names(policies)
        self._named = _by_directory(
            (*seen.guards.own, *seen.pinned.paths, *seen.pinned.over_paths, *seen.guards.restored)
        )
        self._kinds: Remembered[Hashable, Kind | Parting | None] = Remembered(remembered)
        self._ended: Remembered[Hashable, EndedKind | None] = Remembered(remembered)

    def judge_directory(self, facts: DirectoryFacts, owners: DirectoryOwners) -> tuple[DecidedFiles, ...]:
        """What is decided about the files of one directory."""
        if not facts.files:
            return ()
        protected = protection_of_directory(facts.path, self._seen)
        groups: list[DecidedFiles] = []
        for jobs, files in owners.divide(facts.files):
            if protected is not None:
                groups.append(DecidedFiles(Judged(protected), tuple([job.job_id for job in jobs]), tuple(files)))
            else:
                groups += self._judge(files, jobs)
        return tuple(groups)

    def _judge(self, files: Sequence[FileFact], jobs: tuple[JobRecord, ...]) -> Iterator[DecidedFiles]:
        """What is decided about files of one directory with the same owners."""
        beside = self._beside(files[0], jobs)
        owners = tuple([job.job_id for job in jobs])
        for what, some in self._by_what_is_seen(files, beside).items():
            yield from self._groups(what, some, owners, beside)

    def _groups(
        self,
        what: _What,
        files: Sequence[FileFact],
        owners: tuple[JobId, ...],
        beside: _Beside,
        parted: tuple[Part, ...] = (),
    ) -> Iterator[DecidedFiles]:
        """Files of which the same is seen; `parted` says which moments are over for all of them, or for none."""
        kind = self._kind(what, files[0], beside, parted)
        if isinstance(kind, Kind):
            yield from kind.groups(owners, files, self._seen.now)
        elif isinstance(kind, Parting):
            for part, some in kind.part(files, self._seen.now).items():
                yield from self._groups(what, some, owners, beside, (*parted, part))
        else:
            yield from (DecidedFiles(self._alone(file, beside), owners, (file,)) for file in files)

    def _beside(self, file: FileFact, jobs: tuple[JobRecord, ...]) -> _Beside:
        """What `file` has in common with those beside it that these jobs own."""
        seen, directory = self._seen, file.directory
        views = views_of(jobs, seen)
        scope = directory if seen.guards.restored or seen.pinned.over_paths else None
        lies = (
            tuple([(one.job.job_id, one.place_of(directory)) for one in views])
            if views
            else place_by_layouts(file.path, self._policies)
        )
        ends = [one.end for one in views if self._settles]
        settled = min((end if end is not None and end <= seen.now else _NEVER for end in ends), default=_NEVER)
        lone = self._named.get(directory, _NO_NAMES)
        ended = None
        if len(views) == 1 and settled > _NEVER and self._within_time:
            ended = seen_of_ended(views[0], views[0].place_of(directory), self._verdicts, seen)
        place = self._policies.together.automaton.at(directory)
        return _Beside(place, views, (lies, scope), ended, settled, lone)

    def _by_what_is_seen(self, files: Sequence[FileFact], beside: _Beside) -> Mapping[_What, Sequence[FileFact]]:
        """Files by what a decision sees of each beside what they have in common."""
        names = [file.name for file in files]
        answers, looks = beside.place.files(names), self._looks(names, files[0].directory, beside.views)
        # Nearly always the same is seen of all of them: to see that takes a fifth of looking at one after another.
        if _are_one(answers) and _are_one(looks) and not beside.lone and not _may_be_special(names):
            times, size = self._times_of_all(files, beside.settled), self._size_of_all(files)
            if times is not None and size is not None:
                return {(answers[0].number, looks[0], times, size[0]): files}
        return self._one_by_one(files, answers, looks, beside)

    def _times_of_all(self, files: Sequence[FileFact], settled: int) -> int | None:
        """What the times of regular files say of each; None where they do not all say the same."""
        if [file.kind for file in files].count(EntryKind.FILE) < len(files):
            return None
        now, vouched = self._seen.now, [file.vouched for file in files].count(True)
        if 0 < vouched < len(files):
            return None
        written = [file.mtime_ns for file in files]
        first, last = _ends(written)
        if first < EARLIEST or last > now:
            return None
        if vouched and last <= settled:
            return _SETTLED
        changed_first, changed_last = _ends([file.ctime_ns for file in files])
        if changed_first < EARLIEST or changed_last > now or (vouched and first <= settled):
            return None
        return _VOUCHED if vouched else _KNOWN

    def _size_of_all(self, files: Sequence[FileFact]) -> tuple[int | None] | None:
        """What rules ask of the size of each file; None where they do not all say the same."""
        if not self._bounds:
            return (None,)
        sizes = [file.size for file in files]
        least, most = _ends(sizes)
        if least < 0 or bisect_right(self._bounds, least) != bisect_right(self._bounds, most):
            return None
        return (bisect_right(self._bounds, least),)

    def _one_by_one(
        self, files: Sequence[FileFact], answers: Sequence[Answer], looks: Sequence[Hashable], beside: _Beside
    ) -> Mapping[_What, Sequence[FileFact]]:
        """The same where they differ."""
        now, settled, lone, bounds = self._seen.now, beside.settled, beside.lone, self._bounds
        regular, begins = EntryKind.FILE, SPECIAL_BEGINS
        found: dict[_What, list[FileFact]] = {}
        some: list[FileFact] = []
        last_answer, last_look, last_times, last_size = _NONE_BEFORE
        for file, answer, look in zip(files, answers, looks, strict=True):
            name, mtime = file.name, file.mtime_ns
            if file.kind is not regular or (name[0] in begins and is_special(name)) or (lone and name in lone):
                times = _LONE
            elif mtime is None or mtime < EARLIEST or mtime > now:
                times = _UNKNOWN
            elif mtime <= settled and file.vouched:
                times = _SETTLED
            elif (ctime := file.ctime_ns) is None or ctime < EARLIEST or ctime > now:
                times = _UNKNOWN
            else:
                times = _VOUCHED if file.vouched else _KNOWN
            size = None if not bounds or file.size is None else bisect_right(bounds, file.size)
            # Nearly always it is like the one before it: to look up what is seen of it takes as long as all the rest.
            if answer is not last_answer or look is not last_look or times != last_times or size != last_size:
                last_answer, last_look, last_times, last_size = answer, look, times, size
                some = found.setdefault((answer.number, look, times, size), [])
            some.append(file)
        return found

    def _looks(self, names: Sequence[str], directory: RelPath, views: tuple[Owner, ...]) -> Sequence[Hashable]:
        """What each file is to its owners; of one without any, whether it has the name of a deliverable."""
        if not views:
            fits = self._output_names
            return (False,) * len(names) if fits is None else [fits.fullmatch(name) is not None for name in names]
        types = [one.types_in(directory) for one in views]
        if len(types) == 1:
            declared, inherited = types[0]
            return list(map(declared.get, names, repeat(inherited))) if declared else (inherited,) * len(names)
        return [tuple([declared.get(name, inherited) for declared, inherited in types]) for name in names]

    def _kind(self, what: _What, file: FileFact, beside: _Beside, parted: tuple[Part, ...]) -> Kind | Parting | None:
        """The kind of `file`, or what else it hangs on; None where it has to be judged for itself."""
        times = what[2]
        if times == _LONE:
            return None
        if times == _SETTLED and beside.ended is not None:
            found = self._ended_kind(what, file, beside)
            if found is not None:
                return Kind(found.judged_of(file, beside.views[0], beside.settled, self._seen.now))
        key = (beside.like, what, parted)
        if key not in self._kinds:
            judged = self._alone(file, beside)
            timed = times in {_VOUCHED, _KNOWN} and self._within_time
            by = [part.by for part in parted]
            self._kinds[key] = (
                Kind(judged)
                if times == _SETTLED
                else kind_of(judged, self._policies, self._seen, timed=timed, parted=by)
            )
        return self._kinds[key]

    def _ended_kind(self, what: _What, file: FileFact, beside: _Beside) -> EndedKind | None:
        key = (beside.ended, what)
        if key not in self._ended:
            self._ended[key] = ended_kind(self._alone(file, beside), beside.settled, self._policies, self._seen)
        return self._ended[key]

    def _alone(self, file: FileFact, beside: _Beside) -> Judged:
        protected = protection(file, beside.views, self._seen)
        if protected is not None:
            return Judged(protected)
        restored = restored_at(file.path, self._seen)
        owners = beside.views or (None,)
        subjects = tuple([subject_of(file, owner, self._policies, restored) for owner in owners])
        answer = beside.place.file(file.name)
        said = tuple([self._verdicts.of(subject, answer, self._seen) for subject in subjects])
        return Judged(decide_all(subjects, said, self._policies, self._seen), subjects, said)


def _are_one(some: Sequence[object]) -> bool:
    """Whether all of them are one object."""
    return all(map(is_, some, repeat(some[0])))


def _may_be_special(names: Sequence[str]) -> bool:
    return not SPECIAL_BEGINS.isdisjoint([name[0] for name in names])


def _ends(values: Sequence[int | None]) -> tuple[int, int]:
    """The least and the most; where one is not known, less and more than any."""
    known = [-sys.maxsize, sys.maxsize] if None in values else cast("Sequence[int]", values)
    return min(known), max(known)


def _by_directory(paths: Iterable[RelPath]) -> Mapping[RelPath, frozenset[str]]:
    found: dict[RelPath, set[str]] = {}
    for path in paths:
        found.setdefault(parent(path), set()).add(name_of(path))
    return {directory: frozenset(names) for directory, names in found.items()}
