"""Directories that go whole or not at all: they are held back until everything below them was decided."""

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from msgspec.structs import replace

from rules_engine.inventory.model import FileFact
from rules_engine.plan.candidate import Candidate, Stays
from rules_engine.plan.decided import DecidedDirectory
from rules_engine.plan.model import LARGEST_BATCH, Batch, Count, Entry, Remove, StepAction, Whole
from rules_engine.plan.narrow import Narrowing
from rules_engine.plan.owners import OwnerIndex
from rules_engine.plan.places import Places
from rules_engine.plan.releases import Releases
from rules_engine.plan.subject import Evidence
from rules_engine.plan.summary import Summary
from rules_engine.plan.unit_rules import is_outermost, names, workspace_verdicts
from rules_engine.plan.unit_vetoes import veto_of_rules, veto_of_whole
from rules_engine.policy.model import PolicySet, Rule, Unit
from rules_engine.values.paths import ROOT, RelPath, is_at_or_below, name_of, parent, sort_key, to_bytes
from rules_engine.values.vocabulary import EntryKind, JobId, RuleName

MOST_NAMED: Final = 10
"""Directories that stay whole of which a plan says why: the largest."""

_Key: TypeAlias = tuple[bytes, RelPath, StepAction, tuple[RuleName, ...], tuple[JobId, ...], bool, tuple[RuleName, ...]]
TakenWhole: TypeAlias = tuple[dict[_Key, list[tuple[Entry, Whole]]], list[tuple[int, RelPath, str]]]
"""The directories that go whole by what a batch of them shares, and those that stay, each with its size and why."""
_Rules: TypeAlias = Mapping[RuleName, Rule]


@dataclass(frozen=True, slots=True)
class UnitGuards:
    """What a unit is asked about besides its rules: who else is there, what was asked for, what is released."""

    owners: OwnerIndex
    narrowing: Narrowing
    releases: Releases
    places: Places


class Units:
    """Takes directories that go whole out of the stream of decided ones, and says which they are."""

    def __init__(
        self,
        policies: PolicySet,
        seen: Evidence,
        guards: UnitGuards,
        summary: Summary,
        *,
        watch: Callable[[FileFact, Remove], None],
    ) -> None:
        self._policies = policies
        self._seen = seen
        self._guards = guards
        self._summary = summary
        self._watch = watch
        acting = [rule for rule in seen.unit_rules if not rule.report_only and rule.unit is Unit.DIRECTORY]
        self._by_name: _Rules = {rule.name: rule for rule in acting}
        """The rules about directories that nobody owns, without those that only report."""
        self._reports = [_Report(rule) for rule in seen.unit_rules if rule.report_only]
        self._held: Candidate | None = None
        self._buffer: list[DecidedDirectory] = []
        self._steps: dict[_Key, list[tuple[Entry, Whole]]] = {}
        self._gone: set[RelPath] = set()
        self._kept: list[tuple[int, RelPath, str]] = []

    def sieve(self, directories: Iterable[DecidedDirectory]) -> Iterator[DecidedDirectory]:
        """The directories of which nothing goes whole, in the order in which they come."""
        if not self._seen.unit_rules:
            yield from directories
            return
        for directory in directories:
            path = directory.facts.path
            yield from self._leave(path)
            if self._held is None:
                self._held = self._begin(path)
            self._report(directory)
            if self._held is None:
                yield directory
                continue
            self._held.add(directory, self._by_name)
            self._buffer.append(directory)
            if self._held.veto is not None:
                # It stays, whatever else lies in it: nothing needs to be held back any more.
                yield from self._buffer
                self._buffer.clear()
        yield from self._leave(None)

    def _leave(self, path: RelPath | None) -> Iterator[DecidedDirectory]:
        """Decide about what `path` no longer lies in; None is the end."""
        if self._held is not None and (path is None or not is_at_or_below(path, self._held.path)):
            candidate, buffer = self._held, self._buffer
            self._held, self._buffer = None, []
            yield from self._decide(candidate, buffer)
        for report in self._reports:
            held = report.held
            if held is not None and (path is None or not is_at_or_below(path, held.path)):
                report.held = None
                if held.path not in self._gone:
                    goes = isinstance(held.answer(), Remove)
                    self._summary.count_report_of_unit(report.rule.name, held.count, goes=goes)

    def _begin(self, path: RelPath, extra: Rule | None = None) -> Candidate | None:
        """The candidate that begins at `path`; with `extra`, which only reports, only where that one selects it."""
        jobs = self._seen.workspaces.get(path, ())
        if path == ROOT:
            return None
        return self._workspace(path, jobs[0], extra) if jobs else self._directory(path, extra)

    def _workspace(self, path: RelPath, job_id: JobId, extra: Rule | None) -> Candidate | None:
        owner = self._seen.owners[job_id]
        said = [one for one in workspace_verdicts(owner, self._seen) if not one[0].report_only or one[0] is extra]
        rules = {rule.name: rule for rule, _ in said}
        if not rules or (extra is not None and extra.name not in rules):
            return None
        found = Candidate(path, rules, self._policies, self._seen, owner=owner, reporting=extra is not None)
        found.keep(veto_of_rules(said))
        about = self._guards.owners.at_or_below(path)
        found.keep(veto_of_whole(path, owner, about, self._policies, self._seen))
        return found

    def _directory(self, path: RelPath, extra: Rule | None) -> Candidate | None:
        begins = self._by_name.values() if extra is None else (extra,)
        if not any(rule.unit is Unit.DIRECTORY and is_outermost(rule, path) for rule in begins):
            return None
        never = self._guards.places.why_no_unit(path)
        if never is not None:
            if extra is None:
                self._note(path, never, 0)
            return None
        rules = {name: rule for name, rule in self._by_name.items() if names(rule, path, is_directory=True)}
        rules |= {extra.name: extra} if extra is not None else {}
        found = Candidate(path, rules, self._policies, self._seen, owner=None, reporting=extra is not None)
        about = self._guards.owners.at_or_below(path)
        found.keep(veto_of_whole(path, None, about, self._policies, self._seen))
        return found

    def _report(self, directory: DecidedDirectory) -> None:
        for report in self._reports:
            if report.held is None:
                report.held = self._begin(directory.facts.path, report.rule)
            if report.held is not None:
                report.held.add(directory, self._by_name)

    def _decide(self, candidate: Candidate, directories: list[DecidedDirectory]) -> list[DecidedDirectory]:
        """What of the directory is decided file by file: all of it, unless it goes whole."""
        answer = candidate.answer()
        if isinstance(answer, Remove):
            groups = [group for directory in directories for group in directory.groups]
            if self._guards.narrowing.asks_for_unit(candidate.path, candidate.owners, answer.rules, groups):
                self._take(candidate, directories, answer)
                return []
            return [_left_out(directory) for directory in directories]
        if isinstance(answer, Stays):
            self._note(candidate.path, answer.why, candidate.count.bytes)
        some = candidate.count if candidate.count.files else Count(1)
        waiting = None if isinstance(answer, Stays) else answer
        falls_due = candidate.open if candidate.count.files else some
        self._summary.count_unit_that_stays(candidate.rules, some, waiting, falls_due=falls_due)
        return directories

    def _take(self, candidate: Candidate, directories: list[DecidedDirectory], removal: Remove) -> None:
        path, contents, released = candidate.path, candidate.contents, set[RuleName]()
        for directory in directories:
            released |= self._guards.releases.of_whole(directory)
        self._summary.count_unit(removal, contents.files)
        for group in (one for directory in directories for one in directory.groups):
            self._summary.count_whole(group, removal)
            for file in group.files:
                self._watch(file, removal)
        action = StepAction(removal.action.value)
        above = parent(path)
        key = (
            sort_key(above), above, action, removal.rules, candidate.owners, removal.deliverable,
            tuple(sorted(released)),
        )  # fmt: skip
        entry = Entry(name_of(path), EntryKind.DIRECTORY, inode=candidate.inode, size=contents.bytes, due=removal.due)
        self._steps.setdefault(key, []).append((entry, Whole(contents.files, contents.digest())))
        self._gone.add(path)

    def _note(self, path: RelPath, why: str, size: int) -> None:
        self._kept.append((size, path, why))
        if len(self._kept) > 2 * MOST_NAMED:
            self._kept = heapq.nsmallest(MOST_NAMED, self._kept, key=_largest_first)

    def kept(self) -> list[tuple[RelPath, str]]:
        """The largest directories that stay whole although a rule selects them, and what keeps each."""
        largest = heapq.nsmallest(MOST_NAMED, self._kept, key=_largest_first)
        return [(path, why) for _, path, why in largest]

    def holds_nothing(self) -> bool:
        """Whether what comes next can be decided apart from what came before."""
        return self._held is None and all(report.held is None for report in self._reports)

    def taken(self) -> TakenWhole:
        """The directories that go whole, and the largest that stay, of all that was decided here."""
        return self._steps, self._kept

    def take(self, taken: TakenWhole) -> None:
        """Add what was decided about a part of the tree elsewhere."""
        steps, kept = taken
        for key, pairs in steps.items():
            self._steps.setdefault(key, []).extend(pairs)
        self._kept += kept

    def batches(self) -> Iterator[Batch]:
        """The directories that go whole, by the directory that holds them, in plan order."""
        for key, pairs in sorted(self._steps.items(), key=lambda item: item[0]):
            _, directory, action, rules, owners, deliverable, released = key
            pairs.sort(key=lambda pair: to_bytes(pair[0].name))
            for start in range(0, len(pairs), LARGEST_BATCH):
                some = pairs[start : start + LARGEST_BATCH]
                yield Batch(
                    directory,
                    action,
                    tuple(entry for entry, _ in some),
                    rules,
                    owners,
                    "unit",
                    deliverable,
                    released,
                    wholes=tuple(whole for _, whole in some),
                )


def _left_out(directory: DecidedDirectory) -> DecidedDirectory:
    """The same directory where its files were not asked for: those that would go with it alone are left out."""
    groups = (replace(one, left_out=not isinstance(one.judged.decision, Remove)) for one in directory.groups)
    return replace(directory, groups=tuple(groups))


class _Report:
    """A rule that only reports, and the directory that would go whole if it took part."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.held: Candidate | None = None


def _largest_first(one: tuple[int, RelPath, str]) -> tuple[int, bytes]:
    return -one[0], sort_key(one[1])
