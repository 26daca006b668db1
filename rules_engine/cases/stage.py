"""From a scene to what a plan is made from: the inventory that a walk would find there, and the guards."""

from collections.abc import Iterable

from rules_engine.cases.model import Scene
from rules_engine.inventory.model import DirectoryFacts, FileFact, Inventory
from rules_engine.plan.given import Guards
from rules_engine.policy.model import PolicySet
from rules_engine.values.paths import ROOT, RelPath, ancestors, name_of, parent, sort_key
from rules_engine.values.quantities import Instant


def inventory_of(scene: Scene, policies: PolicySet) -> Inventory:
    """Everything in the scene, walked whole."""
    facts = tuple(_directories(scene))
    markers = policies.settings.keep_markers
    marked = {file.directory: file.name for file in scene.files if file.name in markers}
    # Whose place among its like is asked for is looked at a second time: it finds the same.
    return Inventory(facts, lambda _jobs: Inventory(facts, marked=marked), marked=marked, walked=True)


def guards_of(scene: Scene) -> Guards:
    """What protects in the scene besides rules."""
    return Guards(pins=scene.pins)


def _directories(scene: Scene) -> Iterable[DirectoryFacts]:
    inside: dict[RelPath, list[FileFact]] = {ROOT: []}
    below: dict[RelPath, set[str]] = {}
    for path in {*scene.directories, *(file.directory for file in scene.files)}:
        for one in (path, *ancestors(path)):
            inside.setdefault(one, [])
            if one:
                below.setdefault(parent(one), set()).add(name_of(one))
    for file in scene.files:
        inside[file.directory].append(file)
    times = _times(scene)
    for number, path in enumerate(sorted(inside, key=sort_key)):
        yield DirectoryFacts(
            path,
            tuple(sorted(inside[path], key=lambda file: sort_key(file.name))),
            tuple(sorted(below.get(path, ()), key=sort_key)),
            inode=1_000_000 + number,
            complete=True,
            mtime_ns=times.get(path),
            ctime_ns=times.get(path),
        )


def _times(scene: Scene) -> dict[RelPath, Instant]:
    """When each directory changed: when it says, else when the newest thing below it came there."""
    times: dict[RelPath, Instant] = {}
    changes = [(file.path, Instant(file.ctime_ns)) for file in scene.files if file.ctime_ns is not None]
    for path, changed in (*changes, *scene.directories.items()):
        for above in ancestors(path):
            times[above] = max(times.get(above, changed), changed)
    return {**times, **scene.directories}
