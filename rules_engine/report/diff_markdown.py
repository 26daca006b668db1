"""The Markdown of a change of policies, short enough for a comment on a pull request."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from rules_engine.analysis.compare import Comparison
from rules_engine.jobs.comparing import Group, TreeComparison
from rules_engine.jobs.reviewing import Review
from rules_engine.policy.changes import Change
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
from rules_engine.report.plan_markdown import code
from rules_engine.report.words import amount
from rules_engine.values.quantities import format_instant
from rules_engine.values.text import plural

_MOST: Final = 20
"""Entries of a list: a comment has an end, and so has patience."""


def diff_markdown(found: Review) -> Iterator[str]:
    """The lines of a review."""
    yield f"### {answer(found)}"
    yield ""
    yield f"{code(found.old)} → {code(found.new)}"
    if found.changes:
        yield from _kinds(found.kinds)
    if found.tree is not None:
        yield from _tree(found.tree)
    yield from _changes(found.changes)


def _kinds(kinds: Comparison) -> Iterator[str]:
    yield ""
    yield f"{heading_of_kinds(kinds)}."
    if kinds.markers:
        yield ""
        yield from (f"- {marker_line(marker, code)}" for marker in kinds.markers)
    for effect, differences in groupby(kinds.differences[:_MOST], key=lambda one: one.effect):
        yield ""
        yield f"**{HEADS[effect]}**"
        yield ""
        for one in differences:
            yield f"- {difference_line(one, code)}"
            yield f"  - {witness_line(one, code)}"
    yield from _more(len(kinds.differences))
    if kinds.unknown:
        yield ""
        yield f"There may be more: {kinds.unknown}."


def _tree(tree: TreeComparison) -> Iterator[str]:
    yield ""
    yield f"#### Files below {code(tree.root)}, as of {format_instant(tree.now)}"
    yield ""
    yield (
        f"Of {amount(tree.looked_at)}:"
        if tree.groups
        else f"Of {amount(tree.looked_at)} none becomes of anything else."
    )
    for effect, groups in groupby(tree.groups[:_MOST], key=lambda group: group.effect):
        yield ""
        yield f"**{HEADS[effect]}**"
        yield ""
        for group in groups:
            yield from _group(group, tree)
    yield from _more(len(tree.groups))
    if tree.unread:
        yield ""
        yield f"{plural(len(tree.unread), 'directory or file', 'directories and files')} could not be read: kept."


def _group(group: Group, tree: TreeComparison) -> Iterator[str]:
    yield f"- {group_line(group, code)}"
    yield from (f"  - {example_line(example, tree.now, code)}" for example in group.examples)


def _changes(changes: Sequence[Change]) -> Iterator[str]:
    if not changes:
        return
    yield ""
    yield f"<details><summary>{heading_of_changes(changes)}</summary>"
    yield ""
    # A block of its own language, so that nothing in a name or a pattern is taken for markup.
    yield "````diff"
    yield from (
        f"{sign} {text.replace('````', '` ` ` `')}" for change in changes[:_MOST] for sign, text in change_lines(change)
    )
    yield "````"
    yield from _more(len(changes))
    yield ""
    yield "</details>"


def _more(count: int) -> Iterator[str]:
    if count > _MOST:
        yield ""
        yield f"And {plural(count - _MOST, 'more', 'more')}."
