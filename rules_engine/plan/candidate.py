"""One directory that may go whole: what its files, its jobs and its rules say, added up while it is listed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from msgspec.structs import replace

from rules_engine.inventory.model import DirectoryFacts, FileFact
from rules_engine.plan.ages import Wait, aged_from, end_of_job, job_waits, never_comes, wait_after
from rules_engine.plan.contents import Contents
from rules_engine.plan.decide import Judged
from rules_engine.plan.decided import DecidedDirectory
from rules_engine.plan.model import Count, Decision, Kept, NotDue, Remove
from rules_engine.plan.protect import restored_at
from rules_engine.plan.select import Unknown
from rules_engine.plan.subject import Evidence, Owner
from rules_engine.plan.summary import count_of
from rules_engine.plan.unit_rules import names
from rules_engine.plan.unit_vetoes import is_built_in, veto_of_directory, veto_of_file
from rules_engine.policy.model import Action, PolicySet, Rule
from rules_engine.values.paths import RelPath, join, sort_key, to_bytes
from rules_engine.values.quantities import EARLIEST, Instant
from rules_engine.values.vocabulary import JobId, RuleName


@dataclass(frozen=True, slots=True)
class Stays:
    """The directory stays whole, and the first thing that keeps it."""

    why: str


Answer: TypeAlias = Stays | NotDue | Remove


class Candidate:
    """A directory that some unit rule selects; its directories are added in plan order, each once."""

    def __init__(
        self,
        path: RelPath,
        rules: Mapping[RuleName, Rule],
        policies: PolicySet,
        seen: Evidence,
        *,
        owner: Owner | None,
        reporting: bool = False,
    ) -> None:
        self.path = path
        self.owner = owner
        self.rules = dict(rules)
        self.inode = 0
        self.contents = Contents()
        self.count = Count()
        self.open = Count()
        """What lies below it and no rule about files selects."""
        self.deliverable = False
        self.veto: str | None = None
        """The first thing that keeps it whole, once there is one."""
        self._policies = policies
        self._seen = seen
        self._reporting = reporting
        self._named_by = tuple(rules[name] for name in sorted(rules)) if owner is None else ()
        """The rules whose patterns take the directory, and so have to take everything in it."""
        self._unlisted = {path}
        self._newest: Instant | None = None
        self._due = EARLIEST
        self._last = Wait(EARLIEST, "")
        self._trash = False

    @property
    def owners(self) -> tuple[JobId, ...]:
        """The job whose workspace it is, or nobody."""
        return (self.owner.job.job_id,) if self.owner is not None else ()

    def keep(self, why: str | None) -> None:
        """Note something that keeps it whole; the first one is told."""
        self.veto = self.veto or why

    def add(self, directory: DecidedDirectory, rules: Mapping[RuleName, Rule]) -> None:
        """Add one directory at or below it; `rules` are those that name a directory further down."""
        facts = directory.facts
        for group in directory.groups:
            self.count.add(count_of(group.files))
        if self.veto is not None:
            return
        if self.owner is None:
            self.rules |= {name: rule for name, rule in rules.items() if names(rule, facts.path, is_directory=True)}
        self._list(facts)
        self.keep(veto_of_directory(facts.path, self._named_by, self._policies, self._seen))
        # By name, whatever judgement each file shares: the first thing that keeps it whole is the same every time.
        files = sorted(facts.files, key=lambda file: to_bytes(file.name))
        decided = {file.name: (group, one) for group in directory.groups for file, one in group.decisions()}
        for file in files:
            group, decision = decided[file.name]
            self._take(file, group.judged, decision)
        self._add_contents(facts, files)

    def _list(self, facts: DirectoryFacts) -> None:
        if facts.path not in self._unlisted or not facts.complete or facts.inode is None:
            self.keep(f"not everything in `{facts.path}` could be looked at")
        self._unlisted.discard(facts.path)
        self._unlisted |= {join(facts.path, name) for name in facts.subdirectories}

    def _take(self, file: FileFact, judged: Judged, decision: Decision) -> None:
        rules, policies = self.rules.values(), self._policies
        self.keep(veto_of_file(file, judged, self._named_by, rules, policies, reporting=self._reporting))
        for subject in judged.subjects:
            self.deliverable |= subject.deliverable
            base = aged_from(None, replace(subject, file=file), self._seen.now)
            if isinstance(base, Unknown):
                self.keep(f"the age of `{file.path}` is not known: {base.why}")
            else:
                self._newest = base if self._newest is None else max(self._newest, base)
        if self._reporting and is_built_in(decision):
            return
        if isinstance(decision, Kept):
            self.open.add(Count(1, file.size or 0))
        elif isinstance(decision, NotDue):
            self._wait(Wait(decision.until, decision.waits_for))
        else:
            self._trash |= decision.action is Action.TRASH
            self._due = max(self._due, decision.due)

    def _add_contents(self, facts: DirectoryFacts, files: Iterable[FileFact]) -> None:
        below = RelPath(facts.path[len(self.path) + 1 :])
        if not below:
            self.inode = facts.inode or 0
        self.contents.add_directory(below, facts.inode)
        for file in files:
            self.contents.add_file(
                below,
                file.name,
                kind=file.kind,
                inode=file.inode,
                size=file.size,
                mtime_ns=file.mtime_ns,
                ctime_ns=file.ctime_ns,
                nlink=file.nlink,
            )

    def _wait(self, wait: Wait) -> None:
        self._last = max(self._last, wait, key=lambda one: (one.until, one.name))

    def answer(self) -> Answer:
        """Whether it goes whole, once everything below it was added."""
        if self._unlisted:
            self.keep(f"`{min(self._unlisted, key=sort_key)}` could not be looked at")
        self._wait_for_rules()
        if self.veto is not None:
            return Stays(self.veto)
        last, rules = self._last, tuple(sorted(self.rules))
        if never_comes(last):
            return Stays(f"it waits for {last.name}, which never ends")
        if self._seen.now < last.until:
            return NotDue(Instant(last.until), last.name, rules)
        trash = self._trash or any(rule.action is Action.TRASH for rule in self.rules.values())
        return Remove(
            Action.TRASH if trash else Action.DELETE, rules, Instant(max(last.until, self._due)), self.deliverable
        )

    def _wait_for_rules(self) -> None:
        base = self._base()
        if isinstance(base, Unknown):
            self.keep(f"its age is not known: {base.why}")
            return
        restored = restored_at(self.path, self._seen)
        by_job = job_waits(self.owner, self._policies.settings, restored) if self.owner is not None else ()
        by_rule = (wait_after(self.rules[name], base, self.owner) for name in sorted(self.rules))
        for wait in (*by_rule, *((by_job,) if isinstance(by_job, Unknown) else by_job)):
            if isinstance(wait, Unknown):
                self.keep(f"its age is not known: {wait.why}")
            else:
                self._wait(wait)

    def _base(self) -> Instant | Unknown:
        """The instant from which its age counts: its newest entry, the end of its job, when it was put back."""
        end = end_of_job(self.owner, self._seen.now) if self.owner is not None else self._newest
        if isinstance(end, Unknown):
            return end
        if end is None:
            return Unknown("it holds no file")
        times = (end, self._newest, restored_at(self.path, self._seen))
        return max(time for time in times if time is not None)
