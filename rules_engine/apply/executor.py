"""Carries out batches on directory handles: each directory is opened once, beneath the root, following nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Protocol, assert_never

from rules_engine.apply import steps
from rules_engine.apply.emptying import empty
from rules_engine.apply.model import PERMISSIONS, Outcome, StepResult
from rules_engine.apply.permissions import Parents
from rules_engine.apply.retry import Retrier
from rules_engine.apply.trash import Trash, make_directories
from rules_engine.apply.units import Units, is_unit
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.removing import remove_seen
from rules_engine.plan.model import Batch, Entry, StepAction

_PLAIN: Final[Mapping[StepAction, Callable[[Directory, Entry], StepResult]]] = {
    StepAction.DELETE: steps.delete,
    StepAction.REMOVE_DIRECTORY: steps.remove_directory,
    StepAction.CREATE_DIRECTORY: steps.create_directory,
    StepAction.CREATE_LINK: steps.create_link,
    StepAction.REMOVE_LINK: steps.remove_link,
    StepAction.EMPTY_TRASH: empty,
}
_MAKING: Final = frozenset({StepAction.CREATE_DIRECTORY, StepAction.CREATE_LINK, StepAction.RESTORE})
"""The actions that make their directory where it is missing."""


def never() -> bool:
    """Go on to the end."""
    return False


class Guard(Protocol):
    """What protects entries as things stand now."""

    def protects(self, batch: Batch, entry: Entry, here: Directory) -> StepResult | None:
        """The outcome of a step that must not be carried out any more; None where nothing speaks against it."""
        ...

    def lets_all_go(self, batch: Batch, here: Directory) -> bool:
        """Whether nothing can speak against any file of a batch, until the state is looked at again."""
        ...


class Executor:
    """Carries out steps one after another; one that fails never stops the rest."""

    def __init__(
        self,
        root: Directory,
        retrier: Retrier,
        *,
        trash: Trash | None = None,
        units: Units | None = None,
        guard: Guard | None = None,
        also: Sequence[Guard] = (),
        parents: Parents | None = None,
    ) -> None:
        self._root = root
        self._retrier = retrier
        self._trash = trash
        self._units = units
        self._guard = guard
        self._also = tuple(also)
        self._parents = parents

    def carry_out(
        self, batch: Batch, first: int = 0, *, at_once: int = 1, stop: Callable[[], bool] = never
    ) -> Iterator[StepResult]:
        """The results of the entries of `batch` from `first` on, in order, as they are carried out.

        Each is of one step, or of up to `at_once` that went well; whether to `stop` is asked between those.
        """
        try:
            here = self._patiently(lambda: self._open(batch))
        except FileNotFoundError:
            yield from (self._without_directory(batch, entry) for entry in batch.entries[first:])
            return
        except OSError as err:
            yield from [steps.failed(err)] * (len(batch.entries) - first)
            return
        with here:
            yield from self._steps(batch, first, here, at_once, stop)

    def _steps(
        self, batch: Batch, first: int, here: Directory, at_once: int, stop: Callable[[], bool]
    ) -> Iterator[StepResult]:
        at = first
        while at < len(batch.entries):
            failed = None
            if batch.action is StepAction.DELETE and self._lets_all_go(batch, here):
                removed = remove_seen(here, batch.entries[at : at + at_once], stop)
                failed = removed.error
                if removed.files:
                    yield StepResult(Outcome.DONE, removed.size, steps=removed.files)
                    at += removed.files
                    if failed is None:
                        continue
            yield self._step(batch, batch.entries[at], here, failed)
            at += 1

    def _lets_all_go(self, batch: Batch, here: Directory) -> bool:
        try:
            every = (self._guard, *self._also)
            return all(guard is None or guard.lets_all_go(batch, here) for guard in every)
        except OSError:
            # Each step asks for itself, and says what came of it.
            return False

    def _without_directory(self, batch: Batch, entry: Entry) -> StepResult:
        if is_unit(batch, entry):
            try:
                return self._needed_units().take(None, batch, entry)
            except OSError as err:
                return steps.failed(err)
        if batch.action is StepAction.TRASH and self._trash is not None:
            return self._trash.taken_before(batch.directory, entry)
        return steps.GONE

    def _open(self, batch: Batch) -> Directory:
        if batch.action in _MAKING:
            return make_directories(self._root, batch.directory)
        return self._root.open(batch.directory)

    def _step(self, batch: Batch, entry: Entry, here: Directory, failed: OSError | None) -> StepResult:
        """The result of one step, of which a first attempt may have `failed`."""
        try:
            if failed is None:
                return self._attempt(batch, entry, here)
            first_error = failed
        except OSError as err:
            first_error = err
        try:
            if self._parents is not None and first_error.errno in PERMISSIONS:
                return self._parents.again(
                    first_error, batch.directory, here, lambda: self._attempt(batch, entry, here)
                )
            return self._retrier.again(first_error, lambda: self._fresh_attempt(batch, entry))
        except FileNotFoundError:
            return steps.GONE
        except OSError as err:
            return steps.failed(err)

    def _fresh_attempt(self, batch: Batch, entry: Entry) -> StepResult:
        # On a network filesystem a stale handle stays stale: each further attempt opens its own.
        with self._root.open(batch.directory) as here:
            return self._attempt(batch, entry, here)

    def _attempt(self, batch: Batch, entry: Entry, here: Directory) -> StepResult:
        if self._guard is not None and (held := self._guard.protects(batch, entry, here)) is not None:
            if is_unit(batch, entry):
                self._needed_units().give_back(here, batch, entry)
            return held
        for guard in self._also:
            if (held := guard.protects(batch, entry, here)) is not None:
                return held
        if is_unit(batch, entry):
            return self._needed_units().take(here, batch, entry)
        return self._act(batch, entry, here)

    def _act(self, batch: Batch, entry: Entry, here: Directory) -> StepResult:
        action = batch.action
        match action:
            case StepAction.TRASH:
                return self._needed_trash().take(here, batch.directory, entry)
            case StepAction.RESTORE:
                return self._needed_trash().put_back(here, batch, entry)
            case (
                StepAction.DELETE
                | StepAction.REMOVE_DIRECTORY
                | StepAction.CREATE_DIRECTORY
                | StepAction.CREATE_LINK
                | StepAction.REMOVE_LINK
                | StepAction.EMPTY_TRASH
            ):
                return _PLAIN[action](here, entry)
            case _:
                assert_never(action)

    def _needed_trash(self) -> Trash:
        if self._trash is None:
            raise AssertionError("a batch that sets files aside or puts them back needs a run with a trash")
        return self._trash

    def _needed_units(self) -> Units:
        if self._units is None:
            raise AssertionError("a batch that takes directories whole needs a run with a state")
        return self._units

    def _patiently(self, attempt: Callable[[], Directory]) -> Directory:
        try:
            return attempt()
        except OSError as err:
            return self._retrier.again(err, attempt)
