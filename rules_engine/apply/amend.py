"""After a run, seals say what is there no more, and what has to be looked at again, so that plans converge."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from rules_engine.apply.model import Outcome
from rules_engine.apply.outcomes import Result
from rules_engine.apply.recheck import REMOVALS
from rules_engine.apply.restored import REASON
from rules_engine.manifest.amend import Changes
from rules_engine.manifest.seal import SealedRow
from rules_engine.manifest.store import ManifestStore
from rules_engine.plan.model import Batch, Entry, StepAction
from rules_engine.values.names import encode_name
from rules_engine.values.paths import RelPath, join, name_of, parent
from rules_engine.values.vocabulary import EntryKind, JobId

_WENT: Final = frozenset({Outcome.DONE, Outcome.GONE})
_MANY: Final = 1_024
"""So many seals are told at once, at most, of the directories that went."""


@dataclass(slots=True)
class _Amendment:
    """What changes in one seal."""

    changes: Changes = field(default_factory=Changes)
    returned: dict[RelPath, SealedRow] = field(default_factory=dict)
    """Files that were put back, each as its seal knew it."""
    made: list[RelPath] = field(default_factory=list)
    """Directories that were put back or made again."""


class SealAmender:
    """Brings the seals of owners up to date with recorded outcomes; doing it twice is harmless.

    Files that went come with each group: one that a seal names falsely would hold a place among the newest for its job.
    Directories that went can wait for the end of the run, where they come all of a job at once: a plan that takes one
    for still there names a step that finds nothing.
    """

    def __init__(self, store: ManifestStore) -> None:
        self._store = store
        self._amendments: dict[JobId, _Amendment] = {}
        self._directories: dict[JobId, list[RelPath]] = {}
        self._missed: dict[JobId, str] = {}

    def add(self, batch: Batch, first: int, results: Iterable[Result]) -> None:
        """Note what became of the entries of `batch` from `first` on."""
        is_back = batch.reason == REASON
        if not (batch.action in REMOVALS or is_back) or not batch.owners:
            return
        for one in results:
            entries = batch.entries[first : first + one.steps]
            first += one.steps
            if _is_put_off(batch, one):
                self._put_off(batch, entries)
                continue
            for owner in batch.owners:
                amendment = self._amendments.setdefault(owner, _Amendment())
                if is_back:
                    _note_back(amendment, entries, batch.directory, one.outcome)
                else:
                    _note(amendment.changes, entries, batch, one.outcome)

    def add_earlier(self, batch: Batch, first: int, results: Iterable[Result]) -> None:
        """Note what an attempt that was cut short had put off, of a commit before its last."""
        for one in results:
            if _is_put_off(batch, one):
                self._put_off(batch, batch.entries[first : first + one.steps])
            first += one.steps

    def _put_off(self, batch: Batch, entries: Iterable[Entry]) -> None:
        for owner in batch.owners:
            self._directories.setdefault(owner, []).extend([join(batch.directory, entry.name) for entry in entries])

    def amend(self) -> frozenset[JobId]:
        """Write what was noted, and say of which jobs.

        Raises:
            OSError: when a seal could not be written.
        """
        amendments, self._amendments = self._amendments, {}
        for job_id in amendments:
            self._missed.pop(job_id, None)
        changed = {job_id: one.changes for job_id, one in amendments.items() if one.changes}
        for job_id, missed in self._store.amend_seals(changed).items():
            # Said again with the next group, by which it may be there again.
            self._amendments[job_id], self._missed[job_id] = _Amendment(changed[job_id]), missed
        for job_id, one in sorted(amendments.items()):
            if one.returned or one.made:
                self._store.return_to_seal(job_id, one.returned, one.made)
        return frozenset(amendments)

    def amend_all(self) -> frozenset[JobId]:
        """Write what was noted, also what was put off, and say of which jobs.

        Raises:
            OSError: when a seal could not be written.
        """
        amended = self.amend()
        while self._directories:
            for job_id in list(self._directories)[:_MANY]:
                # A job that ran again meanwhile may have made it anew, and its seal may know that.
                gone = [path for path in self._directories.pop(job_id) if not self._store.may_be_there(path)]
                removed = self._amendments.setdefault(job_id, _Amendment()).changes.removed
                for path in gone:
                    removed.setdefault(parent(path), []).append(name_of(path))
            amended |= self.amend()
        return amended

    @property
    def missed(self) -> tuple[str, ...]:
        """Why seals could not be brought up to date, one line each; the next plan finds what went gone."""
        return tuple(self._missed[job_id] for job_id in sorted(self._missed))


def _is_put_off(batch: Batch, result: Result) -> bool:
    return batch.action is StepAction.REMOVE_DIRECTORY and result.outcome in _WENT


def _note_back(amendment: _Amendment, entries: Iterable[Entry], directory: RelPath, outcome: Outcome) -> None:
    # Whatever came of it, something may have the name now; a look at it costs less than a plan that misses it.
    if outcome is Outcome.GONE:
        return
    for entry in entries:
        path = join(directory, entry.name)
        if entry.kind is EntryKind.DIRECTORY:
            amendment.made.append(path)
            continue
        times = (entry.mtime_ns, entry.ctime_ns, entry.nlink)
        amendment.returned[path] = SealedRow(
            encode_name(entry.name), "", entry.kind, entry.inode, entry.size, *times, look=True
        )


def _note(changes: Changes, entries: Iterable[Entry], batch: Batch, outcome: Outcome) -> None:
    if outcome in _WENT:
        concerned = changes.removed
    elif outcome in {Outcome.CHANGED, Outcome.PROTECTED}:
        # A directory that was not empty holds something that its listing does not know.
        concerned = changes.unlisted if batch.action is StepAction.REMOVE_DIRECTORY else changes.unsealed
    else:
        return
    concerned.setdefault(batch.directory, []).extend([entry.name for entry in entries])
