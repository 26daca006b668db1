"""Moving a file to a free name: by one rename, or by a copy that is whole before it has the name."""

import errno
import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from rules_engine.apply.model import Outcome, StepResult
from rules_engine.apply.steps import DONE, GONE, changed, difference
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.files import copy_file
from rules_engine.plan.model import Entry

_REFUSED_RENAMES: Final = frozenset({errno.EPERM, errno.EXDEV, errno.EOPNOTSUPP})
"""What volumes answer that have no rename from one directory to another, though both may be written."""
TAKEN: Final = changed("its new name is taken")


def move(here: Directory, entry: Entry, there: Directory, name: str, *, announce: Callable[[str], None]) -> StepResult:
    """Give a file the free name `name` in `there`, if it is still the one that was seen; nothing is ever replaced.

    `announce` hears the name of a copy before that is made.

    Raises:
        OSError: when the system refuses it; then the file has its old name.
    """
    found = here.stat(entry.name)
    if found is None:
        return GONE
    if differs := difference(entry, found):
        return changed(differs)
    try:
        here.rename_new(entry.name, there, name)
    except FileExistsError:
        return TAKEN
    except OSError as err:
        if err.errno not in _REFUSED_RENAMES:
            raise
        return _copy(here, entry, there, name, announce)
    return DONE


def _copy(here: Directory, entry: Entry, there: Directory, name: str, announce: Callable[[str], None]) -> StepResult:
    if there.stat(name) is not None:
        return TAKEN
    aside = f".{secrets.token_hex(8)}.part"
    announce(aside)
    copy_file(here, entry.name, there, aside)
    try:
        result = _settle(here, entry, there, aside, name)
    except BaseException:
        with suppress(FileNotFoundError):
            there.unlink(aside)
        raise
    if result.outcome is not Outcome.DONE:
        there.unlink(aside)
    return result


def _settle(here: Directory, entry: Entry, there: Directory, aside: str, name: str) -> StepResult:
    found = here.stat(entry.name)
    if found is None or (differs := difference(entry, found)):
        # Written while it was copied: the copy may be half of each.
        return changed(differs if found is not None else "it went while it was copied")
    try:
        there.rename_new(aside, there, name)
    except FileExistsError:
        return TAKEN
    there.sync()
    # It has its new name. What keeps its old one has the same content and still belongs to the job.
    with suppress(OSError):
        here.unlink(entry.name)
    return DONE
