"""When the files of sealed jobs fall due, as their own seals let one foresee; and the hints that say so, made anew."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from rules_engine.errors import RulesError
from rules_engine.filesystem.root import Root
from rules_engine.inventory.model import DirectoryFacts, FileFact
from rules_engine.inventory.seen import fact_from
from rules_engine.jobs.due import all_jobs, come, settle, soon
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.seal import Seal
from rules_engine.manifest.store import ManifestStore
from rules_engine.plan.alike import Judge
from rules_engine.plan.given import Guards
from rules_engine.plan.model import Decision, Kept, NotDue
from rules_engine.plan.owners import DirectoryOwners
from rules_engine.plan.standing import NO_RANKS, AllBeyond, Ranks
from rules_engine.plan.subject import Evidence, Owner, gather_evidence
from rules_engine.plan.unit_rules import workspace_verdicts
from rules_engine.policy.built_in import built_in_rule
from rules_engine.policy.model import PolicySet
from rules_engine.values.clock import Clock
from rules_engine.values.paths import is_at_or_below
from rules_engine.values.quantities import FOREVER, Instant


@dataclass(slots=True)
class Falls:
    """When the files of one job fall due, as its own record alone lets one foresee."""

    instants: set[Instant] = field(default_factory=set)
    """Of those that wait."""
    now: bool = False
    """Whether some are due already."""
    waiting: list[tuple[FileFact, NotDue]] = field(default_factory=list)
    kept: list[tuple[FileFact, Kept]] = field(default_factory=list)

    def see(self, file: FileFact, decision: Decision) -> None:
        """Take in the decision about one file."""
        if isinstance(decision, NotDue):
            self.instants.add(decision.until)
            self.waiting.append((file, decision))
        elif isinstance(decision, Kept):
            self.kept.append((file, decision))
        else:
            self.now = True


def foresee(policies: PolicySet, record: JobRecord, seal: Seal | None, now: Instant) -> Falls:
    """What a sealed job has, decided as if it were the only one: other owners can only make it later.

    Nothing is looked at but the seal. Where rules ask for the place of the job among its like, that cannot be told, and
    a hint is for when enough newer ones have come: what is not due then is looked at again after a while.
    """
    falls = _foreseen(policies, record, seal, now, NO_RANKS)
    if any(rule.jobs.ranks for rule in policies.rules):
        beyond = _foreseen(policies, record, seal, now, AllBeyond())
        falls.now, falls.instants = beyond.now, beyond.instants
    return falls


def _foreseen(policies: PolicySet, record: JobRecord, seal: Seal | None, now: Instant, ranks: Ranks) -> Falls:
    falls = Falls()
    # A decision is about a moment that is cut to microseconds: cut below the end of the job, that is in the future.
    seen = gather_evidence(policies, [record], Guards(), now=Instant(now // 1000 * 1000 + 1000))
    seen = replace(seen, ranks=ranks)
    judge = Judge(policies, seen)
    owners = DirectoryOwners((record,))
    for path, directory in seal.directories() if seal is not None else ():
        files = tuple(fact_from(path, row) for row in directory.rows if not row.absent)
        for group in judge.judge_directory(DirectoryFacts(path, files), owners):
            for file, decision in group.decisions():
                falls.see(file, decision)
    if seal is not None and record.workspace in seal.lines:
        _take_in(falls, _when_the_workspace_goes(seen.owners[record.job_id], seen), now)
    if seal is not None and not falls.instants and not falls.now and _has_empty_workspace(record, seal, falls):
        _take_in(falls, _when_empty_directories_go(policies, record, now), now)
    return falls


def _take_in(falls: Falls, due: Instant | None, now: Instant) -> None:
    """Take in that something more than single files falls due then."""
    falls.now = falls.now or (due is not None and due <= now)
    falls.instants |= {due} if due is not None and due > now else set()


def _when_the_workspace_goes(owner: Owner, seen: Evidence) -> Instant | None:
    """When rules that take the workspace whole may agree at the soonest; None: never, or no rule does."""
    rules = [rule for rule, _ in workspace_verdicts(owner, seen) if not rule.report_only]
    waits = [rule.after.of(owner.status.counts_as) if rule.after is not None else None for rule in rules]
    known = [wait for wait in waits if wait is not None and wait < FOREVER]
    if owner.end is None or not known or len(known) < len(waits):
        return None
    return Instant(owner.end + max(known))


def _has_empty_workspace(record: JobRecord, seal: Seal, falls: Falls) -> bool:
    return record.workspace in seal.lines and not any(
        is_at_or_below(file.directory, record.workspace) for file, _ in falls.kept
    )


def _when_empty_directories_go(policies: PolicySet, record: JobRecord, now: Instant) -> Instant | None:
    """A workspace without files goes by the built-in rule, of which no file tells; None: never."""
    end, wait = record.end(now), built_in_rule(policies.settings.cleanup).after
    after = wait.of(record.reading(now).counts_as) if wait else None
    if end is None or after is None or after >= FOREVER or not policies.settings.cleanup.enabled:
        return None
    return Instant(end + max(after, record.cleanup.retention if record.cleanup else 0))


def next_look(policies: PolicySet, record: JobRecord, seal: Seal | None, now: Instant) -> Iterable[Instant]:
    """When to look at a job again; what is due already and is there all the same waits a while."""
    falls = foresee(policies, record, seal, now)
    return [*sorted(falls.instants), *([soon(now)] if falls.now else [])]


def make_hints_anew(root: Root, policies: PolicySet, clock: Clock, logger: logging.Logger) -> None:
    """After a full apply: hints that have come go, and sealed jobs without one get theirs.

    Hints are never evidence, so what keeps them from being made is logged and nothing more.
    """
    try:
        now, state, store = clock.now(), root.require_state(), ManifestStore(root, clock)
        gone = list(come(state, now))
        waiting = all_jobs(state) - {one.job_id for one in gone}
        sealed = [job for job in store.load(policies.workspaces_of).jobs if job.sealed and job.job_id not in waiting]
        settle(state, gone, {job.job_id: next_look(policies, job, store.seal_of(job), now) for job in sealed})
    except (OSError, RulesError) as err:
        logger.warning("hints at what falls due could not be made: %s", str(err).partition("\n")[0])
