"""The one way to the manifests: starting, declaring, finishing and reading jobs."""

from collections.abc import Collection, Iterable, Mapping
from contextlib import nullcontext

from rules_engine.errors import LockedError
from rules_engine.filesystem.locks import lock_job
from rules_engine.filesystem.machine import Machine, this_machine
from rules_engine.filesystem.root import STATE, Root
from rules_engine.manifest.amend import Changes
from rules_engine.manifest.amending import Missed, amend_seals
from rules_engine.manifest.attempts import Begun, Ended, Observed, Settle, may_run, nothing
from rules_engine.manifest.ending import cut_short, make_durable
from rules_engine.manifest.errors import JobFinishedError, JobRunningError, UnknownJobError, damaged
from rules_engine.manifest.events import (
    AddDirectory,
    AddFiles,
    Event,
    Finish,
    Lease,
    Line,
    Remove,
    Start,
    decode_path,
    ends_attempt,
)
from rules_engine.manifest.fold import Folded
from rules_engine.manifest.log import check_host, check_job_id, log_name
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.reading import Found, LoadedJobs, Workspaces, load_all, no_layouts, read_log_of, read_one
from rules_engine.manifest.repair import Repair
from rules_engine.manifest.request import StartRequest, WorkspacesAbove, check_declared, check_not_above, nowhere
from rules_engine.manifest.resealing import mend_seal
from rules_engine.manifest.seal import Seal, SealedDirectory, SealedRow
from rules_engine.manifest.sealing import seal_attempt, seal_returned
from rules_engine.manifest.shelf import MANIFESTS
from rules_engine.manifest.writer import Writer
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
        self._writer = Writer(root, clock, self._machine)

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
        """The record of a new attempt, begun as `begin` does; it raises what that raises."""
        return self.begin(request).record

    def begin(self, request: StartRequest) -> Begun:
        """Begin a new attempt; written durably before anything else of the job is made.

        Raises:
            JobRunningError: when the job is running.
            UntrustedStateError: when its manifest is damaged.
        """
        job_id, state = check_job_id(request.job_id), self._root.require_state()
        try:
            with nullcontext() if request.held else lock_job(state, job_id, clock=self._clock):
                before = self._startable(job_id)
                attempt = before.record.attempt + 1 if before.record else 1
                event = request.to_event(attempt, self._machine.boot, before.running)
                self._writer.write(job_id, event, held=request.held)
        except LockedError as err:
            raise JobRunningError(job_id) from err
        return Begun(before.record, self._begun(job_id, request, before))

    def _begun(self, job_id: JobId, request: StartRequest, before: Folded) -> JobRecord:
        if before.record is not None or before.running or before.doubt is not None:
            return self.get(job_id)
        # Nobody else has a log of it: what we wrote is all there is.
        locked = True if request.held else None
        told = read_log_of(self._root.require_state(), self._machine, job_id, locked=locked).record
        return told if told is not None else self.get(job_id)

    def _startable(self, job_id: JobId) -> Folded:
        # We hold the job's lock: whoever held it for an earlier attempt does so no more.
        found = self._mended(job_id, locked=False)
        if found.as_written is not None and found.as_written.reading(self._clock.now()) is JobStatus.RUNNING:
            raise JobRunningError(job_id, *may_run(found))
        return found

    def _mended(self, job_id: JobId, *, locked: bool | None = None) -> Folded:
        """What the manifest of a job says, for its next writer: mended first where it is damaged.

        Raises:
            UntrustedStateError: when it cannot be.
        """
        found = self._read(job_id, locked=locked).folded
        if found.damage is not None:
            self.mend(job_id)
            found = self._read(job_id, locked=locked).folded
        if found.damage is not None and found.record is not None:
            raise damaged(job_id, found.damage)
        return found

    def mend(self, job_id: str) -> tuple[Repair, ...]:
        """Make the manifest of a job whole again as far as anything tells what it said; see `manifest.repair`.

        Raises:
            UntrustedStateError: when a file of it cannot be read.
        """
        checked = check_job_id(job_id)
        self._seals.pop(checked, None)
        return (*self._writer.mend(checked), *mend_seal(self._root.require_state(), self._machine, checked))

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
            if last is not None and ends_attempt(last.event):
                raise JobFinishedError(job_id)
            workspace = decode_path(first.workspace) if first is not None else None
            if isinstance(event, AddDirectory):
                check_not_above(job_id, decode_path(event.path), workspace)
            check_declared(job_id, paths, workspaces_above, workspace, lambda: self._workspaces(job_id))

        self._writer.add(job_id, event, guard)

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
            self._writer.add(check_job_id(job_id), event)

    def renew(self, job_id: str, lease: Duration) -> None:
        """From now on each event keeps the job running for `lease`.

        Raises:
            UnknownJobError: when the job was never started.
        """
        self._writer.write(check_job_id(job_id), Lease(lease_ns=lease))

    def finish(
        self, job_id: str, *, success: bool, directories: Iterable[tuple[RelPath, SealedDirectory]]
    ) -> JobRecord:
        """The record of a job, ended as `end` does; it raises what that raises."""
        return self.end(job_id, success=success, observe=lambda _record: directories).record

    def end(
        self, job_id: str, *, success: bool, observe: Observed, held: bool | None = None, settle: Settle = nothing
    ) -> Ended:
        """End the newest attempt, `settle` it, and seal what `observe`, such as `inventory.tracked.observe_job`, sees.

        An end that was cut short before the seal is gone on with. `held` is for who knows whether the job's lock is
        held.

        Raises:
            UnknownJobError: when the job was never started.
            JobFinishedError: when it is finished.
            UntrustedStateError: when its manifest is damaged.
        """
        checked, host, state = check_job_id(job_id), check_host(self._machine.host), self._root.require_state()
        found = self._mended(checked, locked=held)
        if found.record is None:
            raise UnknownJobError(job_id)
        runs = found.status is JobStatus.RUNNING
        before = found.record if runs else cut_short(state, found.record, success=success)
        if before is None:
            raise JobFinishedError(job_id)
        directories = observe(before)
        if runs:
            others = {one.host: one.last_seq for one in found.running if one.host != host}
            event = Finish(status="completed" if success else "failed", finishes=others)
            self._writer.write(checked, event, held=held)
        else:
            make_durable(state, checked)
        self._writer.forget(checked)
        self._seals.pop(checked, None)
        return seal_attempt(state, self._machine, checked, before, directories, settle=settle)

    def may_be_there(self, directory: RelPath) -> bool:
        """Whether a directory of the root is there now, or nobody can tell."""
        try:
            self._root.directory.open(directory).close()
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return True

    def amend_seals(self, changes: Mapping[JobId, Changes]) -> Missed:
        """Take the outcomes of a run into many seals, as `manifest.amending` does; it raises what that raises."""
        for job_id in changes:
            self._seals.pop(job_id, None)
        return amend_seals(self._root.require_state(), changes)

    def return_to_seal(self, job_id: str, files: Mapping[RelPath, SealedRow], directories: Collection[RelPath]) -> None:
        """Take what was put back from the trash into a seal; where none is current, the logs tell of it anyway."""
        known = check_job_id(job_id)
        seal = self._read(known).seal
        if seal is not None:
            self._seals.pop(known, None)
            seal_returned(self._root.require_state(), self._machine, seal, files, directories)

    def _read(self, job_id: JobId, *, locked: bool | None = None) -> Found:
        return read_one(self._root.state, self._machine, job_id, locked=locked)
