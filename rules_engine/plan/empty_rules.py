"""Rules about empty directories: what is empty now, old enough, and no place of a job or a layout goes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rules_engine.plan.ages import Wait, job_waits, never_comes, newer, wait_after
from rules_engine.plan.candidate import Answer, Stays
from rules_engine.plan.decide import cleanup_off
from rules_engine.plan.decided import DecidedDirectory
from rules_engine.plan.model import Count, NotDue, Remove
from rules_engine.plan.narrow import Narrowing
from rules_engine.plan.owners import OwnerIndex
from rules_engine.plan.places import Places
from rules_engine.plan.protect import (
    is_special,
    pinned_at_or_below,
    protection_by_owner,
    protection_of_directory,
    restored_at,
)
from rules_engine.plan.removed import Removed
from rules_engine.plan.select import Unknown
from rules_engine.plan.subject import Evidence, Owner
from rules_engine.plan.summary import Summary
from rules_engine.policy.model import Action, PolicySet, Rule
from rules_engine.values.paths import ROOT, RelPath, is_at_or_below, join, name_of, sort_key
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import JobId, RuleName


@dataclass(frozen=True, slots=True)
class _Empty:
    """A directory without files that some rule names."""

    inode: int
    subdirectories: tuple[str, ...]
    times: tuple[int | None, int | None]
    whole: tuple[JobId, ...]
    rules: tuple[Rule, ...]
    """Ordered by name, those that only report among them."""


NamedEmpty: TypeAlias = dict[RelPath, _Empty]


@dataclass(frozen=True, slots=True)
class EmptyGuards:
    """What an empty directory is asked about besides its rules."""

    owners: OwnerIndex
    narrowing: Narrowing
    places: Places


class EmptyRules:
    """Collects the directories that rules about empty ones name, and says which of them go."""

    def __init__(self, policies: PolicySet, seen: Evidence, guards: EmptyGuards, summary: Summary) -> None:
        self._policies = policies
        self._seen = seen
        self._guards = guards
        self._summary = summary
        self._rules = policies.directory_rules
        self._found: NamedEmpty = {}

    def add(self, directory: DecidedDirectory) -> None:
        """Note a directory that holds no file and that some rule names."""
        facts = directory.facts
        if not self._rules or facts.files or facts.path == ROOT or not facts.complete or facts.inode is None:
            return
        rules = tuple(rule for rule in self._rules if names_empty(rule, facts.path))
        if rules:
            times = (facts.mtime_ns, facts.ctime_ns)
            self._found[facts.path] = _Empty(facts.inode, facts.subdirectories, times, directory.whole, rules)

    def named(self) -> NamedEmpty:
        """The empty directories that rules name, of all that came by here."""
        return self._found

    def take(self, named: NamedEmpty) -> None:
        """Add those of a part of the tree that was decided elsewhere."""
        self._found.update(named)

    def removable(self) -> dict[RelPath, Removed]:
        """The directories that go; counts for every rule what it decides, waits for or is held from."""
        going: dict[RelPath, Removed] = {}
        reported: dict[RuleName, set[RelPath]] = {rule.name: set() for rule in self._rules if rule.report_only}
        # Deepest first: a directory that holds nothing but directories that go is as good as empty.
        for path in sorted(self._found, key=sort_key, reverse=True):
            found = self._found[path]
            acting = [rule for rule in found.rules if not rule.report_only]
            below = [join(path, name) for name in found.subdirectories]
            if acting and all(one in going for one in below):
                answer = self._answer(path, found, acting)
                self._summary.count_empty([rule.name for rule in acting], None if isinstance(answer, Stays) else answer)
                if isinstance(answer, Remove) and self._is_asked_for(path, found, answer):
                    going[path] = Removed(found.inode, answer.rules, found.whole)
            for rule in found.rules:
                already = reported.get(rule.name, set())
                if rule.report_only and path not in going and all(one in going or one in already for one in below):
                    goes = isinstance(self._answer(path, found, [*acting, rule]), Remove)
                    self._summary.count_report_of_unit(rule.name, Count(1), goes=goes)
                    already |= {path} if goes else set()
        return going

    def _answer(self, path: RelPath, found: _Empty, rules: Sequence[Rule]) -> Answer:
        why = self._why_it_stays(path, found)
        last = self._last_wait(path, found, rules)
        if why is not None or isinstance(last, Unknown):
            return Stays(why or "its age is not known")
        names = tuple(sorted(rule.name for rule in rules))
        if never_comes(last):
            return Stays(f"it waits for {last.name}, which never ends")
        if self._seen.now < last.until:
            return NotDue(Instant(last.until), last.name, names)
        return Remove(Action.DELETE, names, Instant(last.until))

    def _last_wait(self, path: RelPath, found: _Empty, rules: Iterable[Rule]) -> Wait | Unknown:
        """What it waits for longest: its rules, and what holds back the files of jobs that it belongs to."""
        base, restored = newer(*found.times, self._seen.now), restored_at(path, self._seen)
        if isinstance(base, Unknown):
            return base
        base = base if restored is None else max(base, restored)
        waits: list[Wait | Unknown] = [wait_after(rule, base, None) for rule in rules]
        for job_id in found.whole:
            held = job_waits(self._seen.owners[job_id], self._policies.settings, restored)
            waits += [held] if isinstance(held, Unknown) else held
        unsure = [one for one in waits if isinstance(one, Unknown)]
        return unsure[0] if unsure else max(_sure(waits), key=lambda one: (one.until, one.name))

    def _why_it_stays(self, path: RelPath, found: _Empty) -> str | None:
        seen = self._seen
        kept = protection_of_directory(path, seen) or pinned_at_or_below(path, seen)
        # A place of a running job may be made again at any moment, and the job would miss it.
        about = [seen.owners[job_id] for job_id in self._guards.owners.at_or_below(path)]
        every: list[Owner | None] = [seen.owners[job_id] for job_id in found.whole]
        kept = kept or next((why for owner in about if (why := protection_by_owner(owner, seen))), None)
        kept = kept or next((why for owner in every or [None] if (why := cleanup_off(owner, self._policies))), None)
        if kept is not None:
            return kept.text
        if is_special(name_of(path)) or any(is_at_or_below(own, path) for own in seen.guards.own):
            return "it is protected"
        if any(is_at_or_below(named, path) for damage in seen.guards.damaged for named in damage.below):
            return "a damaged manifest may name what was in it"
        return self._guards.places.why_not_when_empty(path) or self._kept_by_name(path)

    def _kept_by_name(self, path: RelPath) -> str | None:
        # A keep rule speaks of files; one whose pattern names this very directory is read widely all the same.
        for rule in self._policies.keep_rules:
            if rule.files.match is not None and rule.files.match.match(path, is_directory=True) is not None:
                return f"rule `{rule.name}` keeps it"
        return None

    def _is_asked_for(self, path: RelPath, found: _Empty, removal: Remove) -> bool:
        return self._guards.narrowing.asks_for_directory(path, found.whole, removal.rules)


def _sure(waits: Iterable[Wait | Unknown]) -> list[Wait]:
    return [one for one in waits if isinstance(one, Wait)]


def names_empty(rule: Rule, path: RelPath) -> bool:
    """Whether a rule about empty directories names this one."""
    selector = rule.directories
    if selector is None or selector.match.match(path, is_directory=True) is None:
        return False
    return selector.exclude is None or selector.exclude.match(path, is_directory=True) is None
