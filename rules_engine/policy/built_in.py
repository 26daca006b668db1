"""Rules that no policy file writes: what the settings stand for, and what one call adds or puts in their place."""

from dataclasses import replace
from typing import Final

from rules_engine.policy.model import Action, After, FileSelector, JobSelector, PolicySet, Rule, Tracked
from rules_engine.policy.patterns import PatternList
from rules_engine.values.diagnostics import Span
from rules_engine.values.quantities import Duration
from rules_engine.values.vocabulary import CleanupPolicy, JobStatus, RuleName

BUILT_IN: Final = RuleName("settings.cleanup")
"""The name under which the rule of the settings stands in plans."""

MANUAL: Final = RuleName("rules.clean")
"""The name under which the one rule of a manual cleanup stands in plans."""

BY_AGE: Final = RuleName("cleanup.by_age")
"""The name under which the rule of a cleanup by age stands in plans."""

_NOWHERE: Final = Span("", 0, 0, 0, 0)
_ENDED: Final = frozenset({JobStatus.COMPLETED, JobStatus.FAILED})


def built_in_rule(cleanup: CleanupPolicy) -> Rule:
    """`settings.cleanup` as a rule: temporary files of ended jobs, where no rule of a policy selects."""
    failed = Duration(max(cleanup.retention, cleanup.preserve_on_failure))
    return Rule(
        name=BUILT_IN,
        span=_NOWHERE,
        action=Action.DELETE,
        jobs=JobSelector(statuses=_ENDED),
        files=FileSelector(tracked=Tracked.TRACKED),
        after=After(None, ((JobStatus.COMPLETED, cleanup.retention), (JobStatus.FAILED, failed))),
    )


def manual_policies(
    policies: PolicySet,
    match: PatternList,
    *,
    action: Action = Action.TRASH,
    older_than: Duration | None = None,
    deliverables: bool = False,
    include_failed: bool = False,
) -> PolicySet:
    """The policies of one manual cleanup: its rule is the only removal, and the switches of cleanup do not count.

    Protection, keep rules, the failure shield, a job's own policy and limits hold; `include_failed` lifts the shield.
    """
    rule = Rule(
        name=MANUAL,
        span=_NOWHERE,
        action=action,
        jobs=JobSelector(statuses=_ENDED),
        files=FileSelector(match=match, tracked=Tracked.ANY),
        deliverables=deliverables,
        after=After(policies.settings.cleanup.retention if older_than is None else older_than),
    )
    cleanup = replace(policies.settings.cleanup, enabled=True, file_types=None)
    settings = replace(policies.settings, debug=False, cleanup=cleanup)
    manual = replace(policies, rules=(*policies.keep_rules, rule), settings=settings, built_in=False)
    return without_shield(manual) if include_failed else manual


def with_cleanup_by_age(policies: PolicySet, age: Duration) -> PolicySet:
    """The policies with one rule more: temporary files of ended jobs after `age`, or the longer `retention`."""
    wait = Duration(max(age, policies.settings.cleanup.retention))
    rule = replace(built_in_rule(policies.settings.cleanup), name=BY_AGE, after=After(wait))
    return replace(policies, rules=tuple(sorted((*policies.rules, rule), key=lambda one: one.name)))


def without_shield(policies: PolicySet) -> PolicySet:
    """The policies without `cleanup.preserve_on_failure`; a job's own policy still preserves."""
    cleanup = replace(policies.settings.cleanup, preserve_on_failure=Duration(0))
    return replace(policies, settings=replace(policies.settings, cleanup=cleanup))
