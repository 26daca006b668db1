"""The data models that a pipeline sees: what a job has, what it may lose, and what a cleanup did.

They are plain and can be changed by whoever holds them; nothing that decides or deletes ever reads them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from rules_engine.errors import InvalidValueError
from rules_engine.jobs.conform import InvalidModelError, Model
from rules_engine.manifest.log import check_job_id
from rules_engine.values.quantities import FOREVER, HOUR, Duration
from rules_engine.values.vocabulary import CleanupPolicy as CleanupValues
from rules_engine.values.vocabulary import DirectoryType, FileType, JobStatus, JobType

__all__ = [
    "CleanupPolicy",
    "CleanupResult",
    "DirectoryStructure",
    "InvalidModelError",
    "JobContext",
    "JobManifest",
]

_MOST_HOURS: Final = FOREVER // HOUR + 1


def _check_id(job_id: str) -> None:
    try:
        check_job_id(job_id)
    except InvalidValueError as err:
        raise InvalidModelError("job_id", job_id, err.why) from err


def _check_hours(name: str, hours: int) -> None:
    if not 0 <= hours <= _MOST_HOURS:
        raise InvalidModelError(name, str(hours), f"is not between 0 and {_MOST_HOURS} hours")


@dataclass
class DirectoryStructure(Model):
    """Where the directories of one job lie; None for those that its layout does not have."""

    base_dir: Path
    """The output: where the deliverables live."""
    temp_dir: Path | None = None
    slides_dir: Path | None = None
    expressions_dir: Path | None = None
    shorts_dir: Path | None = None
    long_form_dir: Path | None = None
    metadata_dir: Path | None = None
    workspace_dir: Path | None = None
    """The workspace: scratch that goes as a whole."""
    other_dirs: dict[DirectoryType, Path] = field(default_factory=dict)
    """Directories of the layout for which there is no field above, by their key."""

    def get(self, directory_type: DirectoryType | str) -> Path | None:
        """The directory of that key; None where the layout has none."""
        return dict(self.each()).get(DirectoryType(directory_type))

    def each(self) -> Iterator[tuple[DirectoryType, Path]]:
        """The directories of the layout by key, without base and workspace."""
        for key in _NAMED:
            path = getattr(self, f"{key}_dir")
            if path is not None:
                yield key, path
        yield from self.other_dirs.items()

    def check(self) -> None:
        """No directory is told twice."""
        for key in _NAMED:
            if key in self.other_dirs:
                raise InvalidModelError("other_dirs", key, f"has a field of its own, `{key}_dir`")


_NAMED: Final = (
    DirectoryType.TEMP,
    DirectoryType.SLIDES,
    DirectoryType.EXPRESSIONS,
    DirectoryType.SHORTS,
    DirectoryType.LONG_FORM,
    DirectoryType.METADATA,
)


@dataclass
class CleanupPolicy(Model):
    """When automatic cleanup may take the temporary files of a job."""

    enabled: bool = True
    retention_hours: int = 24
    """Counted from the job's end."""
    file_types_to_clean: list[FileType] | None = None
    """The temporary types that may go; None is all of them."""
    preserve_on_failure: bool = True
    debug_mode_disables: bool = True
    preserve_hours: int | None = None
    """How long a failed job's files are preserved; None is for ever."""

    def check(self) -> None:
        """Hours are hours, and only what is preserved is preserved for a time."""
        _check_hours("retention_hours", self.retention_hours)
        if self.preserve_hours is not None:
            _check_hours("preserve_hours", self.preserve_hours)
            if not self.preserve_on_failure:
                raise InvalidModelError("preserve_hours", str(self.preserve_hours), "needs `preserve_on_failure`")

    def to_values(self) -> CleanupValues:
        """The same policy as policies and manifests hold it."""
        preserve = _MOST_HOURS if self.preserve_hours is None else self.preserve_hours
        types = self.file_types_to_clean
        return CleanupValues(
            enabled=self.enabled,
            retention=_duration(self.retention_hours),
            preserve_on_failure=_duration(preserve if self.preserve_on_failure else 0),
            file_types=None if types is None else frozenset(types),
            debug_mode_disables=self.debug_mode_disables,
        )

    @classmethod
    def from_values(cls, policy: CleanupValues) -> "CleanupPolicy":
        """The policy in whole hours; a part of an hour counts as one, so that nothing goes early."""
        preserve = policy.preserve_on_failure
        return cls(
            enabled=policy.enabled,
            retention_hours=_hours(policy.retention),
            file_types_to_clean=None if policy.file_types is None else sorted(policy.file_types),
            preserve_on_failure=preserve > 0,
            debug_mode_disables=policy.debug_mode_disables,
            preserve_hours=_hours(preserve) if 0 < preserve < FOREVER else None,
        )


def _duration(hours: int) -> Duration:
    return Duration(min(hours * HOUR, FOREVER))


def _hours(duration: Duration) -> int:
    return -(-duration // HOUR)


@dataclass
class JobContext(Model):
    """A job while it runs: where it works, and what it has so far."""

    job_id: str
    job_type: JobType
    start_time: datetime
    output_dir: Path
    manifest_path: Path
    directories: DirectoryStructure
    temp_files: list[Path] = field(default_factory=list)
    final_outputs: list[Path] = field(default_factory=list)
    parameters: dict[str, str] = field(default_factory=dict)
    """The parameters of its layout, such as the series; each a name in its paths."""
    attempt: int = 1
    status: JobStatus = JobStatus.RUNNING

    def check(self) -> None:
        """The id is one, and attempts are counted from one."""
        _check_id(self.job_id)
        _check_attempt(self.attempt)


@dataclass
class JobManifest(Model):
    """All that a job declared."""

    job_id: str
    created_at: datetime
    job_type: JobType
    files: dict[FileType, list[Path]] = field(default_factory=dict)
    directories: dict[DirectoryType, list[Path]] = field(default_factory=dict)
    status: JobStatus = JobStatus.RUNNING
    cleanup_policy: CleanupPolicy = field(default_factory=CleanupPolicy)
    """The job's own, or that of the settings where it has none."""
    parameters: dict[str, str] = field(default_factory=dict)
    attempt: int = 1
    ended_at: datetime | None = None
    """When it finished, or an abandoned job's last sign of life; None while it runs."""

    def check(self) -> None:
        """The id is one, and attempts are counted from one; a clock that was set back may end before it begins."""
        _check_id(self.job_id)
        _check_attempt(self.attempt)


def _check_attempt(attempt: int) -> None:
    if attempt < 1:
        raise InvalidModelError("attempt", str(attempt), "is not counted from 1")


@dataclass
class CleanupResult(Model):
    """What one cleanup did, what it left, and why."""

    removed: list[Path] = field(default_factory=list)
    failed: dict[Path, str] = field(default_factory=dict)
    """What could not be removed, and the cause."""
    kept: dict[Path, str] = field(default_factory=dict)
    """What stays, and the reason."""
    due: dict[Path, datetime] = field(default_factory=dict)
    """What goes later, and when that is due."""
    deferred: list[str] = field(default_factory=list)
    """Why cleaning was put off, one line each: a held lock, a limit, a deadline, a state that cannot be read."""
    would_remove: list[Path] = field(default_factory=list)
    """What a dry run would have removed."""
    bytes_freed: int = 0
    dry_run: bool = False
    run_id: str | None = None
    """The run that removed; None where nothing was."""

    @property
    def ok(self) -> bool:
        """Whether nothing failed and nothing was put off."""
        return not self.failed and not self.deferred

    def check(self) -> None:
        """Nothing frees less than nothing, and a dry run removes nothing."""
        if self.bytes_freed < 0:
            raise InvalidModelError("bytes_freed", str(self.bytes_freed), "is negative")
        if self.dry_run and self.removed:
            raise InvalidModelError("removed", str(self.removed[0]), "cannot be removed by a dry run")
