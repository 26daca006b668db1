"""What a process uses at the moment of a step: asked where no finished job vouches that the file is done.

A lock on a directory protects it and everything below it, whoever's that is.
"""

import errno
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Final

from rules_engine.apply.above import Above
from rules_engine.apply.model import Outcome, StepResult
from rules_engine.apply.steps import changed, difference
from rules_engine.apply.trees import Descent
from rules_engine.apply.units import is_unit
from rules_engine.filesystem.directory import Directory, Status
from rules_engine.filesystem.leases import Asker, Use, is_locked
from rules_engine.filesystem.listing import read_listing
from rules_engine.inventory.model import FileFact
from rules_engine.plan.model import Batch, Entry, StepAction
from rules_engine.values.clock import Clock
from rules_engine.values.paths import ROOT, RelPath
from rules_engine.values.quantities import DAY, Duration
from rules_engine.values.text import escape
from rules_engine.values.vocabulary import EntryKind

QUIET: Final = Duration(DAY)
"""Where nobody can tell whether a file is in use, it is for so long after its last change."""
_SAID_BY_THE_STEP: Final = frozenset({errno.ENOENT, errno.ELOOP, errno.ENOTDIR, errno.EXDEV, errno.EACCES, errno.EPERM})
"""Errors of a directory that was swapped, mounted over or closed: the step looks at all of it again, and says so."""
_ASKED: Final = frozenset({StepAction.DELETE, StepAction.TRASH, StepAction.REMOVE_DIRECTORY})


class InUse:
    """Asks before a step whether a process uses what would go."""

    def __init__(
        self,
        root: Directory,
        clock: Clock,
        is_done: Callable[[Batch], bool],
        *,
        strict: bool,
        above: Above | None = None,
    ) -> None:
        self._above = above or Above(root)
        self._locked_above = self._above.ask(_lock_of)
        self._clock = clock
        self._is_done = is_done
        self._strict = strict
        self._asker = Asker(root)
        self.look_again()

    def look_again(self) -> None:
        """Forget which directories nobody had locked."""
        self._above.forget()
        self._batch: Batch | None = None
        self._held = ""
        self._asks = False

    def lets_all_go(self, batch: Batch, here: Directory) -> bool:
        """Whether no file of a batch has to be asked about until the next look."""
        self._enter_batch(batch, here)
        return not self._held and not self._asks

    def _enter_batch(self, batch: Batch, here: Directory) -> None:
        if self._batch is not batch:
            self._held = self._locked_above(batch.directory, here)
            self._asks = self._strict or not self._is_done(batch)
            self._batch = batch

    def protects(self, batch: Batch, entry: Entry, here: Directory) -> StepResult | None:
        """The outcome of a step on what is in use, or is another file than the plan saw; None where nobody uses it."""
        if batch.action not in _ASKED:
            return None
        self._enter_batch(batch, here)
        if self._held:
            return _protected(self._held)
        if entry.kind is EntryKind.DIRECTORY:
            return self._directory(batch, entry, here)
        return self._file(entry, here) if self._asks else None

    def _file(self, entry: Entry, here: Directory) -> StepResult | None:
        found = here.stat(entry.name)
        # What is not there or is not the same is for the step itself to say.
        if found is None or difference(entry, found):
            return None
        try:
            use = self._use_of(here, entry.name, found)
        except FileNotFoundError:
            return None
        if use is Use.ANOTHER:
            return changed(f"another {entry.kind} has its name now")
        why = _why(use)
        return _protected(why.format("it")) if why else None

    def _use_of(self, here: Directory, name: str, found: Status | FileFact) -> Use:
        # A link cannot be held open like a file, so of a link nobody can tell.
        use = self._asker.use_of(here, name, found.inode) if found.kind is EntryKind.FILE else Use.UNKNOWN
        if use is not Use.UNKNOWN:
            return use
        newest = max(found.mtime_ns or 0, found.ctime_ns or 0)
        return Use.UNKNOWN if self._clock.now() - newest < QUIET else Use.FREE

    def _directory(self, batch: Batch, entry: Entry, here: Directory) -> StepResult | None:
        found = here.stat(entry.name)
        if found is None or difference(entry, found):
            return None
        if not (self._asks and is_unit(batch, entry)):
            with suppress(OSError), here.open(RelPath(entry.name)) as itself:
                return _protected(_LOCKED.format("it")) if is_locked(itself) else None
            return None
        with closing(Descent(here)) as way:
            why = self._below(way, entry.name)
        return _protected(why) if why else None

    def _below(self, way: Descent, name: str) -> str:
        """What uses anything in a directory; empty where nobody does, or where the step will see that it changed."""
        why = self._enter(way, name)
        while way.depth and not why:
            if way.pending:
                why = self._enter(way, way.pending.pop())
            else:
                way.leave()
        return why

    def _enter(self, way: Descent, name: str) -> str:
        try:
            here = way.enter(name)
            if is_locked(here):
                return _LOCKED.format(f"`{way.path()}`")
            listing = read_listing(here, ROOT, FileFact)
        except OSError as err:
            if err.errno not in _SAID_BY_THE_STEP:
                raise
            return ""
        way.pending.extend(reversed(listing.subdirectories))
        for fact in listing.files:
            why = self._in_listing(here, fact)
            if why:
                return why.format(f"`{way.path(fact.name)}`")
        return ""

    def _in_listing(self, here: Directory, fact: FileFact) -> str:
        with suppress(FileNotFoundError):
            return _why(self._use_of(here, fact.name, fact))
        return ""


def _lock_of(directory: RelPath, here: Directory) -> str:
    if not is_locked(here):
        return ""
    return _LOCKED.format(f"the directory `{directory}`" if directory else "the root")


_LOCKED: Final = "a process holds a lock on {}"
_OPEN: Final = "a process has {} open"
_UNKNOWN: Final = "whether a process uses {} cannot be told, and it changed less than 24h ago"


def _why(use: Use) -> str:
    match use:
        case Use.LOCKED:
            return _LOCKED
        case Use.OPEN:
            return _OPEN
        case Use.UNKNOWN:
            return _UNKNOWN
        case Use.FREE | Use.ANOTHER:
            return ""


def _protected(why: str) -> StepResult:
    return StepResult(Outcome.PROTECTED, cause=escape(why))
