"""The step that takes a directory whole: looked at, set aside by one rename, looked at once more, and then removed.

What lies below `.rules/removing/` was proved to be what its plan saw: whoever holds the root lock may remove it.
"""

import errno
import os
from collections.abc import Collection
from contextlib import suppress
from typing import Final

from rules_engine.apply.contents import Held, read_contents
from rules_engine.apply.model import Outcome, StepResult
from rules_engine.apply.retry import is_transient
from rules_engine.apply.steps import GONE, changed, difference
from rules_engine.apply.trash import FOLDER, make_directories
from rules_engine.apply.trees import remove_tree
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.root import find_area
from rules_engine.plan.model import Batch, Entry, StepAction, Whole
from rules_engine.values.paths import RelPath, join, name_of, parent
from rules_engine.values.text import escape
from rules_engine.values.vocabulary import EntryKind

REMOVING: Final = "removing"


def is_unit(batch: Batch, entry: Entry) -> bool:
    """Whether the step takes a directory with everything below it."""
    return entry.kind is EntryKind.DIRECTORY and batch.action in {StepAction.DELETE, StepAction.TRASH}


class Units:
    """Takes directories whole, or not at all. Only the holder of the root lock does."""

    def __init__(self, state: Directory, run_id: str, markers: Collection[str]) -> None:
        self._state = state
        self._trash = join(RelPath(FOLDER), run_id)
        self._removing = join(RelPath(REMOVING), run_id)
        self._markers = markers

    def take(self, here: Directory | None, batch: Batch, entry: Entry) -> StepResult:
        """Set the directory aside, or remove it, if all that it holds is what the plan saw; `here` is its parent.

        A step that was killed goes on where it stood.
        """
        place = batch.entries.index(entry)
        if place >= len(batch.wholes):
            return changed("the plan does not say what it held")
        if batch.action is StepAction.DELETE and (proved := self._proved(entry)) is not None:
            return self._remove(batch, proved)
        if self._is_aside(batch, entry):
            return self._settle(here, batch, entry, batch.wholes[place])
        found = here.stat(entry.name) if here is not None else None
        if here is None or found is None:
            self._tidy(batch)
            return GONE
        if differs := difference(entry, found):
            return changed(differs)
        return self._look(here, batch, entry, batch.wholes[place])

    def give_back(self, here: Directory, batch: Batch, entry: Entry) -> None:
        """Put back what a killed step had set aside and nobody may take any more."""
        if self._is_aside(batch, entry):
            with self._state.open(self._folder_of(batch)) as folder:
                _put_back(folder, here, entry)
            self._tidy(batch)

    def _look(self, here: Directory, batch: Batch, entry: Entry, whole: Whole) -> StepResult:
        try:
            held = read_contents(here, entry.name, self._markers)
        except OSError as err:
            if is_transient(err):
                raise
            return _failed(err)
        speaks_against = _against(held, whole)
        if speaks_against is None and batch.action is StepAction.DELETE and held.closed is not None:
            # Better none of it than a part: what is below it could not be removed.
            return _failed(OSError(errno.EACCES, os.strerror(errno.EACCES), held.closed))
        return speaks_against or self._set_aside(here, batch, entry, whole)

    def _set_aside(self, here: Directory, batch: Batch, entry: Entry, whole: Whole) -> StepResult:
        try:
            if batch.action is StepAction.DELETE:
                self._make(self._removing).close()
            with self._make(self._folder_of(batch)) as folder:
                here.rename_new(entry.name, folder, entry.name)
        except OSError as err:
            self._tidy(batch)
            if err.errno == errno.EXDEV:
                return _failed(err)
            if err.errno == errno.ENOENT and here.stat(entry.name) is not None:
                # Somebody emptied the trash under our hands: the next attempt makes its folder again.
                raise OSError(errno.ESTALE, "the folder in the trash is gone") from err
            raise
        return self._settle(here, batch, entry, whole)

    def _settle(self, here: Directory | None, batch: Batch, entry: Entry, whole: Whole) -> StepResult:
        """Look again at what lies in the trash of this run: nobody finds it there, but some may have it open."""
        with self._state.open(self._folder_of(batch)) as folder:
            try:
                held = read_contents(folder, entry.name, self._markers)
                why = _against(held, whole)
                if why is None and batch.action is StepAction.TRASH:
                    return StepResult(Outcome.DONE, held.bytes)
                if why is None:
                    proved = f"{entry.inode}-{held.bytes}"
                    with self._make(self._removing) as removing:
                        folder.rename_new(entry.name, removing, proved)
            except OSError as err:
                why = self._back(folder, here, batch, entry, _failed(err))
                self._tidy(batch)
                if why.outcome is Outcome.FAILED and is_transient(err):
                    raise
                return why
            if why is not None:
                why = self._back(folder, here, batch, entry, why)
        self._tidy(batch)
        return why or self._remove(batch, proved)

    def _back(
        self, folder: Directory, here: Directory | None, batch: Batch, entry: Entry, why: StepResult
    ) -> StepResult:
        refused = _put_back(folder, here, entry)
        if not refused:
            return why
        where = escape(f".rules/{join(self._folder_of(batch), entry.name)}")
        return changed(f"{why.cause}; it cannot be put back ({refused}) and lies in `{where}`")

    def _remove(self, batch: Batch, proved: str) -> StepResult:
        try:
            with self._state.open(self._removing) as removing:
                remove_tree(removing, proved)
        except OSError as err:
            if is_transient(err):
                raise
            why = _failed(err)
            left = f"{why.cause}; what is left of it lies in `.rules/{self._removing}` and goes with a later run"
            return StepResult(Outcome.FAILED, errno=why.errno, cause=left)
        self._tidy(batch)
        return StepResult(Outcome.DONE, int(proved.partition("-")[2]))

    def _proved(self, entry: Entry) -> str | None:
        """The name that the directory has among those that are being removed; it tells the bytes that go with it."""
        with suppress(FileNotFoundError), self._state.open(self._removing) as removing:
            return next((name for name in removing.names() if name.startswith(f"{entry.inode}-")), None)
        return None

    def _is_aside(self, batch: Batch, entry: Entry) -> bool:
        with suppress(FileNotFoundError), self._state.open(self._folder_of(batch)) as folder:
            found = folder.stat(entry.name)
            return found is not None and not difference(entry, found)
        return False

    def _folder_of(self, batch: Batch) -> RelPath:
        return RelPath(f"{self._trash}/{batch.directory}") if batch.directory else self._trash

    def _make(self, path: RelPath) -> Directory:
        return make_directories(self._state, path, self._state.state_mode())

    def _tidy(self, batch: Batch) -> None:
        """Remove the folders that a step made for a moment, as far as they are empty."""
        paths = [self._folder_of(batch)]
        while paths[-1] != self._trash:
            paths.append(parent(paths[-1]))
        for path in (self._removing, *paths):
            with suppress(OSError), self._state.open(parent(path)) as above:
                above.remove_directory(name_of(path))


def sweep(state: Directory, spare: str) -> tuple[str, ...]:
    """Finish the removals that runs other than `spare` left behind; one line for each that cannot be finished."""
    notes: list[str] = []
    try:
        area = find_area(state, REMOVING)
        if area is None:
            return ()
        with area:
            for run_id in area.names():
                if run_id != spare:
                    notes += _swept(area, run_id)
    except OSError as err:
        notes.append(f"`.rules/{REMOVING}` cannot be read: {err.strerror}")
    return tuple(notes)


def _swept(area: Directory, run_id: str) -> tuple[str, ...]:
    try:
        remove_tree(area, run_id)
    except OSError as err:
        return (f"`.rules/{REMOVING}/{err.filename}` cannot be removed: {err.strerror}",)
    return ()


def _against(held: Held, whole: Whole) -> StepResult | None:
    if held.protects:
        return StepResult(Outcome.PROTECTED, cause=escape(held.protects))
    if held.moves:
        return changed("what it holds changes at this moment")
    if held.contents.files != whole.files:
        return changed(f"it holds {held.contents.files} files, and {whole.files} when the plan was made")
    if held.contents.digest() != whole.contents:
        return changed("what it holds changed since the plan was made")
    return None


def _failed(error: OSError) -> StepResult:
    where = f": `{escape(str(error.filename))}`" if error.filename else ""
    return StepResult(Outcome.FAILED, errno=error.errno or 0, cause=f"{error.strerror}{where}")


def _put_back(folder: Directory, here: Directory | None, entry: Entry) -> str:
    """Why the directory cannot have its place again; empty where it has it."""
    if here is None:
        return "the directory above it is gone"
    try:
        folder.rename_new(entry.name, here, entry.name)
    except OSError as err:
        return err.strerror or str(err)
    return ""
