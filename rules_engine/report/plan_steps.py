"""The steps of a plan as lines: each one, summed by rule, or summed by directory."""

from collections.abc import Iterable, Iterator
from typing import Final

from rules_engine.plan.model import Batch, Count, Entry, StepAction
from rules_engine.report.tables import align, joined
from rules_engine.report.words import FILE_REMOVALS, VERBS, name
from rules_engine.values.paths import RelPath, join, sort_key
from rules_engine.values.quantities import format_size
from rules_engine.values.text import escape, plural

_VERB_WIDTH: Final = max(map(len, VERBS.values()))


def step_lines(batches: Iterable[Batch]) -> Iterator[str]:
    """One line a step, in the order in which they are carried out."""
    for batch in batches:
        why = _why(batch)
        for entry in batch.entries:
            yield f"{VERBS[batch.action]:{_VERB_WIDTH}}  {_size(batch, entry):>10}  {_path(batch, entry)}{why}"


def _size(batch: Batch, entry: Entry) -> str:
    return format_size(entry.size) if batch.action in FILE_REMOVALS else ""


def _path(batch: Batch, entry: Entry) -> str:
    path = name(join(batch.directory, entry.name))
    if batch.action is StepAction.CREATE_LINK:
        return f"{path} -> {name(entry.target)}"
    return path


def _why(batch: Batch) -> str:
    mark = "  DELIVERABLE" if batch.deliverable else ""
    return f"{mark}  by {joined(map(escape, batch.rules))}" if batch.rules else mark


def by_rule_lines(batches: Iterable[Batch]) -> Iterator[str]:
    """Files and bytes for each set of deciding rules and action, largest first."""
    sums: dict[tuple[str, str], Count] = {}
    for batch in batches:
        rules = joined(map(escape, batch.rules)) or "layout"
        _add(sums.setdefault((rules, VERBS[batch.action]), Count()), batch)
    ordered = sorted(sums.items(), key=lambda one: (-one[1].bytes, -one[1].files, one[0]))
    yield from _sum_lines([(*key, count) for key, count in ordered])


def by_directory_lines(batches: Iterable[Batch]) -> Iterator[str]:
    """Files and bytes for each directory and action, in the order of the tree."""
    sums: dict[tuple[RelPath, str], Count] = {}
    for batch in batches:
        _add(sums.setdefault((batch.directory, VERBS[batch.action]), Count()), batch)
    ordered = sorted(sums.items(), key=lambda one: (sort_key(one[0][0]), one[0][1]))
    yield from _sum_lines([(name(key[0]) + "/", key[1], count) for key, count in ordered])


def _add(count: Count, batch: Batch) -> None:
    count.files += len(batch.entries)
    if batch.action in FILE_REMOVALS:
        count.bytes += sum(entry.size for entry in batch.entries)


def _sum_lines(sums: list[tuple[str, str, Count]]) -> Iterator[str]:
    rows = [
        (plural(count.files, "step"), format_size(count.bytes) if count.bytes else "", verb, what)
        for what, verb, count in sums
    ]
    if not rows:
        yield "no steps"
        return
    yield from align(rows, right=(0, 1), indent="")
