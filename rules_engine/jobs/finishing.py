"""Finishing a job: it is sealed, its status link moves, and what is due of any sealed job goes.

Cleaning here never raises and never waits for a lock: what cannot be done now is `deferred` and left to the next run.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from rules_engine.apply.model import Noted
from rules_engine.filesystem.locks import is_root_locked
from rules_engine.filesystem.root import Root
from rules_engine.jobs.cleaning import Cleaning, clean, why_put_off
from rules_engine.jobs.convert import absolute_path
from rules_engine.jobs.due import Hint, come, hint, settle
from rules_engine.jobs.foreseeing import Falls, foresee, next_look
from rules_engine.jobs.lifecycle import end
from rules_engine.jobs.models import CleanupResult
from rules_engine.jobs.notices import OnNotice, listener
from rules_engine.manifest.attempts import Ended
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.store import ManifestStore
from rules_engine.policy.model import AtFinish, PolicySet
from rules_engine.values.clock import Clock
from rules_engine.values.quantities import SECOND, Instant, format_instant, instant_to_datetime
from rules_engine.values.vocabulary import JobId

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
    held: bool | None = None,
    store: ManifestStore | None = None,
    on_notice: OnNotice | None = None,
) -> tuple[JobRecord, CleanupResult]:
    """The finished job, and what its end cleaned; `listen` hears of a status link that could not be moved.

    `on_notice` is called with each step of the cleaning that another user has to carry out; `held` is for who knows
    whether the job's lock is held.

    Raises:
        UnknownJobError, JobFinishedError, UntrustedStateError: as `lifecycle.finish`; never for the cleaning.
    """
    store = store or ManifestStore(root, clock)
    ended = end(root, policies, clock, job_id, success=success, held=held, store=store, listen=listen)
    try:
        return ended.record, _Ending(root, policies, clock, store, ended, logger, on_notice).clean()
    except Exception as err:  # noqa: BLE001 - a cleanup that cannot be done must not make a finished job look failed
        why = why_put_off(err)
        logger.warning("cleanup: put off: %s", why)
        return ended.record, CleanupResult(deferred=[why])


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
        # Cut short on its way, or beaten to the lock, it is gone on with by the next job that finishes; where nothing
        # could be done, nobody looks again for a while: each look reads every manifest.
        if not (result.deferred and (result.removed or is_root_locked(self.root.require_state()))):
            settle(
                self.root.require_state(),
                [one for one in come_due if one.job_id in only],
                {job_id: self._next(job_id, now) for job_id in sorted(only)},
            )
        return result

    def _next(self, job_id: JobId, now: Instant) -> Iterable[Instant]:
        record = self.store.find(job_id)
        return next_look(self.policies, record, self.store.seal_of(record), now) if record is not None else ()

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
