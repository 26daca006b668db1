"""Which rules the cases try out: each should decide somewhere, and be held back somewhere."""

from collections.abc import Sequence
from dataclasses import dataclass

from rules_engine.cases.comparing import CaseResult
from rules_engine.cases.running import Witness
from rules_engine.plan.model import Kept, RuleSummary
from rules_engine.plan.select import Miss, NotMatched, Verdict
from rules_engine.policy.model import PolicySet, Rule
from rules_engine.values.vocabulary import RuleName


@dataclass(frozen=True, slots=True)
class RuleCoverage:
    """In how many cases one rule decided, and in how many it was held back."""

    name: RuleName
    place: str
    """`file:line`."""
    decided: int
    held_back: int

    @property
    def is_whole(self) -> bool:
        """Whether it did both."""
        return self.decided > 0 and self.held_back > 0


def coverage(results: Sequence[CaseResult], policies: PolicySet) -> tuple[RuleCoverage, ...]:
    """What the cases try out of each rule, ordered by name.

    A removal is held back where it selects something that stays. A keep rule is where something goes, now or later,
    that fails one of its conditions, or whose `for` is over; a file that is only beyond its patterns counts in a case
    in which it keeps another.
    """
    return tuple(_of(rule, results, policies) for rule in sorted(policies.rules, key=lambda rule: rule.name))


def _of(rule: Rule, results: Sequence[CaseResult], policies: PolicySet) -> RuleCoverage:
    said = [next(one for one in result.ran.plan.trailer.rules if one.name == rule.name) for result in results]
    if rule.is_removal:
        held_back = sum(1 for one in said if _holds_back(one))
    else:
        pairs = zip(said, results, strict=True)
        held_back = sum(1 for one, result in pairs if _lets_go(rule, result, policies, keeps=bool(one.decided.files)))
    decided = sum(1 for one in said if one.decided.files)
    return RuleCoverage(rule.name, f"{rule.span.file}:{rule.span.line}", decided, held_back)


def _holds_back(said: RuleSummary) -> bool:
    return bool(said.waiting.files or said.held.files)


def _lets_go(rule: Rule, result: CaseResult, policies: PolicySet, *, keeps: bool) -> bool:
    witness = Witness(result.case, policies)
    place = witness.rules.index(rule)
    judged = (witness.judgement(path) for path in result.ran.files)
    going = (one for one in judged if not isinstance(one.decision, Kept))
    # Any file at all lies beyond a pattern: only beside one that lies within does that show where it ends.
    return any(_is_near(verdicts[place], keeps=keeps) for one in going for verdicts in one.verdicts)


def _is_near(verdict: Verdict, *, keeps: bool) -> bool:
    if not isinstance(verdict, NotMatched) or len(verdict.misses) > 1:
        return False
    return keeps or Miss.PATTERN not in verdict.misses
