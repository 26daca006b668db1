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
        what = "decides first" if len(others) == 1 else "decide first"
        ways.insert(0, f"{named(others)} {f'{what}, for it says `otherwise`' if rule.otherwise else 'never comes'}")
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
    why, help_text, example = "its conditions exclude each other", "write them otherwise, or remove the rule", None
    for condition, advice, relaxed in _relaxed(rule):
        answer = search(acting(policies, rule), [relaxed], lambda _situation, _told: True, budget)
        if isinstance(answer, Witness):
            why, help_text, example = condition, advice, answer
            break
    return Finding(
        Kind.NEVER,
        rule,
        f"`{rule.name}` can never select a file: {why}",
        help_text,
        situation=None if example is None else example.situation,
        fate=None if example is None else fate(policies, example.situation),
    )


def _relaxed(rule: Rule) -> Iterator[tuple[str, str, Rule]]:
    """The rule without one of its conditions, why that one is in the way, and what to do about it."""
    files, jobs = rule.files, rule.jobs
    if files.exclude is not None:
        yield _without("except", "takes away all that it selects", replace(rule, files=replace(files, exclude=None)))
    if rule.is_removal and not rule.deliverables:
        help_text = "add `deliverables: true` if they may go, or remove the rule"
        yield "all that its other conditions select are deliverables", help_text, replace(rule, deliverables=True)
    if files.larger_than is not None or files.smaller_than is not None:
        sizes = replace(rule, files=replace(files, larger_than=None, smaller_than=None))
        yield _without("larger_than` or `smaller_than", "leaves no size", sizes)
    for key, relaxed in (
        ("in", replace(rule, files=replace(files, place=None))),
        ("type", replace(rule, files=replace(files, types=None))),
        ("jobs.parameters", replace(rule, jobs=replace(jobs, parameters=()))),
        ("jobs", replace(rule, jobs=JobSelector(statuses=jobs.statuses))),
        ("match", replace(rule, files=replace(files, match=None))),
    ):
        if relaxed != rule and (key != "match" or rule.unit is not Unit.DIRECTORY):
            yield _without(key, "leaves nothing of what its other conditions select", relaxed)


def _without(key: str, does: str, relaxed: Rule) -> tuple[str, str, Rule]:
    return f"`{key}` {does}", f"write `{key}` otherwise, or remove the rule", relaxed


def _not_shown(rule: Rule) -> Finding:
    text = f"`{rule.name}` could not be shown to take anything, nor proved never to: no single file of it goes whole"
    return Finding(Kind.UNKNOWN, rule, text, "try it: `rules plan --root DIR`, or a case with `rules test`")
