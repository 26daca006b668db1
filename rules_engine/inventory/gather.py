"""The one entry point: everything that a plan needs to know of the disk."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from rules_engine.filesystem.root import Root
from rules_engine.inventory.model import Inventory, Relief
from rules_engine.inventory.pruning import Pruning
from rules_engine.inventory.scan import WalkOn
from rules_engine.inventory.scan import walk as walk_all
from rules_engine.inventory.telling import Telling
from rules_engine.inventory.tracked import from_seals
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.seal import Seal
from rules_engine.manifest.store import ManifestStore
from rules_engine.values.vocabulary import JobId


def gather(
    root: Root,
    store: ManifestStore,
    jobs: Sequence[JobRecord],
    *,
    walk: bool,
    markers: Sequence[str] = (),
    pruning: Pruning | None = None,
    relief: Relief | None = None,
) -> Inventory:
    """What is below `root`: all of it with `walk`, else what `jobs` have; read while its directories are gone through.

    With `pruning`, a walk reads only what that wants. A fact is vouched for where the seal of a job names this very
    file. `markers` are the names of keep markers. The rest of much is left to `relief`.
    """
    seals = _seals_of(store, jobs)
    if walk:
        inventory = walk_all(root, markers=markers, pruning=pruning, relief=relief)
        inventory.source = WalkOn(markers, pruning.extent if pruning is not None else None, seals)
        inventory.directories = Telling(seals.values()).vouched(inventory.directories)
    else:
        inventory = from_seals(root, seals, jobs, markers, relief=relief)
    inventory.look_at = partial(look_at, root, store, walk=walk)
    return inventory


def look_at(root: Root, store: ManifestStore, jobs: Sequence[JobRecord], *, walk: bool) -> Inventory:
    """What these jobs have, as a plan of `gather` sees it: with `walk` on the disk, else as their seals tell."""
    seals = _seals_of(store, jobs)
    if not walk:
        return from_seals(root, seals, jobs)
    # Without a seal every place of a job is walked, and every name that it declared elsewhere is looked at.
    inventory = from_seals(root, {}, jobs)
    inventory.directories = Telling(seals.values()).vouched(inventory.directories)
    return inventory


def _seals_of(store: ManifestStore, jobs: Iterable[JobRecord]) -> Mapping[JobId, Seal]:
    return {job.job_id: seal for job in jobs if (seal := store.seal_of(job)) is not None}
