"""The trash of one run: `.rules/trash/<run id>/<directory>/<name>`, on the same filesystem, never replaced."""

import errno
from contextlib import suppress
from typing import Final

from rules_engine.apply.model import Outcome, StepResult
from rules_engine.apply.steps import GONE, changed, difference, size_of
from rules_engine.filesystem.directory import Directory
from rules_engine.plan.model import Entry
from rules_engine.values.paths import ROOT, RelPath, join

FOLDER: Final = "trash"


class Trash:
    """Sets files aside by one rename each; putting them back is one rename too."""

    def __init__(self, state: Directory, run_id: str) -> None:
        self._state = state
        self._top = join(RelPath(FOLDER), run_id)
        self._open: tuple[RelPath, Directory] | None = None

    def take(self, here: Directory, directory: RelPath, entry: Entry) -> StepResult:
        """Set a file or link aside, if it is still the one that the plan saw."""
        found = here.stat(entry.name)
        if found is None:
            return self.taken_before(directory, entry)
        if differs := difference(entry, found):
            return changed(differs)
        try:
            here.rename_new(entry.name, self._folder(directory), entry.name)
        except FileNotFoundError as err:
            if here.stat(entry.name) is None:
                return GONE
            # Somebody emptied the trash under our hands: the next attempt makes its folder again.
            self.close()
            raise OSError(errno.ESTALE, "the folder in the trash is gone") from err
        return StepResult(Outcome.DONE, size_of(found))

    def taken_before(self, directory: RelPath, entry: Entry) -> StepResult:
        """The outcome of an entry that is not there: done where this run holds it, else gone."""
        # A run that was killed between the rename and its outcome: the file
        # in the trash proves that it was this step that took it away.
        with suppress(OSError), self._state.open(self._path_of(directory)) as folder:
            found = folder.stat(entry.name)
            if found is not None and not difference(entry, found, moved=True):
                return StepResult(Outcome.DONE, size_of(found))
        return GONE

    def close(self) -> None:
        """Give back the handle."""
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def _path_of(self, directory: RelPath) -> RelPath:
        return RelPath(f"{self._top}/{directory}") if directory else self._top

    def _folder(self, directory: RelPath) -> Directory:
        if self._open is not None and self._open[0] == directory:
            return self._open[1]
        self.close()
        folder = make_directories(self._state, self._path_of(directory), self._state.state_mode())
        self._open = (directory, folder)
        return folder


def make_directories(top: Directory, path: RelPath, mode: int | None = None) -> Directory:
    """A handle on the directory `path` below `top`, made with all above it where they are missing."""
    with suppress(FileNotFoundError):
        return top.open(path)
    here = top.open(ROOT)
    for part in path.split("/"):
        with here as above:
            with suppress(FileExistsError):
                above.make_directory(part, mode)
            here = above.open(RelPath(part))
    return here
