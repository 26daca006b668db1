"""What goes between the process that plans and those that read directories for it: plain values, whole messages.

Both ends are the same version of the same program, and nobody else holds the pipes.
"""

import marshal
from typing import Any, BinaryIO, Final, TypeAlias

from rules_engine.inventory.model import DirectoryFacts, FileFact, Inventory, PassedOver, Problem, Skipped
from rules_engine.inventory.pruning import Extent
from rules_engine.policy.patterns import PatternList, Reading
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import EntryKind

Pending: TypeAlias = tuple[RelPath, list[str]]
"""A directory that was read, and those in it that come next, in order."""

_LENGTH: Final = 8
_KINDS: Final = (EntryKind.FILE, EntryKind.LINK, EntryKind.OTHER)


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


def pack_extent(extent: Extent | None) -> Any:
    """An extent as plain values; None looks at everything."""
    if extent is None:
        return ()
    lists = [[(one.texts, one.reading.value) for one in each] for each in (extent.selecting, extent.units)]
    return (*lists, list(extent.places), list(extent.declared))


def unpack_extent(packed: Any) -> Extent | None:
    """The extent that was packed."""
    if not packed:
        return None
    selecting, units, places, declared = packed
    lists = [tuple(PatternList(texts, Reading(reading)) for texts, reading in each) for each in (selecting, units)]
    return Extent(lists[0], lists[1], frozenset(places), frozenset(declared))


def pack_facts(facts: DirectoryFacts, marker: str | None) -> Any:
    """One directory as plain values, with the keep marker in it."""
    rows = [
        (one.name, _KINDS.index(one.kind), one.inode, one.size, one.mtime_ns, one.ctime_ns, one.nlink)
        for one in facts.files
    ]
    itself = (facts.subdirectories, facts.inode, facts.complete, facts.mtime_ns, facts.ctime_ns)
    return (facts.path, marker, itself, rows)


def unpack_facts(packed: Any, inventory: Inventory) -> DirectoryFacts:
    """The directory that was packed; its marker goes into `inventory`."""
    path, marker, itself, rows = packed
    if marker is not None:
        inventory.marked.setdefault(path, marker)
    files = tuple(
        [
            FileFact(path, name, _KINDS[kind], inode, size, mtime_ns, ctime_ns, nlink)
            for name, kind, inode, size, mtime_ns, ctime_ns, nlink in rows
        ]
    )
    return DirectoryFacts(path, files, *itself)


def pack_rest(inventory: Inventory) -> Any:
    """What a walk noted besides directories."""
    noted = [[(one.path, one.why) for one in each] for each in (inventory.problems, inventory.skipped)]
    return (*noted, inventory.passed_over.directories, inventory.passed_over.files)


def unpack_rest(packed: Any, inventory: Inventory) -> None:
    """Add what a walk noted to `inventory`."""
    problems, skipped, directories, files = packed
    inventory.problems += [Problem(path, why) for path, why in problems]
    inventory.skipped += [Skipped(path, why) for path, why in skipped]
    before = inventory.passed_over
    inventory.passed_over = PassedOver(before.directories + directories, before.files + files)
