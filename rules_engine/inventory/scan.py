"""The scan: what lies at and below some places, as facts; a long one is shared with other processes."""

from collections.abc import Iterator, Sequence
from contextlib import closing

from rules_engine.filesystem.listing import Listing
from rules_engine.filesystem.root import Root
from rules_engine.inventory.model import DirectoryFacts, FileFact, Inventory
from rules_engine.inventory.pruning import Pruning
from rules_engine.inventory.walking import Walk
from rules_engine.inventory.workers import Workers
from rules_engine.values.paths import ROOT, RelPath, is_at_or_below, sort_key


def walk(
    root: Root,
    *,
    below: Sequence[RelPath] = (ROOT,),
    markers: Sequence[str] = (),
    pruning: Pruning | None = None,
    workers: Workers | None = None,
) -> Inventory:
    """What lies at and below each of `below`; read while its directories are gone through.

    `markers` are looked for in every directory that is read, not in those above. With `pruning`, which is about the
    whole tree, only what it wants is read. `workers` go on with a long walk, in the same order.
    """
    inventory = Inventory((), walked=tuple(below) == (ROOT,))
    alone, places = Walk(root.directory, inventory, markers, pruning, FileFact), outermost(below)
    inventory.directories = _found(alone, places, workers)
    return inventory


def outermost(paths: Sequence[RelPath]) -> tuple[RelPath, ...]:
    """Those of `paths` that lie in no other, in order."""
    found: list[RelPath] = []
    for path in sorted(set(paths), key=sort_key):
        if not found or not (found[-1] == ROOT or is_at_or_below(path, found[-1])):
            found.append(path)
    return tuple(found)


def _found(alone: Walk[FileFact], places: Sequence[RelPath], workers: Workers | None) -> Iterator[DirectoryFacts]:
    """What a walk finds, and from when `workers` are ready what they find where it was to come to."""
    extent = alone.pruning.extent if alone.pruning is not None else None
    try:
        # Who wants no more of it leaves no handle open, nor a process that goes on reading.
        with closing(alone.run(places)) as listings:
            for listing in listings:
                yield _facts(listing)
                if workers is not None and workers.are_ready(alone.root, alone.files):
                    yield from workers.walk(alone.give_up_pending(), alone.inventory, alone.markers, extent)
    finally:
        if workers is not None:
            workers.end()


def _facts(listing: Listing[FileFact]) -> DirectoryFacts:
    return DirectoryFacts(
        listing.path,
        tuple(listing.files),
        tuple(listing.subdirectories),
        listing.inode,
        listing.is_complete,
        listing.mtime_ns,
        listing.ctime_ns,
    )
