"""What a seal is made of besides what was observed: every declared file; and after a run, its outcomes."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace

from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.seal import Seal, SealedDirectory, SealedRow
from rules_engine.values.names import decode_name, encode_name
from rules_engine.values.paths import RelPath, is_at_or_below, join, name_of, parent, sort_key, to_bytes
from rules_engine.values.vocabulary import EntryKind, FileType


@dataclass(slots=True)
class Changes:
    """What a run did to the entries of one seal: directory → names."""

    removed: dict[RelPath, list[str]] = field(default_factory=dict)
    unsealed: dict[RelPath, list[str]] = field(default_factory=dict)
    """Entries to look at again."""
    unlisted: dict[RelPath, list[str]] = field(default_factory=dict)
    """Directories whose listings have to be read again."""

    def __bool__(self) -> bool:
        """Whether anything changed."""
        return bool(self.removed or self.unsealed or self.unlisted)


def amended(seal: Seal, changes: Changes) -> Iterator[tuple[RelPath, SealedDirectory]]:
    """The directories of `seal`, in order, with the outcomes of a run taken in."""
    gone, doubted = changes.removed, changes.unsealed
    # A path that is a directory has no row: doubt on it is doubt on what it lists.
    again = {*_paths(changes.unlisted), *(path for path in _paths(doubted) if path in seal.lines)}
    gone_directories = frozenset(path for path in seal.lines if path and name_of(path) in gone.get(parent(path), ()))
    went: RelPath | None = None
    for path, directory in seal.directories():
        # In order: what lies in a directory that went comes right after it.
        went = path if path in gone_directories and not _lies_in(path, went) else went
        if _lies_in(path, went):
            continue
        missing, look = gone.get(path, ()), doubted.get(path, ())
        found = _without(directory, missing, look) if missing or look else directory
        yield path, replace(found, look=True, complete=False) if path in again else found


def _lies_in(path: RelPath, directory: RelPath | None) -> bool:
    return directory is not None and is_at_or_below(path, directory)


def completed(
    record: JobRecord, observed: Iterable[tuple[RelPath, SealedDirectory]]
) -> tuple[tuple[RelPath, SealedDirectory], ...]:
    """The observed directories in order, with a row for each declared file that was not seen: it stays the job's."""
    found = dict(observed)
    for path, names in record.files.items():
        directory = found.get(path, SealedDirectory(None, complete=False, subdirectories=[], rows=[]))
        seen = {decode_name(row.name) for row in directory.rows}
        missing = [_absent(name, file_type) for name, file_type in names.items() if name not in seen]
        if missing or path not in found:
            rows = sorted((*directory.rows, *missing), key=lambda row: to_bytes(decode_name(row.name)))
            found[path] = replace(directory, rows=rows)
    return tuple(sorted(found.items(), key=lambda one: sort_key(one[0])))


def _absent(name: str, file_type: FileType) -> SealedRow:
    return SealedRow(encode_name(name), str(file_type), EntryKind.FILE, 0, 0, 0, 0, 0, absent=True)


def _paths(by_directory: Mapping[RelPath, Iterable[str]]) -> Iterator[RelPath]:
    return (join(directory, name) for directory, names in by_directory.items() for name in names)


def _without(directory: SealedDirectory, missing: Collection[str], look: Collection[str]) -> SealedDirectory:
    gone, doubted = frozenset(missing), frozenset(look)
    rows = [row for row in directory.rows if decode_name(row.name) not in gone] if gone else directory.rows
    if doubted:
        rows = [replace(row, look=True) if decode_name(row.name) in doubted else row for row in rows]
    below = [name for name in directory.subdirectories if decode_name(name) not in gone]
    return replace(directory, rows=rows, subdirectories=below)
