"""How much a proof may cost before its answer is "unknown"."""

from typing import Final

from rules_engine.errors import RulesError

STATES: Final = 200_000
"""The budget unless somebody says otherwise."""


class BudgetSpentError(RulesError):
    """A proof looked at as many states as it was given and is not done: nothing is proved, nothing is refuted."""

    def __init__(self, states: int) -> None:
        super().__init__(states)
        self.states = states

    def __str__(self) -> str:
        return f"not known after {self.states} states\n  help: give more with `--budget`, or write simpler patterns"


class Budget:
    """A number of states, spent one by one."""

    def __init__(self, states: int) -> None:
        self.states = states
        self.spent = 0

    def spend(self, states: int = 1) -> None:
        """Note that so many more states were looked at.

        Raises:
            BudgetSpentError: when that is more than there were.
        """
        self.spent += states
        if self.spent > self.states:
            raise BudgetSpentError(self.states)
