"""Removals that something else makes wait: always, or for some of the files that they select."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from rules_engine.analysis.fate import Fate, fate
from rules_engine.analysis.findings import Finding, Kind, named
from rules_engine.analysis.never import acting
from rules_engine.analysis.search import SHIELD, Witness, search
from rules_engine.analysis.situation import Situation
from rules_engine.plan.model import Kept, NotDue
from rules_engine.policy.budget import Budget
from rules_engine.policy.built_in import without_shield
from rules_engine.policy.model import After, PolicySet, Rule
from rules_engine.policy.reach import may_share
from rules_engine.values.quantities import FOREVER, Duration, format_duration
from rules_engine.values.vocabulary import JobStatus, RuleName


@dataclass(frozen=True, slots=True)
class _Delay:
    """A file that goes later than the rule alone says, and what it waits for."""

    situation: Situation
    fate: Fate
    own: Duration
    waits_for: tuple[RuleName, ...]
    """Empty where it is the failure shield."""

    @property
    def length(self) -> int:
        """How much later."""
        return self.fate.ending.age - self.own


class _Alone:
    """When files would go by one rule, were it the only one; of one status always at the same age."""

    def __init__(self, policies: PolicySet) -> None:
        self._policies = policies
        self._ages: dict[JobStatus | None, Duration] = {}

    def age_of(self, situation: Situation) -> Duration:
        """The age at which a file goes that the rule selects."""
        status = situation.status
        if status not in self._ages:
            self._ages[status] = fate(self._policies, situation).ending.age
        return self._ages[status]


def find_late(rule: Rule, policies: PolicySet, budget: Budget) -> Finding | None:
    """What makes the files of a removal wait longer than the rule says; None where nothing does.

    Raises:
        BudgetSpentError: when it takes more states than the budget has.
    """
    if not rule.is_removal or not rule.decides_files:
        return None
    taking_part = acting(policies, rule)
    alone = _Alone(without_shield(replace(taking_part, rules=(replace(rule, report_only=False),))))
    met: list[_Delay] = []

    def is_in_time(situation: Situation, told: Fate) -> bool:
        delay = _delay(rule, alone, situation, told)
        if delay is not None and delay.length:
            met.append(delay)
        return delay is not None and not delay.length

    always = not isinstance(search(taking_part, [rule], is_in_time, budget), Witness)
    if always and not met:
        return None
    for other in _that_may_delay(rule, taking_part):
        if all(other.name not in one.waits_for for one in met):
            search(taking_part, [rule, other], _Asked(rule, other, alone, met), budget)
    if policies.settings.cleanup.preserve_on_failure > min(_waits(rule.after), default=FOREVER):
        search(taking_part, [rule], _Asked(rule, None, alone, met), budget)
    return _finding(rule, met, always=always) if met else None


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whether a file waits for one other rule, or for the failure shield; what was found is noted."""

    rule: Rule
    other: Rule | None
    alone: _Alone
    met: list[_Delay]

    def __call__(self, situation: Situation, told: Fate) -> bool:
        delay = _delay(self.rule, self.alone, situation, told)
        if delay is None or not delay.length:
            return False
        if delay.waits_for if self.other is None else self.other.name not in delay.waits_for:
            return False
        self.met.append(delay)
        return True


def _delay(rule: Rule, alone: _Alone, situation: Situation, told: Fate) -> _Delay | None:
    """How much later than by the rule alone a file goes; None where the rule is no reason for it."""
    if told.removal is None or rule.name not in told.removal.rules:
        return None
    own = alone.age_of(situation)
    waits_for: list[RuleName] = []
    for stage in told.stages[:-1]:
        if isinstance(stage.decision, Kept):
            waits_for += stage.decision.rules
        elif isinstance(stage.decision, NotDue) and stage.decision.waits_for.startswith("rule `"):
            waits_for.append(RuleName(stage.decision.waits_for[len("rule `") : -1]))
    return _Delay(situation, told, own, tuple(dict.fromkeys(name for name in waits_for if name != rule.name)))


def _that_may_delay(rule: Rule, policies: PolicySet) -> Iterator[Rule]:
    """Rules that can select the same file and may wait longer."""
    for other in policies.file_rules:
        if other.name == rule.name or (other.report_only and other.is_removal):
            continue
        if other.is_removal and (other.otherwise is not rule.otherwise or not _may_be_longer(other, rule)):
            continue
        if not other.is_removal and (other.keep_for is None or not _may_hold(other, rule)):
            continue
        if may_share(rule, other, policies):
            yield other


def _may_be_longer(other: Rule, rule: Rule) -> bool:
    return max(_waits(other.after), default=0) > min(_waits(rule.after), default=FOREVER)


def _may_hold(keep: Rule, rule: Rule) -> bool:
    return keep.keep_for is not None and keep.keep_for > min(_waits(rule.after), default=FOREVER)


def _waits(after: After | None) -> list[int]:
    if after is None:
        return []
    return [after.always] if after.always is not None else [wait for _, wait in after.by_status]


def _finding(rule: Rule, met: list[_Delay], *, always: bool) -> Finding:
    longest = max(met, key=lambda one: one.length)
    by_rule: dict[str, _Delay] = {}
    for one in sorted(met, key=lambda one: -one.length):
        for name in one.waits_for or (SHIELD,):
            by_rule.setdefault(name, one)
    names = tuple(by_rule)
    due, goes = format_duration(longest.own), format_duration(longest.fate.ending.age)
    often = "always" if always else "sometimes"
    return Finding(
        Kind.LATE,
        rule,
        f"`{rule.name}` {often} waits for {named(names)}: due after {due}, it takes such a file after {goes}",
        "no file goes before every rule agrees; where that is not meant, narrow what it waits for",
        tuple(RuleName(name) for name in names if name != SHIELD),
        longest.situation,
        longest.fate,
    )
