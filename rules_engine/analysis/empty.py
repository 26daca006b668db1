"""Rules about empty directories: whether any can go by one, as the plan of a root with that directory alone says."""

from collections.abc import Iterator
from typing import Final

from rules_engine.analysis.findings import Finding, Kind
from rules_engine.analysis.homes import Home
from rules_engine.analysis.never import acting
from rules_engine.analysis.pathkinds import directory_kinds
from rules_engine.inventory.model import DirectoryFacts, Inventory
from rules_engine.plan.given import Ask, Guards
from rules_engine.plan.planner import make_plan
from rules_engine.policy.automaton import Automaton
from rules_engine.policy.budget import Budget
from rules_engine.policy.model import PolicySet, Rule
from rules_engine.values.paths import ROOT, RelPath, ancestors, name_of
from rules_engine.values.quantities import DAY, Instant, instant_to_datetime

_OLD: Final = Instant(0)
_LATE: Final = instant_to_datetime(Instant(100_001 * DAY))
"""After the longest wait that can be written."""


def find_never_empty(rule: Rule, policies: PolicySet, budget: Budget) -> Finding | None:
    """Why no empty directory can ever go by a rule about them; None where one does.

    Raises:
        BudgetSpentError: when it takes more states than the budget has.
    """
    taking_part, met = acting(policies, rule), False
    for directory in _selected(rule, policies, budget):
        budget.spend()
        met = True
        if _goes(directory, rule, taking_part):
            return None
    if not met:
        text = f"`{rule.name}` can never select a directory: `except` takes away all that it selects"
        return Finding(Kind.NEVER, rule, text, "write `except` otherwise, or remove the rule")
    text = f"`{rule.name}` could not be shown to take any empty directory, nor proved never to"
    return Finding(Kind.UNKNOWN, rule, text, "try it: `rules plan --root DIR`, or a case with `rules test`")


def _selected(rule: Rule, policies: PolicySet, budget: Budget) -> Iterator[RelPath]:
    """A directory of each kind that the patterns of the rule select; places of layouts are told apart."""
    selector = rule.directories
    if selector is None:
        return
    homes = (Home(place).lines for one in policies.layouts.values() for place in (one.workspace, one.output))
    exclude = () if selector.exclude is None else selector.exclude.lines
    for kind in directory_kinds(Automaton((selector.match.lines, exclude, *homes)), budget):
        if 0 in kind.answer.selected and 1 not in kind.answer.selected:
            yield kind.path


def _goes(directory: RelPath, rule: Rule, policies: PolicySet) -> bool:
    """Whether the directory goes by the rule, where it is empty and old and there is nothing else."""
    down = (*reversed(ancestors(directory)), directory)
    below = (*(name_of(path) for path in down), None)
    facts = [
        DirectoryFacts(path, (), () if name is None else (name,), inode, complete=True, mtime_ns=_OLD, ctime_ns=_OLD)
        for inode, (path, name) in enumerate(zip((ROOT, *down), below, strict=True), 1)
    ]
    inventory = Inventory(facts, walked=True)
    plan = make_plan(policies, (), inventory, Guards(), now=_LATE, ask=Ask()).collected()
    return any(rule.name in batch.rules for batch in plan.batches)
