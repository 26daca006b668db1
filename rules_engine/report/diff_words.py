"""The phrases that the reports of a change of policies share."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

from rules_engine.analysis.compare import Comparison, Difference
from rules_engine.analysis.effects import Effect
from rules_engine.analysis.naming import Kind, Selected
from rules_engine.analysis.outcomes import Outcome
from rules_engine.analysis.situation import Situation
from rules_engine.jobs.comparing import Example, Group
from rules_engine.jobs.reviewing import Review
from rules_engine.policy.changes import Change, Part
from rules_engine.policy.model import Action
from rules_engine.report.words import amount, name
from rules_engine.values.quantities import Instant, format_duration, format_size
from rules_engine.values.text import plural
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
_MOST_NAMED: Final = 4
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


def difference_line(found: Difference, quote: Quote = in_backticks) -> str:
    """Which files end otherwise, and how they ended and end."""
    return (
        f"{kind_words(found.kind, quote)}: {outcome_words(found.before, quote)} → {outcome_words(found.after, quote)}"
    )


def witness_line(found: Difference, quote: Quote = in_backticks) -> str:
    """One of the files."""
    times = last_time(found.witness)
    which = f", counted from {times}" if times else ""
    return f"such as {quote(found.path)}, {found.witness.words}{which}"


def last_time(witness: Situation) -> str:
    """Which of its times the age of a witness counts from; empty where they are all the same."""
    file, job = witness.file, witness.job
    times = {"its mtime": file.mtime_ns, "its ctime": file.ctime_ns, "the end of its job": job.ended if job else None}
    known = {name: time for name, time in times.items() if time is not None}
    last = [name for name, time in known.items() if time == max(known.values())]
    return "" if len(last) == len(known) else last[0]


def kind_words(kind: Kind, quote: Quote = in_backticks) -> str:
    """Which files: their patterns, what they are, where they lie, whose they are."""
    patterns = _several([_together(one, quote) for one in kind.patterns])
    return f"{patterns}, {_subject(kind, quote)}" if patterns else _subject(kind, quote)


def _together(selected: Selected, quote: Quote) -> str:
    texts = [_several(list(map(quote, some))) for some in selected]
    if len(texts) == 1:
        return texts[0]
    return " and ".join(f"({text})" if len(some) > 1 else text for text, some in zip(texts, selected, strict=True))


def _subject(kind: Kind, quote: Quote) -> str:
    if not kind.owned:
        return "files named like a deliverable that no job owns" if kind.deliverable else "files that no job owns"
    words = ["deliverables" if kind.deliverable else "temporary files"]
    if kind.file_types:
        words.append(f"of type {_several(list(map(quote, kind.file_types)))}")
    if kind.but_types:
        words.append(f"of no type {_several(list(map(quote, kind.but_types)))}")
    words += [f"in the {place}" for place in kind.places]
    jobs = [*kind.statuses, *([_several(list(map(quote, kind.job_types)))] if kind.job_types else []), "jobs"]
    return " ".join([*words, "of", *jobs])


def _several(names: Sequence[str]) -> str:
    shown, more = names[:_MOST_NAMED], len(names) - _MOST_NAMED
    if more > 0:
        return f"{', '.join(shown)} or {more} more"
    return " or ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def outcome_words(outcome: Outcome, quote: Quote = in_backticks) -> str:
    """What becomes of files: `kept`, and why; or how they go, at which age, by which rules."""
    if outcome.ending is None:
        return f"{_PAST[Action.KEEP]} ({name(outcome.why)}){_where_held_back(outcome)}"
    age = outcome.ending.since
    when = f"after {format_duration(age)}" if age else "at once"
    words = f"{_PAST[outcome.ending.action]} {when} by {', '.join(map(quote, outcome.rules))}"
    if outcome.whole:
        words += " with its directory"
    words += _where_held_back(outcome)
    return f"{words}, kept until then by {', '.join(map(quote, outcome.held_by))}" if outcome.held_by else words


def _where_held_back(outcome: Outcome) -> str:
    return " where something else holds its directory back" if outcome.held_back else ""


def marker_line(marker: str, quote: Quote = in_backticks) -> str:
    """What a name says no more that marked directories to be kept."""
    return f"everything below a directory with an entry {quote(marker)}: kept → as if there were no such entry"


def change_lines(change: Change, quote: Quote = in_backticks) -> Iterator[tuple[str, str]]:
    """What is said differently: a sign and a text each, `-` as it was and `+` as it is."""
    place = f" ({name(change.place)})" if change.place else ""
    if change.part is Part.SETTING:
        yield "~", f"setting {quote(change.name)}: {name(change.before or '')} → {name(change.after or '')}{place}"
        return
    if change.part in {Part.LAYOUT, Part.GUARANTEE}:
        became = "is new" if change.before is None else "is gone" if change.after is None else "is another one"
        yield "~", f"{change.part} {quote(change.name)} {became}{place}"
        return
    if change.before is not None:
        yield "-", f"{change.before}{place if change.after is None else ''}"
    if change.after is not None:
        yield "+", f"{change.after}{place}"


def answer(found: Review) -> str:
    """The answer in one line."""
    if found.removes_more:
        sure = not found.kinds.unknown or found.kinds.surely_removes_more
        known = "Something can" if sure else "It is not known whether something can"
        return f"{known} be removed that could not be removed before"
    return "Nothing can be removed that could not be removed before" if found.changes else "Nothing is said differently"


def heading_of_kinds(kinds: Comparison) -> str:
    """How many kinds of files end otherwise, of those that were asked about."""
    different = sum(one.kinds for one in kinds.differences)
    asked = f"of {plural(kinds.kinds, 'kind')} of files that the change can concern"
    return (
        f"{different} {asked} {'ends' if different == 1 else 'end'} otherwise"
        if different
        else f"None {asked} ends otherwise"
    )


def heading_of_changes(changes: Sequence[Change]) -> str:
    """How many rules, layouts and settings are said differently."""
    return f"{plural(len(changes), 'thing is', 'things are')} said differently"
