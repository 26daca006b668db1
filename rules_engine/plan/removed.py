"""Directories that go because they are empty: batched deepest first, each once."""

from collections.abc import Iterator, Mapping

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
    groups: dict[tuple[RelPath, tuple[RuleName, ...], tuple[JobId, ...]], list[RelPath]] = {}
    for path in sorted(removed, key=sort_key):
        found = removed[path]
        groups.setdefault((parent(path), found.rules, found.owners), []).append(path)
    for key in sorted(groups, key=lambda one: (sort_key(one[0]), one[1:]), reverse=True):
        directory, rules, owners = key
        paths = groups[key]
        for start in range(0, len(paths), LARGEST_BATCH):
            # Each batch as it is asked for: those of ten thousand jobs at once are most of what a plan would hold.
            entries = [
                Entry(name=name_of(path), kind=EntryKind.DIRECTORY, inode=removed[path].inode)
                for path in paths[start : start + LARGEST_BATCH]
            ]
            yield Batch(directory, StepAction.REMOVE_DIRECTORY, tuple(entries), rules, owners, "empty")
