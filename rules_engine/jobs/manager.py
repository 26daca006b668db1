"""JobManager: what a pipeline embeds; it starts and completes jobs, and holds the other four components."""

import logging
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from rules_engine.apply.model import Noted
from rules_engine.errors import LockedError
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.locks import lock_job
from rules_engine.filesystem.root import Root
from rules_engine.jobs.cleanup import CleanupService
from rules_engine.jobs.configuration import ConfigurationManager
from rules_engine.jobs.convert import job_context
from rules_engine.jobs.directories import DirectoryManager
from rules_engine.jobs.finishing import finish_and_clean
from rules_engine.jobs.job import Job
from rules_engine.jobs.lifecycle import start
from rules_engine.jobs.models import CleanupPolicy, CleanupResult, JobContext
from rules_engine.jobs.notices import OnNotice
from rules_engine.jobs.pinning import pin, thing_to_pin, unpin
from rules_engine.jobs.planning import NoRootNamedError
from rules_engine.jobs.running import Running
from rules_engine.jobs.starting import layout_of, new_job_id
from rules_engine.jobs.tracker import ManifestTracker
from rules_engine.manifest.errors import JobRunningError
from rules_engine.manifest.log import check_job_id
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.store import ManifestStore
from rules_engine.values.clock import Clock
from rules_engine.values.quantities import Duration, instant_from, parse_duration
from rules_engine.values.text import escape
from rules_engine.values.vocabulary import JobId, JobType


@dataclass(slots=True)
class _Held:
    """A job that this manager started, and the lock that says so."""

    job: Job
    lock: ExitStack
    process: int


class JobManager:
    """Starts jobs and completes them; safe from threads, and beside any number of other processes.

    From the start of a job to its end its lock is held, so a process that dies leaves a job that reads as abandoned.
    """

    def __init__(
        self,
        root: Root,
        configuration: ConfigurationManager,
        clock: Clock | None = None,
        *,
        logger: logging.Logger | None = None,
        environment: Mapping[str, str] | None = None,
        on_notice: OnNotice | None = None,
    ) -> None:
        root.require_id()
        self.root = root
        self.configuration = configuration
        self._clock = clock or SystemClock()
        self._logger = logger or logging.getLogger("rules_engine.jobs")
        self._environment = environment
        # One store for all: it keeps the logs of running jobs open, and closes them when the jobs end.
        self._store = ManifestStore(root, self._clock)
        policies = configuration.policies
        self.tracker = ManifestTracker(root, policies, self._clock, logger=logger, store=self._store)
        self.directories = DirectoryManager(root, policies, self._clock, logger=logger)
        self.cleanup = CleanupService(root, policies, self._clock, logger=logger, on_notice=on_notice)
        self._on_notice = on_notice
        self._held: dict[JobId, _Held] = {}
        self._lock = threading.Lock()

    @classmethod
    def from_policies(
        cls,
        folders: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        root: str | os.PathLike[str] | None = None,
        *,
        create: bool = False,
        clock: Clock | None = None,
        logger: logging.Logger | None = None,
        environment: Mapping[str, str] | None = None,
        on_notice: OnNotice | None = None,
    ) -> Self:
        """The manager of the root that is given, else of the one that the settings name; `create` makes it one.

        `on_notice` is called with each step of a cleanup that permissions leave to another user.

        Raises:
            PolicyError: when the policies are invalid.
            NoRootNamedError: when no root is given and the settings name none.
            RefusedError: when the directory cannot be a root, or is none and `create` is not said.
        """
        configuration = ConfigurationManager(folders, clock, logger=logger, environment=environment)
        named = os.fspath(root) if root is not None else configuration.policies().settings.root
        if named is None:
            raise NoRootNamedError
        opened = Root.create(named, make=True) if create else Root.open(named)
        try:
            return cls(opened, configuration, clock, logger=logger, environment=environment, on_notice=on_notice)
        except BaseException:
            opened.close()
            raise

    def start_job(
        self,
        job_id: str,
        job_type: JobType | str,
        *,
        parameters: Mapping[str, str] | None = None,
        cleanup_policy: CleanupPolicy | None = None,
        lease: Duration | str | None = None,
    ) -> JobContext:
        """Start a job, or a new attempt at one that ended: its manifest first, then what its layout requires.

        Raises:
            NoLayoutError: when no layout has the type.
            InvalidValueError: for an id or a parameter that cannot be one.
            JobRunningError: when the job is running, here or anywhere else.
            DirectoryNotMadeError: when a directory could not be made.
        """
        _, record = self._start(job_id, job_type, parameters, cleanup_policy, lease)
        return self._context(record)

    def complete_job(self, job_id: str, success: bool) -> CleanupResult:
        """Finish a job: seal it, move its status link, and clean what is due; cleaning never raises.

        Raises:
            UnknownJobError: when the job was never started.
            JobFinishedError: when it is finished already.
            UntrustedStateError: when its manifest is damaged.
        """
        known = check_job_id(job_id)
        with self._lock:
            held = self._held.pop(known, None)
        with held.lock if held is not None else ExitStack():
            _, result = finish_and_clean(
                self.root,
                self.configuration.policies(),
                self._clock,
                known,
                success=success,
                held=True if held is not None else None,
                store=self._store,
                logger=self._logger,
                listen=self._say,
                on_notice=self._on_notice,
            )
        if held is not None:
            held.job.end(result)
        return result

    def get_job_context(self, job_id: str) -> JobContext | None:
        """The job as its manifest tells it, also after a restart of the process; None where there is none."""
        record = self._store.find(job_id)
        return self._context(record) if record is not None else None

    @contextmanager
    def job(
        self,
        job_type: JobType | str,
        *,
        job_id: str | None = None,
        cleanup_policy: CleanupPolicy | None = None,
        lease: Duration | str | None = None,
        **parameters: str,
    ) -> Iterator[Job]:
        """A job that lasts as long as the block: completed when that is left, failed on any exception.

        Raises:
            NoLayoutError, InvalidValueError, JobRunningError, DirectoryNotMadeError: as `start_job`.
        """
        named = new_job_id(job_type, self._clock.now()) if job_id is None else job_id
        job, _ = self._start(named, job_type, parameters, cleanup_policy, lease)
        try:
            yield job
        except BaseException as err:
            self._end_after(job, err)
            raise
        if self._is_ours(job):
            self.complete_job(job.job_id, success=True)

    def pin(
        self,
        path: Path | str | None = None,
        *,
        job_id: str | None = None,
        reason: str = "",
        until: datetime | None = None,
    ) -> None:
        """Protect a path with all below it, or everything that a job owns, from every rule; a second pin replaces it.

        Raises:
            InvalidValueError: when not one of both is named, the path lies outside the root, or `until` is over.
            UnknownJobError: when nothing is known of the job.
        """
        asked = thing_to_pin(self.root, path, job_id)
        pin(self.root, self._clock, replace(asked, reason=reason, until=instant_from(until) if until else None))

    def unpin(self, path: Path | str | None = None, *, job_id: str | None = None) -> None:
        """Take that protection back.

        Raises:
            NotPinnedError: when it has no pin of its own.
        """
        unpin(self.root, self._clock, thing_to_pin(self.root, path, job_id))

    def _end_after(self, job: Job, error: BaseException) -> None:
        """Fail the job; that this failed too must not hide what went wrong in it."""
        if not self._is_ours(job):
            return
        try:
            self.complete_job(job.job_id, success=False)
        except Exception as err:
            error.add_note(f"job `{job.job_id}` could not be finished either: {err}")
            self._logger.exception("job `%s` could not be finished", job.job_id)

    def _is_ours(self, job: Job) -> bool:
        """Whether the job is still to be finished by this process: it may have been completed, or this is a fork."""
        with self._lock:
            held = self._held.get(job.job_id)
        return held is not None and held.job is job and held.process == os.getpid()

    def _start(
        self,
        job_id: str,
        job_type: JobType | str,
        parameters: Mapping[str, str] | None,
        cleanup_policy: CleanupPolicy | None,
        lease: Duration | str | None,
    ) -> tuple[Job, JobRecord]:
        known, policies = check_job_id(job_id), self.configuration.policies()
        layout = layout_of(policies, job_type)
        with ExitStack() as stack:
            try:
                stack.enter_context(lock_job(self.root.require_state(), known, clock=self._clock))
            except LockedError as err:
                raise JobRunningError(known) from err
            record = start(
                self.root,
                policies,
                self._clock,
                job_type,
                job_id=known,
                parameters=parameters,
                cleanup=cleanup_policy.to_values() if cleanup_policy is not None else None,
                lease=parse_duration(lease) if isinstance(lease, str) else lease,
                held=True,
                store=self._store,
                listen=self._say,
            )
            running = Running(self.root, policies, self._clock, self._store, record, layout, self._logger)
            job = Job(running, self._known_environment(), lambda: self._context(self._store.get(known)))
            with self._lock:
                self._held[known] = _Held(job, stack.pop_all(), os.getpid())
        return job, record

    def _known_environment(self) -> Mapping[str, str]:
        return os.environ if self._environment is None else self._environment

    def _context(self, record: JobRecord) -> JobContext:
        layout = self.configuration.policies().layouts.get(record.job_type)
        manifest = self.tracker.manifest_path(record.job_id)
        return job_context(self.root, layout, record, manifest, now=self._clock.now())

    def _say(self, noted: Noted) -> None:
        # A link for people and old readers is never worth a job.
        self._logger.warning("could not %s `%s`: %s", noted.action.value, escape(noted.path), noted.cause)

    def close(self) -> None:
        """Give back all handles; jobs that were not completed read as abandoned from now on."""
        with self._lock:
            held, self._held = list(self._held.values()), {}
        for one in held:
            one.lock.close()
        self.root.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
