"""The trash: `.rules/trash/<run id>/<directory>/<name>`, on the same filesystem; there and back by one rename each."""

import errno
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from rules_engine.apply.model import Outcome, StepResult
from rules_engine.apply.steps import GONE, changed, difference, size_of
from rules_engine.filesystem.directory import Directory, Status
from rules_engine.plan.model import Batch, Entry
from rules_engine.values.paths import ROOT, RelPath, is_below, join
from rules_engine.values.vocabulary import EntryKind

FOLDER: Final = "trash"
TAKEN: Final = changed("something has its name")


class Trash:
    """Sets files aside for one run, and puts back what earlier runs set aside; nothing is ever replaced."""

    def __init__(self, state: Directory, run_id: str) -> None:
        self._state = state
        self._run_id = run_id
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
        with suppress(OSError), self._state.open(trash_of(self._run_id, directory)) as folder:
            found = folder.stat(entry.name)
            if found is not None and not difference(entry, found, moved=True):
                return StepResult(Outcome.DONE, size_of(found))
        return GONE

    def put_back(self, here: Directory, batch: Batch, entry: Entry) -> StepResult:
        """Give an entry its old place, if the trash of its run still holds the one that the plan saw."""
        folder = self._opened(trash_of(batch.from_run, batch.directory))
        found = folder.stat(entry.name) if folder is not None else None
        if folder is None or found is None:
            return _put_back_before(here, entry)
        if differs := difference(entry, found):
            return changed(f"in the trash, {differs}")
        try:
            folder.rename_new(entry.name, here, entry.name)
        except FileExistsError:
            return TAKEN
        except FileNotFoundError:
            return _put_back_before(here, entry)
        return _put_back(entry, found)

    def close(self) -> None:
        """Give back the handle."""
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def _opened(self, path: RelPath) -> Directory | None:
        """A handle on a folder of the trash; the last one stays open, since files of one folder come together."""
        if self._open is not None and self._open[0] == path:
            return self._open[1]
        top, way = self._nearest(path)
        try:
            return self._keep(path, top.open(way))
        except FileNotFoundError:
            return None

    def _nearest(self, path: RelPath) -> tuple[Directory, RelPath]:
        """The folder from which `path` is opened, and how it is written from there: most come in one deep tree."""
        if self._open is not None and is_below(path, self._open[0]):
            return self._open[1], RelPath(path[len(self._open[0]) + 1 :])
        return self._state, path

    def _keep(self, path: RelPath, folder: Directory) -> Directory:
        self.close()
        self._open = (path, folder)
        return folder

    def _folder(self, directory: RelPath) -> Directory:
        path = trash_of(self._run_id, directory)
        found = self._opened(path)
        if found is not None:
            return found
        top, way = self._nearest(path)
        return self._keep(path, make_directories(top, way, self._state.state_mode()))


def trash_of(run_id: str, directory: RelPath) -> RelPath:
    """Where the trash has what a run took out of `directory`, from the state."""
    top = join(RelPath(FOLDER), run_id)
    return RelPath(f"{top}/{directory}") if directory else top


def _put_back_before(here: Directory, entry: Entry) -> StepResult:
    """The outcome of an entry that is in the trash no more: done where it is at its place, else gone."""
    # A run that was killed between the rename and its outcome: the very
    # entry at its place proves that it was this step that put it back.
    found = here.stat(entry.name)
    if found is None:
        return GONE
    return TAKEN if difference(entry, found, moved=True) else _put_back(entry, found)


def _put_back(entry: Entry, found: Status) -> StepResult:
    # The size of a directory is that of all below it, as it was set aside.
    return StepResult(Outcome.DONE, entry.size if found.kind is EntryKind.DIRECTORY else size_of(found))


def make_directories(top: Directory, path: RelPath, mode: int | None = None) -> Directory:
    """A handle on the directory `path` below `top`, made with all above it where they are missing."""
    parts = path.split("/")
    here, there = _deepest(top, parts)
    for part in parts[there:]:
        with here as above:
            with suppress(FileExistsError):
                above.make_directory(part, mode)
            here = above.open(RelPath(part))
    return here


def _deepest(top: Directory, parts: Sequence[str]) -> tuple[Directory, int]:
    """A handle on the deepest directory on the way that is there, and how many steps lead to it."""
    # Nearly always nothing is missing, or the last one.
    for count in (len(parts), len(parts) - 1):
        with suppress(FileNotFoundError):
            return _open_part(top, parts, count), count
    # Not one after the other: the system goes through each of them from the top.
    here, there, missing = top.open(ROOT), 0, len(parts) - 1
    try:
        while missing - there > 1:
            middle = (there + missing) // 2
            try:
                found = _open_part(top, parts, middle)
            except FileNotFoundError:
                missing = middle
            else:
                here.close()
                here, there = found, middle
    except BaseException:
        here.close()
        raise
    return here, there


def _open_part(top: Directory, parts: Sequence[str], count: int) -> Directory:
    return top.open(RelPath("/".join(parts[:count])))
