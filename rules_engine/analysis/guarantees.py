"""Guarantees: each is proved over every kind of file that it speaks of, or shown to be broken by one of them.

A guarantee is held as a keep rule that must not be needed: the policies are asked what they do with each kind of file
that the rule selects. What they say is the decision that plans make, so an example of a broken guarantee is real.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final, TypeAlias

import msgspec

from rules_engine.analysis.fate import evidence, fate
from rules_engine.analysis.situation import Situation
from rules_engine.analysis.situations import situations
from rules_engine.analysis.whole import Taken, taken_whole
from rules_engine.plan.decide import verdict_of
from rules_engine.plan.select import NotMatched
from rules_engine.plan.subject import subject_of
from rules_engine.policy.budget import STATES, Budget, BudgetSpentError
from rules_engine.policy.guarantees import GUARANTEES
from rules_engine.policy.model import (
    Action,
    After,
    FileSelector,
    Guarantee,
    JobSelector,
    PolicySet,
    Rule,
    Since,
    Tracked,
)
from rules_engine.values.diagnostics import Span
from rules_engine.values.quantities import Duration, Instant
from rules_engine.values.vocabulary import RuleName


class Proved(msgspec.Struct, frozen=True):
    """No rule removes a file that the guarantee speaks of."""

    guarantee: Guarantee
    kinds: int
    """How many kinds of files were asked about; where there was none, it speaks of nothing."""


class Broken(msgspec.Struct, frozen=True):
    """A file that the guarantee speaks of, and that goes."""

    guarantee: Guarantee
    situation: Situation
    taken: Taken
    whole: bool = False
    """It goes with its directory."""


class NotKnown(msgspec.Struct, frozen=True):
    """The budget was spent before every kind of file was asked about; what was asked about stays."""

    guarantee: Guarantee
    states: int


Answer: TypeAlias = Proved | Broken | NotKnown

_EVERYTHING: Final = Rule(
    name=RuleName(f"{GUARANTEES}..everything"),
    span=Span("", 1, 1, 1, 1),
    action=Action.DELETE,
    jobs=JobSelector(),
    files=FileSelector(tracked=Tracked.ANY),
    deliverables=True,
    after=After(Duration(0)),
    since=Since.WRITTEN,
)
"""A removal that takes no less than any other, and no later."""

_PARTS: Final = 20
"""A part of the budget is tried with some rules, before it is tried with others."""


def hold(policies: PolicySet, guarantees: Iterable[Guarantee], states: int = STATES) -> tuple[Answer, ...]:
    """What is known of each guarantee, in their order; each has a budget of its own."""
    # Debug mode is of a day: what rests on it would be gone with it.
    asked = replace(policies, settings=replace(policies.settings, debug=False))
    return tuple(_hold(asked, one, states) for one in guarantees)


def _hold(policies: PolicySet, guarantee: Guarantee, states: int) -> Answer:
    try:
        found = _ask_apart(policies, guarantee, Budget(states))
    except BudgetSpentError:
        return NotKnown(guarantee, states)
    return found if isinstance(found, Broken) else Proved(guarantee, found.kinds)


class _Asked(msgspec.Struct, frozen=True):
    """Some rules were asked about every kind of file."""

    kinds: int
    breaks: bool = False
    """They break the guarantee for some kind, and nobody has seen yet that all rules together do."""


def _ask(
    some: PolicySet, policies: PolicySet, guarantee: Guarantee, budget: Budget, about: Rule | None = None
) -> _Asked | Broken:
    """What `some` of the policies do with each kind of file; what they break counts where all policies break it too.

    With `about` only files are asked for that this rule selects.
    """
    kinds, breaks = 0, False
    for situation in _spoken_of(some, guarantee.rule, about, budget):
        kinds += 1
        broken = _broken(some, guarantee, situation)
        if broken is not None and some is not policies:
            breaks = True
            broken = _broken(policies, guarantee, situation)
        if broken is not None:
            return broken
        if breaks and _EVERYTHING in some.rules:
            # Whatever is broken by a removal of everything proves nothing, and the real removals are asked next.
            break
    return _Asked(kinds, breaks)


def _try(
    some: PolicySet, policies: PolicySet, guarantee: Guarantee, budget: Budget, about: Rule | None = None
) -> _Asked | Broken | None:
    """The same for a part of the budget; None where that was not enough.

    Raises:
        BudgetSpentError: when nothing of the whole budget is left.
    """
    part = Budget(max(1, budget.states // _PARTS))
    try:
        return _ask(some, policies, guarantee, part, about)
    except BudgetSpentError:
        return None
    finally:
        budget.spend(min(part.spent, part.states))


def _ask_apart(policies: PolicySet, guarantee: Guarantee, budget: Budget) -> _Asked | Broken:
    """The answer, with few rules at a time: all rules together tell more kinds of files apart than anybody can ask for.

    What goes by some rules would go by each of them alone, and no later: other removals only delay it, and keep rules
    only keep; what goes with its directory, by the rule that names the outermost. So a rule that breaks nothing alone
    has no part in breaking anything, and need not be asked again.
    """
    # Mostly one keep rule is why a guarantee holds, whatever removes.
    first: Iterable[tuple[PolicySet, Rule | None]] = [
        (_only(policies, (keep,), (_EVERYTHING,)), None) for keep in policies.keep_rules
    ]
    found = _first_that_breaks_nothing(first, policies, guarantee, budget)
    if isinstance(found, (_Asked, Broken)):
        return found
    suspects: list[Rule | None] = []
    kinds = 0
    for rule in (*_removing(policies), *([None] if policies.built_in else [])):
        found = _first_that_breaks_nothing(_ever_less(policies, rule), policies, guarantee, budget)
        if isinstance(found, Broken):
            return found
        kinds += found.kinds if found is not None else 0
        if found is None:
            suspects.append(rule)
    if not suspects:
        return _Asked(kinds)
    found = _ask(_only(policies, policies.keep_rules, suspects), policies, guarantee, budget)
    if isinstance(found, Broken) or not found.breaks:
        return found
    return _ask(policies, policies, guarantee, budget)


def _first_that_breaks_nothing(
    ways: Iterable[tuple[PolicySet, Rule | None]], policies: PolicySet, guarantee: Guarantee, budget: Budget
) -> _Asked | Broken | None:
    """The answer of the first of some policies, each with what is asked about, that break nothing; None if all do."""
    for some, about in ways:
        found = _try(some, policies, guarantee, budget, about)
        if isinstance(found, Broken) or (found is not None and not found.breaks):
            return found
    return None


def _ever_less(policies: PolicySet, rule: Rule | None) -> Iterator[tuple[PolicySet, Rule | None]]:
    """The rule without patterns, without its `except`, as it is, beside each keep rule, and beside all of them."""
    for more in _taking_more(rule):
        yield _only(policies, (), [more]), more
    yield _only(policies, (), [rule]), rule
    for keep in policies.keep_rules:
        yield _only(policies, (keep,), [rule]), rule
    if len(policies.keep_rules) > 1:
        yield _only(policies, policies.keep_rules, [rule]), rule


def _taking_more(rule: Rule | None) -> Iterator[Rule]:
    """Rules that take all that `rule` takes, and more; patterns cost most."""
    if rule is None or not rule.decides_files or rule.files.match is None:
        return
    yield replace(rule, files=replace(rule.files, match=None, exclude=None))
    if rule.files.exclude is not None:
        yield replace(rule, files=replace(rule.files, exclude=None))


def _removing(policies: PolicySet) -> Iterator[Rule]:
    """The rules that can take a file, by itself or with its directory."""
    return (rule for rule in policies.removal_rules if not rule.report_only and rule.directories is None)


def _only(policies: PolicySet, keep: Iterable[Rule], removing: Iterable[Rule | None]) -> PolicySet:
    """The policies with these rules and no others; None is the rule that the settings are."""
    some = tuple(removing)
    rules = sorted((*keep, *(rule for rule in some if rule is not None)), key=lambda rule: rule.name)
    return replace(policies, rules=tuple(rules), built_in=None in some)


def _spoken_of(policies: PolicySet, rule: Rule, about: Rule | None, budget: Budget) -> Iterator[Situation]:
    """Every kind of file that the guarantee speaks of, and that the rule `about` selects."""
    asked = replace(policies, rules=tuple(sorted((*policies.rules, rule), key=lambda one: one.name)))
    names = {rule.name} if about is None else {rule.name, about.name}
    return situations([asked], budget, focus=lambda one: one.name in names, together=True)


def _broken(policies: PolicySet, guarantee: Guarantee, situation: Situation) -> Broken | None:
    # Without a time the guarantee holds at every age, so which of its times is the last one plays no part.
    variants = (situation,) if guarantee.rule.keep_for is None else situation.variants()
    for one in variants:
        ending = fate(policies, one)
        if ending.removal is not None:
            taken = Taken(ending.ending.age, ending.removal)
            if _speaks_of(policies, guarantee.rule, one, taken.age):
                return Broken(guarantee, one, taken)
        whole = taken_whole(policies, one)
        if whole is not None and _speaks_of(policies, guarantee.rule, one, whole.age):
            return Broken(guarantee, one, whole, whole=True)
    return None


def _speaks_of(policies: PolicySet, rule: Rule, situation: Situation, age: Duration) -> bool:
    """Whether the guarantee still speaks of the file at that age, when it goes."""
    seen = evidence(policies, situation, Instant(situation.born + age))
    owner = seen.owners[situation.job.job_id] if situation.job is not None else None
    return not isinstance(verdict_of(rule, subject_of(situation.file, owner, policies), seen), NotMatched)
