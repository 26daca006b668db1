"""Publishing: a file moves to its output name, declared under it before it is there."""

import os
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from rules_engine.apply.model import Outcome, StepResult
from rules_engine.apply.moving import move
from rules_engine.apply.retry import Retrier
from rules_engine.apply.steps import failed
from rules_engine.errors import ExitCode, InvalidValueError, RulesError
from rules_engine.filesystem.files import set_mode
from rules_engine.inventory.model import FileFact
from rules_engine.jobs.discarding import entry_of
from rules_engine.jobs.replacing import set_aside
from rules_engine.jobs.running import NotOursError, Running
from rules_engine.plan.layouts import directory_path
from rules_engine.policy.model import LayoutDirectory
from rules_engine.values.paths import RelPath, join, parse_relpath
from rules_engine.values.text import escape
from rules_engine.values.vocabulary import EntryKind, FileType, Place

_GIVEN: Final = "suffix"


class Existing(StrEnum):
    """What becomes of a file that already has the output name."""

    REFUSE = "refuse"
    TRASH = "trash"


class NotPublishedError(RulesError):
    """A file could not get its output name; it has the one that it had."""

    exit_code = ExitCode.SOME_FAILED

    def __init__(self, job_id: str, path: str, target: str, why: str) -> None:
        super().__init__(job_id, path, target, why)
        self.job_id = job_id
        self.path = path
        self.target = target
        self.why = why

    def __str__(self) -> str:
        return f"job `{self.job_id}` could not publish `{escape(self.path)}` as `{escape(self.target)}`: {self.why}"


class OutputTakenError(NotPublishedError):
    """A file already has the output name."""

    def __str__(self) -> str:
        return f'{super().__str__()}\n  help: use another index, or `existing="trash"` to set the old file aside'


def publish(
    running: Running, path: RelPath, file_type: FileType, fields: Mapping[str, str | int], existing: Existing
) -> RelPath:
    """Move the file to where its layout has deliverables of that type, and return its path there.

    Raises:
        InvalidValueError: when the layout has no such deliverable, a field is missing or unknown, or there is no file.
        OutputTakenError: when another file has the name and is to stay.
        NotOursError: when the file, or the one in its place, may not be taken away by this job.
        NotPublishedError: when the system refused, or the file changed meanwhile.
    """
    holder = running.layout.holder(file_type)
    if holder is None or holder.place is not Place.OUTPUT:
        what = f"is none that the layout `{running.layout.job_type}` has in its output"
        raise InvalidValueError("file type", escape(file_type), what)
    target = _target(running, holder, path, file_type, fields)
    file = _source(running, path)
    if target == path:
        running.store.add_files(running.record.job_id, [(target, file_type)])
        return target
    _make_room(running, path, target, existing)
    _move(running, file, target, file_type)
    return target


def _target(
    running: Running, holder: LayoutDirectory, path: RelPath, file_type: FileType, fields: Mapping[str, str | int]
) -> RelPath:
    template, given = running.layout.name_for(file_type), running.record.parameters
    known = set(template.fields if template else ()) - {"job_id", *given}
    for name in fields:
        if name not in known:
            hint = ", ".join(f"`{one}`" for one in sorted(known)) or "none"
            raise InvalidValueError(
                "field", escape(name), f"is none of the output name of `{file_type}`; it has {hint}"
            )
    name = path.rpartition("/")[2]
    if template is not None:
        suffix = os.path.splitext(name)[1]
        name = template.fill({**given, "job_id": running.record.job_id, _GIVEN: suffix, **fields})
    checked = parse_relpath(name)
    if "/" in checked:
        raise InvalidValueError("output name", escape(name), "is more than one path component")
    return join(directory_path(holder, running.record), checked)


def _source(running: Running, path: RelPath) -> FileFact:
    file = running.fact_of(path)
    if file is None:
        raise InvalidValueError("path", escape(path), "is not there, so it cannot be published")
    if file.kind is not EntryKind.FILE:
        raise InvalidValueError("path", escape(path), f"is a {file.kind}, not a file, so it cannot be published")
    if not running.is_in_workspace(path):
        everybody = running.everybody()
        others = everybody.others(file, running)
        if others or not everybody.is_owned_by(file, running):
            why = f"it is also of job `{others[0].job_id}`" if others else "the job did not declare it"
            raise NotOursError(running.record.job_id, path, why)
    return file


def _make_room(running: Running, path: RelPath, target: RelPath, existing: Existing) -> None:
    there = running.fact_of(target)
    if there is None:
        return
    if existing is Existing.REFUSE:
        raise OutputTakenError(running.record.job_id, path, target, "another file has the name")
    result = set_aside(running, there)
    if result.outcome not in {Outcome.DONE, Outcome.GONE}:
        raise NotPublishedError(running.record.job_id, path, target, f"the file there stays: {result.cause}")


def _move(running: Running, file: FileFact, target: RelPath, file_type: FileType) -> None:
    job_id, store = running.record.job_id, running.store
    store.add_files(job_id, [(target, file_type)], workspaces_above=running.policies.workspaces_above)
    result = _carry_out(running, file, target)
    if result.outcome is not Outcome.DONE:
        # Another file may have the name by now, and is not ours.
        store.remove(job_id, [target])
        why = result.cause or "the file is gone"
        error = OutputTakenError if running.fact_of(target) is not None else NotPublishedError
        raise error(job_id, file.path, target, why)
    store.remove(job_id, [file.path])


def _carry_out(running: Running, file: FileFact, target: RelPath) -> StepResult:
    root, directory = running.root.directory, RelPath(target.rpartition("/")[0])
    name = target.rpartition("/")[2]

    def attempt() -> StepResult:
        with root.open(file.directory) as here, root.open(directory) as there:
            entry = entry_of(file)
            if running.layout.file_mode is not None:
                set_mode(here, file.name, running.layout.file_mode)
                entry = entry_of(running.fact_of(file.path) or file)
            return move(here, entry, there, name, announce=lambda aside: _announce(running, directory, aside))

    try:
        return attempt()
    except OSError as err:
        first = err
    try:
        return Retrier(running.policies.settings.retry, running.clock).again(first, attempt)
    except OSError as err:
        return failed(err)


def _announce(running: Running, directory: RelPath, aside: str) -> None:
    """Have an owner for a copy before it is there, and a type that the rules for scratch reach."""
    scratch = (one for one in running.layout.directories if one.place is Place.WORKSPACE)
    held = next((held for one in scratch for held in one.holds), None)
    if held is not None:
        running.store.add_files(running.record.job_id, [(join(directory, aside), held)])
