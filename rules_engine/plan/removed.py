"""Directories that go because they are empty: batched deepest first, each once."""

from collections.abc import Mapping

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


def batches_of(removed: Mapping[RelPath, Removed]) -> tuple[Batch, ...]:
    """The directories in batches by the directory that holds them, deepest first."""
    groups: dict[tuple[RelPath, tuple[RuleName, ...], tuple[JobId, ...]], list[Entry]] = {}
    for path in sorted(removed, key=sort_key):
        found = removed[path]
        entry = Entry(name=name_of(path), kind=EntryKind.DIRECTORY, inode=found.inode)
        groups.setdefault((parent(path), found.rules, found.owners), []).append(entry)
    ordered = sorted(groups.items(), key=lambda item: (sort_key(item[0][0]), item[0][1:]), reverse=True)
    return tuple(
        Batch(
            directory,
            StepAction.REMOVE_DIRECTORY,
            tuple(entries[start : start + LARGEST_BATCH]),
            rules,
            owners,
            "empty",
        )
        for (directory, rules, owners), entries in ordered
        for start in range(0, len(entries), LARGEST_BATCH)
    )
