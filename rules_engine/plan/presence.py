"""Of which jobs a file is there that a rule selects, as one plan observes it, and where that is in doubt."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from rules_engine.inventory.model import DirectoryFacts, FileFact, Inventory, Problem, Skipped
from rules_engine.manifest.model import JobRecord
from rules_engine.plan.owners import OwnerIndex
from rules_engine.plan.protect import is_special
from rules_engine.plan.select import NotMatched, Unknown, select_file
from rules_engine.plan.subject import Evidence, subject_of
from rules_engine.policy.model import PolicySet, Rule, Unit
from rules_engine.values.paths import RelPath, is_at_or_below
from rules_engine.values.vocabulary import EntryKind, JobId

THERE: Final = ""
"""Of a job that surely has such a file: there is no doubt to tell of."""


@dataclass(slots=True)
class _Search:
    """The rules for which no file of one job was found yet."""

    job: JobRecord
    rules: list[Rule]
    unsure: dict[int, str] = field(default_factory=dict)
    """By `id` of the rule: why a file could not be told to be one or none."""


class Presence:
    """Answers whether a job has what a rule selects; only about the jobs and rules that it was asked to look for."""

    def __init__(self, wanted: Mapping[JobId, Iterable[Rule]], policies: PolicySet, seen: Evidence) -> None:
        self._policies = policies
        self._seen = seen
        self._searches = {
            job_id: _Search(seen.owners[job_id].job, list(rules)) for job_id, rules in sorted(wanted.items())
        }
        self._index = OwnerIndex(search.job for search in self._searches.values())
        self._open = set(self._searches)
        self._problems: list[Problem] = []
        self._skipped: list[Skipped] = []

    @property
    def jobs(self) -> tuple[JobRecord, ...]:
        """The jobs to look at, by id."""
        return tuple(search.job for search in self._searches.values())

    def look_through(self, found: Inventory) -> None:
        """Take in what was found of these jobs."""
        for facts in found.directories:
            self._look_at(facts)
            if not self._open:
                break
        self._problems = sorted(found.problems, key=lambda one: (one.path, one.why))
        self._skipped = sorted(found.skipped, key=lambda one: (one.path, one.why))

    def doubt(self, job_id: JobId, rule: Rule) -> str | None:
        """`THERE` where the job surely has what `rule` selects, else a reason to doubt; None where it has not."""
        search = self._searches.get(job_id)
        if search is None or all(one is not rule for one in search.rules):
            return THERE
        return search.unsure.get(id(rule)) or self._hidden(search.job)

    def _look_at(self, facts: DirectoryFacts) -> None:
        owners = self._index.of_directory(facts.path)
        for job in owners.whole:
            search = self._searches[job.job_id]
            if is_at_or_below(facts.path, job.workspace):
                self._leave(search, [rule for rule in search.rules if rule.unit is not Unit.WORKSPACE])
        for file in facts.files:
            for job in owners.of(file):
                search = self._searches[job.job_id]
                if search.rules and self._counts(file):
                    self._ask(search, file)

    def _counts(self, file: FileFact) -> bool:
        """Whether any rule could reach the entry: what none does holds no place for its job."""
        if file.kind not in {EntryKind.FILE, EntryKind.LINK} or is_special(file.name):
            return False
        return file.kind is not EntryKind.LINK or file.path not in self._seen.links

    def _ask(self, search: _Search, file: FileFact) -> None:
        subject = subject_of(file, self._seen.owners[search.job.job_id], self._policies)
        left: list[Rule] = []
        for rule in search.rules:
            verdict = select_file(rule, subject)
            if rule.unit is not None or isinstance(verdict, NotMatched):
                left.append(rule)
            elif isinstance(verdict, Unknown):
                left.append(rule)
                search.unsure.setdefault(id(rule), f"one of its files may count: {verdict.why}")
        self._leave(search, left)

    def _leave(self, search: _Search, rules: list[Rule]) -> None:
        search.rules = rules
        if not rules:
            self._open.discard(search.job.job_id)

    def _hidden(self, job: JobRecord) -> str | None:
        """What of the job could not be read, or was not looked at, so that something may be there; None: nothing."""
        below = (*job.places, *job.files)
        for problem in self._problems:
            if any(_touches(problem.path, place) for place in below):
                return f"{_named(problem.path)} {problem.why}"
        for skipped in self._skipped:
            if any(is_at_or_below(place, skipped.path) for place in below):
                return f"{_named(skipped.path)} was not looked at: {skipped.why}"
        return None


def _touches(path: RelPath, place: RelPath) -> bool:
    return is_at_or_below(path, place) or is_at_or_below(place, path)


def _named(path: RelPath) -> str:
    return f"`{path}`" if path else "the root"
