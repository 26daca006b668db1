"""Files that no rule can tell apart: they are judged once, however many they are, in whatever directories.

A pipeline leaves hundreds of files that differ in a counter in their name. What a decision sees of a file is
its owners, its type, what the automaton answers about its path, its size where a rule asks for it, and its times; of a
sealed file that has not changed since its job ended, and of one that stays for a reason that no time ends, the times do
not count. Files that agree in all of that share a judgement.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final

from rules_engine.inventory.model import FileFact
from rules_engine.manifest.model import JobRecord
from rules_engine.plan.decide import Judged, decide_all, views_of
from rules_engine.plan.model import Because, Kept
from rules_engine.plan.protect import is_special, protection, protection_of_directory, restored_at
from rules_engine.plan.subject import Evidence, Owner, Subject, subject_of
from rules_engine.plan.verdicts import Verdicts
from rules_engine.policy.automaton import Place
from rules_engine.policy.model import PolicySet, Since
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import EntryKind

MOST_REMEMBERED: Final = 20_000
"""Judgements, after which it begins anew: a root may have more jobs than fit."""
_WHATEVER_TIME: Final = frozenset(
    {Because.KEEP_RULE, Because.CLEANUP_OFF, Because.JOB_POLICY, Because.FILE_TYPE_NOT_CLEANED, Because.NO_RULE}
)
"""Reasons that hold whatever the times of a file are, where no keep rule ends."""


@dataclass(frozen=True, slots=True)
class _Here:
    """One directory."""

    path: RelPath
    place: Place
    """What patterns have to say in it."""
    protected: Kept | None
    """Why all of its files are kept, where they are."""
    scope: RelPath | None
    """The path again where what is remembered of other directories may not hold here."""


class Judge:
    """Judges one file after another, best directory by directory, and remembers its judgements."""

    def __init__(self, policies: PolicySet, seen: Evidence, *, remembered: int = MOST_REMEMBERED) -> None:
        self._policies = policies
        self._seen = seen
        self._verdicts = Verdicts(seen.file_rules, policies.together, remembered=remembered)
        self._most = remembered
        rules, guards, pinned = seen.file_rules, seen.guards, seen.pinned
        self._sized = any(rule.files.larger_than is not None or rule.files.smaller_than is not None for rule in rules)
        self._timed = any(rule.since in {Since.CHANGED, Since.WRITTEN} for rule in rules)
        # A unit is as old as its newest file, and a keep rule with `for` ends: there the times of each file count.
        self._lasting = not seen.unit_rules and all(rule.keep_for is None for rule in rules)
        self._named = frozenset((*guards.own, *pinned.paths, *pinned.over_paths, *guards.restored))
        self._judged: dict[Hashable, Judged] = {}
        self._stays: dict[Hashable, Judged] = {}
        self._here: _Here | None = None
        self._protected: Judged | None = None
        self._jobs: Sequence[JobRecord] = ()
        self._views: tuple[Owner, ...] = ()

    def judge(self, file: FileFact, jobs: Sequence[JobRecord]) -> Judged:
        """The judgement of `file`, shared with files that are like it."""
        here = self._here
        if here is None or file.directory != here.path:
            here = self._here = self._enter(file.directory)
            self._protected = None
        if jobs is not self._jobs:
            self._jobs, self._views, self._protected = jobs, views_of(jobs, self._seen), None
        if here.protected is not None:
            # Not shared by files of different owners, which are counted apart.
            self._protected = self._protected or Judged(here.protected)
            return self._protected
        # Some names are protected for themselves; links may be a layout's; both are rare.
        if file.kind is not EntryKind.FILE or is_special(file.name) or (self._named and file.path in self._named):
            return self._alone(file, self._views, here)
        return self._tracked(file, here) if self._views else self._untracked(file, here)

    def _enter(self, directory: RelPath) -> _Here:
        protected = protection_of_directory(directory, self._seen)
        scope = directory if self._seen.guards.restored or self._seen.pinned.over_paths else None
        return _Here(directory, self._policies.together.automaton.at(directory), protected, scope)

    def _tracked(self, file: FileFact, here: _Here) -> Judged:
        views = self._views
        owned = tuple((one.job.job_id, one.type_of(file), one.place_of(here.path)) for one in views)
        key = (here.place.file(file.name).number, owned, here.scope, file.size if self._sized else None)
        settled = not self._timed and all(_is_settled(file, one, self._seen) for one in views)
        found = (self._judged if settled else self._stays).get(key)
        if found is None:
            found = self._alone(file, views, here)
            if settled:
                self._remember(self._judged, key, found)
            elif self._stays_whatever_its_times(found):
                self._remember(self._stays, key, found)
        return found

    def _untracked(self, file: FileFact, here: _Here) -> Judged:
        subject = subject_of(file, None, self._policies, restored_at(file.path, self._seen))
        answer, size = here.place.file(file.name).number, file.size if self._sized else None
        key = (answer, subject.place, subject.deliverable, here.scope, size)
        found = self._stays.get(key)
        if found is None:
            protected = protection(file, (), self._seen)
            found = self._decided(file, (subject,), here) if protected is None else Judged(protected)
            if self._stays_whatever_its_times(found):
                self._remember(self._stays, key, found)
        return found

    def _alone(self, file: FileFact, views: tuple[Owner, ...], here: _Here) -> Judged:
        protected = protection(file, views, self._seen)
        if protected is not None:
            return Judged(protected)
        restored = restored_at(file.path, self._seen)
        return self._decided(
            file, tuple(subject_of(file, one, self._policies, restored) for one in views or (None,)), here
        )

    def _decided(self, file: FileFact, subjects: tuple[Subject, ...], here: _Here) -> Judged:
        answer = here.place.file(file.name)
        said = tuple(self._verdicts.of(subject, answer, self._seen) for subject in subjects)
        return Judged(decide_all(subjects, said, self._policies, self._seen), subjects, said)

    def _stays_whatever_its_times(self, judged: Judged) -> bool:
        decision = judged.decision
        if not judged.subjects:
            return True
        if not self._lasting or len(judged.said) > 1 or judged.said[0].reports:
            return False
        return isinstance(decision, Kept) and decision.because in _WHATEVER_TIME

    def _remember(self, remembered: dict[Hashable, Judged], key: Hashable, judged: Judged) -> None:
        if len(remembered) >= self._most:
            remembered.clear()
        remembered[key] = judged


def _is_settled(file: FileFact, owner: Owner, seen: Evidence) -> bool:
    # Then the age of the file counts from the end of the job alone, which all its settled files share.
    return (
        file.vouched and file.mtime_ns is not None and owner.end is not None and file.mtime_ns <= owner.end <= seen.now
    )
