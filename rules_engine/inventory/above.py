"""Whether the way down to a directory still leads through this root and nothing else."""

from rules_engine.filesystem.root import STATE, Root
from rules_engine.inventory.model import Inventory, Skipped
from rules_engine.inventory.scan import ANOTHER_ROOT, note_not_opened
from rules_engine.values.paths import RelPath, ancestors


class WayDown:
    """Looks once at each directory above a place that a seal tells of; what it finds goes into the inventory."""

    def __init__(self, root: Root, inventory: Inventory) -> None:
        self._root = root
        self._inventory = inventory
        self._clear: dict[RelPath, bool] = {}

    def is_clear(self, path: RelPath) -> bool:
        """Whether the directory at `path` is there, in this filesystem and root."""
        way = [*reversed(ancestors(path)), *([path] if path else [])]
        return all(self._look(step) for step in way)

    def _look(self, path: RelPath) -> bool:
        if path not in self._clear:
            self._clear[path] = self._is_ours(path)
        return self._clear[path]

    def _is_ours(self, path: RelPath) -> bool:
        try:
            with self._root.directory.open(path) as here:
                foreign = here.stat(STATE) is not None
        except OSError as err:
            note_not_opened(self._inventory, path, err)
            return False
        if foreign:
            self._inventory.skipped.append(Skipped(path, ANOTHER_ROOT))
        return not foreign
