"""The backup of the logs of critical jobs: the same bytes once more, written after the log while its lock is held."""

from contextlib import suppress
from typing import Final

from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.logfile import LogFile, open_log
from rules_engine.filesystem.root import find_area, open_area
from rules_engine.manifest.events import Start

BACKUPS: Final = "backups"
_LARGEST: Final = 2**32


class Backup:
    """The backup of one log, made where the log begins with the start of a critical job."""

    __slots__ = ("_name", "_state")

    def __init__(self, state: Directory, name: str) -> None:
        self._state = state
        self._name = name

    def is_due(self, first: Start | None) -> bool:
        """Whether the log that begins with `first` has one: also that of a host which joined a critical job."""
        return first.critical if first is not None else self.length() is not None

    def length(self) -> int | None:
        """How long it is; None where there is none.

        Raises:
            OSError: when that cannot be told.
        """
        area = find_area(self._state, BACKUPS)
        if area is None:
            return None
        with area:
            found = area.stat(self._name)
        return found.size if found is not None else None

    def is_ahead(self, size: int) -> bool:
        """Whether a log of that size has lost what the backup still has."""
        length = self.length()
        return length is not None and length > size

    def read(self) -> bytes:
        """Its bytes; none where there is none.

        Raises:
            OSError: when it cannot be read.
        """
        area = find_area(self._state, BACKUPS)
        if area is None:
            return b""
        with area, suppress(FileNotFoundError):
            return area.read_file(self._name, limit=_LARGEST)
        return b""

    def write(self, data: bytes) -> None:
        """Have exactly `data` in it, durably.

        Raises:
            OSError: when it could not be written.
        """
        with open_area(self._state, BACKUPS) as area:
            area.write_file(self._name, data)

    def keep_up(self, log: LogFile, *, durable: bool) -> None:
        """Bring it up to what the log holds by now; what was missed before, by a killed writer too, is made good."""
        # The log has it: a backup that cannot be written must not make anybody declare a file twice.
        with suppress(OSError), open_area(self._state, BACKUPS) as area, open_log(area, self._name) as copy:
            copy.append(log.read(copy.size, max(0, log.size - copy.size)), durable=durable)
