"""Whose files a manifest may speak of when the superuser carries a plan out: those of whoever wrote it.

The superuser may remove anything; without this, a user could write the name of another user's file into a manifest
and have it removed.
"""

import errno
import stat
from contextlib import closing
from typing import Final, NamedTuple

from rules_engine.apply.model import Outcome, StepResult
from rules_engine.apply.recheck import REMOVALS
from rules_engine.apply.state import JobsOnDisk
from rules_engine.apply.steps import changed, difference
from rules_engine.apply.trees import Descent
from rules_engine.apply.units import is_unit
from rules_engine.filesystem.directory import Directory, Status
from rules_engine.plan.model import Batch, Entry
from rules_engine.values.text import escape
from rules_engine.values.vocabulary import EntryKind, JobId

SUPERUSER: Final = 0
_SWAPPED: Final = frozenset({errno.ENOENT, errno.ELOOP, errno.ENOTDIR, errno.EXDEV})
_SHARED: Final = stat.S_IWGRP | stat.S_IWOTH


class Writer(NamedTuple):
    """Who may have written a log or seal."""

    uid: int
    gid: int
    mode: int

    @property
    def speaks_for_all(self) -> bool:
        """Whether only the superuser can have written it."""
        return self.uid == SUPERUSER and not self.mode & _SHARED

    def speaks_for(self, found: Status) -> bool:
        """Whether it may name that entry; the group of the superuser is nobody's to speak for."""
        return self.speaks_for_all or found.uid == self.uid or (found.gid == self.gid and found.gid != SUPERUSER)


class Writers:
    """Holds back the superuser from what the manifest of one user says of the files of another."""

    def __init__(self, jobs: JobsOnDisk) -> None:
        self._jobs = jobs
        self.look_again()

    def look_again(self) -> None:
        """Forget who wrote what."""
        self._batch: Batch | None = None
        self._bound: tuple[tuple[JobId, Writer], ...] = ()

    def lets_all_go(self, batch: Batch, _here: Directory) -> bool:
        """Whether every manifest of the owners of a batch may speak of every file, until the next look."""
        if self._batch is not batch:
            self._bound = self._bound_of(batch)
            self._batch = batch
        return not self._bound

    def protects(self, batch: Batch, entry: Entry, here: Directory) -> StepResult | None:
        """The outcome of a step on an entry that a manifest of its owners cannot speak of; None for every other."""
        if batch.action not in REMOVALS or not batch.owners:
            return None
        if self.lets_all_go(batch, here):
            return None
        found = here.stat(entry.name)
        if found is None:
            return None
        if differs := difference(entry, found):
            return changed(differs)
        why = self._against(found)
        if not why and is_unit(batch, entry):
            try:
                with closing(Descent(here)) as way:
                    why = self._below(way, entry.name)
            except OSError as err:
                if err.errno in _SWAPPED:
                    return changed("what it holds changes at this moment")
                raise
        return StepResult(Outcome.PROTECTED, cause=escape(why)) if why else None

    def _bound_of(self, batch: Batch) -> tuple[tuple[JobId, Writer], ...]:
        by_job = self._jobs.writers()
        writers = ((job_id, Writer(*one)) for job_id in batch.owners for one in by_job.get(job_id, ()))
        return tuple((job_id, one) for job_id, one in writers if not one.speaks_for_all)

    def _against(self, found: Status, name: str = "") -> str:
        for job_id, writer in self._bound:
            if not writer.speaks_for(found):
                what = f"`{name}`" if name else f"the {found.kind}"
                return f"the manifest of job `{job_id}` belongs to user {writer.uid}, {what} to user {found.uid}"
        return ""

    def _below(self, way: Descent, name: str) -> str:
        pending: list[tuple[int, str]] = [(0, name)]
        while pending:
            depth, entered = pending.pop()
            while way.depth > depth:
                way.leave()
            here = way.enter(entered)
            for inner, found in here.entries():
                if isinstance(found, OSError):
                    raise found
                if why := self._against(found, way.path(inner)):
                    return why
                if found.kind is EntryKind.DIRECTORY:
                    pending.append((way.depth, inner))
        return ""
