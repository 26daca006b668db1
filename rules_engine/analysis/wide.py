"""Removals that reach far: a deliverable, or what lies outside every workspace."""

from collections.abc import Callable
from typing import Final

from rules_engine.analysis.fate import Fate
from rules_engine.analysis.findings import Finding, Kind
from rules_engine.analysis.never import acting, decides
from rules_engine.analysis.search import Witness, search
from rules_engine.analysis.situation import Situation
from rules_engine.plan.subject import subject_of
from rules_engine.policy.budget import Budget
from rules_engine.policy.model import PolicySet, Rule, Tracked
from rules_engine.values.vocabulary import Place


def find_wide(rule: Rule, policies: PolicySet, budget: Budget) -> Finding | None:
    """How far a removal reaches, where that is farther than workspaces; None where it is not.

    Raises:
        BudgetSpentError: when it takes more states than the budget has.
    """
    if not rule.is_removal or not rule.decides_files:
        return None
    taking_part = acting(policies, rule)
    for what, is_wide, help_text in (
        ("a deliverable", _is_deliverable, "say which: `type`, `match`, `status`, and a keep rule for what must stay"),
        ("what lies outside every workspace", _is_outside(taking_part), _HELP_OUTSIDE),
    ):

        def shows(situation: Situation, told: Fate, is_wide: Callable[[Situation, Fate], bool] = is_wide) -> bool:
            return decides(rule, told) and is_wide(situation, told)

        if is_wide is _is_deliverable and not rule.deliverables:
            continue
        answer = search(taking_part, [rule], shows, budget)
        if isinstance(answer, Witness):
            whole = "any file: it names no pattern, type or place, and can remove " if _is_everything(rule) else ""
            can = "only reports, and could remove" if rule.report_only else "can remove"
            text = f"`{rule.name}` {can} {whole}{what}"
            return Finding(Kind.WIDE, rule, text, help_text, (), answer.situation, answer.fate)
    return None


_HELP_OUTSIDE: Final = "if that is not meant: `in: workspace`, or patterns that begin with `/`"


def _is_deliverable(_situation: Situation, told: Fate) -> bool:
    return told.removal is not None and told.removal.deliverable


def _is_outside(policies: PolicySet) -> Callable[[Situation, Fate], bool]:
    def is_outside(situation: Situation, _told: Fate) -> bool:
        if situation.job is not None:
            return situation.place is not Place.WORKSPACE
        return subject_of(situation.file, None, policies).place is not Place.WORKSPACE

    return is_outside


def _is_everything(rule: Rule) -> bool:
    """Whether neither patterns nor anything else narrows which files of nobody it takes."""
    files = rule.files
    open_match = files.match is None or files.match.selects_everything
    narrowed = files.exclude or files.types or files.place or files.larger_than or files.smaller_than
    return files.tracked is not Tracked.TRACKED and open_match and not narrowed
