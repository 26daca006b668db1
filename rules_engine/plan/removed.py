"""Directories that go because they are empty: batched deepest first, each once."""

from collections.abc import Iterator, Mapping
from itertools import groupby

import msgspec

from rules_engine.plan.model import LARGEST_BATCH, Batch, Entry, StepAction
from rules_engine.values.paths import RelPath, name_of, parent, sort_key
from rules_engine.values.vocabulary import EntryKind, JobId, RuleName


class Removed(msgspec.Struct, frozen=True):
    """A directory that goes once nothing is in it."""

    inode: int
    rules: tuple[RuleName, ...]
    owners: tuple[JobId, ...]


def both(one: Mapping[RelPath, Removed], other: Mapping[RelPath, Removed]) -> dict[RelPath, Removed]:
    """The directories of both, each once; what takes it in both is named together."""
    merged = dict(one)
    for path, found in other.items():
        first = merged.get(path)
        rules = found.rules if first is None else tuple(sorted({*first.rules, *found.rules}))
        merged[path] = Removed(found.inode, rules, found.owners)
    return merged


def batches_of(removed: Mapping[RelPath, Removed]) -> Iterator[Batch]:
    """The directories in batches by the directory that holds them, deepest first."""
    # Sorted and not gathered: what ten thousand jobs leave empty would be most of what a plan holds at once.
    by_name = sorted(removed, key=sort_key)
    deepest_first = sorted(by_name, key=lambda path: sort_key(parent(path)), reverse=True)
    for directory, paths in groupby(deepest_first, key=parent):
        groups: dict[tuple[tuple[RuleName, ...], tuple[JobId, ...]], list[Entry]] = {}
        for path in paths:
            found = removed[path]
            entry = Entry(name=name_of(path), kind=EntryKind.DIRECTORY, inode=found.inode)
            groups.setdefault((found.rules, found.owners), []).append(entry)
        for (rules, owners), entries in sorted(groups.items(), reverse=True):
            for start in range(0, len(entries), LARGEST_BATCH):
                some = tuple(entries[start : start + LARGEST_BATCH])
                yield Batch(directory, StepAction.REMOVE_DIRECTORY, some, rules, owners, "empty")
