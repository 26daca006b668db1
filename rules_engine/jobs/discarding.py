"""Discarding: a running job takes away what is its own alone; its manifest is the log of it."""

from collections.abc import Iterable, Iterator, Mapping

from rules_engine.apply.executor import Executor
from rules_engine.apply.model import Outcome
from rules_engine.apply.pins import read_pins
from rules_engine.apply.retry import Retrier
from rules_engine.inventory.above import marked_above
from rules_engine.inventory.model import DirectoryFacts, FileFact, Inventory
from rules_engine.inventory.scan import walk
from rules_engine.jobs.convert import absolute_path
from rules_engine.jobs.models import CleanupResult
from rules_engine.jobs.paths import status_of
from rules_engine.jobs.running import NotOursError, Running
from rules_engine.plan.model import LARGEST_BATCH, Batch, Entry, StepAction
from rules_engine.plan.pinned import pin_text, pinned_at
from rules_engine.plan.protect import is_special, marker_text, protection
from rules_engine.values.paths import RelPath, is_at_or_below, join, name_of, parent, sort_key
from rules_engine.values.text import escape
from rules_engine.values.vocabulary import EntryKind

REASON = "discarded"


def discard(running: Running, path: RelPath) -> CleanupResult:
    """Remove a file, or a directory with all in it, that only this running job owns; what could not go is said.

    Raises:
        NotOursError: when anything of it is not the job's alone, or is protected; then nothing goes.
    """
    found = status_of(running.root, path)
    result = CleanupResult()
    if found is None:
        running.store.remove(running.record.job_id, [path])
        return result
    if found.kind is EntryKind.DIRECTORY:
        _check_directory(running, path)
        inventory = walk(running.root, below=[path], markers=running.policies.settings.keep_markers)
        directories = tuple(inventory.directories)
        _check_marks(running, path, path, inventory.marked)
        _check_files(running, [file for facts in directories for file in facts.files])
        _carry_out(running, (*_deletions(directories), *_removals(directories)), result)
        _note_problems(running, inventory, result)
    else:
        file = running.fact_of(path)
        files = [file] if file is not None else []
        _check_marks(running, path, parent(path), {})
        _check_files(running, files)
        _carry_out(running, _deletions([DirectoryFacts(parent(path), tuple(files))]), result)
    if not result.failed and not result.kept:
        running.store.remove(running.record.job_id, [path])
    return result


def _check_directory(running: Running, path: RelPath) -> None:
    record = running.record
    if is_at_or_below(record.workspace, path):
        raise NotOursError(record.job_id, path, "it is, or holds, the job's workspace")
    if running.is_in_workspace(path):
        return
    places = running.store.get(record.job_id).places
    if not any(is_at_or_below(path, place) for place in places):
        raise NotOursError(record.job_id, path, "the job did not declare the directory with a type of files")


def _check_marks(running: Running, path: RelPath, directory: RelPath, below: Mapping[RelPath, str]) -> None:
    """No pin and no keep marker protects `path`; the markers in and above `directory` are looked for here."""
    record, now = running.record, running.clock.now()
    pinned = pinned_at(now, read_pins(running.root.require_state()), {record.job_id: record})
    pin = pinned.jobs.get(record.job_id) or (pinned.around(path) if directory == path else pinned.above(path))
    if pin is not None:
        raise NotOursError(record.job_id, path, pin_text(pin))
    marked = {**below, **marked_above(running.root, directory, running.policies.settings.keep_markers)}
    for at in sorted(marked, key=sort_key):
        raise NotOursError(record.job_id, path, marker_text(at, marked[at]))


def _check_files(running: Running, files: Iterable[FileFact]) -> None:
    """Each is the job's, and nobody else's."""
    # INVARIANT: what lies in the workspace of a job is that job's alone; to declare it is an error for any other.
    outside = [file for file in files if not running.is_in_workspace(file.path)]
    if not outside:
        return
    everybody = running.everybody(*{file.directory for file in outside})
    for file in outside:
        others = everybody.others(file, running)
        protected = protection(file, tuple(everybody.seen.owners[one.job_id] for one in others), everybody.seen)
        if protected is not None:
            raise NotOursError(running.record.job_id, file.path, protected.text)
        if others:
            raise NotOursError(running.record.job_id, file.path, f"it is also of job `{others[0].job_id}`")
        if not everybody.is_owned_by(file, running):
            raise NotOursError(running.record.job_id, file.path, "the job did not declare it")


def _deletions(directories: Iterable[DirectoryFacts]) -> Iterator[Batch]:
    for facts in directories:
        # A socket or a FIFO belongs to whoever listens: its directory stays, and says so.
        plain = [file for file in facts.files if file.kind is not EntryKind.OTHER and not is_special(file.name)]
        entries = [entry_of(file) for file in plain]
        for start in range(0, len(entries), LARGEST_BATCH):
            some = tuple(entries[start : start + LARGEST_BATCH])
            yield Batch(facts.path, StepAction.DELETE, some, reason=REASON)


def _removals(directories: Iterable[DirectoryFacts]) -> Iterator[Batch]:
    for facts in sorted(directories, key=lambda one: sort_key(one.path), reverse=True):
        entry = Entry(name=name_of(facts.path), kind=EntryKind.DIRECTORY, inode=facts.inode or 0)
        yield Batch(parent(facts.path), StepAction.REMOVE_DIRECTORY, (entry,), reason=REASON)


def entry_of(file: FileFact) -> Entry:
    """The step's entry for a file as it was seen."""
    return Entry(
        name=file.name,
        kind=file.kind,
        inode=file.inode,
        size=file.size or 0,
        mtime_ns=file.mtime_ns or 0,
        ctime_ns=file.ctime_ns or 0,
        nlink=file.nlink,
    )


def _carry_out(running: Running, batches: Iterable[Batch], result: CleanupResult) -> None:
    retrier = Retrier(running.policies.settings.retry, running.clock)
    executor = Executor(running.root.directory, retrier)
    for batch in batches:
        for entry, step in zip(batch.entries, executor.carry_out(batch), strict=True):
            path = absolute_path(running.root, join(batch.directory, entry.name))
            result.bytes_freed += step.size
            if step.outcome is Outcome.DONE:
                result.removed.append(path)
            elif step.outcome is Outcome.FAILED:
                result.failed[path] = step.cause
                running.logger.warning("discard: `%s` could not be removed: %s", escape(str(path)), step.cause)
            elif step.outcome is not Outcome.GONE:
                result.kept[path] = step.cause


def _note_problems(running: Running, inventory: Inventory, result: CleanupResult) -> None:
    for problem in inventory.problems:
        result.failed.setdefault(absolute_path(running.root, problem.path), problem.why)
    for skipped in inventory.skipped:
        result.kept.setdefault(absolute_path(running.root, skipped.path), skipped.why)
