"""The answer of a plan in the words of a case file, and the writing of it back into the file."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml
from caseback import trash_answer
from casefile import Case, describe_moment
from casemarks import describe_pin

from rules_engine.inventory.model import FileFact
from rules_engine.plan.model import Count, Decision, Kept, NotDue, Plan, Remove, RuleSummary, StepAction
from rules_engine.plan.planner import make_plan
from rules_engine.policy.built_in import BUILT_IN
from rules_engine.policy.load import load_texts
from rules_engine.policy.model import PolicySet
from rules_engine.values.paths import RelPath, ancestors, is_below, join, sort_key
from rules_engine.values.quantities import instant_from

ALWAYS: Final = ("steps", "units", "kept", "due", "directories", "refusals", "problems")
"""Compared in every case: what a case does not write of them must be empty."""

_EMPTY: Final[dict[str, Any]] = {key: [] for key in ALWAYS}


@dataclass(frozen=True)
class Planned:
    """The plan of a case, whole, and the decision about each of its files in order."""

    plan: Plan
    decided: tuple[tuple[FileFact, Decision], ...]


def plan_case(case: Case) -> Planned:
    """What the planner makes of a case."""
    decided: list[tuple[FileFact, Decision]] = []
    written = load_texts(case.policy_texts) if case.policy_texts else PolicySet()
    plan = make_plan(
        case.change(written),
        case.jobs,
        case.inventory,
        case.guards,
        now=case.now,
        ask=case.ask,
        watch=lambda file, decision: decided.append((file, decision)),
    )
    return Planned(plan.collected(), tuple(decided))


def wanted(case: Case) -> dict[str, Any]:
    """What the case wants, with what it does not write filled in as empty."""
    return {**_EMPTY, **case.want}


def answer(case: Case, planned: Planned) -> dict[str, Any]:
    """What the plan says, under the keys that the case compares."""
    plan, decided = planned.plan, planned.decided
    now = instant_from(case.now)
    files = [
        (batch, entry)
        for batch in plan.batches
        for entry in batch.entries
        if batch.action in {StepAction.DELETE, StepAction.TRASH} and batch.reason != "unit"
    ]
    units = _units(plan, decided)
    _check_steps(files, [one for one in decided if not units.keys() & set(ancestors(one[0].path))])
    found: dict[str, Any] = {
        "steps": _grouped(case, ((join(batch.directory, entry.name), _step(batch)) for batch, entry in files)),
        "units": list(units.values()),
        "kept": _grouped(case, ((file.path, {"because": one.text}) for file, one in decided if isinstance(one, Kept))),
        "due": _grouped(case, ((file.path, _due(one, now)) for file, one in decided if isinstance(one, NotDue))),
        "directories": _directories(plan),
        "refusals": plan.trailer.refusals,
        "problems": [{"path": path, "why": why} for path, why in plan.trailer.problems],
    }
    optional: dict[str, Callable[[], Any]] = {
        "rules": lambda: _rules(plan.trailer.rules, case.want["rules"]),
        "kept_summary": lambda: [
            {"because": one.because.value, "text": one.text, "files": one.total.files} for one in plan.trailer.kept
        ],
        "releases": lambda: [
            {"rule": one.name, "place": one.place, "files": one.count.files, "allowed": one.allowed}
            for one in plan.trailer.releases
        ],
        "trash": lambda: trash_answer(plan),
        "pins": lambda: [describe_pin(one) for one in plan.trailer.pins],
        "units_kept": lambda: [{"path": path, "because": why} for path, why in plan.trailer.units_kept],
        "left_out": lambda: plan.trailer.left_out.files,
        "skipped": lambda: [{"path": path, "why": why} for path, why in plan.trailer.skipped],
        "falls_due": lambda: {
            **{day: count.files for day, count in plan.trailer.due_by_day},
            **({"later": plan.trailer.due_later.files} if plan.trailer.due_later.files else {}),
        },
        "order": lambda: [f"{batch.action.value} {batch.directory or '.'}" for batch in plan.batches],
    }
    return {**found, **{key: make() for key, make in optional.items() if key in case.want}}


def rewrite(case: Case, found: Mapping[str, Any]) -> None:
    """Write `found` as what the case wants, leaving everything above that alone."""
    with open(case.path, encoding="utf-8") as source:
        kept = source.read().partition("\nwant:")[0]
    lines = ["want:"]
    for key, value in found.items():
        if not value and key not in case.want:
            continue
        if isinstance(value, list) and value:
            lines += [f"  {key}:", *(f"    - {_flow(one)}" for one in value)]
        else:
            lines.append(f"  {key}: {_flow(value)}")
    with open(case.path, "w", encoding="utf-8") as target:
        target.write("\n".join([kept, *lines, ""]))


def _flow(value: object) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=10_000, sort_keys=False, allow_unicode=True)
    return text.strip().removesuffix("\n...").removesuffix("...").strip()


def _check_steps(files: Iterable[tuple[Any, Any]], decided: Iterable[tuple[FileFact, Decision]]) -> None:
    # A file that was decided to go and is in no batch, or the other way round, must not pass as agreement.
    steps = sorted(
        (join(batch.directory, entry.name), batch.action.value, batch.rules, entry.due) for batch, entry in files
    )
    removals = sorted(
        (file.path, one.action.value, one.rules, one.due) for file, one in decided if isinstance(one, Remove)
    )
    assert steps == removals


def _step(batch: Any) -> dict[str, Any]:
    step: dict[str, Any] = {"action": batch.action.value, "rules": list(batch.rules)}
    if batch.released:
        step["released"] = list(batch.released)
    return {**step, "deliverable": True} if batch.deliverable else step


def _units(plan: Plan, decided: Iterable[tuple[FileFact, Decision]]) -> dict[RelPath, dict[str, Any]]:
    found: dict[RelPath, dict[str, Any]] = {}
    for batch in plan.batches:
        for entry, whole in zip(batch.entries, batch.wholes, strict=batch.reason == "unit"):
            path = join(batch.directory, entry.name)
            below = [(file, one) for file, one in decided if is_below(file.path, path)]
            # Whoever watches a plan is told that all of it goes, and the limits count each file of it.
            assert [one for _, one in below if not isinstance(one, Remove)] == []
            assert (whole.files, entry.size) == (len(below), sum(file.size or 0 for file, _ in below))
            found[path] = {"path": path, **_step(batch), "files": whole.files}
    return found


def _due(waiting: NotDue, now: int) -> dict[str, Any]:
    return {"until": describe_moment(waiting.until, now), "waits_for": waiting.waits_for}


def _directories(plan: Plan) -> list[dict[str, Any]]:
    return [
        {"path": join(batch.directory, entry.name), "rules": list(batch.rules)}
        for batch in plan.batches
        for entry in batch.entries
        if batch.action is StepAction.REMOVE_DIRECTORY
    ]


def _grouped(case: Case, answers: Iterable[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for path, said in sorted(answers, key=lambda one: sort_key(one[0])):
        group = case.groups.get(path, path)
        one = found.setdefault((group, str(said)), {"path": group, **said})
        if path in case.groups:
            one["times"] = one.get("times", 0) + 1
    return list(found.values())


def _rules(rules: Iterable[RuleSummary], wanted_rules: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    by_name = {rule.name: _rule(rule) for rule in rules}
    return {name: {key: by_name[name][key] for key in wanted} for name, wanted in wanted_rules.items()}


def _rule(rule: RuleSummary) -> dict[str, Any]:
    return {
        "place": rule.place or ("none" if rule.name == BUILT_IN else "missing"),
        "decided": rule.decided.files,
        "waiting": rule.waiting.files,
        "held": rule.held.files,
        "near_misses": {text: _files(count) for text, count in rule.near_misses.items()},
    }


def _files(count: Count) -> int:
    return count.files
