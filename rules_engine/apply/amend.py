"""After a run, seals say what is there no more, and what has to be looked at again, so that plans converge."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from rules_engine.apply.model import Outcome
from rules_engine.apply.recheck import REMOVALS
from rules_engine.manifest.store import ManifestStore
from rules_engine.plan.model import Batch, StepAction
from rules_engine.values.paths import RelPath, join
from rules_engine.values.vocabulary import JobId


@dataclass(slots=True)
class _Amendment:
    """What changes in one seal."""

    removed: list[RelPath] = field(default_factory=list)
    unsealed: list[RelPath] = field(default_factory=list)
    unlisted: list[RelPath] = field(default_factory=list)


class SealAmender:
    """Brings the seals of owners up to date with recorded outcomes; doing it twice is harmless."""

    def __init__(self, store: ManifestStore) -> None:
        self._store = store
        self._amendments: dict[JobId, _Amendment] = {}

    def add(self, batch: Batch, first: int, outcomes: Iterable[Outcome]) -> None:
        """Note the outcomes of the entries of `batch` from `first` on."""
        if batch.action not in REMOVALS or not batch.owners:
            return
        amendments = [self._amendments.setdefault(owner, _Amendment()) for owner in batch.owners]
        for entry, outcome in zip(batch.entries[first:], outcomes, strict=False):
            path = join(batch.directory, entry.name)
            for amendment in amendments:
                _note(amendment, batch.action, path, outcome)

    def amend(self) -> frozenset[JobId]:
        """Write what was noted, and say of which jobs.

        Raises:
            OSError: when a seal could not be written.
        """
        amendments, self._amendments = self._amendments, {}
        for job_id, one in sorted(amendments.items()):
            if one.removed or one.unsealed or one.unlisted:
                self._store.amend_seal(job_id, removed=one.removed, unsealed=one.unsealed, unlisted=one.unlisted)
        return frozenset(amendments)


def _note(amendment: _Amendment, action: StepAction, path: RelPath, outcome: Outcome) -> None:
    if outcome in {Outcome.DONE, Outcome.GONE}:
        amendment.removed.append(path)
    elif outcome in {Outcome.CHANGED, Outcome.PROTECTED}:
        # A directory that was not empty holds something that its listing does not know.
        again = amendment.unlisted if action is StepAction.REMOVE_DIRECTORY else amendment.unsealed
        again.append(path)
