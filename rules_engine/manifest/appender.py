"""The log of one running job, kept open by a process that declares files: what it wrote last is not read again."""

import os
from typing import Final

from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.locks import JobLockProbe
from rules_engine.filesystem.logfile import KeptLog
from rules_engine.filesystem.root import open_area
from rules_engine.manifest.backup import Backup
from rules_engine.manifest.events import Event, Line, Start, encode_line
from rules_engine.manifest.log import Guard, first_start, lacks_lines, last_line
from rules_engine.manifest.shelf import MANIFESTS
from rules_engine.values.clock import Clock
from rules_engine.values.vocabulary import JobId

_MOST_OPEN: Final = 128
"""Jobs whose logs one store keeps open; three descriptors each."""


class Appender:
    """Appends to a log that is there, as `log.append` does and with the same guarantees; safe from threads."""

    __slots__ = ("_backup", "_first", "_kept", "_last", "_name", "_probe", "_seen", "process")

    def __init__(self, state: Directory, job_id: JobId, name: str) -> None:
        self.process = os.getpid()
        """Who may append: a lock belongs to the open file, which a forked child shares, so it opens its own."""
        self._name = name
        self._kept = KeptLog(open_area(state, MANIFESTS), name)
        self._probe = JobLockProbe(state, job_id)
        self._backup = Backup(state, name)
        self._first: Start | None = None
        self._last: Line | None = None
        self._seen = (0, -1)
        """Which file had which length when `_first` and `_last` were true of it."""

    def append(self, event: Event, *, clock: Clock, guard: Guard | None) -> None:
        """Append one event after what was written last, not yet durably.

        Raises:
            FileNotFoundError: when the log is not there.
            UntrustedStateError: when its last line is damaged, or it lacks what its backup has.
        """
        with self._kept as log:
            inode = self._kept.inode
            # Lines are only ever added: at the length that we left it, the last line is the one that we wrote.
            if self._seen != (inode, log.size):
                self._seen = (0, -1)
                self._last = last_line(log, self._name)
                self._first = first_start(log)
            # A host that joined a critical job knows only by its backup: asked each time, which is rare and cheap.
            backup = self._backup if self._backup.is_due(self._first) else None
            if backup is not None and backup.is_ahead(log.size):
                raise lacks_lines(self._name)
            if guard is not None:
                guard(self._first, self._last)
            seq = self._last.seq + 1 if self._last is not None else 1
            line = Line(seq=seq, at=clock.now(), event=event, held=self._probe.is_locked())
            log.append(encode_line(line), durable=False)
            if backup is not None:
                backup.keep_up(log, durable=False)
            self._last, self._seen = line, (inode, log.size)


class Appenders:
    """The appenders of one store, by job; those that are used again and again stay open."""

    __slots__ = ("_by_job",)

    def __init__(self) -> None:
        self._by_job: dict[JobId, Appender] = {}

    def get(self, state: Directory, job_id: JobId, name: str) -> Appender:
        """The appender for the log `name` of a job."""
        found = self._by_job.get(job_id)
        if found is not None and found.process == os.getpid():
            return found
        if len(self._by_job) >= _MOST_OPEN:
            # Not closed: another thread may be in it. It closes when the last one lets go.
            self.forget(next(iter(self._by_job), job_id))
        made = Appender(state, job_id, name)
        self._by_job[job_id] = made
        return made

    def forget(self, job_id: JobId) -> None:
        """Let go of the log of a job."""
        self._by_job.pop(job_id, None)
