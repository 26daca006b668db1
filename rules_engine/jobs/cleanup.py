"""CleanupService: all cleaning that a pipeline asks for, by the one planner and the one executor."""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final

from rules_engine.apply.applying import nobody
from rules_engine.apply.model import Event, RunResult
from rules_engine.errors import InvalidValueError, UntrustedStateError
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.jobs.cleaning import Cleaning, clean
from rules_engine.jobs.convert import relative_path
from rules_engine.jobs.manual import ManualCleanup
from rules_engine.jobs.models import CleanupResult
from rules_engine.jobs.notices import OnNotice, listener
from rules_engine.jobs.restoring import restore
from rules_engine.manifest.errors import UnknownJobError
from rules_engine.manifest.log import check_job_id
from rules_engine.manifest.store import ManifestStore
from rules_engine.plan.given import Ask
from rules_engine.policy.built_in import with_cleanup_by_age, without_shield
from rules_engine.policy.model import PolicySet
from rules_engine.values.clock import Clock
from rules_engine.values.quantities import FOREVER, HOUR, Duration, format_duration, parse_duration
from rules_engine.values.vocabulary import JobId

_NO_LIMITS: Final[Mapping[str, int | None]] = MappingProxyType({})


class CleanupService:
    """Cleans a root: one job, by age, or by a pattern; also from several threads at once.

    Nothing here decides or deletes: each call is one plan, carried out. What cannot be had now, such as a lock that
    somebody holds, is `deferred` in the result and logged; a call raises only for what its caller did wrong.
    `on_notice` is called with each step that permissions forbid, and that another user has to carry out.
    """

    def __init__(
        self,
        root: Root,
        policies: PolicySet | Callable[[], PolicySet],
        clock: Clock | None = None,
        *,
        logger: logging.Logger | None = None,
        listen: Callable[[Event], None] = nobody,
        on_notice: OnNotice | None = None,
        lock_wait_s: float = 0,
    ) -> None:
        self._root = root
        self._policies = policies
        self._clock = clock or SystemClock()
        self._logger = logger or logging.getLogger("rules_engine.cleanup")
        self._listen = listener(on_notice, self._logger, also=listen)
        self._lock_wait_s = lock_wait_s

    def cleanup_job(self, job_id: str, preserve_on_failure: bool = True, *, dry_run: bool = False) -> CleanupResult:
        """All rules, restricted to what this job owns; False lifts `cleanup.preserve_on_failure` for the call.

        Raises:
            UnknownJobError: when no manifest tells of the job.
            RefusedError: when the root was never initialised.
        """
        known = self._known(job_id)
        policies = self._current()
        if not preserve_on_failure:
            policies = without_shield(policies)
        said = {} if preserve_on_failure else {"preserve on failure": "no"}
        return self._clean(Cleaning(policies, only=frozenset({known}), ask=Ask(said=said), dry_run=dry_run))

    def cleanup_by_age(self, max_age_hours: int, *, dry_run: bool = False) -> CleanupResult:
        """All rules and one more: temporary files of ended jobs, after so many hours or the longer `retention`.

        Raises:
            InvalidValueError: when the age is negative.
            RefusedError: when the root was never initialised.
        """
        if max_age_hours < 0:
            raise InvalidValueError("max_age_hours", str(max_age_hours), "is negative")
        age = Duration(min(int(max_age_hours * HOUR), FOREVER))
        policies = with_cleanup_by_age(self._current(), age)
        return self._clean(Cleaning(policies, ask=Ask(said={"by age": format_duration(age)}), dry_run=dry_run))

    def manual_cleanup(
        self,
        pattern: str,
        dry_run: bool = False,
        *,
        older_than: timedelta | str | None = None,
        delete: bool = False,
        deliverables: bool = False,
        include_failed: bool = False,
        limits: Mapping[str, int | None] = _NO_LIMITS,
    ) -> CleanupResult:
        """What `pattern` matches, also where automatic cleanup is off: set aside, or with `delete` gone for good.

        Keep rules and all protections hold. Without `older_than`, such as `"7d"`, it waits for `cleanup.retention`.

        Raises:
            PatternError: when `pattern` cannot be one of a removal rule.
            InvalidValueError: when `older_than` is no duration, or `limits` names what is no limit.
            RefusedError: when the root was never initialised.
        """
        manual = ManualCleanup.of(
            pattern,
            older_than=_duration(older_than),
            delete=delete,
            deliverables=deliverables,
            include_failed=include_failed,
        )
        policies = manual.policies(self._current())
        ask = Ask(limits=limits, said=manual.said)
        return self._clean(Cleaning(policies, ask=ask, about=manual.is_about, dry_run=dry_run))

    def restore(self, run_id: str, paths: Sequence[str | Path] = ()) -> RunResult:
        """Put back what a cleanup set aside, by the run id in its result; with `paths`, only what it took of these.

        Raises:
            UnknownRunError: when no recorded run has that id.
            InvalidValueError: when the run took nothing of one of the paths.
            RefusedError: when nothing of it can come back, or the root was never initialised.
            LockedError: when another run holds the lock of the root.
        """
        self._root.require_id()
        below = [relative_path(self._root, path) for path in paths]
        policies = self._current()
        return restore(self._root, run_id, below, policies=policies, clock=self._clock, listen=self._listen)

    def is_cleanup_enabled(self) -> bool:
        """Whether automatic cleanup removes anything: it is on, and debug mode does not turn it off."""
        settings = self._current().settings
        return settings.cleanup.enabled and not (settings.debug and settings.cleanup.debug_mode_disables)

    def _current(self) -> PolicySet:
        # Read once a call: policies that change meanwhile are those of the next one.
        return self._policies if isinstance(self._policies, PolicySet) else self._policies()

    def _known(self, job_id: str) -> JobId:
        self._root.require_id()
        known = check_job_id(job_id)
        store = ManifestStore(self._root, self._clock)
        # A state that cannot be read is for the cleanup to report, and a damaged manifest tells of a job too.
        with suppress(UntrustedStateError, OSError):
            if store.find(known) is None and known not in {one.job_id for one in store.load().damaged}:
                raise UnknownJobError(known)
        return known

    def _clean(self, cleaning: Cleaning) -> CleanupResult:
        self._root.require_id()
        asked = replace(cleaning, listen=self._listen, lock_wait_s=self._lock_wait_s)
        return clean(self._root, self._clock, asked, self._logger)


def _duration(age: timedelta | str | None) -> Duration | None:
    if age is None:
        return None
    if isinstance(age, str):
        return parse_duration(age)
    if not isinstance(age, timedelta) or age < timedelta(0):
        # A bare number would be hours to one caller and seconds to the next.
        raise InvalidValueError("older_than", str(age), "is neither a duration such as `7d` nor a timedelta of one")
    return Duration(min(age // timedelta(microseconds=1) * 1000, FOREVER))
