"""One cleanup: survey, plan, apply, and what came of it as a `CleanupResult`; whatever cannot be had is put off."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, assert_never

from rules_engine.apply.applying import apply_plan, nobody
from rules_engine.apply.model import Event, Noted, Outcome, RunResult, RunState, StalePlanError
from rules_engine.apply.outcomes import read_lines
from rules_engine.apply.runs import OUTCOMES, RUNS
from rules_engine.errors import LockedError, RefusedError, UntrustedStateError
from rules_engine.filesystem.root import Root
from rules_engine.inventory.model import FileFact
from rules_engine.jobs.models import CleanupResult
from rules_engine.jobs.planning import NOTHING_ASKED, survey
from rules_engine.plan.given import Ask
from rules_engine.plan.model import (
    Batch,
    Decision,
    Entry,
    Kept,
    NotDue,
    Plan,
    Remove,
    StepAction,
)
from rules_engine.policy.model import PolicySet
from rules_engine.values.clock import Clock
from rules_engine.values.paths import RelPath, join
from rules_engine.values.quantities import Instant, format_instant, instant_to_datetime
from rules_engine.values.text import escape
from rules_engine.values.vocabulary import EntryKind, JobId

_LARGEST_RECORD: Final = 2**32
_PUT_OFF: Final = (LockedError, RefusedError, UntrustedStateError, StalePlanError, OSError)
"""What keeps a cleanup from being done now and is nobody's mistake: the next one may succeed."""


def _everything(_file: FileFact) -> bool:
    """Every file that was looked at is worth a word."""
    return True


@dataclass(frozen=True, slots=True)
class Cleaning:
    """What one cleanup is asked to do; the policies are those of this call and do not change within it."""

    policies: PolicySet
    only: frozenset[JobId] | None = None
    """Only what these jobs own; None is everything."""
    ask: Ask = NOTHING_ASKED
    about: Callable[[FileFact], bool] = _everything
    """Of which files that stay the result says why; with `only`, nothing but what these jobs own is looked at."""
    dry_run: bool = False
    until: Instant | None = None
    """When the run stops cleanly, done or not."""
    lock_wait_s: float = 0
    listen: Callable[[Event], None] = nobody


@dataclass(slots=True)
class _Course:
    """One cleanup on its way: its result grows."""

    root: Root
    clock: Clock
    cleaning: Cleaning
    result: CleanupResult = field(default_factory=CleanupResult)

    def run(self) -> None:
        plan = self._plan()
        self.result.deferred += [f"the plan is refused: {refusal}" for refusal in plan.trailer.refusals]
        if self.cleaning.dry_run:
            self._foresee(plan)
        elif not plan.trailer.refusals and any(count.files for count in plan.trailer.steps.values()):
            self._apply(plan)

    def _plan(self) -> Plan:
        asked = self.cleaning
        found = survey(asked.policies, self.root, self.clock, only=asked.only)
        self.result.deferred += [
            f"the manifest of job `{escape(damage.job_id)}` is damaged: {damage.why}"
            for damage in found.guards.damaged
            if damage.job_id in (asked.only or ())
        ]
        plan = found.plan(self.clock.now(), asked.ask, self._stays).collected()
        for path, why in plan.trailer.problems:
            self.result.kept[self._path(path)] = f"unknown: {why}"
        return plan

    def _stays(self, file: FileFact, decision: Decision) -> None:
        match decision:
            case Kept(text=text):
                if self.cleaning.about(file):
                    self.result.kept[self._path(file.path)] = text
            case NotDue(until=until, waits_for=waits_for):
                if self.cleaning.about(file):
                    path = self._path(file.path)
                    self.result.due[path] = instant_to_datetime(until)
                    self.result.kept[path] = f"due at {format_instant(until)}, waits for {waits_for}"
            case Remove():
                pass
            case _:
                assert_never(decision)

    def _foresee(self, plan: Plan) -> None:
        self.result.would_remove = [self._path(join(batch.directory, entry.name)) for batch, entry in _steps(plan)]
        self.result.bytes_freed = _would_free(plan)

    def _apply(self, plan: Plan) -> None:
        asked = self.cleaning
        done = apply_plan(
            plan,
            self.root,
            policies=asked.policies,
            clock=self.clock,
            listen=asked.listen,
            lock_wait_s=asked.lock_wait_s,
            until=asked.until,
        )
        self.result.run_id, self.result.bytes_freed = done.run_id, done.freed
        for noted in done.noted:
            self._note(noted)
        if done.state is RunState.STOPPED:
            self.result.deferred.append(f"the run stopped before its end: {done.stopped_because}")
        # A group that was recorded twice, because its run was cut short in between, went once all the same.
        self.result.removed = list(dict.fromkeys(map(self._path, _removed(self.root, plan, done))))

    def _note(self, noted: Noted) -> None:
        where = self.result.failed if noted.outcome is Outcome.FAILED else self.result.kept
        where[self._path(noted.path)] = noted.cause

    def _path(self, path: RelPath) -> Path:
        return Path(self.root.path, path)


def why_put_off(err: Exception) -> str:
    """Why a cleanup cannot be done now, in one line."""
    if isinstance(err, OSError) and err.strerror is not None:
        return f"the system refuses: {err.strerror}"
    return str(err).partition("\n")[0] or type(err).__name__


def clean(root: Root, clock: Clock, cleaning: Cleaning, logger: logging.Logger) -> CleanupResult:
    """What one cleanup came to; what failed, or was put off, is logged path by path.

    It never raises for a lock that is held, a limit, a deadline, a state that cannot be read or a disk that refuses:
    these are `deferred`. An interruption by the user is passed on.
    """
    course = _Course(root, clock, cleaning)
    result = course.result
    result.dry_run = cleaning.dry_run
    try:
        course.run()
    except _PUT_OFF as err:
        result.deferred.append(why_put_off(err))
    for path, cause in result.failed.items():
        logger.warning("cleanup: `%s` could not be removed: %s", escape(str(path)), cause)
    for why in result.deferred:
        logger.warning("cleanup: put off: %s", why)
    return result


def _steps(plan: Plan) -> Iterator[tuple[Batch, Entry]]:
    return ((batch, entry) for batch in plan.batches for entry in batch.entries)


def _would_free(plan: Plan) -> int:
    """The bytes that the deletions of a plan give back: a file with several names counts when all of them go."""
    deleted = [entry for batch, entry in _steps(plan) if batch.action is StepAction.DELETE]
    going = [entry for entry in deleted if entry.kind is EntryKind.FILE]
    whole = sum(entry.size for entry in deleted if entry.kind is EntryKind.DIRECTORY)
    names = Counter(entry.inode for entry in going)
    last = {entry.inode: entry for entry in going}
    return whole + sum(entry.size for inode, entry in last.items() if names[inode] >= entry.nlink)


def _removed(root: Root, plan: Plan, done: RunResult) -> Iterable[RelPath]:
    """What the record of the run says went, in the order of the plan."""
    if not done.count(Outcome.DONE):
        return
    batches = tuple(plan.batches)
    with root.require_state().open(RelPath(f"{RUNS}/{done.run_id}")) as folder:
        lines, _, _ = read_lines(folder.read_file(OUTCOMES, limit=_LARGEST_RECORD))
    for line in lines:
        batch = batches[line.batch]
        for entry, said in zip(batch.entries[line.first :], line.outcomes(), strict=False):
            if said.outcome is Outcome.DONE:
                yield join(batch.directory, entry.name)
