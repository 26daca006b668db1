"""Between facts and rows: what a seal says as facts, what was observed as rows, and whether the two agree."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from rules_engine.inventory.model import DirectoryFacts, FileFact
from rules_engine.manifest.seal import SealedDirectory, SealedRow
from rules_engine.values.names import decode_name, encode_name
from rules_engine.values.paths import RelPath, to_bytes
from rules_engine.values.vocabulary import FileType


def row_from(fact: FileFact, file_type: FileType) -> SealedRow:
    """The row of an entry that was observed; one that a row cannot hold is looked at by every plan."""
    size, mtime_ns, ctime_ns = fact.size, fact.mtime_ns, fact.ctime_ns
    name, kind = encode_name(fact.name), fact.kind
    if size is None or mtime_ns is None or ctime_ns is None or not _fits(mtime_ns) or not _fits(ctime_ns):
        # Filesystems hold years that 64 bits of nanoseconds do not; 1970 in their place would make the file old.
        return SealedRow(name, str(file_type), kind, fact.inode, 0, 0, 0, fact.nlink, look=True)
    return SealedRow(name, str(file_type), kind, fact.inode, size, mtime_ns, ctime_ns, fact.nlink)


def _fits(time_ns: int) -> bool:
    return -(2**63) <= time_ns < 2**63


def fact_from(path: RelPath, row: SealedRow) -> FileFact:
    """The fact that a row of the directory at `path` tells."""
    name = decode_name(row.name)
    return FileFact(path, name, row.kind, row.inode, row.size, row.mtime_ns, row.ctime_ns, row.nlink, vouched=True)


def facts_from(path: RelPath, directory: SealedDirectory) -> DirectoryFacts | None:
    """The facts of the directory at `path` where this is all that is told of it; None where an entry is doubted."""
    rows = directory.rows
    if [row for row in rows if row.look]:
        return None
    # Most of what a plan from seals reads is read here, so a file costs one fact and nothing else.
    files = tuple(
        [
            FileFact(
                path,
                name if isinstance(name := row.name, str) else decode_name(name),
                row.kind,
                row.inode,
                row.size,
                row.mtime_ns,
                row.ctime_ns,
                row.nlink,
                True,
            )
            for row in rows
            if not row.absent
        ]
    )
    if not directory.complete:
        return DirectoryFacts(path, files)
    subdirectories = tuple(map(decode_name, directory.subdirectories))
    return DirectoryFacts(path, files, subdirectories, directory.inode, complete=True)


def has_entry(facts: DirectoryFacts, name: str) -> bool:
    """Whether something of that name is known to be in a directory."""
    files = facts.files
    place = bisect_left(files, to_bytes(name), key=_bytes_of_name)
    return (place < len(files) and files[place].name == name) or name in facts.subdirectories


def _bytes_of_name(file: FileFact) -> bytes:
    return to_bytes(file.name)


def is_same_file(fact: FileFact, row: SealedRow) -> bool:
    """Whether the row names this very file: a ctime of its own does not make it another."""
    return (
        fact.inode == row.inode
        and fact.mtime_ns == row.mtime_ns
        and fact.size == row.size
        and fact.kind is row.kind
        and not row.absent
    )


def rows_by_name(directories: Iterable[SealedDirectory]) -> dict[str, list[SealedRow]]:
    """The rows of one directory in all seals that tell of it, by name."""
    found: dict[str, list[SealedRow]] = {}
    for directory in directories:
        for row in directory.rows:
            found.setdefault(decode_name(row.name), []).append(row)
    return found


def vouch(fact: FileFact, rows: Mapping[str, Iterable[SealedRow]]) -> FileFact:
    """The fact, vouched for where a row names this very file."""
    if not any(is_same_file(fact, row) for row in rows.get(fact.name, ())):
        return fact
    return FileFact(
        fact.directory,
        fact.name,
        fact.kind,
        fact.inode,
        fact.size,
        fact.mtime_ns,
        fact.ctime_ns,
        fact.nlink,
        vouched=True,
    )


def vouch_all(facts: DirectoryFacts, seals: Iterable[SealedDirectory]) -> DirectoryFacts:
    """The facts of one directory, each vouched for where a seal names this very file."""
    rows = rows_by_name(seals)
    files = tuple(vouch(fact, rows) for fact in facts.files)
    return replace(facts, files=files)
