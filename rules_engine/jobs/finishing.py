"""Finishing a job: it is sealed, its status link moves, and what is due of any sealed job goes.

Cleaning here never raises and never waits for a lock: what cannot be done now is `deferred` and left to the next run.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from rules_engine.apply.model import Noted
from rules_engine.filesystem.locks import is_root_locked
from rules_engine.filesystem.root import Root
from rules_engine.inventory.model import FileFact
from rules_engine.inventory.seen import fact_from
from rules_engine.jobs.cleaning import Cleaning, clean
from rules_engine.jobs.convert import absolute_path
from rules_engine.jobs.due import Hint, come, hint, settle, soon
from rules_engine.jobs.lifecycle import end
from rules_engine.jobs.models import CleanupResult
from rules_engine.jobs.notices import OnNotice, listener
from rules_engine.manifest.attempts import Ended
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.seal import Seal
from rules_engine.manifest.store import ManifestStore
from rules_engine.plan.alike import Judge
from rules_engine.plan.model import Decision, Guards, Kept, NotDue
from rules_engine.plan.subject import gather_evidence
from rules_engine.policy.built_in import built_in_rule
from rules_engine.policy.model import AtFinish, PolicySet
from rules_engine.values.clock import Clock
from rules_engine.values.quantities import FOREVER, SECOND, Instant, format_instant, instant_to_datetime
from rules_engine.values.vocabulary import JobId, JobStatus

LONGEST: Final = 10 * SECOND
"""How long a job that finishes may clean."""
_MOST_JOBS: Final = 200
_LOCKED: Final = "another run holds the lock of the root; what is due is left to the next one"


def finish_and_clean(
    root: Root,
    policies: PolicySet,
    clock: Clock,
    job_id: str,
    *,
    success: bool,
    logger: logging.Logger,
    listen: Callable[[Noted], None],
    store: ManifestStore | None = None,
    on_notice: OnNotice | None = None,
) -> tuple[JobRecord, CleanupResult]:
    """The finished job, and what its end cleaned; `listen` hears of a status link that could not be moved.

    `on_notice` is called with each step of the cleaning that another user has to carry out.

    Raises:
        UnknownJobError, JobFinishedError, UntrustedStateError: as `lifecycle.finish`; never for the cleaning.
    """
    store = store or ManifestStore(root, clock)
    ended = end(root, policies, clock, job_id, success=success, store=store, listen=listen)
    result = CleanupResult()
    try:
        result = _Ending(root, policies, clock, store, ended, logger, on_notice).clean()
    except Exception as err:  # noqa: BLE001 - a cleanup that cannot be done must not make a finished job look failed
        why = str(err).partition("\n")[0] or type(err).__name__
        result.deferred.append(why)
        logger.warning("cleanup: put off: %s", why)
    return ended.record, result


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

    Nothing is looked at but the seal.
    """
    falls = Falls()
    # A decision is about a moment that is cut to microseconds: cut below the end of the job, that is in the future.
    seen = gather_evidence(policies, [record], Guards(), now=Instant(now // 1000 * 1000 + 1000))
    judge = Judge(policies, seen)
    for path, directory in seal.directories() if seal is not None else ():
        judge.next_directory()
        for row in directory.rows:
            if not row.absent:
                file = fact_from(path, row)
                falls.see(file, judge.judge(file, (record,)).decision)
    has_workspace = seal is not None and record.workspace in seal.lines
    if has_workspace and not falls.instants and not falls.now:
        due = _when_empty_directories_go(policies, record, now)
        falls.now = due is not None and due <= now
        falls.instants |= {due} if due is not None and due > now else set()
    return falls


def _when_empty_directories_go(policies: PolicySet, record: JobRecord, now: Instant) -> Instant | None:
    """A workspace without files goes by the built-in rule, of which no file tells; None: never."""
    end, wait = record.end(now), built_in_rule(policies.settings.cleanup).after
    after = wait.of(record.reading(now).counts_as) if wait else None
    if end is None or after is None or after >= FOREVER:
        return None
    return Instant(end + max(after, record.cleanup.retention if record.cleanup else 0))


@dataclass(frozen=True, slots=True)
class _Ending:
    """The end of one job, when its seal is written."""

    root: Root
    policies: PolicySet
    clock: Clock
    store: ManifestStore
    ended: Ended
    logger: logging.Logger
    on_notice: OnNotice | None

    def clean(self) -> CleanupResult:
        now, state = self.clock.now(), self.root.require_state()
        record = self.ended.record
        falls = foresee(self.policies, record, self.ended.seal, now)
        hint(state, record.job_id, [*falls.instants, *([now] if falls.now else [])])
        result = CleanupResult()
        if self.policies.settings.at_finish is AtFinish.DUE:
            result = self._clean_due(list(come(state, now)), now)
        return self._with_own(result, falls)

    def _clean_due(self, come_due: list[Hint], now: Instant) -> CleanupResult:
        # INVARIANT: where nothing is due, the manifest of no other job is read.
        if not come_due:
            return CleanupResult()
        if is_root_locked(self.root.require_state()):
            self.logger.info("cleanup: put off: %s", _LOCKED)
            return CleanupResult(deferred=[_LOCKED])
        only = frozenset(sorted({one.job_id for one in come_due}, key=_place_in(come_due))[:_MOST_JOBS])
        hear = listener(self.on_notice, self.logger)
        asked = Cleaning(self.policies, only=only, until=Instant(now + LONGEST), listen=hear)
        result = clean(self.root, self.clock, asked, self.logger)
        # Cut short on its way it is gone on with by the next job that finishes; where nothing could be
        # done, nobody looks again for a while: each look reads every manifest.
        if not (result.deferred and result.removed):
            settle(
                self.root.require_state(),
                [one for one in come_due if one.job_id in only],
                {job_id: self._next(job_id, now) for job_id in sorted(only)},
            )
        return result

    def _next(self, job_id: JobId, now: Instant) -> Iterable[Instant]:
        record = self.store.find(job_id)
        if record is None or record.status not in {JobStatus.COMPLETED, JobStatus.FAILED}:
            return ()
        falls = foresee(self.policies, record, self.store.seal_of(record), now)
        return [*falls.instants, *([soon(now)] if falls.now else [])]

    def _with_own(self, result: CleanupResult, falls: Falls) -> CleanupResult:
        """The result with what stays of this job, and until when."""
        for file, waits in falls.waiting:
            path = absolute_path(self.root, file.path)
            result.due.setdefault(path, instant_to_datetime(waits.until))
            result.kept.setdefault(path, f"due at {format_instant(waits.until)}, waits for {waits.waits_for}")
        for file, kept in falls.kept:
            result.kept.setdefault(absolute_path(self.root, file.path), kept.text)
        return result


def _place_in(hints: list[Hint]) -> Callable[[JobId], int]:
    first: dict[JobId, int] = {}
    for number, one in enumerate(hints):
        first.setdefault(one.job_id, number)
    return lambda job_id: first[job_id]
