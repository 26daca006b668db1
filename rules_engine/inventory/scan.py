"""The scan: what lies at and below some places, as facts; the rest of a long one is left to other processes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from rules_engine.filesystem.listing import Listing
from rules_engine.filesystem.root import Root
from rules_engine.inventory.model import DirectoryFacts, FileFact, GoOn, Inventory, Relief
from rules_engine.inventory.pruning import Extent, Pruning
from rules_engine.inventory.telling import Telling
from rules_engine.inventory.walking import Pending, Walk
from rules_engine.manifest.seal import Seal
from rules_engine.values.paths import ROOT, RelPath, is_at_or_below, sort_key
from rules_engine.values.vocabulary import JobId

_AT_ONCE: Final = 32
"""Directories of one part, each with all below it."""


@dataclass(frozen=True, slots=True)
class WalkOn:
    """Goes on with a walk where another process left it."""

    markers: Sequence[str]
    extent: Extent | None
    """What the walk has to look at; None is everything."""
    seals: Mapping[JobId, Seal]

    def begin(self, root: Root, inventory: Inventory) -> GoOn:
        """What walks one part after another, its files vouched for where a seal names them."""
        pruning = Pruning(self.extent) if self.extent is not None else None
        walk, telling = Walk(root.directory, inventory, self.markers, pruning), Telling(self.seals.values())

        def go_on(part: Pending) -> Iterator[DirectoryFacts]:
            return telling.vouched(map(_facts, walk.go_on([part])))

        return go_on


def walk(
    root: Root,
    *,
    below: Sequence[RelPath] = (ROOT,),
    markers: Sequence[str] = (),
    pruning: Pruning | None = None,
    relief: Relief | None = None,
) -> Inventory:
    """What lies at and below each of `below`; read while its directories are gone through.

    `markers` are looked for in every directory that is read, not in those above. With `pruning`, which is about the
    whole tree, only what it wants is read. The rest of a long walk is left to `relief`.
    """
    inventory = Inventory((), walked=tuple(below) == (ROOT,))
    inventory.directories = _found(Walk(root.directory, inventory, markers, pruning), outermost(below), relief)
    return inventory


def outermost(paths: Sequence[RelPath]) -> tuple[RelPath, ...]:
    """Those of `paths` that lie in no other, in order."""
    found: list[RelPath] = []
    for path in sorted(set(paths), key=sort_key):
        if not found or not (found[-1] == ROOT or is_at_or_below(path, found[-1])):
            found.append(path)
    return tuple(found)


def _found(walk: Walk, places: Sequence[RelPath], relief: Relief | None) -> Iterator[DirectoryFacts]:
    """What a walk finds, until `relief` can go on."""
    # Who wants no more of it leaves no handle open.
    with closing(walk.run(places)) as listings:
        for listing in listings:
            yield _facts(listing)
            if relief is not None and walk.inventory.can_leave() and relief.is_ready(walk.files):
                walk.inventory.left = tuple(_parts(walk.give_up_pending()))


def _parts(pending: Iterable[Pending]) -> Iterator[Pending]:
    for path, names in pending:
        for start in range(0, len(names), _AT_ONCE):
            yield path, names[start : start + _AT_ONCE]


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
