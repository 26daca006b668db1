"""The life of one job: started, added to, finished, shown; wiring of manifests, layouts and the executor."""

from collections.abc import Callable, Iterable, Mapping

from rules_engine.apply.executor import Executor
from rules_engine.apply.model import Noted, Outcome
from rules_engine.apply.retry import Retrier
from rules_engine.errors import ExitCode, RulesError
from rules_engine.filesystem.root import Root
from rules_engine.inventory.tracked import observe_job
from rules_engine.jobs.starting import layout_of, new_job_id, request_for
from rules_engine.manifest.attempts import Ended
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.reading import LoadedJobs
from rules_engine.manifest.store import ManifestStore
from rules_engine.plan.layouts import finish_batches, start_batches
from rules_engine.plan.model import Batch, StepAction
from rules_engine.policy.model import PolicySet
from rules_engine.values.clock import Clock
from rules_engine.values.paths import RelPath, join, name_of, parent
from rules_engine.values.quantities import Duration
from rules_engine.values.text import escape
from rules_engine.values.vocabulary import CleanupPolicy, EntryKind, FileType


class DirectoryNotMadeError(RulesError):
    """A directory of a job could not be made; the job is recorded as running without it."""

    exit_code = ExitCode.SOME_FAILED

    def __init__(self, job_id: str, path: str, cause: str) -> None:
        super().__init__(job_id, path, cause)
        self.job_id = job_id
        self.path = path
        self.cause = cause

    def __str__(self) -> str:
        return (
            f"job `{self.job_id}` has no directory `{escape(self.path)}`: {self.cause}\n"
            f"  help: mend that, then `rules job finish {self.job_id} --failed` and start it again"
        )


def _nobody(_noted: Noted) -> None:
    """Hear nothing."""


def start(
    root: Root,
    policies: PolicySet,
    clock: Clock,
    job_type: str,
    *,
    job_id: str | None = None,
    parameters: Mapping[str, str] | None = None,
    cleanup: CleanupPolicy | None = None,
    lease: Duration | None = None,
    held: bool = False,
    store: ManifestStore | None = None,
    listen: Callable[[Noted], None] = _nobody,
) -> JobRecord:
    """Start a job: its manifest first, then its directories, its status link and its aliases.

    A link that could not be made is heard by `listen`; without a directory the job cannot work.

    Raises:
        NoLayoutError: when no layout has the job type.
        InvalidValueError: for an id or a parameter that cannot be one.
        JobRunningError: when the job is running.
        DirectoryNotMadeError: when a directory could not be made.
    """
    root.require_id()
    layout = layout_of(policies, job_type)
    named = new_job_id(job_type, clock.now()) if job_id is None else job_id
    request = request_for(layout, named, parameters or {}, cleanup=cleanup, lease=lease, held=held)
    store = store or ManifestStore(root, clock)
    begun = store.begin(request)
    before, record = begun.before, begun.record
    moves = finish_batches(before, record, mode=layout.directory_mode) if before is not None else ()
    for noted in carry_out((*start_batches(layout, record), *moves), root, policies, clock):
        if noted.action is StepAction.CREATE_DIRECTORY:
            raise DirectoryNotMadeError(record.job_id, noted.path, noted.cause)
        listen(noted)
    return record


def add(
    root: Root, policies: PolicySet, clock: Clock, job_id: str, paths: Iterable[RelPath], *, file_type: FileType
) -> None:
    """Declare files, best before they exist; of a directory that is there, whatever lands in it is the job's.

    Raises:
        UnknownJobError: when the job was never started.
        JobFinishedError: when it is finished.
        ForeignPathError: for what lies in the workspace of another job, or in the state.
    """
    root.require_id()
    store = ManifestStore(root, clock)
    files: list[tuple[RelPath, FileType]] = []
    for path in paths:
        if _is_directory(root, path):
            store.add_directory(job_id, path, None, file_type, workspaces_above=policies.workspaces_above)
        else:
            files.append((path, file_type))
    store.add_files(job_id, files, workspaces_above=policies.workspaces_above)


def finish(
    root: Root,
    policies: PolicySet,
    clock: Clock,
    job_id: str,
    *,
    success: bool,
    store: ManifestStore | None = None,
    listen: Callable[[Noted], None] = _nobody,
) -> JobRecord:
    """Finish a job: its status link moves, then what it has is sealed; one that was cut short is gone on with.

    Raises:
        UnknownJobError: when the job was never started.
        JobFinishedError: when it is finished already.
        UntrustedStateError: when its manifest is damaged.
    """
    return end(root, policies, clock, job_id, success=success, store=store, listen=listen).record


def end(
    root: Root,
    policies: PolicySet,
    clock: Clock,
    job_id: str,
    *,
    success: bool,
    held: bool | None = None,
    store: ManifestStore | None = None,
    listen: Callable[[Noted], None] = _nobody,
) -> Ended:
    """Finish a job as `finish` does, and say what was sealed; `held` for who knows whether the job's lock is held.

    Raises:
        UnknownJobError, JobFinishedError, UntrustedStateError: as `finish`.
    """
    root.require_id()
    store = store or ManifestStore(root, clock)

    def move_link(before: JobRecord, after: JobRecord) -> None:
        layout = policies.layouts.get(after.job_type)
        moves = finish_batches(before, after, mode=layout.directory_mode if layout else None)
        for noted in carry_out(moves, root, policies, clock):
            listen(noted)

    # The seal last: an end without one was cut short, and can be made once more.
    return store.end(
        job_id, success=success, observe=lambda record: observe_job(root, record), held=held, settle=move_link
    )


def list_jobs(root: Root, policies: PolicySet, clock: Clock) -> LoadedJobs:
    """Every job of the root, by id, and the manifests that are damaged."""
    return ManifestStore(root, clock).load(policies.workspaces_of)


def show(root: Root, clock: Clock, job_id: str) -> JobRecord:
    """The record of one job.

    Raises:
        UnknownJobError: when no manifest tells of it.
    """
    return ManifestStore(root, clock).get(job_id)


def carry_out(batches: Iterable[Batch], root: Root, policies: PolicySet, clock: Clock) -> list[Noted]:
    """Carry out what a layout says for a job, and return what could not be done.

    The manifest says what was meant, so no run is recorded.
    """
    executor = Executor(root.directory, Retrier(policies.settings.retry, clock))
    noted: list[Noted] = []
    for batch in batches:
        for entry, result in zip(batch.entries, executor.carry_out(batch), strict=True):
            if result.outcome not in {Outcome.DONE, Outcome.GONE}:
                path = join(batch.directory, entry.name)
                noted.append(Noted(path, batch.action, result.outcome, result.errno, result.cause))
    return noted


def _is_directory(root: Root, path: RelPath) -> bool:
    try:
        with root.directory.open(parent(path)) as above:
            found = above.stat(name_of(path))
    except FileNotFoundError:
        return False
    return found is not None and found.kind is EntryKind.DIRECTORY
