"""The text of a change of policies: the answer first, then what it does to files, then what is said differently."""

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from rules_engine.analysis.compare import Comparison
from rules_engine.jobs.comparing import Group, TreeComparison
from rules_engine.jobs.reviewing import Review
from rules_engine.report.diff_words import (
    HEADS,
    answer,
    change_lines,
    difference_line,
    example_line,
    group_line,
    heading_of_changes,
    heading_of_kinds,
    marker_line,
    witness_line,
)
from rules_engine.report.words import amount, name
from rules_engine.values.quantities import format_instant
from rules_engine.values.text import plural

_MOST: Final = 8
"""Sentences under one heading, unless more is asked for."""


def diff_lines(found: Review, *, verbose: bool = False) -> Iterator[str]:
    """The lines of a review; with `verbose` every difference of it."""
    yield answer(found)
    yield f"{name(found.old)} → {name(found.new)}"
    if found.changes:
        yield from _kinds(found.kinds, None if verbose else _MOST)
    if found.tree is not None:
        yield from _tree(found.tree)
    if found.changes:
        yield ""
        yield heading_of_changes(found.changes)
        yield from (f"  {sign} {text}" for change in found.changes for sign, text in change_lines(change))


def _kinds(kinds: Comparison, most: int | None) -> Iterator[str]:
    yield ""
    yield heading_of_kinds(kinds)
    yield from (f"  {marker_line(marker)}" for marker in kinds.markers)
    for effect, differences in groupby(kinds.differences, key=lambda one: one.effect):
        yield f"  {HEADS[effect]}"
        every = list(differences)
        for one in every[:most]:
            yield f"    {difference_line(one)}"
            yield f"      {witness_line(one)}"
        if len(every) > len(every[:most]):
            yield f"    and {plural(len(every) - len(every[:most]), 'more', 'more')}: `--verbose` names them"
    if kinds.unknown:
        yield f"  There may be more: {kinds.unknown}"


def _tree(tree: TreeComparison) -> Iterator[str]:
    yield ""
    yield f"Files below {name(tree.root)}, as of {format_instant(tree.now)}, of {amount(tree.looked_at)}"
    if not tree.groups:
        yield "  none becomes of anything else"
    for effect, groups in groupby(tree.groups, key=lambda group: group.effect):
        yield f"  {HEADS[effect]}"
        for group in groups:
            yield from _group(group, tree)
    if tree.unread:
        yield f"  {plural(len(tree.unread), 'directory or file', 'directories and files')} could not be read: kept"
        yield from (f"    {name(path)}: {name(why)}" for path, why in tree.unread)


def _group(group: Group, tree: TreeComparison) -> Iterator[str]:
    yield f"    {group_line(group)}"
    yield from (f"      {example_line(example, tree.now)}" for example in group.examples)
