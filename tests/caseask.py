"""What a planner case asks for besides its policies: limits, a manual rule, an age, some jobs, earlier policies."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import yaml

from rules_engine.plan.given import Ask, EarlierKeep
from rules_engine.policy.built_in import manual_policies, with_cleanup_by_age, without_shield
from rules_engine.policy.load import load_texts
from rules_engine.policy.model import Action, PolicySet
from rules_engine.policy.patterns import Reading, parse_patterns
from rules_engine.values.quantities import parse_duration, parse_size
from rules_engine.values.vocabulary import JobId, RuleName

CASES: Final = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases")

ASK_KEYS: Final = {"release", "ask", "manual", "by_age", "without_shield", "only"}
_MANUAL_KEYS: Final = {"match", "older_than", "action", "deliverables", "include_failed"}

Change: TypeAlias = Callable[[PolicySet], PolicySet]
"""From the policies that are written to those of one call."""


def read_ask(raw: Mapping[str, Any]) -> Ask:
    """The limits that `ask` raises, and the jobs that `only` names."""
    limits = {name: _limit(value) for name, value in raw.get("ask", {}).items()}
    jobs = frozenset(map(JobId, raw["only"])) if "only" in raw else None
    return Ask(limits, jobs, release=frozenset(map(RuleName, raw.get("release", ()))))


def read_earlier(written: Sequence[Mapping[str, Any]]) -> tuple[EarlierKeep, ...]:
    """The keep rules of policy sets that were applied before, each with the run that ended it."""
    found: list[EarlierKeep] = []
    for one in written:
        text = yaml.safe_dump({"version": 1, "kind": "cleanup", "rules": one["rules"]}, sort_keys=False)
        rules = load_texts({"earlier/cleanup.yaml": text, **_layouts(one)}).keep_rules
        found += [EarlierKeep(rule, f"{rule.span.file}:{rule.span.line}", one.get("until", "")) for rule in rules]
    return tuple(found)


def shared_text(name: str) -> str:
    """The text of the policy of that name in `tests/cases/policies`."""
    with open(os.path.join(CASES, "policies", f"{name}.yaml"), encoding="utf-8") as source:
        return source.read()


def _layouts(one: Mapping[str, Any]) -> dict[str, str]:
    return {f"earlier/{name}.yaml": shared_text(name) for name in one.get("policies", ())}


def read_change(raw: Mapping[str, Any]) -> Change:
    """What `manual`, `by_age` and `without_shield` make of the policies."""

    def change(policies: PolicySet) -> PolicySet:
        if raw.get("without_shield", False):
            policies = without_shield(policies)
        if "by_age" in raw:
            policies = with_cleanup_by_age(policies, parse_duration(raw["by_age"]))
        return _manual(policies, raw["manual"]) if "manual" in raw else policies

    return change


def _manual(policies: PolicySet, raw: Mapping[str, Any]) -> PolicySet:
    assert set(raw) <= _MANUAL_KEYS, f"unknown keys of `manual`: {sorted(set(raw) - _MANUAL_KEYS)}"
    return manual_policies(
        policies,
        parse_patterns(raw["match"], Reading.NARROW),
        action=Action(raw.get("action", "trash")),
        older_than=parse_duration(raw["older_than"]) if "older_than" in raw else None,
        deliverables=raw.get("deliverables", False),
        include_failed=raw.get("include_failed", False),
    )


def _limit(written: str | int) -> int | None:
    if written == "unlimited":
        return None
    return written if isinstance(written, int) else parse_size(written)
