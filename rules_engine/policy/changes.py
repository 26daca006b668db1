"""What two versions of policies say differently, before anybody asks what that does to files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from rules_engine.policy.digest import same_effect
from rules_engine.policy.model import Layout, PolicySet, Rule
from rules_engine.policy.origins import Setting, settings_with_origins
from rules_engine.policy.sentences import sentence

_Value = TypeVar("_Value")


class Part(StrEnum):
    """What of the policies is said differently."""

    RULE = "rule"
    LAYOUT = "layout"
    SETTING = "setting"
    GUARANTEE = "guarantee"


@dataclass(frozen=True, slots=True)
class Change:
    """One rule, layout, setting or guarantee that the versions do not share."""

    part: Part
    name: str
    before: str | None
    """The sentence of a rule, the value of a setting; empty for a layout or guarantee, None where it was not there."""
    after: str | None
    place: str
    """`file:line` in the version that has it, the new one first; empty for a default."""


def changes_between(old: PolicySet, new: PolicySet) -> tuple[Change, ...]:
    """The rules, layouts, settings and guarantees that differ in effect, each by name."""
    rules = _pairs({one.name: one for one in old.rules}, {one.name: one for one in new.rules})
    layouts = _pairs(
        {one.job_type: one for one in old.layouts.values()}, {one.job_type: one for one in new.layouts.values()}
    )
    guarantees = _pairs({one.name: one.rule for one in old.guarantees}, {one.name: one.rule for one in new.guarantees})
    return (
        *(_of_rule(name, before, after) for name, before, after in rules if _differ(before, after)),
        *(_named(Part.LAYOUT, *one) for one in layouts if _differ(*one[1:])),
        *_of_settings(old, new),
        *(_named(Part.GUARANTEE, *one) for one in guarantees if _differ(*one[1:])),
    )


def _pairs(old: Mapping[str, _Value], new: Mapping[str, _Value]) -> Iterator[tuple[str, _Value | None, _Value | None]]:
    for name in sorted({*old, *new}):
        yield name, old.get(name), new.get(name)


def _differ(before: Rule | Layout | None, after: Rule | Layout | None) -> bool:
    return before is None or after is None or not same_effect(before, after)


def _of_rule(name: str, before: Rule | None, after: Rule | None) -> Change:
    said = tuple(None if one is None else sentence(one) for one in (before, after))
    return Change(Part.RULE, name, said[0], said[1], _place(after or before))


def _named(part: Part, name: str, before: Rule | Layout | None, after: Rule | Layout | None) -> Change:
    said = tuple(None if one is None else "" for one in (before, after))
    return Change(part, name, said[0], said[1], _place(after or before))


def _place(one: Rule | Layout | None) -> str:
    return "" if one is None else f"{one.span.file}:{one.span.line}"


def _of_settings(old: PolicySet, new: PolicySet) -> Iterator[Change]:
    pairs = zip(settings_with_origins(old.settings), settings_with_origins(new.settings), strict=True)
    for before, after in pairs:
        if before.value != after.value:
            yield Change(Part.SETTING, after.key, before.value, after.value, _origin(after) or _origin(before))


def _origin(setting: Setting) -> str:
    return setting.said.where if setting.said is not None else ""
