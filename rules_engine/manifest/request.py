"""What a job is started with, and what it may declare."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from rules_engine.filesystem.root import STATE
from rules_engine.manifest.errors import ForeignPathError
from rules_engine.manifest.events import FORMAT_VERSION, CleanupFields, Start, encode_map
from rules_engine.manifest.fold import Attempt
from rules_engine.values.names import encode_name
from rules_engine.values.paths import RelPath, is_below
from rules_engine.values.quantities import Duration
from rules_engine.values.vocabulary import CleanupPolicy, JobId, JobStatus, JobType

WorkspacesAbove: TypeAlias = Callable[[RelPath], tuple[RelPath, ...]]
"""The directories above a path that could be the workspace of a job in some layout."""


@dataclass(frozen=True, slots=True)
class StartRequest:
    """What a new attempt begins with; every path is settled here and never again."""

    job_id: JobId
    job_type: JobType
    workspace: RelPath
    output: RelPath
    parameters: Mapping[str, str] = field(default_factory=dict)
    status_links: Mapping[JobStatus, RelPath] = field(default_factory=dict)
    """The path of the status link while the job has that status; empty where the layout has no status view."""
    aliases: tuple[RelPath, ...] = ()
    cleanup: CleanupPolicy | None = None
    lease: Duration | None = None
    """Each event keeps the job running for this long; None: until it is finished."""
    critical: bool = False
    """Each line of its logs is written a second time, into a backup."""
    held: bool = False
    """The caller holds the job's lock, and will until the job is finished."""

    def to_event(self, attempt: int, boot: str, abandoned: Iterable[Attempt]) -> Start:
        """The event that begins attempt number `attempt`."""
        return Start(
            format_version=FORMAT_VERSION,
            job_type=str(self.job_type),
            attempt=attempt,
            workspace=encode_name(self.workspace),
            output=encode_name(self.output),
            boot=boot,
            parameters=encode_map(self.parameters),
            status_links={status.value: encode_name(path) for status, path in self.status_links.items()},
            aliases=[encode_name(alias) for alias in self.aliases],
            cleanup=CleanupFields.from_policy(self.cleanup) if self.cleanup else None,
            lease_ns=self.lease,
            critical=self.critical,
            abandons={one.host: one.last_seq for one in abandoned},
        )


def nowhere(_path: RelPath) -> tuple[RelPath, ...]:
    """Where no layout is known, nothing can be a workspace."""
    return ()


def check_declared(
    job_id: JobId,
    paths: Iterable[RelPath],
    workspaces_above: WorkspacesAbove,
    workspace: RelPath | None,
    all_own: Callable[[], tuple[RelPath, ...]],
) -> None:
    """Refuse paths below the workspace of another job, or in the state of any root.

    `workspace` is the job's, as its first attempt had it; `all_own` finds the others, and is asked only where needed.

    Raises:
        ForeignPathError: while a manifest is damaged, its job may name anything but what lies in the workspaces of
            other jobs; so nothing there may ever be anybody else's.
    """
    for path in paths:
        if STATE in path.split("/"):
            raise ForeignPathError(job_id, path, f"lies in `{STATE}`, the state of a root")
        if workspace is not None and is_below(path, workspace):
            continue
        above = workspaces_above(path)
        if above and not any(is_below(path, own) for own in all_own()):
            raise ForeignPathError(job_id, path, f"lies below `{above[0]}`, the workspace of another job")


def check_not_above(job_id: JobId, directory: RelPath, workspace: RelPath | None) -> None:
    """Refuse a directory that holds the job's own workspace: it holds those of other jobs too.

    Raises:
        ForeignPathError: as `check_declared`.
    """
    if workspace is not None and is_below(workspace, directory):
        raise ForeignPathError(job_id, directory, "holds the workspaces of jobs")
