"""A seal after a run: without what went, and with doubt on what was found different."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from msgspec.structs import replace

from rules_engine.manifest.seal import Seal, SealedDirectory, SealedRow
from rules_engine.values.names import decode_name
from rules_engine.values.paths import RelPath, is_at_or_below, name_of, parent


def amended(
    seal: Seal, removed: Collection[RelPath], unsealed: Collection[RelPath], unlisted: Collection[RelPath]
) -> Iterator[tuple[RelPath, SealedDirectory]]:
    """The directories of `seal`, in order, with the outcomes of a run taken in."""
    gone, doubted = _by_directory(removed), _by_directory(unsealed)
    # A path that is a directory has no row: doubt on it is doubt on what it lists.
    again = {*unlisted, *(path for path in unsealed if path in seal.lines)}
    gone_directories = {path for path in removed if path in seal.lines}
    for path, directory in seal.directories():
        if any(is_at_or_below(path, above) for above in gone_directories):
            continue
        missing, look = gone.get(path, set()), doubted.get(path, set())
        found = _without(directory, missing, look) if missing or look else directory
        yield path, replace(found, look=True, complete=False) if path in again else found


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
