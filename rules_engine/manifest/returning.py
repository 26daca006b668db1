"""What was put back from the trash, in the seals of its owners: as if it had never gone, but looked at again."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from msgspec.structs import replace

from rules_engine.manifest.inheriting import InheritedTypes
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.seal import Seal, SealedDirectory, SealedRow
from rules_engine.values.names import decode_name, encode_name
from rules_engine.values.paths import RelPath, is_at_or_below, join, name_of, parent, sort_key, to_bytes
from rules_engine.values.trail import Trail
from rules_engine.values.vocabulary import EntryKind, FileType

PUT_BACK: Final = FileType("put_back")
"""Of a file that a packed manifest does not name any more; no layout holds it, so in an output it is a deliverable."""

_UNKNOWN: Final = SealedDirectory(None, complete=False, subdirectories=[], rows=[])


def returned(
    seal: Seal, declared: JobRecord | None, files: Mapping[RelPath, SealedRow], directories: Collection[RelPath]
) -> tuple[tuple[RelPath, SealedDirectory], ...]:
    """The directories of `seal`, in order, with what was put back.

    `declared` is the job as its logs tell of it, which know what every file is; None where they are gone. Of
    `directories` nothing is known but that they are there again.
    """
    found = dict(seal.directories())
    named = declared if declared is not None else seal.record
    for path in directories:
        _list_again(found, named, path)
    rows = {**_declared_below(named, frozenset(directories)), **files}
    inherited = InheritedTypes(named)
    for path in sorted(rows, key=sort_key):
        row, file_type = rows[path], _type_of(named, path, inherited, packed=declared is None)
        if file_type is not None:
            directory = found.get(parent(path), _UNKNOWN)
            found[parent(path)] = replace(directory, rows=_with(directory.rows, replace(row, file_type=str(file_type))))
    return tuple(sorted(found.items(), key=lambda one: sort_key(one[0])))


def _list_again(found: dict[RelPath, SealedDirectory], record: JobRecord, path: RelPath) -> None:
    if not any(is_at_or_below(path, place) for place in record.places):
        return
    found[path] = replace(found.get(path, _UNKNOWN), look=True, complete=False)
    if parent(path) in found:
        # Its listing does not name the directory: it would count as one that holds nothing more.
        found[parent(path)] = replace(found[parent(path)], look=True, complete=False)


def _declared_below(record: JobRecord, directories: frozenset[RelPath]) -> dict[RelPath, SealedRow]:
    """A row for each file that the manifest names below a directory that was put back: it is the job's again."""
    is_below = Trail(outside=False)

    def step(above: bool, path: RelPath) -> bool:
        return above or path in directories

    return {
        join(directory, name): SealedRow(encode_name(name), "", EntryKind.FILE, 0, 0, 0, 0, 0, look=True)
        for directory in sorted(record.files, key=sort_key)
        if is_below.at(directory, step)
        for name in record.files[directory]
    }


def _type_of(record: JobRecord, path: RelPath, inherited: InheritedTypes, *, packed: bool) -> FileType | None:
    """What the file is to the job; None where it is not the job's."""
    told = record.files.get(parent(path), {}).get(name_of(path))
    if told is not None:
        return told
    below = inherited.of(parent(path))
    if below is not None:
        return below
    if is_at_or_below(path, record.workspace):
        return FileType.UNDECLARED
    return PUT_BACK if packed else None


def _with(rows: Iterable[SealedRow], new: SealedRow) -> list[SealedRow]:
    others = [row for row in rows if row.name != new.name]
    return sorted((*others, new), key=lambda row: to_bytes(decode_name(row.name)))
