"""What a seal is made of besides what was observed: every declared file; and after a run, its outcomes."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from msgspec.structs import replace

from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.seal import Seal, SealedDirectory, SealedRow
from rules_engine.values.names import decode_name, encode_name
from rules_engine.values.paths import RelPath, is_at_or_below, name_of, parent, sort_key, to_bytes
from rules_engine.values.vocabulary import EntryKind, FileType


def amended(
    seal: Seal, removed: Collection[RelPath], unsealed: Collection[RelPath], unlisted: Collection[RelPath]
) -> Iterator[tuple[RelPath, SealedDirectory]]:
    """The directories of `seal`, in order, with the outcomes of a run taken in."""
    gone, doubted = _by_directory(removed), _by_directory(unsealed)
    # A path that is a directory has no row: doubt on it is doubt on what it lists.
    again = {*unlisted, *(path for path in unsealed if path in seal.lines)}
    gone_directories = {path for path in removed if path in seal.lines}
    went: RelPath | None = None
    for path, directory in seal.directories():
        # In order: what lies in a directory that went comes right after it.
        went = path if path in gone_directories and not _lies_in(path, went) else went
        if _lies_in(path, went):
            continue
        missing, look = gone.get(path, set()), doubted.get(path, set())
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


def _by_directory(paths: Iterable[RelPath]) -> dict[RelPath, set[str]]:
    found: dict[RelPath, set[str]] = {}
    for path in paths:
        found.setdefault(parent(path), set()).add(name_of(path))
    return found


def _without(directory: SealedDirectory, missing: Iterable[str], look: Iterable[str]) -> SealedDirectory:
    gone, doubted = frozenset(missing), frozenset(look)
    rows = [replace(row, look=True) if name in doubted else row for row, name in _named(directory) if name not in gone]
    below = [name for name in directory.subdirectories if decode_name(name) not in gone]
    return replace(directory, rows=rows, subdirectories=below)


def _named(directory: SealedDirectory) -> Sequence[tuple[SealedRow, str]]:
    return [(row, decode_name(row.name)) for row in directory.rows]
