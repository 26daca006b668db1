"""Guarantees: sentences on what no rule removes, each held as the keep rule that it would be."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from msgspec.structs import replace as with_fields

from rules_engine.policy.findings import Findings
from rules_engine.policy.known import Known
from rules_engine.policy.model import Action, FileSelector, Guarantee, JobSelector, Rule, Tracked
from rules_engine.policy.nodes import Node
from rules_engine.policy.patterns import Reading, parse_patterns
from rules_engine.policy.rules import read_rule
from rules_engine.values.diagnostics import Span
from rules_engine.values.vocabulary import RuleName

GUARANTEES: Final = "guarantees"
"""The kind of their policies; the name of a guarantee's rule begins with it and a dot, so that no rule has it."""


def read_guarantees(policies: Iterable[Node], known: Known, findings: Findings) -> tuple[Guarantee, ...]:
    """The guarantees of all policies of that kind, ordered by name; faulty ones are findings."""
    first: dict[str, Node] = {}
    found: list[Guarantee] = []
    for policy in policies:
        for node in policy.each("never_removed"):
            _note_name(node, first, findings)
            rule = read_rule(_as_keep_rule(node), known, findings)
            if rule is not None:
                found.append(_guarantee(rule))
    return tuple(sorted(found, key=lambda one: one.name))


def guarantee_of(pattern: str) -> Guarantee:
    """The guarantee that nothing in `pattern` is ever removed, and its name is the pattern.

    Raises:
        PatternError: when it cannot be a pattern.
    """
    files = FileSelector(match=parse_patterns([pattern], Reading.WIDE), tracked=Tracked.ANY)
    return _guarantee(Rule(RuleName(pattern), _NOWHERE, Action.KEEP, JobSelector(), files))


_NOWHERE: Final = Span("", 1, 1, 1, 1)


def _guarantee(rule: Rule) -> Guarantee:
    return Guarantee(rule.name, replace(rule, name=RuleName(f"{GUARANTEES}.{rule.name}")))


def _as_keep_rule(node: Node) -> Node:
    """The same text with the action of the rule that it is read as."""
    return with_fields(node, entries={**(node.entries or {}), "action": Node(node.span, scalar=str(Action.KEEP))})


def _note_name(node: Node, first: dict[str, Node], findings: Findings) -> None:
    name = node.at(("name",))
    earlier = first.setdefault(name.text, name)
    if earlier is not name:
        findings.error(
            "P431",
            f"the name `{name.text}` is taken by another guarantee",
            name.span,
            "choose another name: the names of guarantees are unique over all policy files",
            ((earlier.span, "the other guarantee is here"),),
        )
