"""What goes between the process that makes a plan and those that decide parts of it: whole messages, both ways.

Both ends are the same version of the same program, and nobody else holds the pipes.
"""

import copyreg
import marshal
import pickle
from collections.abc import Callable
from contextvars import ContextVar
from io import BytesIO
from typing import Any, BinaryIO, Final

from rules_engine.errors import RulesError
from rules_engine.inventory.model import Inventory, PassedOver
from rules_engine.manifest.shelved import SealShelf
from rules_engine.plan.deciding import Sums
from rules_engine.plan.elsewhere import Task

UP: Final = "up"
"""A process has come up, and can be told its task."""
READY: Final = "ready"
"""It has taken in its task."""
STEPS: Final = "steps"
"""Lines of a plan file."""
PART: Final = "part"
"""It is through with a part: what stays in it, and how much it was."""
SUMS: Final = "sums"
FAILED: Final = "failed"
"""It cannot go on; the error says why."""

_LENGTH: Final = 8
_SHELF: Final[ContextVar[SealShelf | None]] = ContextVar("shelf")


def send(pipe: BinaryIO, message: Any) -> None:
    """Write one message.

    Raises:
        OSError: when nobody reads it any more.
    """
    data = marshal.dumps(message)
    pipe.write(len(data).to_bytes(_LENGTH, "big") + data)
    pipe.flush()


def receive(pipe: BinaryIO) -> Any:
    """The next message; None where there is none any more, also in the middle of one."""
    head = pipe.read(_LENGTH)
    size = int.from_bytes(head, "big")
    data = pipe.read(size) if len(head) == _LENGTH else b""
    # Marshal takes years beyond 64 bits of nanoseconds and names that are no UTF-8, which msgspec does not.
    return marshal.loads(data) if data and len(data) == size else None  # noqa: S302 - of our own process


def _shelf_there() -> SealShelf | None:
    """The shelf of the process that unpacks."""
    return _SHELF.get()


def _leave_shelf(_shelf: SealShelf) -> tuple[Callable[[], SealShelf | None], tuple[()]]:
    return _shelf_there, ()


def pack_task(task: Task) -> bytes:
    """A task, without what only its process has open: each process reads the lines of seals for itself."""
    out = BytesIO()
    pickler = pickle.Pickler(out, pickle.HIGHEST_PROTOCOL)
    # A table, where a persistent id would ask about each of a million values.
    pickler.dispatch_table = {**copyreg.dispatch_table, SealShelf: _leave_shelf}
    pickler.dump(task)
    return out.getvalue()


def unpack_task(data: bytes, shelf: SealShelf | None) -> Task:
    """The task that was packed; what its seals say is read through `shelf`."""
    token = _SHELF.set(shelf)
    try:
        found: Task = pickle.loads(data)  # noqa: S301 - of our own process
    finally:
        _SHELF.reset(token)
    return found


def pack_sums(sums: Sums, inventory: Inventory) -> bytes:
    """What decisions add up to, and what was found besides directories."""
    noted = (inventory.problems, inventory.skipped, inventory.passed_over, inventory.marked)
    return pickle.dumps((sums, noted), pickle.HIGHEST_PROTOCOL)


def unpack_sums(data: bytes, inventory: Inventory) -> Sums:
    """The sums that were packed; what was found goes into `inventory`."""
    sums: Sums
    sums, (problems, skipped, passed_over, marked) = pickle.loads(data)  # noqa: S301 - same
    inventory.problems += [one for one in problems if one not in inventory.problems]
    inventory.skipped += [one for one in skipped if one not in inventory.skipped]
    before = inventory.passed_over
    inventory.passed_over = PassedOver(before.directories + passed_over.directories, before.files + passed_over.files)
    for path, marker in marked.items():
        inventory.marked.setdefault(path, marker)
    return sums


def pack_error(error: RulesError) -> bytes:
    """An error, to be raised by the process that asked."""
    return pickle.dumps(error, pickle.HIGHEST_PROTOCOL)


def unpack_error(data: bytes) -> RulesError:
    """The error that was packed."""
    found: RulesError = pickle.loads(data)  # noqa: S301 - same
    return found
