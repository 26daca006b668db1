"""Rules that can go or be one with another, and nothing changes."""

from collections.abc import Iterator
from dataclasses import replace

from rules_engine.analysis.fate import Fate
from rules_engine.analysis.findings import Finding, Kind
from rules_engine.analysis.search import Nothing, search
from rules_engine.analysis.situation import Situation
from rules_engine.policy.budget import Budget
from rules_engine.policy.model import FileSelector, PolicySet, Rule
from rules_engine.policy.reach import may_share


def find_same(rule: Rule, policies: PolicySet, budget: Budget) -> Finding | None:
    """A rule that does the same to all that `rule` selects, or one with which it can be merged; None without one.

    Raises:
        BudgetSpentError: when it takes more states than the budget has.
    """
    if not rule.decides_files:
        return None
    alike = tuple(_alike(rule, policies))
    for other in alike:
        # Of two that say the same the later one by name is told.
        if _covers(other, rule, policies, budget) and (
            other.name < rule.name or not _covers(rule, other, policies, budget)
        ):
            return Finding(
                Kind.SAME,
                rule,
                f"`{rule.name}` does nothing that `{other.name}` does not do: it selects no other file",
                "remove it",
                (other.name,),
            )
    for other in alike:
        key = _differing(rule, other)
        if key is not None and rule.name < other.name and not _covers(rule, other, policies, budget):
            return Finding(
                Kind.SAME,
                rule,
                f"`{rule.name}` and `{other.name}` differ in `{key}` alone and can be one rule",
                f"write both in one `{key}`",
                (other.name,),
            )
    return None


def _alike(rule: Rule, policies: PolicySet) -> Iterator[Rule]:
    """The other rules that do the same, at the same age, to whatever they select."""
    for other in policies.file_rules:
        if other.name != rule.name and _effect(other) == _effect(rule):
            yield other


def _effect(rule: Rule) -> object:
    return rule.action, rule.after, rule.since, rule.keep_for, rule.otherwise, rule.report_only


def _covers(larger: Rule, smaller: Rule, policies: PolicySet, budget: Budget) -> bool:
    """Whether every file that one rule selects is selected by the other."""
    if not may_share(larger, smaller, policies):
        return False
    only_these = replace(policies, rules=tuple(sorted((larger, smaller), key=lambda one: one.name)))

    def is_left_out(situation: Situation, _told: Fate) -> bool:
        return larger.name not in situation.selecting[0]

    # Asked about both at once, so that every kind of file says which of the two has it.
    answer = search(only_these, [smaller], is_left_out, budget, beside=[larger])
    return isinstance(answer, Nothing) and answer.kinds > 0


def _differing(rule: Rule, other: Rule) -> str | None:
    """The one list in which two rules differ, where a list can simply take both; else None."""
    if _rest(rule) != _rest(other):
        return None
    files, others = rule.files, other.files
    if rule.jobs == other.jobs:
        if replace(files, match=None) == replace(others, match=None):
            return "files.match" if _can_be_one(files, others) else None
        if replace(files, types=None) == replace(others, types=None) and files.types and others.types:
            return "files.type"
    if files == others and not rule.jobs.ranks and rule.jobs.types and other.jobs.types:
        return "jobs.type" if replace(rule.jobs, types=None) == replace(other.jobs, types=None) else None
    return None


def _rest(rule: Rule) -> object:
    return _effect(rule), rule.deliverables


def _can_be_one(first: FileSelector, second: FileSelector) -> bool:
    """Whether the patterns of both can stand in one list: a `!` of one would take away what the other selects."""
    if first.match is None or second.match is None:
        return False
    return not any(line.negated for line in (*first.match.lines, *second.match.lines))
