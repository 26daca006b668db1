"""What goes between the process that plans and those that read directories for it: plain values, whole messages.

Both ends are the same version of the same program, and nobody else holds the pipes.
"""

import marshal
import pickle
from itertools import repeat
from typing import Any, BinaryIO, Final, TypeAlias

from rules_engine.filesystem.listing import Listing
from rules_engine.inventory.model import DirectoryFacts, FileFact, Inventory, PassedOver, Problem, Skipped
from rules_engine.inventory.pruning import Extent
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
    # The patterns as they were parsed: to parse them again takes five times as long, and pathspec besides.
    lists = pickle.dumps(extent.lists, pickle.HIGHEST_PROTOCOL)
    return (lists, list(extent.units), list(extent.places), list(extent.declared))


def unpack_extent(packed: Any) -> Extent | None:
    """The extent that was packed."""
    if not packed:
        return None
    lists, units, places, declared = packed
    return Extent(pickle.loads(lists), frozenset(units), frozenset(places), frozenset(declared))  # noqa: S301 - same


def row(*seen: Any) -> tuple[Any, ...]:
    """What was observed of one entry as a plain value, to be packed with those beside it."""
    return seen


def pack_listing(listing: Listing[tuple[Any, ...]], marker: str | None) -> Any:
    """One directory as plain values, its files column by column, with the keep marker in it."""
    itself = (tuple(listing.subdirectories), listing.inode, listing.is_complete, listing.mtime_ns, listing.ctime_ns)
    if not listing.files:
        return (listing.path, marker, itself, None)
    _, names, kinds, *numbers = zip(*listing.files, strict=True)
    odd = None if kinds.count(EntryKind.FILE) == len(kinds) else [_KINDS.index(kind) for kind in kinds]
    return (listing.path, marker, itself, (names, odd, *numbers))


def unpack_listing(packed: Any, inventory: Inventory) -> DirectoryFacts:
    """The facts of the directory that was packed; its marker goes into `inventory`."""
    path, marker, itself, columns = packed
    if marker is not None:
        inventory.marked.setdefault(path, marker)
    if columns is None:
        return DirectoryFacts(path, (), *itself)
    names, odd, *numbers = columns
    kinds = repeat(EntryKind.FILE) if odd is None else [_KINDS[kind] for kind in odd]
    return DirectoryFacts(path, tuple(map(FileFact, repeat(path), names, kinds, *numbers)), *itself)


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
