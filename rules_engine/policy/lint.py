"""What is legal but odd in a policy set: warnings, which refuse nothing."""

from collections.abc import Iterator, Mapping
from itertools import combinations, islice
from typing import Final

from rules_engine.policy.built_in import built_in_rule
from rules_engine.policy.lint_patterns import find_text, lint_patterns, warning
from rules_engine.policy.lint_text import find_cut_values
from rules_engine.policy.lint_whole import lint_whole
from rules_engine.policy.model import PolicySet, Rule, Since, Tracked
from rules_engine.policy.reach import is_deliverable, layouts_of, may_share, shared_path
from rules_engine.values.diagnostics import Diagnostic
from rules_engine.values.quantities import Duration, format_duration
from rules_engine.values.text import escape
from rules_engine.values.vocabulary import JobStatus, Place

_MOST_PAIRS: Final = 1000
"""Pairs of rules that are compared: with more rules than that, a warning must not cost minutes."""
_MOST_PATHS: Final = 20_000
"""Paths that are tried for all pairs together."""


def lint(policies: PolicySet, sources: Mapping[str, str] | None = None) -> tuple[Diagnostic, ...]:
    """Warnings about valid policies, by place; `sources` (file name → text) lets them point into the text."""
    texts = sources or {}
    found = [one for file, text in texts.items() for one in find_cut_values(file, text)]
    for rule in policies.rules:
        found += _lint_rule(rule, policies, texts)
        found += lint_patterns(rule, policies, texts)
        found += lint_whole(rule, policies, texts)
    found += _delays(policies, texts)
    return tuple(sorted(found, key=lambda one: one.order))


def _lint_rule(rule: Rule, policies: PolicySet, sources: Mapping[str, str]) -> Iterator[Diagnostic]:
    if rule.is_removal:
        yield from _selects_everything(rule)
        yield from _reaches_nothing(rule, policies, sources)
    else:
        yield from _keeps_everything(rule)
        yield from _protects_nothing(rule, policies)
    if rule.since is Since.WRITTEN:
        message = (
            "`since: written` reads the mtime alone, which `cp -p`, `rsync -t` and `tar` set: a new copy looks old"
        )
        span = find_text(rule, "since: written", sources)
        yield warning("W508", message, span, "drop `since`, or write `since: changed`")


def _is_about_everything(rule: Rule) -> bool:
    jobs, files = rule.jobs, rule.files
    if not rule.decides_files or jobs.ranks:
        return False
    if jobs.types is not None or jobs.parameters or files.types is not None or files.place is not None:
        return False
    if files.exclude is not None or files.larger_than is not None or files.smaller_than is not None:
        return False
    return files.match is None or files.match.selects_everything


def _selects_everything(rule: Rule) -> Iterator[Diagnostic]:
    # With `otherwise` a catch-all is what was asked for.
    if rule.otherwise or not _is_about_everything(rule):
        return
    what = {
        Tracked.TRACKED: "every temporary file of every job type",
        Tracked.UNTRACKED: "every file that no job owns",
        Tracked.ANY: "every file, also those that no job owns",
    }[rule.files.tracked]
    message = f"rule `{rule.name}` selects {what}"
    yield warning("W501", message, rule.span, "narrow it by `match`, `in` or `type`, or say `otherwise: true`")


def _keeps_everything(rule: Rule) -> Iterator[Diagnostic]:
    if rule.jobs.statuses is not None or not _is_about_everything(rule):
        return
    until = "" if rule.keep_for is None else f" before it is {format_duration(rule.keep_for)} old"
    whose = " that a job owns" if rule.files.tracked is Tracked.TRACKED else ""
    message = f"rule `{rule.name}` keeps everything: no rule ever removes a file{whose}{until}"
    yield warning("W502", message, rule.span, "narrow it by `match`, `in` or `type`")


def _protects_nothing(rule: Rule, policies: PolicySet) -> Iterator[Diagnostic]:
    removals = [*policies.removal_rules, built_in_rule(policies.settings.cleanup)]
    if any(may_share(rule, one, policies) for one in removals):
        return
    message = f"rule `{rule.name}` protects nothing from the rules: none of them can select what it keeps"
    yield warning("W503", message, rule.span, "check what it selects; it still holds back `rules clean`")


def _reaches_nothing(rule: Rule, policies: PolicySet, sources: Mapping[str, str]) -> Iterator[Diagnostic]:
    """A removal that names deliverables, or where they lie, without the word that lets it reach them."""
    types, layouts = rule.files.types, layouts_of(rule, policies)
    if rule.deliverables or rule.files.tracked is not Tracked.TRACKED:
        return
    help_text = "add `deliverables: true` if they may go"
    held = sorted(one for one in types or () if is_deliverable(one, layouts))
    if held:
        named = ", ".join(f"`{escape(one)}`" for one in held)
        message = f"rule `{rule.name}` does not reach {named}: deliverables of every job that it is about"
        yield warning("W504", message, find_text(rule, held[0], sources), help_text)
    elif types is None and rule.files.place is Place.OUTPUT:
        message = f"rule `{rule.name}` reaches only temporary files that were declared in an output"
        yield warning("W504", message, find_text(rule, "in: output", sources), help_text)


def _delays(policies: PolicySet, sources: Mapping[str, str]) -> Iterator[Diagnostic]:
    """Two removals of one class that can select the same file, and one of them waits longer."""
    acting = [rule for rule in policies.file_rules if rule.is_removal and not rule.report_only]
    alike = ((one, other) for one, other in combinations(acting, 2) if one.otherwise is other.otherwise)
    pairs = tuple(islice(alike, _MOST_PAIRS))
    for first, second in pairs:
        waits = _unequal_waits(first, second)
        if waits is None or not may_share(first, second, policies):
            continue
        path = shared_path(first, second, policies, most=_MOST_PATHS // len(pairs))
        if path is None:
            continue
        (longer, wait), (shorter, short_wait) = sorted(
            ((first, waits[0]), (second, waits[1])), key=lambda one: one[1], reverse=True
        )
        message = (
            f"rule `{longer.name}` delays rule `{shorter.name}`: both select `{escape(path)}`, "
            f"which waits {format_duration(wait)}"
        )
        related = (shorter.span, f"this rule waits {format_duration(short_wait)}")
        help_text = f"let only one of them select it, such as by `except`, or say `otherwise: true` in `{longer.name}`"
        yield warning("W505", message, find_text(longer, "after:", sources), help_text, related)


def _unequal_waits(first: Rule, second: Rule) -> tuple[Duration, Duration] | None:
    """What the two rules wait for a file of the same status, where that differs."""
    for status in (None, JobStatus.COMPLETED, JobStatus.FAILED):
        waits = [_wait(rule, status) for rule in (first, second)]
        if waits[0] is not None and waits[1] is not None and waits[0] != waits[1]:
            return waits[0], waits[1]
    return None


def _wait(rule: Rule, status: JobStatus | None) -> Duration | None:
    """What the rule waits for a file of a job with `status`, or without an owner; None where it selects none."""
    files, statuses = rule.files, rule.jobs.statuses
    if status is None:
        selects = files.tracked is not Tracked.TRACKED
    else:
        selects = files.tracked is not Tracked.UNTRACKED and (statuses is None or status in statuses)
    return rule.after.of(status) if rule.after is not None and selects else None
