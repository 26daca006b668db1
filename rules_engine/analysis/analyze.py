"""Everything that can be found about some policies, rule by rule."""

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from rules_engine.analysis.empty import find_never_empty
from rules_engine.analysis.findings import Analysis, Finding, Kind
from rules_engine.analysis.late import find_late
from rules_engine.analysis.never import find_never
from rules_engine.analysis.same import find_same
from rules_engine.analysis.wide import find_wide
from rules_engine.policy.budget import STATES, Budget, BudgetSpentError
from rules_engine.policy.model import PolicySet, Rule
from rules_engine.values.text import plural

_Ask: TypeAlias = Callable[[Rule, PolicySet, Budget], Finding | None]

_ASKED: Final[tuple[tuple[str, _Ask], ...]] = (
    ("whether it waits for others", find_late),
    ("how far it reaches", find_wide),
    ("whether another rule does the same", find_same),
)

_QUESTIONS: Final = 10
"""How many questions may take all that one may, before the others get nothing: an answer in minutes, not in hours."""


def analyze(policies: PolicySet, states: int = STATES) -> Analysis:
    """What every rule can and cannot do; a question may look at so many states, all together at ten times as many."""
    asking = _Asking(policies, states)
    found = [finding for rule in policies.rules for finding in asking.about(rule)]
    order = list(Kind)
    return Analysis(
        len(policies.rules),
        asking.spent,
        tuple(sorted(found, key=lambda one: (order.index(one.kind), one.rule.name))),
    )


class _Asking:
    """Asks one question after the other, each with a budget of its own, and adds up what they took."""

    def __init__(self, policies: PolicySet, states: int) -> None:
        self._policies = policies
        self._states = states
        self.spent = 0

    def about(self, rule: Rule) -> Iterator[Finding]:
        """Everything that is found about one rule."""
        ask_never = find_never if rule.directories is None else find_never_empty
        never = self._asked("whether it can be the reason for anything", ask_never, rule)
        if never is not None:
            yield never
            if never.kind is Kind.NEVER:
                # What a rule does that does nothing is not worth a second line.
                return
        for what, ask in _ASKED:
            found = self._asked(what, ask, rule)
            if found is not None:
                yield found

    def _asked(self, what: str, ask: _Ask, rule: Rule) -> Finding | None:
        budget = Budget(max(0, min(self._states, _QUESTIONS * self._states - self.spent)))
        try:
            return ask(rule, self._policies, budget)
        except BudgetSpentError:
            text = f"`{rule.name}`: {what} is not known after {plural(budget.states, 'state')}"
            return Finding(Kind.UNKNOWN, rule, text, "give more with `--budget`, or write simpler patterns")
        finally:
            self.spent += min(budget.spent, budget.states)
