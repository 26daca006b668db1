"""No silent veto: a setting that would delay or forever stop a rule is an error that shows both places."""

from collections.abc import Iterable, Sequence

from rules_engine.policy.findings import Findings, Related
from rules_engine.policy.model import Layout, Rule, Settings
from rules_engine.policy.nodes import Node
from rules_engine.policy.rules import WrittenRule
from rules_engine.values.diagnostics import Span
from rules_engine.values.quantities import FOREVER, Duration, format_duration
from rules_engine.values.vocabulary import FileType, JobStatus, Place


def check_vetoes(
    written: Iterable[WrittenRule], layouts: Sequence[Layout], settings: Settings, findings: Findings
) -> None:
    """Note every removal rule that the settings would delay or stop for what it names."""
    for one in written:
        if one.rule.is_removal:
            _check_shield(one, settings, findings)
            _check_file_types(one, layouts, settings, findings)


def _check_shield(one: WrittenRule, settings: Settings, findings: Findings) -> None:
    """A rule that names failed jobs says when their files go; the shield must not say later."""
    statuses, after = one.rule.jobs.statuses, one.rule.after
    wait = after.of(JobStatus.FAILED) if after is not None else None
    shield = settings.cleanup.preserve_on_failure
    if wait is None or statuses is None or JobStatus.FAILED not in statuses or wait >= shield:
        return
    never = shield >= FOREVER
    effect = "never act on" if never else f"wait {format_duration(shield)} with"
    findings.error(
        "P423",
        f"rule `{one.rule.name}` names failed jobs after {format_duration(wait)}, but would {effect} them",
        _failed_span(one.node),
        _shield_help(wait, shield),
        _origin(settings, "cleanup.preserve_on_failure", "true" if never else format_duration(shield)),
    )


def _shield_help(wait: Duration, shield: Duration) -> str:
    lower = (
        f"write `cleanup: {{preserve_on_failure: {format_duration(wait) if wait else 'false'}}}` in a settings policy"
    )
    other = "do not name failed jobs" if shield >= FOREVER else f"let the rule wait {format_duration(shield)}"
    return f"{lower}, or {other}"


def _failed_span(rule: Node) -> Span:
    by_status = rule.get("after", "failed")
    if by_status is not None:
        return by_status.span
    return next((item.span for item in rule.each("jobs", "status") if item.text == JobStatus.FAILED), rule.span)


def _check_file_types(one: WrittenRule, layouts: Sequence[Layout], settings: Settings, findings: Findings) -> None:
    """A rule that names a temporary type which automatic cleanup does not take would never act on it."""
    taken = settings.cleanup.file_types
    if taken is None:
        return
    for item in one.node.each("files", "type"):
        if FileType(item.text) not in taken and _is_temporary(FileType(item.text), one.rule, layouts):
            findings.error(
                "P424",
                f"rule `{one.rule.name}` names `{item.text}`, which `cleanup.file_types` does not take",
                item.span,
                f"add `{item.text}` to `cleanup.file_types`, or remove it here",
                _origin(settings, "cleanup.file_types", ", ".join(sorted(taken))),
            )


def _is_temporary(file_type: FileType, rule: Rule, layouts: Sequence[Layout]) -> bool:
    if file_type == FileType.UNDECLARED:
        return True
    types = rule.jobs.types
    holders = [one.holder(file_type) for one in layouts if types is None or one.job_type in types]
    return any(holder is None or holder.place is Place.WORKSPACE for holder in holders)


def _origin(settings: Settings, key: str, value: str) -> Related:
    span = settings.origins.get(key)
    name = key.removeprefix("cleanup.")
    if span is None:
        return ((None, f"settings: default `{name}: {value}`"),)
    return ((span, f"`{name}` is set here"),)
