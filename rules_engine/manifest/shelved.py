"""Seals whose lines stay on the disk: of ten thousand jobs only the few that are asked about just now are held."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

from rules_engine.manifest.rows import SealedDirectory, decode_directory
from rules_engine.manifest.sealedlines import SealedLines, Told, check_of_lines, lines_of
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import JobId

HELD: Final = 2**22
"""Bytes of lines that are held: those of a small root whole, of a large one what is asked about next."""
_NOTHING: Final = SealedDirectory(None, complete=False, subdirectories=[], rows=[])
_RECENT: Final = 4
"""Directories that stay decoded: who asks of one often asks of the one above it too."""


class ShelvedLines(SealedLines):
    """The lines of a seal as it was when it was read; they are read again when they are asked for."""

    __slots__ = ("_shelf", "check", "job_id", "paths")

    def __init__(self, shelf: "SealShelf", job_id: JobId, paths: tuple[RelPath, ...], check: str) -> None:
        self._shelf = shelf
        self.job_id = job_id
        self.paths = paths
        self.check = check
        """Of all lines together: another one is another seal."""

    def told(self, path: RelPath) -> Told:
        """What the seal says of one directory; where another took its place since, what that says.

        Raises:
            KeyError: when it said nothing of it.
            UntrustedStateError: when nothing that can be trusted took its place.
        """
        return self._shelf.told(self, path)

    def __contains__(self, path: object) -> bool:
        return path in self.paths

    def __iter__(self) -> Iterator[RelPath]:
        return iter(self.paths)

    def __len__(self) -> int:
        return len(self.paths)


ReadAgain: TypeAlias = Callable[[JobId], bytes | None]
"""Reads the bytes of a seal again; None where they cannot be read."""
Replaced: TypeAlias = Callable[[JobId], SealedLines]
"""What the manifest of a job says by now, where its seal is not the one that was read."""


class SealShelf:
    """Hands out the lines of the seals of one root, and forgets those that nobody asked about for a while.

    INVARIANT: what a seal told is told again, or what the manifest of the job says by now; never a part of either.
    """

    def __init__(self, read: ReadAgain, replaced: Replaced, *, held: int = HELD) -> None:
        self._read = read
        self._replaced = replaced
        self._most = held
        self._held = 0
        self._data: dict[JobId, bytes] = {}
        """In the order in which they came."""
        self._split: tuple[JobId | None, Mapping[RelPath, bytes]] = (None, {})
        self._recent: dict[RelPath, dict[JobId, Told]] = {}
        self._others: dict[JobId, SealedLines] = {}
        """What took the place of a seal that was read."""

    def lay(self, job_id: JobId, paths: tuple[RelPath, ...], data: bytes, check: str) -> SealedLines:
        """The lines of a seal that was read a moment ago; held as long as there is room.

        Raises:
            ValueError: when there is not one line for each directory: better now than in the middle of a plan.
        """
        lines_of(paths, data)
        if self._held + len(data) <= self._most:
            self._hold(job_id, data)
        return ShelvedLines(self, job_id, paths, check)

    def told(self, lines: ShelvedLines, path: RelPath) -> Told:
        """What a seal says of one directory; remembered for every seal while the same directories are asked about."""
        # Ten thousand jobs may name files in one directory, and each is asked about every file in it.
        here = self._recent.get(path)
        if here is None:
            if len(self._recent) >= _RECENT:
                del self._recent[next(iter(self._recent))]
            here = self._recent[path] = {}
        found = here.get(lines.job_id)
        if found is None:
            found = here[lines.job_id] = self._told(lines, path)
        return found

    def _told(self, lines: ShelvedLines, path: RelPath) -> Told:
        other = self._others.get(lines.job_id)
        if other is None:
            found = self._lines(lines)
            if found is not None:
                return Told(decode_directory(found[path]))
            # From here on all that is asked about the job is answered by one and the same reading.
            other = self._others[lines.job_id] = self._replaced(lines.job_id)
        if path in lines and path not in other:
            return Told(_NOTHING)
        return other.told(path)

    def _lines(self, lines: ShelvedLines) -> Mapping[RelPath, bytes] | None:
        """The lines of a seal; None where it is not the one that was read any more."""
        last, found = self._split
        if last == lines.job_id:
            return found
        data = self._data.get(lines.job_id)
        if data is None:
            data = self._read(lines.job_id)
            # An amended seal names other files, and its directories stand in other lines: half of the one and half of
            # the other would name files that neither job nor disk has.
            if data is None or check_of_lines(data) != lines.check:
                return None
            self._hold(lines.job_id, data)
        found = lines_of(lines.paths, data)
        self._split = (lines.job_id, found)
        return found

    def _hold(self, job_id: JobId, data: bytes) -> None:
        self._data[job_id] = data
        self._held += len(data)
        while self._held > self._most and len(self._data) > 1:
            self._held -= len(self._data.pop(next(iter(self._data))))
