"""One step on one entry, looked at and acted on through the same directory handle."""

import errno
import os
from typing import Final

from rules_engine.apply.model import Outcome, StepResult
from rules_engine.filesystem.directory import Directory, Status
from rules_engine.plan.model import Entry
from rules_engine.values.vocabulary import EntryKind

GONE: Final = StepResult(Outcome.GONE)
DONE: Final = StepResult(Outcome.DONE)

_NOT_EMPTY: Final = frozenset({errno.ENOTEMPTY, errno.EEXIST})
_SWAPPED: Final = {
    # Opening a link as a directory gives either, as the kernel likes.
    errno.ELOOP: "a directory above it is a link, or no directory, by now",
    errno.ENOTDIR: "a directory above it is a link, or no directory, by now",
    errno.EXDEV: "a directory above it lies on another filesystem by now",
}


def difference(entry: Entry, found: Status, *, moved: bool = False) -> str:
    """What makes `found` another entry than the plan saw; empty where it is the same.

    The ctime says nothing after our own rename, nor of a file with several
    names: whoever removes one of them changes it.
    """
    if found.kind is not entry.kind:
        return f"it is a {found.kind} now"
    if found.inode != entry.inode:
        return f"another {found.kind} has its name now"
    if entry.kind is EntryKind.DIRECTORY:
        return ""
    if found.size != entry.size or found.mtime_ns != entry.mtime_ns:
        return "it was written since the plan was made"
    if not moved and entry.nlink <= 1 and found.ctime_ns != entry.ctime_ns:
        return "its ctime changed since the plan was made"
    return ""


def changed(cause: str) -> StepResult:
    """The outcome of an entry that is not what the plan saw."""
    return StepResult(Outcome.CHANGED, cause=cause)


def failed(error: OSError) -> StepResult:
    """The outcome of a step that the operating system refused, or of one whose way there was swapped."""
    code = error.errno or 0
    if code in _SWAPPED:
        return changed(_SWAPPED[code])
    return StepResult(Outcome.FAILED, errno=code, cause=os.strerror(code) if code else str(error))


def size_of(found: Status) -> int:
    """The bytes that go with `found`: none while another name holds them."""
    return found.size if found.kind is EntryKind.FILE and found.nlink <= 1 else 0


def delete(here: Directory, entry: Entry) -> StepResult:
    """Remove a file or link, if it is still the one that the plan saw."""
    found = here.stat(entry.name)
    if found is None:
        return GONE
    if differs := difference(entry, found):
        return changed(differs)
    try:
        here.unlink(entry.name)
    except FileNotFoundError:
        return GONE
    return StepResult(Outcome.DONE, size_of(found))


def remove_directory(here: Directory, entry: Entry) -> StepResult:
    """Remove a directory, if it is still the same one and empty."""
    found = here.stat(entry.name)
    if found is None:
        return GONE
    if differs := difference(entry, found):
        return changed(differs)
    try:
        here.remove_directory(entry.name)
    except FileNotFoundError:
        return GONE
    except OSError as err:
        if err.errno in _NOT_EMPTY:
            return changed("it is not empty")
        raise
    return StepResult(Outcome.DONE, mode=found.mode)


def create_directory(here: Directory, entry: Entry) -> StepResult:
    """Make a directory; one that is there already is as good."""
    try:
        here.make_directory(entry.name, entry.mode if entry.mode >= 0 else None)
    except FileExistsError:
        found = here.stat(entry.name)
        if found is None or found.kind is EntryKind.DIRECTORY:
            return DONE
        return changed(f"a {found.kind} has its name")
    return DONE


def create_link(here: Directory, entry: Entry) -> StepResult:
    """Make a link; one that is there already and points to the same place is as good."""
    try:
        here.make_link(entry.name, entry.target)
    except FileExistsError:
        if _points_to(here, entry):
            return DONE
        return changed("something else has its name")
    return DONE


def remove_link(here: Directory, entry: Entry) -> StepResult:
    """Remove a link, if it still points where the plan says."""
    found = here.stat(entry.name)
    if found is None:
        return GONE
    if not _points_to(here, entry):
        return changed("it is not the link that the layout made")
    try:
        here.unlink(entry.name)
    except FileNotFoundError:
        return GONE
    return DONE


def _points_to(here: Directory, entry: Entry) -> bool:
    found = here.stat(entry.name)
    return found is not None and found.kind is EntryKind.LINK and here.read_link(entry.name) == entry.target
