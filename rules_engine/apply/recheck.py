"""What protects an entry as things stand now: jobs that run or are damaged, owners it gained, marks, other roots."""

from collections.abc import Iterable
from typing import Final

from rules_engine.apply.above import Above
from rules_engine.apply.emptying import pinned_in
from rules_engine.apply.model import Outcome, StepResult
from rules_engine.apply.pins import PinsOnDisk
from rules_engine.apply.state import JobsOnDisk
from rules_engine.apply.steps import changed
from rules_engine.apply.units import is_unit
from rules_engine.filesystem.directory import Directory
from rules_engine.inventory.model import FileFact
from rules_engine.plan.given import Guards
from rules_engine.plan.model import Batch, Entry, StepAction
from rules_engine.plan.owners import DirectoryOwners, OwnerIndex
from rules_engine.plan.protect import (
    SPECIAL_BEGINS,
    STATE,
    is_special,
    marker_text,
    pinned_at_or_below,
    pinned_job,
    protection,
    protection_of_directory,
)
from rules_engine.plan.subject import Evidence, gather_evidence
from rules_engine.policy.model import PolicySet
from rules_engine.values.clock import Clock
from rules_engine.values.paths import ROOT, RelPath, is_at_or_below, is_below, join, parent
from rules_engine.values.text import escape
from rules_engine.values.vocabulary import EntryKind, JobId, JobStatus

REMOVALS: Final = frozenset({StepAction.DELETE, StepAction.TRASH, StepAction.REMOVE_DIRECTORY})
"""The actions that take something away which is not the tool's own link."""
_FINISHED: Final = frozenset({JobStatus.COMPLETED, JobStatus.FAILED})
_ANOTHER_ROOT: Final = "it lies in another root"


class Present:
    """Looks at the present state before each step; the state is read again when it has changed."""

    def __init__(
        self,
        root: Directory,
        jobs: JobsOnDisk,
        policies: PolicySet,
        own: Iterable[RelPath],
        clock: Clock,
        *,
        pins: PinsOnDisk,
        above: Above | None = None,
    ) -> None:
        self._jobs = jobs
        self._pins = pins
        self._policies = policies
        self._own = tuple(own)
        self._clock = clock
        self._above = above or Above(root)
        self._held_above = self._above.ask(self._held_in)
        self._read()

    def look_again(self, amended: frozenset[JobId]) -> None:
        """Read manifests and pins again if they changed, but for seals that this run amended; forget what was seen."""
        if self._jobs.has_changed(amended) or self._pins.has_changed():
            self._read()
        self._forget()

    def _read(self) -> None:
        known = self._jobs.read()
        guards = Guards(damaged=known.damaged, own=self._own, pins=self._pins.read())
        self._seen: Evidence = gather_evidence(self._policies, known.jobs, guards, now=self._clock.now())
        self._index = OwnerIndex(known.jobs)
        running = [one.job for one in self._seen.owners.values() if one.status is JobStatus.RUNNING]
        self._outputs = {job.output: job.job_id for job in running}
        self._singled_out = {parent(path) for path in (*self._own, *self._seen.pinned.paths)}
        self._forget()

    def _forget(self) -> None:
        self._above.forget()
        self._batch: Batch | None = None
        self._owners = DirectoryOwners((), ())
        self._held: StepResult | None = None
        self._is_clear = False

    def protects(self, batch: Batch, entry: Entry, here: Directory) -> StepResult | None:
        """The outcome of a step that must not be carried out any more; None where nothing speaks against it."""
        if batch.action in {StepAction.RESTORE, StepAction.EMPTY_TRASH}:
            return self._of_way_back(batch, entry, here)
        if batch.action not in REMOVALS:
            return None
        if self.lets_all_go(batch, here):
            return None
        if self._held is not None:
            return self._held
        if batch.action is StepAction.REMOVE_DIRECTORY:
            return self._of_directory(batch, join(batch.directory, entry.name))
        if is_unit(batch, entry):
            return self._of_unit(batch, join(batch.directory, entry.name))
        return self._of_file(batch, entry)

    def lets_all_go(self, batch: Batch, here: Directory) -> bool:
        """Whether no file of a batch can be held back until the state is looked at again."""
        if self._batch is not batch:
            # A person who pins something expects it to hold from now on; one look a directory is cheap.
            if self._pins.has_changed():
                self._read()
            self._owners = self._index.of_directory(batch.directory)
            self._held = self._of_batch(batch, here)
            self._is_clear = self._held is None and self._none_stands_out(batch)
            self._batch = batch
        return self._is_clear

    def is_done(self, batch: Batch) -> bool:
        """Whether the owners of its entries vouch that nobody works on them any more: each is a job that finished."""
        owners = [self._seen.owners.get(job_id) for job_id in batch.owners]
        return bool(owners) and all(owner is not None and owner.status in _FINISHED for owner in owners)

    def _of_way_back(self, batch: Batch, entry: Entry, here: Directory) -> StepResult | None:
        if batch.action is StepAction.RESTORE:
            # A marker keeps what is there, and nothing from coming back; another root is somebody else's tree.
            held = self._held_above(batch.directory, here)
            return _protected(held) if held == _ANOTHER_ROOT else None
        if self._pins.has_changed():
            self._read()
        pinned = self._seen.pinned
        jobs = {job_id: owner.job for job_id, owner in self._seen.owners.items()}
        why = pinned_in(here, entry.name, pinned.ordered(), jobs)
        return _protected(why) if why else None

    def _of_batch(self, batch: Batch, here: Directory) -> StepResult | None:
        # Why everything in it is out of reach since the plan.
        held = self._held_above(batch.directory, here)
        if held:
            return _protected(held)
        kept = protection_of_directory(batch.directory, self._seen)
        return _protected(kept.text) if kept else self._of_jobs(batch.owners)

    def _none_stands_out(self, batch: Batch) -> bool:
        """Whether no entry of a batch can be held back for itself: most batches are thousands of files, all alike."""
        if batch.directory in self._singled_out or not self._owners.are_the_same:
            return False
        if {job.job_id for job in self._owners.whole} != set(batch.owners):
            return False
        odd = [entry for entry in batch.entries if entry.kind is not EntryKind.FILE or entry.name[:1] in SPECIAL_BEGINS]
        return not any(entry.kind is not EntryKind.FILE or is_special(entry.name) for entry in odd)

    def _of_file(self, batch: Batch, entry: Entry) -> StepResult | None:
        fact = FileFact(
            batch.directory,
            entry.name,
            entry.kind,
            entry.inode,
            entry.size,
            entry.mtime_ns,
            entry.ctime_ns,
        )
        kept = protection(fact, (), self._seen)
        return _protected(kept.text) if kept else self._of_owners(batch, (job.job_id for job in self._owners.of(fact)))

    def _of_directory(self, batch: Batch, path: RelPath) -> StepResult | None:
        kept = protection_of_directory(path, self._seen) or pinned_at_or_below(path, self._seen)
        if kept is not None:
            return _protected(kept.text)
        return self._of_owners(batch, (job.job_id for job in self._index.of_directory(path).whole))

    def _of_unit(self, batch: Batch, path: RelPath) -> StepResult | None:
        kept = protection_of_directory(path, self._seen) or pinned_at_or_below(path, self._seen)
        held = kept.text if kept is not None else self._by_what_is_named_below(path)
        return _protected(held) if held else self._of_owners(batch, self._index.at_or_below(path))

    def _by_what_is_named_below(self, path: RelPath) -> str:
        """Why a directory is out of reach because of something in it; empty where nothing in it says so."""
        guards = self._seen.guards
        own = next((one for one in guards.own if is_below(one, path)), None)
        if own is not None:
            return f"`{own}` is a policy folder or a plan"
        damage = next((one for one in guards.damaged if any(is_below(named, path) for named in one.below)), None)
        if damage is not None:
            return f"the manifest of job `{damage.job_id}` may name what is in it: {damage.why}"
        # An output is no place of its job, but one that runs counts on the directory.
        output = next((one for one in self._outputs if is_at_or_below(one, path) or is_below(path, one)), None)
        return f"job `{self._outputs[output]}` is running and has its output there" if output is not None else ""

    def _of_owners(self, batch: Batch, owners: Iterable[JobId]) -> StepResult | None:
        now = set(owners)
        if now == set(batch.owners):
            return None
        gained = sorted(now.difference(batch.owners))
        held = self._of_jobs(gained)
        if held is not None or not gained:
            return held or changed("it lost an owner since the plan was made")
        return changed(f"it gained an owner since the plan was made: job `{gained[0]}`")

    def _of_jobs(self, ids: Iterable[JobId]) -> StepResult | None:
        for job_id in ids:
            owner = self._seen.owners.get(job_id)
            if owner is not None and owner.status is JobStatus.RUNNING:
                return _protected(f"job `{job_id}` is running")
            if owner is not None and owner.status is JobStatus.UNTRUSTED:
                return _protected(f"the manifest of job `{job_id}` is damaged")
            pinned = pinned_job(job_id, self._seen)
            if pinned is not None:
                return _protected(pinned.text)
        return None

    def _held_in(self, directory: RelPath, here: Directory) -> str:
        # A root that somebody made further down since the plan: its files are its own.
        if directory != ROOT and here.stat(STATE) is not None:
            return _ANOTHER_ROOT
        markers = self._policies.settings.keep_markers
        marker = next((one for one in markers if here.stat(one) is not None), None)
        return marker_text(directory, marker) if marker is not None else ""


def _protected(why: str) -> StepResult:
    return StepResult(Outcome.PROTECTED, cause=escape(why))
