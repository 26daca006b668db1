"""The Markdown of a plan, short enough for a comment on a pull request: the answer first, the rest folded."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rules_engine.plan.model import Plan, RuleSummary, StepAction, Trailer
from rules_engine.plan.releases import until
from rules_engine.policy.model import Action
from rules_engine.report.overview import Overview
from rules_engine.report.words import VERBS, amount, name, total
from rules_engine.values.quantities import format_instant, format_size
from rules_engine.values.text import escape, plural

_MOST: Final = 20
"""Rows of a table: a comment has an end, and so has patience."""


def markdown_lines(plan: Plan, overview: Overview, *, root: str | None) -> Iterator[str]:
    """The lines of a plan whose batches have been gone through."""
    header, trailer = plan.header, plan.trailer
    yield f"### {_answer(trailer)}"
    yield ""
    yield from _refusals(trailer)
    named = f"Root {code(root)}, as" if root is not None else "As"
    yield f"{named} of {format_instant(header.now)}, policies {code(header.policies_digest[:12] or 'none')}."
    yield from (f"Asked for: {code(f'{key} {value}')}." for key, value in sorted(header.ask.items()))
    if trailer.left_out.files:
        yield f"Narrowed: {amount(trailer.left_out)} more would go."
    yield from _releases(trailer)
    yield from _deliverables(trailer, overview)
    yield from _rules(trailer)
    yield from _folded("Kept", _kept(trailer))
    yield from _folded("Falls due in the next seven days", _due(trailer))
    yield from _folded(f"{plural(len(trailer.problems), 'problem')}: unknown, and kept", _notices(trailer.problems))
    yield from _folded("Not looked at", _notices(trailer.skipped))


def code(text: str) -> str:
    """A name as a code span that nothing in it can end: no mention, no link, no table cell."""
    shown = name(text).replace("|", "\\|")
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _answer(trailer: Trailer) -> str:
    going = total(trailer.steps)
    parts = [
        f"{VERBS[action]} {amount(count)}"
        for action in (StepAction.DELETE, StepAction.TRASH)
        if (count := trailer.steps.get(action)) is not None and count.files
    ]
    refused = "REFUSED: " if trailer.refusals else ""
    return f"{refused}{amount(going)}, would go: {'; '.join(parts)}" if parts else f"{refused}Nothing would go"


def _refusals(trailer: Trailer) -> Iterator[str]:
    if trailer.refusals:
        yield "> [!CAUTION]"
        yield "> This plan cannot be applied as it is:"
        yield from (f"> - {_plain(one)}" for one in trailer.refusals)
        yield ""


def _releases(trailer: Trailer) -> Iterator[str]:
    if not trailer.releases:
        return
    yield ""
    yield "**Releases**: policies that were applied before still protect some of these files."
    yield ""
    for one in trailer.releases:
        asked = "let go by `--release`" if one.allowed else "**not asked for**"
        yield f"- keep rule {code(one.name)} ({code(one.place)}, {until(one)}): {amount(one.count)}; {asked}"


def _deliverables(trailer: Trailer, overview: Overview) -> Iterator[str]:
    if not trailer.deliverables.files:
        return
    yield ""
    yield f"**Deliverables** among them: {amount(trailer.deliverables)}."
    yield ""
    yield from (
        f"- {VERBS[one.action]} {code(one.path)} ({format_size(one.size)}) by {_names(one.rules)}"
        for one in overview.deliverables
    )
    rest = trailer.deliverables.files - len(overview.deliverables)
    if rest > 0:
        yield f"- and {plural(rest, 'more', 'more')}"


def _rules(trailer: Trailer) -> Iterator[str]:
    rows = [_rule_row(rule) for rule in trailer.rules]
    yield ""
    yield from _table(("rule", "action", "now", "waiting", "held back"), rows)


def _rule_row(rule: RuleSummary) -> tuple[str, ...]:
    action = f"{rule.action} (report only)" if rule.report_only else str(rule.action)
    verb = "keeps " if rule.action is Action.KEEP else "would be " if rule.report_only else ""
    now = f"{verb}{amount(rule.decided)}" if rule.decided.files else "nothing"
    waiting = amount(rule.waiting) if rule.waiting.files else ""
    return code(rule.name), action, now, waiting, amount(rule.held) if rule.held.files else ""


def _kept(trailer: Trailer) -> Iterator[str]:
    ordered = sorted(trailer.kept, key=lambda one: (-one.total.bytes, -one.total.files, one.text))
    if ordered:
        rows = [(_plain(one.text), str(one.total.files), format_size(one.total.bytes)) for one in ordered]
        yield from _table(("because", "files", "bytes"), rows)


def _due(trailer: Trailer) -> Iterator[str]:
    if trailer.due_by_day:
        rows = [(day, str(count.files), format_size(count.bytes)) for day, count in trailer.due_by_day]
        yield from _table(("day", "files", "bytes"), rows)
    if trailer.due_later.files:
        yield f"Later: {amount(trailer.due_later)}."


def _notices(found: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield from (f"- {code(path)}: {_plain(why)}" for path, why in found[:_MOST])
    if len(found) > _MOST:
        yield f"- and {plural(len(found) - _MOST, 'more', 'more')}"


def _folded(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Lines behind a triangle; nothing where there are none."""
    every = list(lines)
    if every:
        yield ""
        yield f"<details><summary>{title}</summary>"
        yield ""
        yield from every
        yield ""
        yield "</details>"


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    yield from (f"| {' | '.join(row)} |" for row in rows[:_MOST])
    if len(rows) > _MOST:
        yield f"| and {len(rows) - _MOST} more |{' |' * (len(heads) - 1)}"


def _names(names: Iterable[str]) -> str:
    return ", ".join(map(code, names))


def _plain(text: str) -> str:
    """A line of ours, which holds names in backticks: what could be markup outside of them is taken as it stands."""
    return re.sub(r"([<>|@#\[\]*_~])", r"\\\1", escape(text)) if "`" not in text else escape(text).replace("|", "\\|")
