"""What goes between the process that makes a plan and those that decide parts of it: whole messages, both ways.

Both ends are the same version of the same program, and nobody else holds the pipes.
"""

import copyreg
import marshal
import pickle
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, BinaryIO, Final

from rules_engine.errors import RulesError
from rules_engine.inventory.model import Inventory, PassedOver
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.seal import Seal
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
_JOBS_AT_ONCE: Final = 500


def send(pipe: BinaryIO, message: Any) -> None:
    """Write one message.

    Raises:
        OSError: when nobody reads it any more.
    """
    _send_whole(pipe, marshal.dumps(message))


def _send_whole(pipe: BinaryIO, data: bytes | memoryview) -> None:
    pipe.write(len(data).to_bytes(_LENGTH, "big"))
    pipe.write(data)
    pipe.flush()


def receive(pipe: BinaryIO) -> Any:
    """The next message; None where there is none any more, also in the middle of one."""
    data = _receive_whole(pipe)
    # Marshal takes years beyond 64 bits of nanoseconds and names that are no UTF-8, which msgspec does not.
    return marshal.loads(data) if data is not None else None  # noqa: S302 - of our own process


def _receive_whole(pipe: BinaryIO) -> bytes | None:
    head = pipe.read(_LENGTH)
    size = int.from_bytes(head, "big")
    data = pipe.read(size) if len(head) == _LENGTH else b""
    return data if data and len(data) == size else None


def send_task(pipes: Sequence[BinaryIO], task: Task) -> None:
    """Write a task to each, without what only its process has open: each process reads the lines of seals for itself.

    Raises:
        OSError: when nobody reads it any more.
    """
    known = [(job, task.source.seals.get(job.job_id)) for job in task.jobs]
    # Some jobs at a time: of ten thousand, what pickle remembers of each value takes more than the values.
    for pipe in pipes:
        send(pipe, -(-len(known) // _JOBS_AT_ONCE))
    for start in range(0, len(known), _JOBS_AT_ONCE):
        _send_pickled(pipes, known[start : start + _JOBS_AT_ONCE], {})
    numbers = {id(one): number for number, pair in enumerate(known) for one in pair}

    def named(one: object) -> Any:
        number = numbers.get(id(one))
        return one.__reduce_ex__(pickle.HIGHEST_PROTOCOL) if number is None else (_known, (type(one) is Seal, number))

    _send_pickled(pipes, task, {JobRecord: named, Seal: named})


def _send_pickled(pipes: Sequence[BinaryIO], value: object, table: Mapping[type, Callable[[Any], Any]]) -> None:
    out = BytesIO()
    pickler = pickle.Pickler(out, pickle.HIGHEST_PROTOCOL)
    # A table, where a persistent id would ask about each of a million values.
    pickler.dispatch_table = {**copyreg.dispatch_table, SealShelf: _leave_shelf, **table}
    pickler.dump(value)
    for pipe in pipes:
        _send_whole(pipe, out.getbuffer())


def receive_task(pipe: BinaryIO, shelf: SealShelf | None) -> Task | None:
    """The next message, which is a task; what its seals say is read through `shelf`. None where there is none."""
    there = _There(shelf)
    token = _THERE.set(there)
    try:
        for _ in range(receive(pipe) or 0):
            there.known += _receive_pickled(pipe) or []
        found: Task | None = _receive_pickled(pipe)
        return found
    finally:
        _THERE.reset(token)


def _receive_pickled(pipe: BinaryIO) -> Any:
    data = _receive_whole(pipe)
    return pickle.loads(data) if data is not None else None  # noqa: S301 - of our own process


@dataclass(slots=True)
class _There:
    """What the process that unpacks a task has for it."""

    shelf: SealShelf | None
    known: list[tuple[JobRecord, Seal | None]] = field(default_factory=list)


_THERE: Final[ContextVar[_There]] = ContextVar("there")


def _known(is_seal: bool, number: int) -> JobRecord | Seal | None:
    """A job, or its seal, that came before."""
    return _THERE.get().known[number][is_seal]


def _shelf_there() -> SealShelf | None:
    """The shelf of the process that unpacks."""
    return _THERE.get().shelf


def _leave_shelf(_shelf: SealShelf) -> tuple[Callable[[], SealShelf | None], tuple[()]]:
    return _shelf_there, ()


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
