"""Between facts and rows: what a seal says as facts, what was observed as rows, and whether the two agree."""

from collections.abc import Iterable, Mapping

from rules_engine.inventory.model import DirectoryFacts, FileFact
from rules_engine.manifest.seal import SealedDirectory, SealedRow
from rules_engine.values.names import decode_name, encode_name
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import FileType


def row_from(fact: FileFact, file_type: FileType) -> SealedRow:
    """The row of an entry that was observed."""
    return SealedRow(
        encode_name(fact.name),
        str(file_type),
        fact.kind,
        fact.inode,
        fact.size or 0,
        fact.mtime_ns or 0,
        fact.ctime_ns or 0,
        fact.nlink,
    )


def fact_from(path: RelPath, row: SealedRow) -> FileFact:
    """The fact that a row of the directory at `path` tells."""
    name = decode_name(row.name)
    return FileFact(path, name, row.kind, row.inode, row.size, row.mtime_ns, row.ctime_ns, row.nlink, vouched=True)


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
    return DirectoryFacts(facts.path, files, facts.subdirectories, facts.inode, facts.complete)
