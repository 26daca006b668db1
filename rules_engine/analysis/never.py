"""Rules that can never be the reason for anything, and what is in their way."""

from collections.abc import Iterator
from dataclasses import replace

from rules_engine.analysis.fate import Fate, fate
from rules_engine.analysis.findings import Finding, Kind, named
from rules_engine.analysis.search import CLEANUP_OFF, FILE_TYPES, OWN_WAIT, SHIELD, Nothing, Witness, search
from rules_engine.analysis.situation import Situation
from rules_engine.analysis.whole import taken_whole
from rules_engine.policy.budget import Budget
from rules_engine.policy.model import JobSelector, PolicySet, Rule, Unit

_SETTINGS = {
    CLEANUP_OFF: "the settings turn cleanup off",
    FILE_TYPES: "`cleanup.file_types` leaves out the types that it selects",
    SHIELD: "`cleanup.preserve_on_failure` keeps the files of failed jobs for ever",
    OWN_WAIT: "its `after` is longer than any file can be old",
}


def acting(policies: PolicySet, rule: Rule) -> PolicySet:
    """The policies in which `rule` takes part, also where it only reports."""
    if not rule.report_only:
        return policies
    return replace(
        policies, rules=tuple(replace(one, report_only=False) if one == rule else one for one in policies.rules)
    )


def decides(rule: Rule, told: Fate) -> bool:
    """Whether `rule` is a reason: for a removal in the end, or for keeping at any time."""
    if rule.is_removal:
        return told.removal is not None and rule.name in told.removal.rules
    return any(rule.name in stage.decision.rules for stage in told.stages)


def find_never(rule: Rule, policies: PolicySet, budget: Budget) -> Finding | None:
    """What is in the way of a rule that can never be the reason for anything; None where some file shows that it can.

    Raises:
        BudgetSpentError: when it takes more states than the budget has.
    """
    taking_part = acting(policies, rule)

    def shows(situation: Situation, told: Fate) -> bool:
        if rule.unit is None:
            return decides(rule, told)
        taken = taken_whole(taking_part, situation)
        return taken is not None and rule.name in taken.removal.rules

    answer = search(taking_part, [rule], shows, budget)
    if isinstance(answer, Witness):
        return None
    if not answer.kinds:
        return _selects_nothing(rule, policies, budget)
    if rule.unit is not None:
        return _not_shown(rule)
    return _in_the_way(rule, taking_part, answer, budget)


def _in_the_way(rule: Rule, policies: PolicySet, answer: Nothing, budget: Budget) -> Finding:
    example = search(policies, [rule], lambda _situation, _told: True, budget)
    ways = [_SETTINGS[name] for name in answer.settings]
    known = {one.name: one for one in policies.rules}
    keeps = [name for name in answer.rules if not known[name].is_removal]
    others = [name for name in answer.rules if known[name].is_removal]
    if keeps:
        ways.insert(0, f"{named(keeps)} {'keeps' if len(keeps) == 1 else 'keep'} what it selects")
    if others:
        what = "decides first (`otherwise`)" if len(others) == 1 else "decide first (`otherwise`)"
        ways.insert(0, f"{named(others)} {what if rule.otherwise else 'never comes'}")
    return Finding(
        Kind.NEVER,
        rule,
        f"`{rule.name}` can never be the reason for anything: {'; '.join(ways)}",
        "remove it, or narrow what is in its way",
        answer.rules,
        example.situation if isinstance(example, Witness) else None,
        example.fate if isinstance(example, Witness) else None,
    )


def _selects_nothing(rule: Rule, policies: PolicySet, budget: Budget) -> Finding:
    """A rule that selects no file, with the first condition without which it would."""
    for word, relaxed in _relaxed(rule):
        answer = search(acting(policies, rule), [relaxed], lambda _situation, _told: True, budget)
        if isinstance(answer, Witness):
            return Finding(
                Kind.NEVER,
                rule,
                f"`{rule.name}` can never select a file: {word} leaves none",
                f"drop {word}, write it otherwise, or remove the rule",
                situation=answer.situation,
                fate=fate(policies, answer.situation),
            )
    return Finding(
        Kind.NEVER, rule, f"`{rule.name}` can never select a file: its conditions exclude each other", "remove it"
    )


def _relaxed(rule: Rule) -> Iterator[tuple[str, Rule]]:
    """The rule without one of its conditions, and the word for it."""
    files, jobs = rule.files, rule.jobs
    if files.exclude is not None:
        yield "`except`", replace(rule, files=replace(files, exclude=None))
    if rule.is_removal and not rule.deliverables:
        yield "that it says nothing of `deliverables`", replace(rule, deliverables=True)
    if files.larger_than is not None or files.smaller_than is not None:
        yield "the size", replace(rule, files=replace(files, larger_than=None, smaller_than=None))
    if files.place is not None:
        yield f"`in: {files.place}`", replace(rule, files=replace(files, place=None))
    if files.types is not None:
        yield "`type`", replace(rule, files=replace(files, types=None))
    if jobs.parameters:
        yield "`parameters`", replace(rule, jobs=replace(jobs, parameters=()))
    if jobs != JobSelector():
        yield "`jobs`", replace(rule, jobs=JobSelector(statuses=jobs.statuses))
    if files.match is not None and rule.unit is not Unit.DIRECTORY:
        yield "`match`", replace(rule, files=replace(files, match=None))


def _not_shown(rule: Rule) -> Finding:
    text = f"`{rule.name}` could not be shown to take anything, nor proved never to: no single file of it goes whole"
    return Finding(Kind.UNKNOWN, rule, text, "try it: `rules plan --root DIR`, or a case with `rules test`")
