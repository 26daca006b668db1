"""The one way to the manifests: starting, declaring, finishing and reading jobs."""

from collections.abc import Collection, Iterable
from contextlib import nullcontext, suppress

from rules_engine.errors import LockedError, UntrustedStateError
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.locks import is_job_locked, lock_job
from rules_engine.filesystem.machine import Machine, this_machine
from rules_engine.filesystem.root import STATE, Root, open_area
from rules_engine.manifest.amend import amended, completed
from rules_engine.manifest.appender import Appenders
from rules_engine.manifest.errors import JobFinishedError, JobRunningError, UnknownJobError
from rules_engine.manifest.events import AddDirectory, AddFiles, Event, Finish, Lease, Line, Remove, Start, decode_path
from rules_engine.manifest.fold import Folded, fold
from rules_engine.manifest.hosts import note_host
from rules_engine.manifest.log import Guard, append, begin, check_host, check_job_id, log_name
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.reading import Found, LoadedJobs, Workspaces, load_all, no_layouts, observer, read_job
from rules_engine.manifest.request import StartRequest, WorkspacesAbove, check_declared, check_not_above, nowhere
from rules_engine.manifest.seal import CoveredLog, Seal, SealedDirectory, encode_seal
from rules_engine.manifest.shelf import MANIFESTS, SEAL_SUFFIX, SEALED, find_on_shelf, read_logs
from rules_engine.values.clock import Clock
from rules_engine.values.names import encode_name
from rules_engine.values.paths import RelPath, join
from rules_engine.values.quantities import Duration
from rules_engine.values.vocabulary import DirectoryType, FileType, JobId, JobStatus


class ManifestStore:
    """The manifests of one root. Reading needs no initialised root; writing does."""

    def __init__(self, root: Root, clock: Clock, *, host: str | None = None, machine: Machine | None = None) -> None:
        self._root = root
        self._clock = clock
        self._machine = machine or this_machine(host)
        self._seals: dict[JobId, Seal] = {}
        self._appenders = Appenders()

    def log_of(self, job_id: str) -> RelPath:
        """Where this host's log of a job lies, or will lie.

        Raises:
            InvalidValueError: when `job_id` cannot be the id of a job.
        """
        return RelPath(f"{STATE}/{MANIFESTS}/{log_name(check_job_id(job_id), check_host(self._machine.host))}")

    def load(self, workspaces: Workspaces = no_layouts) -> LoadedJobs:
        """Every job; `workspaces` says where a job of that id would work, in every layout.

        Raises:
            UntrustedStateError: when the listing of manifests or seals cannot be read.
        """
        if self._root.state is None:
            return LoadedJobs()
        loaded, seals = load_all(self._root.state, self._machine, workspaces)
        self._seals = dict(seals)
        return loaded

    def find(self, job_id: str) -> JobRecord | None:
        """The record of one job; None where no manifest tells of it, or not even how it was started.

        Raises:
            InvalidValueError: when `job_id` cannot be the id of a job.
        """
        return self._read(check_job_id(job_id)).folded.record

    def get(self, job_id: str) -> JobRecord:
        """The record of one job.

        Raises:
            UnknownJobError: when no manifest tells of it.
        """
        found = self.find(job_id)
        if found is None:
            raise UnknownJobError(job_id)
        return found

    def seal_of(self, record: JobRecord) -> Seal | None:
        """The seal that the record was read from; None where it was read from logs."""
        if not record.sealed:
            return None
        return self._seals.get(record.job_id) or self._read(record.job_id).seal

    def start(self, request: StartRequest) -> JobRecord:
        """Begin a new attempt; written durably before anything else of the job is made.

        Raises:
            JobRunningError: when the job is running.
            UntrustedStateError: when its manifest is damaged.
        """
        job_id, host = check_job_id(request.job_id), check_host(self._machine.host)
        state = self._root.require_state()
        try:
            with nullcontext() if request.held else lock_job(state, job_id, clock=self._clock):
                before = self._startable(state, job_id)
                attempt = before.record.attempt + 1 if before.record else 1
                event = request.to_event(attempt, self._machine.boot, before.running)
                self._write(job_id, host, event, held=request.held, durable=True)
        except LockedError as err:
            raise JobRunningError(job_id) from err
        return self.get(job_id)

    def _startable(self, state: Directory, job_id: JobId) -> Folded:
        hosts = find_on_shelf(state, job_id).logs.get(job_id, {})
        if not hosts:
            return Folded(None)
        # We hold the job's lock: whoever held it for an earlier attempt does so no more.
        observe = observer(state, self._machine, job_id, locked=False)
        folded = fold(job_id, read_logs(state, job_id, hosts), observe)
        if folded.damage is not None:
            raise _damaged(job_id, folded.damage)
        if folded.record is not None and folded.record.reading(self._clock.now()) is JobStatus.RUNNING:
            raise JobRunningError(job_id)
        return folded

    def add_files(
        self, job_id: str, files: Iterable[tuple[RelPath, FileType]], *, workspaces_above: WorkspacesAbove = nowhere
    ) -> None:
        """Declare files, best before they exist; costs the same however many the job has.

        Raises:
            ForeignPathError: when a file lies below the workspace of another job.
            UnknownJobError: when the job was never started.
            JobFinishedError: when its newest attempt is finished.
        """
        declared = list(files)
        if not declared:
            return
        event = AddFiles(files=[(encode_name(path), str(file_type)) for path, file_type in declared])
        self._declare(check_job_id(job_id), event, [path for path, _ in declared], workspaces_above)

    def add_directory(
        self,
        job_id: str,
        path: RelPath,
        directory_type: DirectoryType | None = None,
        file_type: FileType | None = None,
        *,
        workspaces_above: WorkspacesAbove = nowhere,
    ) -> None:
        """Declare a directory; with `file_type`, whatever lands in it is the job's.

        Raises:
            ForeignPathError, UnknownJobError, JobFinishedError: as `add_files`.
        """
        event = AddDirectory(
            path=encode_name(path),
            directory_type=str(directory_type) if directory_type else None,
            file_type=str(file_type) if file_type else None,
        )
        # Asked of what will lie in it: the directory could itself be the workspace of another job.
        self._declare(check_job_id(job_id), event, [join(path, "_")], workspaces_above)

    def _declare(
        self, job_id: JobId, event: Event, paths: Iterable[RelPath], workspaces_above: WorkspacesAbove
    ) -> None:
        def guard(first: Start | None, last: Line | None) -> None:
            if last is not None and isinstance(last.event, Finish):
                raise JobFinishedError(job_id)
            workspace = decode_path(first.workspace) if first is not None else None
            if isinstance(event, AddDirectory):
                check_not_above(job_id, decode_path(event.path), workspace)
            check_declared(job_id, paths, workspaces_above, workspace, lambda: self._workspaces(job_id))

        self._add(job_id, event, guard)

    def _add(self, job_id: JobId, event: Event, guard: Guard | None = None) -> None:
        """Append to this host's log through one that is kept open: a job may declare a hundred thousand files."""
        host = check_host(self._machine.host)
        kept = self._appenders.get(self._root.require_state(), job_id, log_name(job_id, host))
        try:
            kept.append(event, clock=self._clock, guard=guard)
        except FileNotFoundError:
            self._write(job_id, host, event, guard=guard)

    def _workspaces(self, job_id: JobId) -> tuple[RelPath, ...]:
        record = self.get(job_id)
        return (record.workspace, *record.directories)

    def remove(self, job_id: str, paths: Iterable[RelPath]) -> None:
        """Say that the job no longer has these files or directories.

        Raises:
            UnknownJobError: when the job was never started.
        """
        event = Remove(paths=[encode_name(path) for path in paths])
        if event.paths:
            self._add(check_job_id(job_id), event)

    def renew(self, job_id: str, lease: Duration) -> None:
        """From now on each event keeps the job running for `lease`.

        Raises:
            UnknownJobError: when the job was never started.
        """
        self._write(check_job_id(job_id), check_host(self._machine.host), Lease(lease_ns=lease), durable=True)

    def finish(
        self, job_id: str, *, success: bool, directories: Iterable[tuple[RelPath, SealedDirectory]]
    ) -> JobRecord:
        """End the newest attempt and seal what `inventory.tracked.observe_job` saw of the job.

        Raises:
            UnknownJobError: when the job was never started.
            JobFinishedError: when it is finished.
            UntrustedStateError: when its manifest is damaged.
        """
        checked, host = check_job_id(job_id), check_host(self._machine.host)
        found = self._read(checked).folded
        if found.record is None:
            raise UnknownJobError(job_id)
        if found.damage is not None:
            raise _damaged(job_id, found.damage)
        if found.record.status is not JobStatus.RUNNING:
            raise JobFinishedError(job_id)
        others = {one.host: one.last_seq for one in found.running if one.host != host}
        event = Finish(status="completed" if success else "failed", finishes=others)
        self._write(checked, host, event, durable=True)
        self._appenders.forget(checked)
        return self._sealed(checked, directories)

    def _sealed(self, job_id: JobId, directories: Iterable[tuple[RelPath, SealedDirectory]]) -> JobRecord:
        state = self._root.require_state()
        logs = read_logs(state, job_id, find_on_shelf(state, job_id).logs.get(job_id, {}))
        folded = fold(job_id, logs, observer(state, self._machine, job_id))
        if folded.record is None or folded.damage is not None or folded.running:
            return self.get(job_id)
        covered = [CoveredLog(log.host, log.length, log.check) for log in logs]
        data = encode_seal(folded.record, covered, completed(folded.record, directories))
        # The logs are durable and say the same: a seal that is lost or cannot be written makes plans slower, not wrong.
        with suppress(OSError):
            self._write_seal(job_id, data, durable=False)
        return self.get(job_id)

    def amend_seal(
        self,
        job_id: str,
        *,
        removed: Collection[RelPath] = (),
        unsealed: Collection[RelPath] = (),
        unlisted: Collection[RelPath] = (),
    ) -> None:
        """Take the outcomes of a run into a seal: what went, which entries and which listings to look at again.

        A job without a current seal has none to amend: plans look at its files anyway.
        """
        found = self._read(check_job_id(job_id))
        if found.seal is None:
            return
        directories = amended(found.seal, removed, unsealed, unlisted)
        self._write_seal(JobId(job_id), encode_seal(found.seal.record, found.seal.logs, directories))

    def _write_seal(self, job_id: JobId, data: bytes, *, durable: bool = True) -> None:
        self._seals.pop(job_id, None)
        with open_area(self._root.require_state(), SEALED) as area:
            area.write_file(f"{job_id}{SEAL_SUFFIX}", data, durable=durable)

    def _read(self, job_id: JobId) -> Found:
        state = self._root.state
        listing = find_on_shelf(state, job_id) if state is not None else None
        if state is None or listing is None or (job_id not in listing.logs and job_id not in listing.seals):
            return Found(Folded(None))
        return read_job(state, self._machine, job_id, listing)

    def _write(
        self,
        job_id: JobId,
        host: str,
        event: Event,
        *,
        held: bool | None = None,
        durable: bool = False,
        guard: Guard | None = None,
    ) -> None:
        state = self._root.require_state()
        name, at = log_name(job_id, host), self._clock.now()
        locked = is_job_locked(state, job_id) if held is None else held
        with open_area(state, MANIFESTS) as area:
            if area.stat(name) is None:
                self._check_known(job_id, event, guard)
                note_host(state, host, area)
                if begin(area, name, event, at=at, held=locked):
                    return
            append(area, name, [event], at=at, held=locked, durable=durable, guard=guard)

    def _check_known(self, job_id: JobId, event: Event, guard: Guard | None) -> None:
        """Before the first event of a host that did not start the job: the job must be there."""
        if isinstance(event, Start):
            return
        record = self.get(job_id)
        if guard is not None:
            if record.status is not JobStatus.RUNNING:
                raise JobFinishedError(job_id)
            guard(None, None)


def _damaged(job_id: str, why: str) -> UntrustedStateError:
    return UntrustedStateError(f".rules/{MANIFESTS}/{job_id}", f"is damaged: {why}", "run `rules manifest repair`")
