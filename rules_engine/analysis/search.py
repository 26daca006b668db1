"""Whether some file can come to an end that is asked about: a file that does, or what is in the way of all of them.

Only what matters is told apart: a search begins with the rules that have to select the file, asks the real decision
about one file of each kind, and takes in the rules that the decision names as the reason why it came otherwise, until
no new one is named (Clarke et al., "Counterexample-guided abstraction refinement", 2000).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from rules_engine.analysis.fate import Fate, fate
from rules_engine.analysis.situation import Situation
from rules_engine.analysis.situations import situations
from rules_engine.plan.model import Because, Kept
from rules_engine.policy.budget import Budget
from rules_engine.policy.model import PolicySet, Rule
from rules_engine.values.quantities import DAY
from rules_engine.values.vocabulary import RuleName

CLEANUP_OFF: Final = "cleanup.enabled"
FILE_TYPES: Final = "cleanup.file_types"
SHIELD: Final = "cleanup.preserve_on_failure"
OWN_WAIT: Final = "after"
"""Its own `after`, which is longer than any file can be old."""
_AS_GOOD_AS_NEVER: Final = 100_000 * DAY
"""Beyond it no duration can be written, so a wait that is longer is one that never ends."""
_DECISION: Final = 10
"""How many states one decision counts as: it takes as long."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A file that comes to the end that was asked about."""

    situation: Situation
    fate: Fate


@dataclass(frozen=True, slots=True)
class Nothing:
    """No file does: what is in the way, by name, and how many kinds of files were looked at."""

    rules: tuple[RuleName, ...]
    settings: tuple[str, ...]
    kinds: int
    """Zero where the rules can never select a file together."""


Answer: TypeAlias = Witness | Nothing
Wanted: TypeAlias = Callable[[Situation, Fate], bool]


def search(
    policies: PolicySet, must: Sequence[Rule], wanted: Wanted, budget: Budget, *, beside: Sequence[Rule] = ()
) -> Answer:
    """A file that every rule of `must` selects and whose fate is `wanted`; they need not be rules of `policies`.

    `wanted` may ask for what the decision says, and whether a rule of `must` or `beside` selects the file.

    Raises:
        BudgetSpentError: when it takes more states than the budget has.
    """
    relevant = {rule.name: rule for rule in (*must, *beside)}
    known = {rule.name: rule for rule in policies.rules}
    names = frozenset(rule.name for rule in must)
    while True:
        kinds, reasons, settings = 0, set[RuleName](), set[str]()
        world = replace(policies, rules=tuple(relevant[name] for name in sorted(relevant)))
        for situation in situations([world], budget, focus=lambda rule: rule.name in names, together=True):
            kinds += 1
            budget.spend(_DECISION)
            told = fate(policies, situation)
            if wanted(situation, told):
                return Witness(situation, told)
            in_the_way, held_by = _reasons(told, known)
            reasons |= in_the_way - names
            settings |= held_by
        new = reasons - relevant.keys()
        if not new:
            return Nothing(tuple(sorted(reasons)), tuple(sorted(settings)), kinds)
        relevant |= {name: known[name] for name in new}


def _reasons(told: Fate, known: Mapping[RuleName, Rule]) -> tuple[set[RuleName], set[str]]:
    """The rules, and the settings, that an ending rests on, or the moment at which it comes."""
    decision = told.ending.decision
    if not isinstance(decision, Kept):
        return {name for stage in told.stages for name in stage.decision.rules if name in known}, set()
    named = {name for name in decision.rules if name in known}
    match decision.because:
        case Because.CLEANUP_OFF:
            return set(), {CLEANUP_OFF}
        case Because.FILE_TYPE_NOT_CLEANED:
            return set(), {FILE_TYPES}
        case Because.NEVER_DUE:
            if SHIELD in decision.text:
                return set(), {SHIELD}
            return {name for name in named if _never_comes(known[name])}, {OWN_WAIT}
        case _:
            return named, set()


def _never_comes(rule: Rule) -> bool:
    waits = () if rule.after is None else (rule.after.always, *(wait for _, wait in rule.after.by_status))
    return any(wait is not None and wait > _AS_GOOD_AS_NEVER for wait in waits)
