"""The plan that is carried out: read once, proved whole, and from then on only our own copy of it."""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final, cast

from rules_engine.plan.model import Plan
from rules_engine.plan.planfile import PlanFileError, read_plan, write_plan
from rules_engine.values.text import escape

_IN_MEMORY: Final = 16 * 2**20
_PIECE: Final = 2**20


@contextmanager
def own_copy(plan: Plan | str) -> Iterator[tuple[Plan, BinaryIO]]:
    """The plan as read from our own copy, and the copy; a file that is changed meanwhile changes nothing.

    Raises:
        PlanFileError: when the file cannot be read, or is not a whole plan.
    """
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as spooled:
        copy = cast("BinaryIO", spooled)  # it is one in all but its declared type
        if isinstance(plan, str):
            _copy(plan, copy)
        else:
            write_plan(plan, copy)
        yield read_plan(copy), copy


def _check_writers(fd: int, path: str) -> None:
    # Whoever may write the file decides what the superuser removes.
    found = os.fstat(fd)
    if os.geteuid() == 0 and stat.S_ISREG(found.st_mode) and found.st_mode & stat.S_IWOTH:
        raise PlanFileError(f"anybody may write to `{escape(path)}`, and the superuser applies no such plan")


def _copy(path: str, copy: BinaryIO) -> None:
    try:
        # O_NONBLOCK: the open of a FIFO would wait for ever.
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(fd, "rb") as source:
            _check_writers(fd, path)
            while piece := source.read(_PIECE):
                copy.write(piece)
    except OSError as err:
        raise PlanFileError(f"`{escape(path)}` cannot be read: {err.strerror}") from err
