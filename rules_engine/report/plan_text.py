"""The text of a plan: refusals, the answer, deliverables, every rule, what stays and why, what comes next."""

from collections.abc import Iterator
from typing import Final

from rules_engine.plan.model import Count, Header, Plan, RuleSummary, StepAction, Trailer
from rules_engine.plan.narrow import NARROWING
from rules_engine.plan.releases import until
from rules_engine.policy.built_in import BUILT_IN
from rules_engine.policy.model import Action
from rules_engine.report.overview import Overview
from rules_engine.report.plan_rest import due_lines, kept_lines, notice_lines, pinned_lines, whole_lines
from rules_engine.report.tables import align, joined
from rules_engine.report.trash_text import is_way_back, kept_trash_lines, way_back_lines
from rules_engine.report.words import VERBS, amount, moment, name, no_file_goes, total
from rules_engine.values.quantities import format_instant, format_size
from rules_engine.values.text import escape, plural

_DIRECTORY_STEPS: Final = (
    (StepAction.REMOVE_DIRECTORY, "removes {} that will be empty", "directory", "directories"),
    (StepAction.CREATE_DIRECTORY, "creates {}", "directory", "directories"),
    (StepAction.CREATE_LINK, "creates {}", "link", "links"),
    (StepAction.REMOVE_LINK, "removes {}", "link", "links"),
)


def plan_lines(plan: Plan, overview: Overview, *, root: str | None, verbose: bool = False) -> Iterator[str]:
    """The lines of a plan whose batches have been gone through, in the order of the documentation."""
    header, trailer = plan.header, plan.trailer
    yield from _refusals(trailer)
    yield from _head(header, root)
    yield from _narrowed(header, trailer)
    yield ""
    if is_way_back(header):
        yield from way_back_lines(header, trailer, overview)
        return
    yield from _answer(header, trailer)
    yield from _releases(trailer)
    yield from _deliverables(trailer, overview)
    yield from kept_trash_lines(trailer)
    yield from _rules(header, trailer)
    yield from kept_lines(trailer, most=10 if verbose else 3)
    yield from whole_lines(trailer, most=10 if verbose else 3)
    yield from pinned_lines(trailer, header.now)
    yield from due_lines(trailer)
    yield from notice_lines(trailer, verbose=verbose)


def _refusals(trailer: Trailer) -> Iterator[str]:
    if not trailer.refusals:
        return
    yield "REFUSED: this plan cannot be applied as it is"
    yield from (f"  {escape(refusal)}" for refusal in trailer.refusals)
    yield ""


def _head(header: Header, root: str | None) -> Iterator[str]:
    named = [f"root {name(root)}"] if root is not None else []
    if header.root_id is None:
        yield ", ".join((*named, "not a root yet: this plan cannot be applied; run `rules init --root DIR` first"))
    else:
        yield ", ".join((*named, f"root id {escape(header.root_id)}"))
    yield f"as of {format_instant(header.now)}, policies {header.policies_digest[:12] or 'none'}"
    said = {key: value for key, value in header.ask.items() if key not in NARROWING}
    if said:
        asked = ", ".join(f"{escape(key)} {escape(value)}" for key, value in sorted(said.items()))
        yield f"asked for: {asked}"


def _narrowed(header: Header, trailer: Trailer) -> Iterator[str]:
    """What the plan was narrowed to: whoever reads the sums below must know that they are not all."""
    to = [f"{key} {escape(header.ask[key])}" for key in NARROWING if key in header.ask]
    if to:
        rest = trailer.left_out
        more = f"{amount(rest)} more would go" if rest.files else "nothing else would go"
        yield f"narrowed to {', '.join(to)}; {more}"


def _answer(header: Header, trailer: Trailer) -> Iterator[str]:
    going = total(trailer.steps)
    if not going.files:
        yield f"{no_file_goes(trailer)}."
    else:
        yield f"{plural(going.files, 'file goes', 'files go')}, {format_size(going.bytes)}, when this plan is applied:"
        yield from _removals(trailer)
        yield from _by_rules(trailer)
    for action, phrase, one, many in _DIRECTORY_STEPS:
        count = trailer.steps.get(action)
        if count is not None and count.files:
            yield f"  {phrase.format(plural(count.files, one, many))}"
    if not going.files:
        yield from _next(header, trailer)
    seen = f"Looked at {amount(trailer.looked_at)}"
    if trailer.untracked.files:
        seen += f"; {amount(trailer.untracked)}, have no owner"
    yield f"{seen}."


def _removals(trailer: Trailer) -> Iterator[str]:
    notes = {StepAction.DELETE: "freed at once", StepAction.TRASH: "freed when the trash is emptied"}
    rows = [
        (VERBS[action], plural(count.files, "file"), format_size(count.bytes), note)
        for action, note in notes.items()
        if (count := trailer.steps.get(action)) is not None and count.files
    ]
    yield from align(rows, right=(1, 2))


def _by_rules(trailer: Trailer) -> Iterator[str]:
    deciding = [one for one in trailer.rules if _removes(one) and one.decided.files]
    deciding.sort(key=lambda one: (-one.decided.bytes, one.name))
    phrases = [f"`{escape(one.name)}` ({_counted(one, one.decided)})" for one in deciding]
    if phrases:
        yield f"  by {', '.join(phrases)}"


def _removes(rule: RuleSummary) -> bool:
    return rule.action is not Action.KEEP and not rule.report_only


def _next(header: Header, trailer: Trailer) -> Iterator[str]:
    waiting = [one.next_due for one in trailer.rules if one.next_due is not None and _removes(one)]
    if waiting:
        yield f"  the next file falls due at {moment(min(waiting), header.now)}"


def _releases(trailer: Trailer) -> Iterator[str]:
    """What goes although policies that were applied before protect it."""
    if not trailer.releases:
        return
    yield ""
    yield "RELEASES: policies that were applied before still protect some of these files"
    for one in trailer.releases:
        asked = "let go by `--release`" if one.allowed else "NOT asked for, so the plan is refused"
        place = f"{name(one.place)}, {until(one)}"
        yield f"  keep rule `{escape(one.name)}` ({place}) protects {amount(one.count)}; {asked}"


def _deliverables(trailer: Trailer, overview: Overview) -> Iterator[str]:
    if not trailer.deliverables.files:
        return
    yield ""
    yield f"DELIVERABLES among them: {amount(trailer.deliverables)}"
    rows = [
        (VERBS[one.action], format_size(one.size), name(one.path), f"by {joined(map(escape, one.rules))}")
        for one in overview.deliverables
    ]
    yield from align(rows, right=(1,)) if rows else ()
    rest = trailer.deliverables.files - len(rows)
    if rows and rest > 0:
        yield f"  and {plural(rest, 'more', 'more')}; `rules show FILE --steps` lists all"


def _rules(header: Header, trailer: Trailer) -> Iterator[str]:
    yield ""
    yield "Rules, also those with nothing to do"
    if not trailer.rules:
        yield "  none: the policies hold no rule"
        return
    heads = [_rule_row(rule) for rule in trailer.rules]
    for head, rule in zip(align(heads, right=(2, 3)), trailer.rules, strict=True):
        yield head
        yield from (f"      {note}" for note in _rule_notes(rule, header))


def _rule_row(rule: RuleSummary) -> tuple[str, ...]:
    action = f"{rule.action} (report only)" if rule.report_only else str(rule.action)
    files = _number(rule, rule.decided) if rule.decided.files else "nothing"
    size = format_size(rule.decided.bytes) if rule.decided.files and not rule.directories else ""
    place = name(rule.place) if rule.place else "built in"
    return (f"`{escape(rule.name)}`", action, files, size, place)


def _number(rule: RuleSummary, count: Count) -> str:
    return plural(count.files, "directory", "directories") if rule.directories else plural(count.files, "file")


def _counted(rule: RuleSummary, count: Count) -> str:
    """What a rule counts, in its own words: an empty directory has no bytes worth telling."""
    return _number(rule, count) if rule.directories else amount(count)


def _rule_notes(rule: RuleSummary, header: Header) -> Iterator[str]:
    if rule.report_only and rule.decided.files:
        yield f"would go: {_counted(rule, rule.decided)}; a report-only rule is never carried out"
    if rule.waiting.files:
        due = f"; the next falls due at {moment(rule.next_due, header.now)}" if rule.next_due is not None else ""
        yield f"not due yet: {_counted(rule, rule.waiting)}{due}"
    if rule.held.files:
        why = "would not go" if rule.report_only else "kept for another reason"
        yield f"selected but {why}: {_counted(rule, rule.held)}"
    for condition, count in _nearest_misses(rule):
        yield f"nearest miss: {plural(count, 'file')} {escape(condition)}"
    if rule.name == BUILT_IN and not (rule.decided.files or rule.waiting.files or rule.held.files):
        yield "acts only on temporary files that no rule of a policy selects"


def _nearest_misses(rule: RuleSummary) -> list[tuple[str, int]]:
    """The condition that alone kept most files from a rule that found nothing."""
    if rule.decided.files or rule.waiting.files or rule.held.files or not rule.near_misses:
        return []
    found = [(condition, count.files) for condition, count in rule.near_misses.items()]
    return [min(found, key=lambda one: (-one[1], one[0]))]
