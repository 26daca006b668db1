"""Whether the way down to a directory still leads through this root and nothing else, and the keep markers on it."""

from collections.abc import Mapping, Sequence

from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.root import STATE, Root
from rules_engine.inventory.model import Inventory, Problem, Skipped
from rules_engine.inventory.walking import ANOTHER_ROOT, note_not_opened
from rules_engine.values.paths import ROOT, RelPath
from rules_engine.values.trail import Trail


class WayDown:
    """Looks once at each directory above a place that a seal tells of; what it finds goes into the inventory."""

    def __init__(self, root: Root, inventory: Inventory, markers: Sequence[str] = ()) -> None:
        self._root = root
        self._inventory = inventory
        self._markers = markers
        self._clear = Trail(outside=True)
        self._looked_at: dict[RelPath, bool] = {}

    def is_clear(self, path: RelPath) -> bool:
        """Whether the directory at `path` is there, in this filesystem and root; markers on the way are noted."""
        return self._clear.at(path, self._step)

    def _step(self, above: bool, path: RelPath) -> bool:
        if path not in self._looked_at:
            self._looked_at[path] = above and self._is_ours(path)
        return self._looked_at[path]

    def _is_ours(self, path: RelPath) -> bool:
        try:
            with self._root.directory.open(path) as here:
                self._note_marker(path, here)
                foreign = path != ROOT and here.stat(STATE) is not None
        except OSError as err:
            note_not_opened(self._inventory, path, err)
            return False
        if foreign:
            self._inventory.skipped.append(Skipped(path, ANOTHER_ROOT))
        return not foreign

    def _note_marker(self, path: RelPath, here: Directory) -> None:
        for marker in self._markers:
            try:
                found = here.stat(marker) is not None
            except OSError as err:
                # A marker that cannot be looked at may be there: it protects until somebody can tell.
                self._inventory.problems.append(Problem(path, f"`{marker}` cannot be looked at: {err.strerror}"))
                found = True
            if found:
                self._inventory.marked.setdefault(path, marker)


def marked_above(root: Root, path: RelPath, markers: Sequence[str]) -> Mapping[RelPath, str]:
    """The keep markers in the directory at `path` and in all above it, as far as they are there."""
    inventory = Inventory(())
    WayDown(root, inventory, markers).is_clear(path)
    return inventory.marked
