"""What one batch of a recorded run took away, and whether it can come back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rules_engine.apply.model import Outcome
from rules_engine.apply.outcomes import OutcomeRun
from rules_engine.apply.trash import trash_of
from rules_engine.filesystem.directory import Directory, Status
from rules_engine.filesystem.root import Root
from rules_engine.jobs.paths import status_of
from rules_engine.jobs.runs import PastBatch
from rules_engine.plan.model import Entry, StepAction
from rules_engine.values.paths import RelPath, is_at_or_below, is_below, join, name_of, parent
from rules_engine.values.vocabulary import EntryKind, JobId


@dataclass(frozen=True, slots=True)
class Taken:
    """One entry that a run took away."""

    path: RelPath
    owners: tuple[JobId, ...] = ()
    entry: Entry | None = None
    """The entry as it lies in the trash; None where it is not there."""
    files: int = 1
    """How many files come back with it."""
    deleted: int = 0
    """How many files the run deleted for good."""
    emptied: bool = False
    """It was set aside, and is neither in the trash nor at its place."""
    at_place: bool = False
    """It was put back before."""
    in_the_way: bool = False
    """Something else has its name by now."""


def taken_by(root: Root, run_id: str, past: PastBatch, paths: Sequence[RelPath]) -> Iterator[Taken]:
    """What one batch took at and below `paths`, or altogether where there are none, in order."""
    if past.batch.action in {StepAction.DELETE, StepAction.TRASH}:
        yield from _removed(root, run_id, past, paths)


def _removed(root: Root, run_id: str, past: PastBatch, paths: Sequence[RelPath]) -> Iterator[Taken]:
    directory = past.batch.directory
    # A directory that was to be deleted whole lies in the trash where its run was cut short.
    may_lie = past.batch.action is StepAction.TRASH or bool(past.batch.wholes)
    with (
        _Folder(_open(root, trash_of(run_id, directory)) if may_lie else None) as folder,
        _Folder(_open_below(root.directory, directory)) as here,
    ):
        for place, entry in enumerate(past.batch.entries):
            path = join(directory, entry.name)
            if _wanted(path, paths):
                taken = _one(past, place, folder.stat(entry.name), here.stat(entry.name))
                yield from [taken] if taken is not None else []
            elif entry.kind is EntryKind.DIRECTORY:
                yield from (_part(root, run_id, past, place, one) for one in _below(path, paths))


class _Folder:
    """A directory that may be missing; then nothing is in it."""

    def __init__(self, folder: Directory | None) -> None:
        self._folder = folder

    def stat(self, name: str) -> Status | None:
        return self._folder.stat(name) if self._folder is not None else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._folder is not None:
            self._folder.close()


def _one(past: PastBatch, place: int, found: Status | None, there: Status | None) -> Taken | None:
    entry, owners = past.batch.entries[place], past.batch.owners
    path = join(past.batch.directory, entry.name)
    if found is not None:
        # Whatever its outcome says, or does not say where the run was killed: it lies there and is not at its place.
        size = entry.size if found.kind is EntryKind.DIRECTORY else found.size
        return Taken(path, owners, _entry(entry.name, found, size), _files(past, place), in_the_way=there is not None)
    if not _is_done(past.outcomes[place]):
        return None
    if past.batch.action is StepAction.DELETE:
        return Taken(path, deleted=_files(past, place))
    if there is not None and (there.inode, there.kind) == (entry.inode, entry.kind):
        return Taken(path, at_place=True)
    return Taken(path, emptied=True)


def _part(root: Root, run_id: str, past: PastBatch, place: int, path: RelPath) -> Taken:
    """Something below a directory that went whole, asked for by itself."""
    with _Folder(_open(root, trash_of(run_id, parent(path)))) as folder:
        found = folder.stat(name_of(path))
    there = status_of(root, path)
    if found is None:
        is_lost = there is None and _is_done(past.outcomes[place])
        deleted = is_lost and past.batch.action is StepAction.DELETE
        return Taken(path, deleted=int(deleted), emptied=is_lost and not deleted, at_place=there is not None)
    size = 0 if found.kind is EntryKind.DIRECTORY else found.size
    return Taken(path, past.batch.owners, _entry(name_of(path), found, size), in_the_way=there is not None)


def _entry(name: str, found: Status, size: int) -> Entry:
    return Entry(name, found.kind, found.inode, size, found.mtime_ns, found.ctime_ns, found.nlink)


def _open(root: Root, path: RelPath) -> Directory | None:
    return _open_below(root.require_state(), path)


def _open_below(top: Directory, path: RelPath) -> Directory | None:
    try:
        return top.open(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _is_done(outcome: OutcomeRun | None) -> bool:
    return outcome is not None and outcome.outcome is Outcome.DONE


def _files(past: PastBatch, place: int) -> int:
    return past.batch.wholes[place].files if past.batch.wholes else 1


def _wanted(path: RelPath, paths: Sequence[RelPath]) -> bool:
    return not paths or any(is_at_or_below(path, one) for one in paths)


def _below(path: RelPath, paths: Sequence[RelPath]) -> list[RelPath]:
    return [one for one in paths if is_below(one, path)]
