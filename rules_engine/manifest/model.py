"""The record of one job, folded from its events; and what is known of jobs whose manifest is damaged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import CleanupPolicy, DirectoryType, FileType, JobId, JobStatus, JobType


class Liveness(StrEnum):
    """What the evidence says about the process behind a running job."""

    UNKNOWN = "unknown"
    """No evidence: the job is running until it is finished."""
    ALIVE = "alive"
    """Its lock is held."""
    DEAD = "dead"
    """The same boot of the same host and the lock is free, or a later boot of that host."""


@dataclass(frozen=True, slots=True)
class DeclaredDirectory:
    """A directory that a job declared: its type in the layout, or the file type of all that lands in it."""

    directory_type: DirectoryType | None
    file_type: FileType | None = None


@dataclass(frozen=True, slots=True)
class JobRecord:
    """What is known of one job: its manifest folded, newest attempt of every host."""

    job_id: JobId
    job_type: JobType
    status: JobStatus
    """As recorded: running, completed or failed; or untrusted where the manifest is damaged."""
    started: Instant
    workspace: RelPath
    output: RelPath
    attempt: int = 1
    ended: Instant | None = None
    last_sign: Instant = Instant(0)  # noqa: RUF009 - a NewType is the integer itself
    """The time of the newest event: the end of a job that turns out to be abandoned."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    status_link: RelPath | None = None
    """The status link's path for the status that the record has; None where the layout has no status view."""
    aliases: tuple[RelPath, ...] = ()
    files: Mapping[RelPath, Mapping[str, FileType]] = field(default_factory=dict)
    """Directory → name → type, of every file that the manifest names."""
    directories: Mapping[RelPath, DeclaredDirectory] = field(default_factory=dict)
    cleanup: CleanupPolicy | None = None
    """The job's own policy: a floor under every rule."""
    lease_until: Instant | None = None
    liveness: Liveness = Liveness.UNKNOWN
    """Read from the job's lock when the record was read; only meaningful while running."""
    sealed: bool = False
    packed: bool = False
    """Its seal stands alone: the logs of a job that ended long ago are gone."""

    @property
    def places(self) -> tuple[RelPath, ...]:
        """The directories below which everything is the job's: its workspace, and those declared with a file type."""
        return (self.workspace, *(path for path, one in self.directories.items() if one.file_type is not None))

    def reading(self, now: Instant) -> JobStatus:
        """The status at `now`: as recorded, or abandoned where the evidence shows that nobody will finish it."""
        if self.status is not JobStatus.RUNNING:
            return self.status
        if self.liveness is Liveness.ALIVE:
            return JobStatus.RUNNING
        lease_over = self.lease_until is not None and self.lease_until <= now
        return JobStatus.ABANDONED if self.liveness is Liveness.DEAD or lease_over else JobStatus.RUNNING

    def end(self, now: Instant) -> Instant | None:
        """When the job ended as read at `now`: its recorded end, or an abandoned job's last sign of life."""
        if self.reading(now) is JobStatus.ABANDONED:
            return self.last_sign
        return self.ended


@dataclass(frozen=True, slots=True)
class Damage:
    """A manifest that cannot be trusted, and below which directories it may name files."""

    job_id: str
    why: str
    """One line that names the log or seal and what is wrong with it."""
    below: tuple[RelPath, ...]
    """The directories of its intact lines and its workspace in every layout."""
    anywhere: bool
    """A line is lost: it may name anything outside the workspaces of other jobs."""
    mended: bool = False
    """It was mended, and only what its lost lines named is unknown: until somebody accepts that."""
