"""Where the trash lies, and what a plan may do there: a plan made by hand must not empty or fill any other place."""

import re
from typing import Final

from rules_engine.errors import InvalidValueError
from rules_engine.plan.model import Batch, StepAction
from rules_engine.plan.protect import STATE
from rules_engine.values.paths import RelPath, is_at_or_below, join
from rules_engine.values.vocabulary import EntryKind

TRASH: Final = RelPath(f"{STATE}/trash")
"""Below the root; what a run set aside lies in a directory of it that has the id of the run."""

_RUN_ID: Final = re.compile(r"[0-9a-f]{16}", re.ASCII)


def is_run_id(text: str) -> bool:
    """Whether `text` has the form of the id of a run."""
    return _RUN_ID.fullmatch(text) is not None


def check_trash(batch: Batch) -> None:
    """Refuse a batch that would empty something else than trash, or put something back where nothing was taken.

    Raises:
        InvalidValueError: when it would.
    """
    if batch.action is StepAction.EMPTY_TRASH:
        _check_emptied(batch)
    elif batch.action is StepAction.RESTORE:
        _check_put_back(batch)


def _check_emptied(batch: Batch) -> None:
    if batch.directory != TRASH:
        raise InvalidValueError("directory", batch.directory, "is not the trash, and nothing else can be emptied")
    for entry in batch.entries:
        if not is_run_id(entry.name) or entry.kind is not EntryKind.DIRECTORY:
            raise InvalidValueError("name", entry.name, "is not the trash of a run")


def _check_put_back(batch: Batch) -> None:
    if not is_run_id(batch.from_run):
        raise InvalidValueError("run", batch.from_run, "is not the id of a run")
    for entry in batch.entries:
        path = join(batch.directory, entry.name)
        if is_at_or_below(path, RelPath(STATE)):
            raise InvalidValueError("path", path, "lies in the state, where nothing is put back")
