"""Decides directories one after another, in order: the steps that come of each, and what all of it adds up to.

One that decides only a part of the tree tells its sums to the one that decides the rest, which takes them in.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat
from operator import attrgetter
from typing import Final, TypeAlias

import msgspec

from rules_engine.inventory.model import DirectoryFacts, FileFact
from rules_engine.plan.alike import Judge
from rules_engine.plan.counted import Counted
from rules_engine.plan.decided import DecidedDirectory, DecidedFiles
from rules_engine.plan.empty import EmptyDirectories
from rules_engine.plan.empty_rules import EmptyGuards, EmptyRules, NamedEmpty
from rules_engine.plan.given import Ask
from rules_engine.plan.model import LARGEST_BATCH, Batch, Count, Decision, Entry, Remove, StepAction
from rules_engine.plan.narrow import Narrowing
from rules_engine.plan.owners import OwnerIndex
from rules_engine.plan.places import Places
from rules_engine.plan.releases import Releases
from rules_engine.plan.removed import Removed, batches_of, both
from rules_engine.plan.schedule import Schedule
from rules_engine.plan.staying import Staying
from rules_engine.plan.subject import Evidence
from rules_engine.plan.summary import Summary
from rules_engine.plan.units import TakenWhole, UnitGuards, Units
from rules_engine.policy.model import PolicySet
from rules_engine.values.paths import RelPath, to_bytes
from rules_engine.values.vocabulary import JobId, RuleName

Watch: TypeAlias = Callable[[FileFact, Decision], None]
"""Called with each file and what was decided for it."""

_Key: TypeAlias = tuple[StepAction, tuple[RuleName, ...], tuple[JobId, ...], bool, tuple[RuleName, ...]]


def _nobody(_file: FileFact, _decision: Decision) -> None:
    """Watch nothing."""


NOBODY: Final[Watch] = _nobody


class Sums(msgspec.Struct, frozen=True):
    """What the decisions about a part of the tree add up to."""

    counted: Counted
    releases: tuple[Count, ...]
    whole: TakenWhole
    emptied: dict[RelPath, Removed]
    named_empty: NamedEmpty


class Deciding:
    """Decides directories, and adds up what it decided."""

    def __init__(
        self,
        policies: PolicySet,
        owners: OwnerIndex,
        seen: Evidence,
        ask: Ask,
        staying: Staying,
        *,
        watch: Watch = NOBODY,
    ) -> None:
        self._owners = owners
        self._watch = watch
        self._narrowing = Narrowing(ask)
        self.summary = Summary(policies, seen, staying)
        self.releases = Releases(policies, seen, ask)
        self._empty = EmptyDirectories(policies, seen)
        places, narrowing = Places(policies, seen), self._narrowing
        guards = UnitGuards(owners, narrowing, self.releases, places)
        self.units = Units(policies, seen, guards, self.summary, watch=watch)
        self._empty_rules = EmptyRules(policies, seen, EmptyGuards(owners, narrowing, places), self.summary)
        self._judge = Judge(policies, seen)

    def steps(self, directories: Iterable[DirectoryFacts]) -> Iterator[Batch]:
        """The steps on files of these directories, which come in order; of one that goes whole there are none yet."""
        for directory in self.units.sieve(map(self._decided, directories)):
            self._empty_rules.add(directory)
            yield from self._steps(directory)

    def last_steps(self) -> Iterator[Batch]:
        """The directories that go whole, and those that go because they are empty, once all were decided."""
        yield from self.units.batches()
        for batch in batches_of(both(self._empty.removable(), self._empty_rules.removable())):
            self.summary.count_directories(len(batch.entries))
            yield batch

    def sums(self) -> Sums:
        """What all that was decided here adds up to, but for what stays by directory; asked for once, at the end."""
        return Sums(
            self.summary.counted(),
            self.releases.counts(),
            self.units.taken(),
            self._empty.removable(),
            self._empty_rules.named(),
        )

    def take(self, sums: Sums) -> None:
        """Add what was decided about a part of the tree elsewhere."""
        self.summary.take(sums.counted)
        self.releases.take(sums.releases)
        self.units.take(sums.whole)
        self._empty.take(sums.emptied)
        self._empty_rules.take(sums.named_empty)

    def _decided(self, facts: DirectoryFacts) -> DecidedDirectory:
        """What is decided about the files of one directory."""
        owners = self._owners.of_directory(facts.path)
        groups = self._judge.judge_directory(facts, owners)
        return DecidedDirectory(facts, tuple([job.job_id for job in owners.whole]), groups)

    def _steps(self, directory: DecidedDirectory) -> Iterator[Batch]:
        steps: dict[_Key, list[Entry]] = {}
        stays = False
        for group in directory.groups:
            decision = group.judged.decision
            if group.left_out:
                self.summary.leave_out(group.files, tracked=group.tracked)
                stays = True
                continue
            if not isinstance(decision, Remove):
                self._count(group)
                stays = True
                continue
            asked, left_out = self._narrowing.split(group, decision)
            if left_out is not None:
                self.summary.leave_out(left_out.files, tracked=left_out.tracked)
                stays = True
            if asked is not None:
                self._count(asked)
                action = StepAction(decision.action.value)
                for released, files in self.releases.split(asked):
                    key = (action, decision.rules, asked.owners, decision.deliverable, released)
                    steps.setdefault(key, []).extend(_entries(files, decision, asked.schedule))
        self._note_emptied(directory, frozenset(name for key in steps for name in key[1]), all_go=not stays)
        for key, entries in sorted(steps.items(), key=lambda one: one[0]):
            yield from _batches(directory.facts, key, entries)

    def _count(self, group: DecidedFiles) -> None:
        self.summary.count(group)
        if self._watch is not NOBODY:
            for file, decision in group.decisions():
                self._watch(file, decision)

    def _note_emptied(self, directory: DecidedDirectory, rules: frozenset[RuleName], *, all_go: bool) -> None:
        """Remember a directory of one job's workspace: it may go once it is empty."""
        if len(directory.whole) == 1 and self._narrowing.asks_for_emptied(directory.facts, directory.whole):
            self._empty.add(directory.facts, directory.whole[0], rules, all_go=all_go)


def _entries(files: Sequence[FileFact], removal: Remove, schedule: Schedule | None) -> list[Entry]:
    dues = repeat(removal.due) if schedule is None else schedule.ends(files)
    # By position: there may be millions, and names of fields take longer than all the rest.
    return [
        Entry(file.name, file.kind, file.inode, file.size or 0, file.mtime_ns or 0, file.ctime_ns or 0, file.nlink, due)
        for file, due in zip(files, dues, strict=False)
    ]


def _batches(facts: DirectoryFacts, key: _Key, entries: list[Entry]) -> Iterator[Batch]:
    action, rules, owners, deliverable, released = key
    # Byte order of names, whatever judgement each entry came from: same inputs, same bytes.
    plain = "".join([entry.name for entry in entries]).isascii()
    entries.sort(key=_name_of if plain else _bytes_of)
    for start in range(0, len(entries), LARGEST_BATCH):
        some = tuple(entries[start : start + LARGEST_BATCH])
        yield Batch(facts.path, action, some, rules, owners, deliverable=deliverable, released=released)


_name_of: Final = attrgetter("name")


def _bytes_of(entry: Entry) -> bytes:
    return to_bytes(entry.name)
