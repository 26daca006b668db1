"""Makes a plan: every directory of the inventory in order, every file decided, its steps batched."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import repeat
from operator import attrgetter
from typing import Final, TypeAlias

from rules_engine import __version__
from rules_engine.inventory.model import DirectoryFacts, FileFact, Inventory
from rules_engine.manifest.model import JobRecord
from rules_engine.plan.alike import Judge
from rules_engine.plan.decided import DecidedDirectory, DecidedFiles
from rules_engine.plan.empty import EmptyDirectories
from rules_engine.plan.empty_rules import EmptyGuards, EmptyRules
from rules_engine.plan.emptying import old_trash
from rules_engine.plan.given import Ask, Guards
from rules_engine.plan.limits import raised, refusals
from rules_engine.plan.model import (
    LARGEST_BATCH,
    Batch,
    Decision,
    Entry,
    Header,
    Plan,
    Remove,
    StepAction,
    Trailer,
)
from rules_engine.plan.narrow import Narrowing, narrowed_to
from rules_engine.plan.owners import OwnerIndex
from rules_engine.plan.places import Places
from rules_engine.plan.ranks import with_ranks
from rules_engine.plan.releases import ASKED, Releases, check_release, release_refusals
from rules_engine.plan.removed import batches_of, both
from rules_engine.plan.schedule import Schedule
from rules_engine.plan.subject import Evidence, gather_evidence
from rules_engine.plan.summary import Summary
from rules_engine.plan.units import UnitGuards, Units
from rules_engine.policy.model import PolicySet
from rules_engine.policy.patterns import PATHSPEC_VERSION
from rules_engine.values.paths import to_bytes
from rules_engine.values.quantities import instant_from
from rules_engine.values.vocabulary import JobId, RuleName

Watch: TypeAlias = Callable[[FileFact, Decision], None]
"""Called with each file and what was decided for it."""

_Key: TypeAlias = tuple[StepAction, tuple[RuleName, ...], tuple[JobId, ...], bool, tuple[RuleName, ...]]


def _nobody(_file: FileFact, _decision: Decision) -> None:
    """Watch nothing."""


NOBODY: Final[Watch] = _nobody


def make_plan(
    policies: PolicySet,
    jobs: Iterable[JobRecord],
    inventory: Inventory,
    guards: Guards,
    *,
    now: datetime,
    ask: Ask,
    watch: Watch = NOBODY,
) -> Plan:
    """The plan for everything in `inventory`.

    The decisions are made while its batches are gone through, which can be done once; the trailer is whole after that.

    Raises:
        InvalidValueError: when `now` has no time zone, or `ask` names what is no limit or no earlier keep rule.
    """
    instant = instant_from(now)
    check_release(ask, guards.earlier)
    known = tuple(jobs)
    seen = gather_evidence(policies, known, guards, now=instant, marked=inventory.marked)
    seen = with_ranks(seen, policies, inventory.look_at)
    header = Header(
        now=instant,
        root_id=guards.root_id,
        policies_digest=policies.digest,
        limits=raised(policies.settings.limits, ask),
        versions={"pathspec": PATHSPEC_VERSION, "rules_engine": __version__},
        ask=_asked(ask),
    )
    planner = _Planner(policies, OwnerIndex(known), seen, header, ask=ask, watch=watch)
    return Plan(header, planner.batches(inventory), planner.trailer)


def _asked(ask: Ask) -> dict[str, str]:
    limits = {f"limit {name}": "unlimited" if value is None else str(value) for name, value in ask.limits.items()}
    release = {ASKED: " ".join(sorted(ask.release))} if ask.release else {}
    return dict(sorted({**ask.said, **limits, **narrowed_to(ask), **release}.items()))


class _Planner:
    """One making of a plan; its trailer grows while the batches go by."""

    def __init__(
        self, policies: PolicySet, owners: OwnerIndex, seen: Evidence, header: Header, *, ask: Ask, watch: Watch
    ) -> None:
        self._owners = owners
        self._header = header
        self._watch = watch
        self._narrowing = Narrowing(ask)
        self._summary = Summary(policies, seen)
        self._releases = Releases(policies, seen, ask)
        self._empty = EmptyDirectories(policies, seen)
        places, narrowing = Places(policies, seen), self._narrowing
        guards = UnitGuards(owners, narrowing, self._releases, places)
        self._units = Units(policies, seen, guards, self._summary, watch=watch)
        self._empty_rules = EmptyRules(policies, seen, EmptyGuards(owners, narrowing, places), self._summary)
        self._judge = Judge(policies, seen)
        self._clock = seen.guards.clock
        self._about_trash = (policies, seen.guards, ask, seen.now)

    @property
    def trailer(self) -> Trailer:
        return self._summary.trailer

    def batches(self, inventory: Inventory) -> Iterator[Batch]:
        for directory in self._units.sieve(map(self._decided, inventory.directories)):
            self._empty_rules.add(directory)
            yield from self._steps(directory)
        yield from self._units.batches()
        for batch in batches_of(both(self._empty.removable(), self._empty_rules.removable())):
            self._summary.count_directories(len(batch.entries))
            yield batch
        yield from self._old_trash()
        trailer = self._summary.finish(inventory)
        trailer.units_kept = self._units.kept()
        trailer.releases = self._releases.summaries()
        trailer.refusals = [
            *refusals(self._header.limits, trailer, self._summary.untracked_removals),
            *release_refusals(trailer.releases),
            *([self._clock] if self._clock else []),
        ]

    def _old_trash(self) -> Iterator[Batch]:
        batches, self._summary.trailer.trash = old_trash(*self._about_trash)
        for batch in batches:
            for entry in batch.entries:
                self._summary.count_trash(entry.size)
            yield batch

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
                self._summary.leave_out(group.files, tracked=group.tracked)
                stays = True
                continue
            if not isinstance(decision, Remove):
                self._count(group)
                stays = True
                continue
            asked, left_out = self._narrowing.split(group, decision)
            if left_out is not None:
                self._summary.leave_out(left_out.files, tracked=left_out.tracked)
                stays = True
            if asked is not None:
                self._count(asked)
                action = StepAction(decision.action.value)
                for released, files in self._releases.split(asked):
                    key = (action, decision.rules, asked.owners, decision.deliverable, released)
                    steps.setdefault(key, []).extend(_entries(files, decision, asked.schedule))
        self._note_emptied(directory, frozenset(name for key in steps for name in key[1]), all_go=not stays)
        for key, entries in sorted(steps.items(), key=lambda one: one[0]):
            yield from _batches(directory.facts, key, entries)

    def _count(self, group: DecidedFiles) -> None:
        self._summary.count(group)
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
