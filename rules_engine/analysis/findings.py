"""What an analysis finds: frozen values that a report puts into words."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rules_engine.analysis.fate import Fate
from rules_engine.analysis.situation import Situation
from rules_engine.policy.model import Rule
from rules_engine.values.vocabulary import RuleName

_MOST_NAMED: Final = 5


class Kind(StrEnum):
    """What is said of a rule."""

    NEVER = "never"
    """It can never be the reason for anything."""
    LATE = "late"
    """Something makes its files wait longer than it says."""
    WIDE = "wide"
    """It can remove what lies outside every workspace, or a deliverable."""
    SAME = "same"
    """It can go, or be one with another, and nothing changes."""
    UNKNOWN = "unknown"
    """It could not be proved within the budget."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about one rule, with a file that shows it."""

    kind: Kind
    rule: Rule
    text: str
    """One line that begins with the rule."""
    help: str
    """What to do next."""
    others: tuple[RuleName, ...] = ()
    """The rules that have to do with it, by name."""
    situation: Situation | None = None
    """The file that shows it; None where there is none to show."""
    fate: Fate | None = None
    """What becomes of that file, by the decision that plans make."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything that was found about some policies."""

    rules: int
    states: int
    """How many states all proofs together looked at."""
    findings: tuple[Finding, ...]
    """By kind, then by name."""

    def of(self, kind: Kind) -> tuple[Finding, ...]:
        """The findings of one kind."""
        return tuple(one for one in self.findings if one.kind is kind)


def named(rules: Sequence[str]) -> str:
    """The names in one line, the first of many: "`a`, `b` and `c`"."""
    words = [f"`{name}`" for name in rules[:_MOST_NAMED]]
    if len(rules) > _MOST_NAMED:
        words.append(f"{len(rules) - _MOST_NAMED} more")
    return " and ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else words[0]
