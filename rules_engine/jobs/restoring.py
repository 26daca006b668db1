"""Undoing a run: a plan that puts back what it set aside, and makes the directories again that it removed."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Final

from rules_engine import __version__
from rules_engine.apply.applying import apply_plan, nobody
from rules_engine.apply.model import Event, Outcome, RunResult
from rules_engine.apply.restored import REASON
from rules_engine.errors import InvalidValueError, RefusedError
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.root import Root
from rules_engine.inventory.scan import outermost
from rules_engine.jobs.runs import RecordedRun, RunDetails, UnknownRunError, find_run, open_run_details, recorded_runs
from rules_engine.jobs.taken import Taken, taken_by
from rules_engine.plan.given import Ask
from rules_engine.plan.limits import raised
from rules_engine.plan.model import LARGEST_BATCH, Batch, Count, Entry, Header, Plan, StepAction, Trailer
from rules_engine.policy.model import PolicySet
from rules_engine.policy.patterns import PATHSPEC_VERSION
from rules_engine.values.clock import Clock
from rules_engine.values.paths import RelPath, is_at_or_below, join, name_of, parent, sort_key
from rules_engine.values.text import plural
from rules_engine.values.vocabulary import EntryKind, JobId

_UNDOING: Final = frozenset({"restore", "empty trash", "publish"})
"""What was asked for in plans of which nobody means the last one to be undone."""


@dataclass(slots=True)
class Restoring:
    """A plan that undoes a run, and what of that run it cannot undo."""

    plan: Plan
    back: int
    """How many entries go back; with none the plan does nothing but make directories again."""
    there: tuple[RelPath, ...]
    """What is at its place already, put back before."""
    notes: tuple[str, ...]
    """What cannot come back, one line each."""


@contextmanager
def restoring(
    root: Root, clock: Clock, run: RecordedRun, paths: Sequence[RelPath] = (), policies: PolicySet | None = None
) -> Iterator[Restoring]:
    """The plan that undoes `run`, or what it did at and below `paths`; good while the block runs.

    Raises:
        InvalidValueError: when the run did nothing to one of the paths.
        RefusedError: when nothing of it can come back.
        PlanFileError: when the plan of the run is not whole any more.
    """
    with open_run_details(root, run.run_id) as details:
        course = _Course(root, run.run_id, outermost(paths))
        course.look_through(details)
        yield course.result(details, _header(root, clock, run.run_id, paths, policies or PolicySet()))


def restore(
    root: Root,
    run_id: str,
    paths: Sequence[RelPath] = (),
    *,
    policies: PolicySet | None = None,
    clock: Clock | None = None,
    listen: Callable[[Event], None] = nobody,
) -> RunResult:
    """Put back what a run set aside, or what it took at and below `paths`; `run_id` may be the beginning of its id.

    Raises:
        UnknownRunError: when no recorded run has that id.
        InvalidValueError, RefusedError, PlanFileError: as `restoring`.
        LockedError: when another run holds the lock of the root.
    """
    known = clock or SystemClock()
    with restoring(root, known, find_run(root, run_id), paths, policies) as way:
        return apply_plan(way.plan, root, policies=policies, clock=known, listen=listen)


def last_undoable(root: Root) -> RecordedRun:
    """The newest run that took something away, whether that can come back or not.

    Raises:
        UnknownRunError: when there is none.
    """
    for run in recorded_runs(root):
        # Of a run that was killed, what it took last stands in no record.
        took = (
            run.result is None
            or run.in_trash
            or any(
                one.action in {StepAction.TRASH, StepAction.DELETE} and one.outcome is Outcome.DONE
                for one in run.result.counts
            )
        )
        if took and _UNDOING.isdisjoint(run.asked):
            return run
    raise UnknownRunError("--last")


def put_back(root: Root, run_id: str) -> tuple[RelPath, ...]:
    """What a run that undid another put back, in the order of its plan."""
    with open_run_details(root, run_id) as details:
        return tuple(
            join(past.batch.directory, entry.name)
            for past in details.batches()
            if past.batch.action is StepAction.RESTORE
            for entry, outcome in zip(past.batch.entries, past.outcomes, strict=True)
            if outcome is not None and outcome.outcome is Outcome.DONE
        )


@dataclass(slots=True)
class _Course:
    """One look through a run, and what it adds up to."""

    root: Root
    run_id: str
    paths: tuple[RelPath, ...]
    removed: dict[RelPath, tuple[int, tuple[JobId, ...]]] = field(default_factory=dict)
    """Directories that the run removed: their permission bits and owners."""
    needed: dict[RelPath, set[JobId]] = field(default_factory=dict)
    """Those of them that are to be there again, with their owners."""
    above: dict[RelPath, set[JobId]] = field(default_factory=dict)
    """Directories that lie above an entry that goes back, and the owners of all such entries."""
    back: Count = field(default_factory=Count)
    entries: int = 0
    there: list[RelPath] = field(default_factory=list)
    deleted: int = 0
    emptied: int = 0
    in_the_way: int = 0
    met: set[RelPath] = field(default_factory=set)
    """Those of `paths` that the run did something to."""

    def look_through(self, details: RunDetails) -> None:
        for past in details.batches():
            for place, entry in enumerate(past.batch.entries):
                outcome = past.outcomes[place]
                if past.batch.action is StepAction.REMOVE_DIRECTORY and outcome and outcome.outcome is Outcome.DONE:
                    path = join(past.batch.directory, entry.name)
                    self.removed[path] = (outcome.mode, past.batch.owners)
                    if self._wants(path):
                        self.needed.setdefault(path, set()).update(past.batch.owners)
            for taken in taken_by(self.root, self.run_id, past, self.paths):
                self._count(taken)

    def _wants(self, path: RelPath) -> bool:
        above = [one for one in self.paths if is_at_or_below(path, one)]
        self.met.update(above)
        return bool(above) or not self.paths

    def _count(self, taken: Taken) -> None:
        self.met.update(one for one in self.paths if is_at_or_below(taken.path, one))
        self.there += [taken.path] if taken.at_place else []
        self.deleted += taken.deleted
        self.emptied += taken.emptied
        if taken.entry is None:
            return
        self.entries += 1
        self.in_the_way += taken.in_the_way
        self.back.add(Count(taken.files, taken.entry.size))
        above = parent(taken.path)
        # Whoever needs a directory needs all above it: where one is known to be needed, they are.
        while above and not (above in self.above and self.above[above].issuperset(taken.owners)):
            self.above.setdefault(above, set()).update(taken.owners)
            above = parent(above)

    def result(self, details: RunDetails, header: Header) -> Restoring:
        missed = [one for one in self.paths if one not in self.met]
        if missed:
            raise InvalidValueError("path", missed[0], f"is nothing that run {self.run_id} took away")
        made = tuple(self._directories())
        if not (self.entries or made or self.there):
            notes = "; ".join(self._notes()) or "it took nothing away"
            raise RefusedError(f"nothing of run {self.run_id} can come back: {notes}", "`rules runs` lists other runs")
        steps = {StepAction.RESTORE.value: self.back} if self.entries else {}
        if made:
            steps[StepAction.CREATE_DIRECTORY.value] = Count(sum(len(one.entries) for one in made))
        plan = Plan(header, self._batches(made, details), Trailer(steps=dict(sorted(steps.items()))))
        return Restoring(plan, self.entries, tuple(self.there), tuple(self._notes()))

    def _notes(self) -> Iterator[str]:
        if self.deleted:
            them = "it" if self.deleted == 1 else "they"
            was = "was" if self.deleted == 1 else "were"
            yield f"{plural(self.deleted, 'file')} {was} deleted, not set aside: {them} cannot come back"
        if self.emptied:
            yield f"{plural(self.emptied, 'entry', 'entries')} of it left the trash since: the trash was emptied"
        if self.there:
            yield f"{plural(len(self.there), 'entry is', 'entries are')} at the old place already"
        if self.in_the_way:
            yield f"{plural(self.in_the_way, 'entry finds', 'entries find')} the old name taken, and will be left alone"

    def _directories(self) -> Iterator[Batch]:
        """What makes the directories that are missing, those above first."""
        groups: dict[tuple[RelPath, tuple[JobId, ...]], list[Entry]] = {}
        for path in self._missing():
            mode, owners = self.removed.get(path, (-1, ()))
            owned_by = tuple(sorted({*owners, *self.needed.get(path, ()), *self.above.get(path, ())}))
            entry = Entry(name_of(path), EntryKind.DIRECTORY, mode=mode)
            groups.setdefault((parent(path), owned_by), []).append(entry)
        for (directory, owners), entries in groups.items():
            for start in range(0, len(entries), LARGEST_BATCH):
                some = tuple(entries[start : start + LARGEST_BATCH])
                yield Batch(directory, StepAction.CREATE_DIRECTORY, some, owners=owners, reason=REASON)

    def _missing(self) -> Iterator[RelPath]:
        missing: set[RelPath] = set()
        with closing(_Looks(self.root.directory)) as looks:
            for path in sorted(self.needed.keys() | self.above.keys(), key=sort_key):
                if parent(path) in missing or not looks.is_there(path):
                    missing.add(path)
                    yield path

    def _batches(self, made: Sequence[Batch], details: RunDetails) -> Iterator[Batch]:
        yield from made
        for past in details.batches():
            some = [one for one in taken_by(self.root, self.run_id, past, self.paths) if one.entry is not None]
            by_directory: dict[RelPath, list[Entry]] = {}
            for one in some:
                if one.entry is not None:
                    by_directory.setdefault(parent(one.path), []).append(one.entry)
            for directory, entries in by_directory.items():
                yield Batch(
                    directory,
                    StepAction.RESTORE,
                    tuple(entries),
                    owners=past.batch.owners,
                    reason=REASON,
                    deliverable=past.batch.deliverable,
                    from_run=self.run_id,
                )


class _Looks:
    """Tells what is there, in plan order: a directory is opened from the last one where it lies in that."""

    def __init__(self, root: Directory) -> None:
        self._root = root
        self._last: tuple[RelPath, Directory] | None = None

    def is_there(self, path: RelPath) -> bool:
        try:
            return self._opened(parent(path)).stat(name_of(path)) is not None
        except OSError:
            return False

    def _opened(self, path: RelPath) -> Directory:
        if self._last is not None and self._last[0] == path:
            return self._last[1]
        if self._last is not None and path and self._last[0] == parent(path):
            found = self._last[1].open(RelPath(name_of(path)))
        else:
            found = self._root.open(path)
        self.close()
        self._last = (path, found)
        return found

    def close(self) -> None:
        if self._last is not None:
            self._last[1].close()
            self._last = None


def _header(root: Root, clock: Clock, run_id: str, paths: Sequence[RelPath], policies: PolicySet) -> Header:
    return Header(
        now=clock.now(),
        root_id=root.require_id(),
        policies_digest=policies.digest,
        limits=raised(policies.settings.limits, Ask()),
        versions={"pathspec": PATHSPEC_VERSION, "rules_engine": __version__},
        ask={"restore": run_id, **({"paths": ", ".join(paths)} if paths else {})},
    )
