"""The one writer of this host's logs: appends events, and mends a log first where its end is damaged."""

from rules_engine.errors import UntrustedStateError
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.locks import is_job_locked
from rules_engine.filesystem.logfile import open_log
from rules_engine.filesystem.machine import Machine
from rules_engine.filesystem.root import STATE, Root, open_area
from rules_engine.manifest.appender import Appenders
from rules_engine.manifest.backup import Backup
from rules_engine.manifest.errors import JobFinishedError, UnknownJobError
from rules_engine.manifest.events import Event, Start
from rules_engine.manifest.hosts import note_host
from rules_engine.manifest.log import Guard, append, begin, check_host, lacks_lines, log_name
from rules_engine.manifest.packing import unpack
from rules_engine.manifest.reading import read_one
from rules_engine.manifest.repair import Repair, mend
from rules_engine.manifest.shelf import MANIFESTS, find_on_shelf
from rules_engine.values.clock import Clock
from rules_engine.values.vocabulary import JobId, JobStatus


class Writer:
    """Writes to the logs of jobs in the name of one host; safe from threads."""

    def __init__(self, root: Root, clock: Clock, machine: Machine) -> None:
        self._root = root
        self._clock = clock
        self._machine = machine
        self._appenders = Appenders()

    def mend(self, job_id: JobId) -> tuple[Repair, ...]:
        """Make the manifest of a job whole again as far as anything tells what it said; see `manifest.repair`.

        Raises:
            UntrustedStateError: when a file of it cannot be read.
        """
        self.forget(job_id)
        return mend(self._root.require_state(), job_id, now=self._clock.now())

    def forget(self, job_id: JobId) -> None:
        """Let go of the log of a job."""
        self._appenders.forget(job_id)

    def add(self, job_id: JobId, event: Event, guard: Guard | None = None) -> None:
        """Append to a log that is kept open, not yet durably: a job may declare a hundred thousand files.

        Raises:
            UnknownJobError: when the job was never started.
            UntrustedStateError: when the end of its log is damaged and cannot be mended.
        """
        try:
            self._add(job_id, event, guard)
        except UntrustedStateError:
            self.mend(job_id)
            self._add(job_id, event, guard)

    def _add(self, job_id: JobId, event: Event, guard: Guard | None) -> None:
        name = log_name(job_id, check_host(self._machine.host))
        kept = self._appenders.get(self._root.require_state(), job_id, name)
        try:
            kept.append(event, clock=self._clock, guard=guard)
        except FileNotFoundError:
            self._write(job_id, event, guard=guard)

    def write(self, job_id: JobId, event: Event, *, held: bool | None = None) -> None:
        """Append one event durably; `held` for who knows whether the job's lock is held.

        Raises:
            UnknownJobError, UntrustedStateError: as `add`.
        """
        try:
            self._write(job_id, event, held=held, durable=True)
        except UntrustedStateError:
            self.mend(job_id)
            self._write(job_id, event, held=held, durable=True)

    def _write(
        self,
        job_id: JobId,
        event: Event,
        *,
        held: bool | None = None,
        durable: bool = False,
        guard: Guard | None = None,
    ) -> None:
        host = check_host(self._machine.host)
        state, name, at = self._root.require_state(), log_name(job_id, host), self._clock.now()
        locked = is_job_locked(state, job_id) if held is None else held
        backup = Backup(state, name)
        # An attempt of a packed job begins with what the job has; what is left of its logs would not say that.
        earlier = unpack(state, job_id, critical=event.critical) if isinstance(event, Start) else ()
        with open_area(state, MANIFESTS) as area:
            if area.stat(name) is None:
                if backup.is_ahead(0):
                    raise lacks_lines(name)
                self._check_known(job_id, event, guard)
                note_host(state, host, area)
                earlier = earlier or unpack(state, job_id)
                if begin(area, name, event, at=at, held=locked, earlier=earlier):
                    self._back_up(state, job_id, event, area, name)
                    return
            append(area, name, [event], at=at, held=locked, durable=durable, guard=guard, backup=backup)

    def _check_known(self, job_id: JobId, event: Event, guard: Guard | None) -> None:
        """Before the first event of a host that did not start the job: the job must be there."""
        if isinstance(event, Start):
            return
        told = read_one(self._root.state, self._machine, job_id).folded
        if told.record is None:
            raise UnknownJobError(job_id)
        if told.damage is not None:
            # The log that is missing may be the very one that is about to begin.
            raise UntrustedStateError(f"{STATE}/{MANIFESTS}/{job_id}", told.damage, "run `rules manifest repair`")
        if guard is not None:
            if told.status is not JobStatus.RUNNING:
                raise JobFinishedError(job_id)
            guard(None, None)

    def _back_up(self, state: Directory, job_id: JobId, event: Event, manifests: Directory, name: str) -> None:
        """Begin the backup of a log that just began, where its job is critical."""
        is_critical = event.critical if isinstance(event, Start) else bool(find_on_shelf(state, job_id).backups)
        if is_critical:
            with open_log(manifests, name) as log:
                Backup(state, name).keep_up(log, durable=True)
