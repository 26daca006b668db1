"""Why a path stays or goes, as text and as JSON: the decision first, then every rule as each owner sees it."""

import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import assert_never

from rules_engine.apply.model import Outcome
from rules_engine.jobs.explaining import Answer, Gone
from rules_engine.jobs.explaining_directory import Folder
from rules_engine.jobs.history import PastStep
from rules_engine.plan.explain import Explanation, OwnerTrace, RuleTrace
from rules_engine.plan.model import Decision, Kept, NotDue, Remove, StepAction
from rules_engine.report.documents import Json, document, instant_json, path_json
from rules_engine.report.explain_folder import folder_json, folder_lines
from rules_engine.report.tables import joined
from rules_engine.report.words import VERBS, moment, name
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import Instant, format_instant
from rules_engine.values.text import escape


def explanation_lines(answers: Sequence[Answer], now: Instant) -> Iterator[str]:
    """The lines for each path, with an empty line between two."""
    yield f"as of {format_instant(now)}"
    for one in answers:
        yield ""
        yield name(one.path)
        match one:
            case Gone(path=path, steps=steps):
                yield from _gone(path, steps, now)
            case Folder():
                yield from folder_lines(one, now)
            case Explanation(decision=decision, owners=owners, unit=unit):
                yield f"  {_verdict(decision, now)}"
                if unit:
                    yield f"  {escape(unit)}"
                for trace in owners:
                    yield from _owner(trace)
            case _:
                assert_never(one)


def _gone(path: RelPath, steps: Sequence[PastStep], now: Instant) -> Iterator[str]:
    yield "  IS NOT THERE" if steps else "  IS NOT THERE, and no recorded run had a step on it"
    for step in steps:
        outcome = step.outcome.value if step.outcome is not None else "not reached"
        by = f" by {joined(map(escape, step.rules))}" if step.rules else ""
        back = f" from run {step.from_run}" if step.from_run else ""
        what = f" `{name(step.path)}/` with all in it" if step.path != path else ""
        yield f"  run {step.run_id}, {_when(step, now)}: {VERBS[step.action]}{what}{back}{by}: {outcome}"
        if step.action is StepAction.TRASH and step.outcome is Outcome.DONE:
            yield f"    `{restore_command(step)}` puts it back" if step.in_trash else "    it is no longer in the trash"


def _when(step: PastStep, now: Instant) -> str:
    return f"planned {moment(step.planned, now)}" if step.ended is None else f"ended {moment(step.ended, now)}"


def restore_command(step: PastStep) -> str:
    """The command that puts back what a step set aside."""
    return f"rules restore {step.run_id} {shlex.quote(escape(step.path))}"


def _verdict(decision: Decision, now: Instant) -> str:
    match decision:
        case Kept(text=text):
            return f"STAYS: {escape(text)}"
        case NotDue(until=until, waits_for=waits_for, rules=rules):
            by = f"; then it goes by {joined(map(escape, rules))}" if rules else ""
            return f"STAYS for now: due at {moment(until, now)}, waits for {escape(waits_for)}{by}"
        case Remove(action=action, rules=rules, due=due, deliverable=deliverable):
            what = "GOES, a deliverable" if deliverable else "GOES"
            return f"{what}: {action.value} by {joined(map(escape, rules))}, due since {moment(due, now)}"
        case _:
            assert_never(decision)


def _owner(trace: OwnerTrace) -> Iterator[str]:
    yield ""
    yield from (f"  {escape(fact)}" for fact in trace.facts)
    for rule in trace.rules:
        yield from _rule(rule)


def _rule(rule: RuleTrace) -> Iterator[str]:
    says = "decides" if rule.decides else "selects it" if rule.selects else "does not select it"
    place = name(rule.place) if rule.place else "built in"
    yield f"    {'>' if rule.decides else ' '} `{escape(rule.rule)}` ({rule.action}, {place}) {says}"
    yield from (f"          {escape(line)}" for line in rule.lines)


def explanation_document(answers: Iterable[Answer], now: Instant) -> str:
    """The JSON document of kind `explanation`."""
    return document("explanation", {"now": instant_json(now), "paths": [_answer(one) for one in answers]})


def _answer(answer: Answer) -> Json:
    match answer:
        case Gone(path=path, steps=steps):
            return {"path": path_json(path), "decision": "gone", "runs": [_past(step) for step in steps]}
        case Folder():
            return folder_json(answer)
        case Explanation(path=path, decision=decision, owners=owners, unit=unit):
            traces = [_owner_json(trace) for trace in owners]
            return {"path": path_json(path), **_decision(decision), "unit": unit or None, "owners": traces}
        case _:
            assert_never(answer)


def _past(step: PastStep) -> Json:
    return {
        "run_id": step.run_id,
        "planned": instant_json(step.planned),
        "ended": None if step.ended is None else instant_json(step.ended),
        "path": path_json(step.path),
        "action": step.action.value,
        "rules": list(step.rules),
        "outcome": step.outcome.value if step.outcome is not None else None,
        "from_run": step.from_run or None,
        "restore": restore_command(step) if step.in_trash else None,
    }


def _decision(decision: Decision) -> dict[str, Json]:
    match decision:
        case Kept(because=because, text=text, rules=rules):
            return {"decision": "kept", "because": because.value, "text": text, "rules": list(rules)}
        case NotDue(until=until, waits_for=waits_for, rules=rules):
            return {"decision": "not_due", "due": instant_json(until), "waits_for": waits_for, "rules": list(rules)}
        case Remove(action=action, rules=rules, due=due, deliverable=deliverable):
            return {
                "decision": action.value,
                "due": instant_json(due),
                "rules": list(rules),
                "deliverable": deliverable,
            }
        case _:
            assert_never(decision)


def _owner_json(trace: OwnerTrace) -> Json:
    return {
        "job": trace.job,
        "facts": list(trace.facts),
        "rules": [
            {
                "name": rule.rule,
                "place": rule.place or None,
                "action": rule.action,
                "selects": rule.selects,
                "decides": rule.decides,
                "lines": list(rule.lines),
            }
            for rule in trace.rules
        ],
    }
