"""The phrases that the reports of a change of policies share."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

from rules_engine.analysis.effects import Effect
from rules_engine.jobs.comparing import Example, Group
from rules_engine.policy.changes import Change, Part
from rules_engine.policy.model import Action
from rules_engine.report.words import amount, name
from rules_engine.values.quantities import Instant, format_duration, format_size
from rules_engine.values.vocabulary import RuleName

Quote: TypeAlias = Callable[[str], str]
"""Writes a name so that nothing in it is taken for more."""

HEADS: Final = {
    Effect.GOES: "Stayed, and goes",
    Effect.SOONER: "Goes sooner",
    Effect.FOR_GOOD: "Is deleted, and no longer set aside",
    Effect.SET_ASIDE: "Is set aside, and no longer deleted",
    Effect.LATER: "Goes later",
    Effect.STAYS: "Went, and stays",
}
_PAST: Final = {Action.DELETE: "deleted", Action.TRASH: "trashed", Action.KEEP: "kept"}


def in_backticks(text: str) -> str:
    """A name for a terminal."""
    return f"`{name(text)}`"


def by_rules(ending: tuple[Action, tuple[RuleName, ...]] | None, quote: Quote = in_backticks) -> str:
    """How files of a group end: `trashed by rule`, or `kept`."""
    if ending is None:
        return _PAST[Action.KEEP]
    action, rules = ending
    return f"{_PAST[action]} by {', '.join(quote(rule) for rule in rules)}"


def group_line(group: Group, quote: Quote = in_backticks) -> str:
    """What files of a group became of and become of, how many, and how many of them now."""
    now = f"; {amount(group.due)} of them now" if group.due.files else ""
    return f"{by_rules(group.before, quote)} → {by_rules(group.after, quote)}: {amount(group.total)}{now}"


def example_line(example: Example, now: Instant, quote: Quote = in_backticks) -> str:
    """One file with its size, and when it went and goes."""
    when = f"{_when(example.before, now)} → {_when(example.after, now)}"
    return f"{quote(example.path)} ({format_size(example.size)}): {when}"


def _when(since: Instant | None, now: Instant) -> str:
    if since is None:
        return "never"
    return f"in {format_duration(since - now)}" if since > now else "now"


def change_lines(change: Change, quote: Quote = in_backticks) -> Iterator[tuple[str, str]]:
    """What is said differently: a sign and a text each, `-` as it was and `+` as it is."""
    place = f" ({name(change.place)})" if change.place else ""
    if change.part is Part.SETTING:
        yield "~", f"setting {quote(change.name)}: {name(change.before or '')} → {name(change.after or '')}{place}"
        return
    if change.part is Part.LAYOUT:
        became = "is new" if change.before is None else "is gone" if change.after is None else "is another one"
        yield "~", f"layout {quote(change.name)} {became}{place}"
        return
    if change.before is not None:
        yield "-", f"{change.before}{place if change.after is None else ''}"
    if change.after is not None:
        yield "+", f"{change.after}{place}"


def answer(*, removes_more: bool, said: Sequence[Change]) -> str:
    """The answer in one line."""
    if removes_more:
        return "Something can be removed that could not be removed before"
    return "Nothing can be removed that could not be removed before" if said else "Nothing is said differently"
