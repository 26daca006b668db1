"""Plan files that a person names: read only when they prove themselves whole, and written so."""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final, cast

from rules_engine.cli.writing import write_over
from rules_engine.plan.model import Plan
from rules_engine.plan.planfile import PlanFileError, read_plan, write_plan
from rules_engine.values.text import escape

_IN_MEMORY: Final = 8 * 2**20
_BEGINS: Final = b'{"kind":"plan"'


@contextmanager
def plan_file(path: str) -> Iterator[Plan]:
    """The plan in the file at `path`, proved whole, open while its batches are gone through.

    Raises:
        PlanFileError: when it cannot be read, or is not a whole plan.
    """
    try:
        # Without O_NONBLOCK opening a FIFO would wait for a writer that never comes.
        source = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    except OSError as err:
        raise PlanFileError(f"`{escape(path)}` cannot be read: {err.strerror}") from err
    with source:
        if not stat.S_ISREG(os.fstat(source.fileno()).st_mode):
            raise PlanFileError(f"`{escape(path)}` is not a regular file")
        yield read_plan(source)


@contextmanager
def passing_plan(plan: Plan) -> Iterator[Plan]:
    """The same plan with batches that can be gone through again, without holding them in memory."""
    with _spool() as spool:
        write_plan(plan, spool)
        yield read_plan(spool)


@contextmanager
def _spool() -> Iterator[BinaryIO]:
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as spool:
        yield cast("BinaryIO", spool)  # it is one in all but its declared type


def save_plan(plan: Plan, path: str) -> None:
    """Write the plan to the file at `path`, replacing an earlier plan there.

    Raises:
        RefusedError: when something that is no plan stands there, or the file cannot be written.
    """
    # Made whole before it is written: a file that grows below the root during the walk would be in its own plan.
    with _spool() as spool:
        write_plan(plan, spool)
        spool.seek(0)
        write_over(path, spool, begins=_BEGINS, what="plan")
