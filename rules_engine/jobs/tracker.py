"""ManifestTracker: what jobs declare, by the words and paths of a pipeline; wiring of the manifest store."""

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from rules_engine.errors import InvalidValueError
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.jobs.convert import absolute_path, job_manifest, relative_path
from rules_engine.jobs.current import Policies, current
from rules_engine.jobs.models import CleanupPolicy, JobManifest
from rules_engine.jobs.starting import layout_of, request_for
from rules_engine.manifest.request import WorkspacesAbove
from rules_engine.manifest.store import ManifestStore
from rules_engine.policy.model import PolicySet
from rules_engine.values.clock import Clock
from rules_engine.values.paths import RelPath, join, parent
from rules_engine.values.quantities import Duration
from rules_engine.values.vocabulary import DirectoryType, FileType, JobType

_DIRECTORIES_REMEMBERED: Final = 1024


class ManifestTracker:
    """Writes and reads the manifests of a root; safe from threads, processes and hosts that share a job.

    Paths may be absolute or relative to the root. Adding a file costs the same however many the job has, and is not
    made durable by itself: finishing a job is. What a crash of the machine loses of it still lies in the workspace.
    """

    def __init__(
        self,
        root: Root,
        policies: Policies,
        clock: Clock | None = None,
        *,
        logger: logging.Logger | None = None,
        store: ManifestStore | None = None,
    ) -> None:
        self._root = root
        self._policies = policies
        self._clock = clock or SystemClock()
        self._logger = logger or logging.getLogger("rules_engine.tracker")
        self._store = store or ManifestStore(root, self._clock)
        self._above: tuple[PolicySet, WorkspacesAbove] | None = None

    def create_manifest(
        self,
        job_id: str,
        *,
        job_type: JobType | str | None = None,
        parameters: Mapping[str, str] | None = None,
        cleanup_policy: CleanupPolicy | None = None,
        lease: Duration | None = None,
        held: bool = False,
    ) -> Path:
        """Start an attempt of a job and return its manifest; nothing else is made.

        The type may be left out where only one layout is there. `held`: the caller holds the job's lock.

        Raises:
            NoLayoutError: when no layout has the type.
            InvalidValueError: for an id or a parameter that cannot be one, or a type that is left out among several.
            JobRunningError: when the job is running.
        """
        policies = current(self._policies)
        layout = layout_of(policies, _only_type(policies) if job_type is None else job_type)
        own = cleanup_policy.to_values() if cleanup_policy is not None else None
        request = request_for(layout, job_id, parameters or {}, cleanup=own, lease=lease, held=held)
        record = self._store.start(request)
        self._logger.debug("job `%s` started, attempt %d", record.job_id, record.attempt)
        return self.manifest_path(record.job_id)

    def manifest_path(self, job_id: str) -> Path:
        """Where this host's log of the job lies.

        Raises:
            InvalidValueError: when `job_id` cannot be the id of a job.
        """
        return absolute_path(self._root, self._store.log_of(job_id))

    def add_file(self, job_id: str, file_path: Path | str, file_type: FileType | str) -> None:
        """Declare a file, best before it exists: then a crash leaves no orphan.

        Raises:
            UnknownJobError: when the job was never started.
            JobFinishedError: when it is finished.
            ForeignPathError: for what lies in the workspace of another job, or in the state.
            InvalidValueError: for a path outside the root.
        """
        file = (relative_path(self._root, file_path), _file_type(file_type))
        self._store.add_files(job_id, (file,), workspaces_above=self._workspaces_above())

    def add_files(self, job_id: str, files: Iterable[tuple[Path | str, FileType | str]]) -> None:
        """Declare many files at once: all of them or, after an error, none.

        Raises:
            UnknownJobError, JobFinishedError, ForeignPathError, InvalidValueError: as `add_file`.
        """
        declared = [(relative_path(self._root, path), _file_type(one)) for path, one in files]
        self._store.add_files(job_id, declared, workspaces_above=self._workspaces_above())

    def add_directory(
        self,
        job_id: str,
        dir_path: Path | str,
        dir_type: DirectoryType | str | None = None,
        *,
        file_type: FileType | str | None = None,
    ) -> None:
        """Declare a directory; with `file_type`, whatever lands in it is the job's and of that type.

        Raises:
            UnknownJobError, JobFinishedError, ForeignPathError, InvalidValueError: as `add_file`.
        """
        self._store.add_directory(
            job_id,
            relative_path(self._root, dir_path),
            DirectoryType(dir_type) if dir_type else None,
            _file_type(file_type) if file_type is not None else None,
            workspaces_above=self._workspaces_above(),
        )

    def remove_from_manifest(self, job_id: str, path: Path | str) -> None:
        """Say that the job no longer has this file, or this directory and what was declared in it.

        Raises:
            UnknownJobError: when the job was never started.
            InvalidValueError: for a path outside the root.
        """
        self._store.remove(job_id, [relative_path(self._root, path)])

    def get_manifest(self, job_id: str) -> JobManifest:
        """All that the job declared.

        Raises:
            UnknownJobError: when no manifest tells of it.
        """
        policies = current(self._policies)
        record = self._store.get(job_id)
        layout = policies.layouts.get(record.job_type)
        default = policies.settings.cleanup
        return job_manifest(self._root, layout, record, default=default, now=self._clock.now())

    def _workspaces_above(self) -> WorkspacesAbove:
        """As `PolicySet.workspaces_above`, asked once for each directory."""
        policies = current(self._policies)
        known = self._above
        if known is None or known[0] is not policies:
            known = self._above = (policies, _remembering(policies))
        return known[1]


def _remembering(policies: PolicySet) -> WorkspacesAbove:
    ask: Callable[[RelPath], tuple[RelPath, ...]] = lru_cache(_DIRECTORIES_REMEMBERED)(
        lambda directory: policies.workspaces_above(join(directory, "_"))
    )
    return lambda path: ask(parent(path))


def _only_type(policies: PolicySet) -> JobType:
    if len(policies.layouts) == 1:
        return next(iter(policies.layouts))
    known = ", ".join(policies.layouts) or "none"
    # A guess would say wrongly which files are deliverables.
    raise InvalidValueError("job type", "", f"must be given; there are: {known}")


def _file_type(word: FileType | str) -> FileType:
    if not isinstance(word, str) or not word:
        raise InvalidValueError("file type", str(word), "is not a word")
    return FileType(word)
