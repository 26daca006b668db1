"""The lines of one seal: which directories it tells of, and what it says of each, decoded when that is asked for."""

from abc import abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence

from rules_engine.manifest.lines import check_of
from rules_engine.manifest.rows import SealedDirectory, SealedRow, decode_directory, encode_directory
from rules_engine.values.names import encode_name
from rules_engine.values.paths import RelPath, sort_key, to_bytes
from rules_engine.values.vocabulary import EntryKind, FileType


class Told:
    """What a seal says of one directory: decoded once for all who ask."""

    __slots__ = ("_declared", "directory")

    def __init__(self, directory: SealedDirectory) -> None:
        self.directory = directory
        self._declared: Mapping[str, FileType] | None = None

    @property
    def declared(self) -> Mapping[str, FileType]:
        """The files in it that the manifest names, each with its type."""
        if self._declared is None:
            self._declared = self.directory.declared
        return self._declared


class SealedLines(Collection[RelPath]):
    """The directories that a seal tells of, in order, and what it says of each."""

    __slots__ = ()

    @abstractmethod
    def told(self, path: RelPath) -> Told:
        """What the seal says of one directory.

        Raises:
            KeyError: when it says nothing of it.
        """


class HeldLines(SealedLines):
    """The lines of a seal that is held whole."""

    __slots__ = ("_last", "_lines")

    def __init__(self, paths: Sequence[RelPath], data: bytes) -> None:
        self._lines = lines_of(paths, data)
        self._last: tuple[RelPath, Told] | None = None

    def told(self, path: RelPath) -> Told:
        """What the seal says of one directory."""
        # A planner asks of one directory once a file; decoding its line each time would be quadratic.
        last = self._last
        if last is None or last[0] != path:
            last = self._last = (path, Told(decode_directory(self._lines[path])))
        return last[1]

    def __contains__(self, path: object) -> bool:
        return path in self._lines

    def __iter__(self) -> Iterator[RelPath]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)


def check_of_lines(data: bytes) -> str:
    """The check of all that stands behind the first line of a seal."""
    # A view: what a thousand seals hold is not copied only to be added up.
    return check_of(memoryview(data)[data.find(b"\n") + 1 :])


def lines_of(paths: Sequence[RelPath], data: bytes) -> dict[RelPath, bytes]:
    """The line of each directory of a seal that `data` holds whole.

    Raises:
        ValueError: when there are fewer or more.
    """
    found: dict[RelPath, bytes] = {}
    start = data.index(b"\n") + 1
    for path in paths:
        end = data.index(b"\n", start)
        found[path] = data[start:end]
        start = end + 1
    if start != len(data):
        raise ValueError("it has more lines than directories")
    return found


def lines_to_look_at(files: Mapping[RelPath, Mapping[str, FileType]]) -> SealedLines:
    """The lines of a seal that knows which files there may be and nothing of any: the disk is asked for each."""
    paths = sorted(files, key=sort_key)
    lines = [encode_directory(_to_look_at(files[path])) for path in paths]
    return HeldLines(paths, b"\n" + b"".join(lines))


def _to_look_at(names: Mapping[str, FileType]) -> SealedDirectory:
    rows = [
        SealedRow(encode_name(name), str(names[name]), EntryKind.FILE, 0, 0, 0, 0, 0, look=True)
        for name in sorted(names, key=to_bytes)
    ]
    return SealedDirectory(None, complete=False, subdirectories=[], rows=rows)


class SealedFiles(Mapping[RelPath, Mapping[str, FileType]]):
    """Directory → name → type of the files that a manifest names, read from the lines of its seal on demand."""

    __slots__ = ("_declared", "_lines")

    def __init__(self, lines: SealedLines, declared: tuple[RelPath, ...]) -> None:
        self._lines = lines
        self._declared = declared

    def __getitem__(self, path: RelPath) -> Mapping[str, FileType]:
        names = self._lines.told(path).declared
        if not names and path not in self._declared:
            raise KeyError(path)
        return names

    def __iter__(self) -> Iterator[RelPath]:
        return iter(self._declared)

    def __len__(self) -> int:
        return len(self._declared)
