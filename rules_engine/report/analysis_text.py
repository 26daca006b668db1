"""What policies can and cannot do, as text and as JSON: the answer first, then every finding with an example."""

from collections import Counter
from collections.abc import Iterator
from typing import Final, assert_never

from rules_engine.analysis.fate import Fate, Stage
from rules_engine.analysis.findings import Analysis, Finding, Kind
from rules_engine.analysis.situation import Situation
from rules_engine.plan.model import Kept, NotDue, Remove
from rules_engine.report.documents import Json, document, path_json
from rules_engine.report.settings_text import place_json
from rules_engine.report.tables import joined
from rules_engine.report.words import name
from rules_engine.values.quantities import format_duration, format_size
from rules_engine.values.text import escape, plural

_HEADINGS: Final = {
    Kind.NEVER: "Never a reason",
    Kind.LATE: "Later than they say",
    Kind.WIDE: "Reaching far",
    Kind.SAME: "The same",
    Kind.UNKNOWN: "Not known",
}


def analysis_lines(analysis: Analysis) -> Iterator[str]:
    """The answer, then the findings by kind, each with its place, an example and what to do next."""
    counts = Counter(one.kind for one in analysis.findings)
    kinds = ", ".join(f"{counts[kind]} {kind}" for kind in Kind if counts[kind])
    found = plural(len(analysis.findings), "finding")
    yield f"{plural(analysis.rules, 'rule')}, {found}{f': {kinds}' if kinds else ''}"
    known = "all of it is proved" if not counts[Kind.UNKNOWN] else "what is not known is said"
    yield f"{plural(analysis.states, 'state')} looked at; {known}, and every example was decided as a plan would"
    for kind in Kind:
        some = analysis.of(kind)
        if some:
            yield ""
            yield f"{_HEADINGS[kind]}:"
        for one in some:
            yield from _finding(one)


def _finding(finding: Finding) -> Iterator[str]:
    yield f"  {escape(finding.text)}"
    yield f"    {name(finding.rule.span.file)}:{finding.rule.span.line}"
    if finding.situation is not None and finding.fate is not None:
        yield f"    such as `{name(finding.situation.path)}`, {_words(finding.situation)}"
        yield f"      {fate_words(finding.fate)}"
    yield f"    next: {escape(finding.help)}"


def _words(situation: Situation) -> str:
    size = situation.file.size or 0
    return f"{situation.words}, {format_size(size)}" if size else situation.words


def fate_words(fate: Fate) -> str:
    """What becomes of a file, stage by stage, in one line."""
    return "; then ".join(_stage(one) for one in fate.stages)


def _stage(stage: Stage) -> str:
    since = f"after {format_duration(stage.age)} " if stage.age else ""
    match stage.decision:
        case Kept(text=text):
            return f"{since}it stays: {escape(text)}"
        case NotDue(waits_for=waits_for):
            return f"{since}it waits for {escape(waits_for)}"
        case Remove(action=action, rules=rules):
            return f"{since}it goes: {action} by {joined(map(escape, rules))}"
        case _:
            assert_never(stage.decision)


def analysis_document(analysis: Analysis) -> str:
    """The JSON document of kind `analysis`."""
    return document(
        "analysis",
        {
            "rules": analysis.rules,
            "states": analysis.states,
            "findings": [_finding_json(one) for one in analysis.findings],
        },
    )


def _finding_json(finding: Finding) -> Json:
    shown = finding.situation is not None and finding.fate is not None
    return {
        "kind": finding.kind.value,
        "rule": finding.rule.name,
        "place": place_json(finding.rule.span),
        "text": finding.text,
        "help": finding.help,
        "others": list(finding.others),
        "example": _example(finding.situation, finding.fate) if shown and finding.situation and finding.fate else None,
    }


def _example(situation: Situation, fate: Fate) -> Json:
    job = situation.job
    return {
        "path": path_json(situation.path),
        "bytes": situation.file.size,
        "job_type": None if job is None else job.job_type,
        "status": None if job is None else job.status.value,
        "parameters": {} if job is None else dict(job.parameters),
        "file_type": situation.file_type,
        "in": None if situation.place is None else situation.place.value,
        "stages": [_stage_json(stage) for stage in fate.stages],
    }


def _stage_json(stage: Stage) -> Json:
    decision = stage.decision
    words = (
        "kept" if isinstance(decision, Kept) else "not_due" if isinstance(decision, NotDue) else decision.action.value
    )
    return {"age": format_duration(stage.age), "decision": words, "rules": list(decision.rules), "text": _stage(stage)}
