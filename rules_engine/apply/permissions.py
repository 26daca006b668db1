"""A step that permissions forbid: its directory opened for the moment of the step, where the settings allow that."""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

import msgspec

from rules_engine.apply.model import PERMISSIONS, StepResult
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.granting import close_again, closed_mode, opened
from rules_engine.values.names import EncodedName, decode_name, encode_name
from rules_engine.values.paths import RelPath

OPENED: Final = "opened.json"
"""In the state while a directory is open; docs/reference/formats/handover.md."""
_LARGEST: Final = 65_536


class _Opened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A directory that is open for the moment, and what it has to be given back."""

    directory: EncodedName
    inode: int
    mode: int


class Parents:
    """Opens directories that the user of the run owns, one at a time, each for one step."""

    def __init__(self, root: Directory, state: Directory) -> None:
        self._root = root
        self._state = state

    def close_left_open(self) -> None:
        """Close what a run that was killed left open."""
        try:
            data = self._state.read_file(OPENED, limit=_LARGEST)
        except FileNotFoundError:
            return
        # A record that is not whole was being written: nothing had been opened yet.
        with suppress(ValueError):
            self._close(msgspec.json.decode(data, type=_Opened))
        self._state.unlink(OPENED)

    def _close(self, left: _Opened) -> None:
        with suppress(FileNotFoundError), self._root.open(RelPath(decode_name(left.directory))) as here:
            if here.status().inode == left.inode:
                close_again(here, left.mode)

    def again(
        self, failed: OSError, directory: RelPath, here: Directory, attempt: Callable[[], StepResult]
    ) -> StepResult:
        """What `attempt` gives once the directory is open; its mode is given back whatever happens.

        Raises:
            OSError: `failed`, where that is not about permissions or opening the directory cannot help; or its own.
        """
        mode = closed_mode(here) if failed.errno in PERMISSIONS else None
        if mode is None:
            raise failed
        record = msgspec.json.encode(_Opened(encode_name(directory), here.status().inode, mode))
        try:
            with opened(here, mode, before=lambda: self._record(record)):
                return attempt()
        finally:
            with suppress(FileNotFoundError):
                self._state.unlink(OPENED)

    def _record(self, record: bytes) -> None:
        # Killed while the directory is open, the next run knows what to give back.
        self._state.create_file(OPENED, record, durable=False)
