from dataclasses import replace

import pytest

from rules_engine.policy.built_in import (
    BUILT_IN,
    BY_AGE,
    MANUAL,
    built_in_rule,
    manual_policies,
    with_cleanup_by_age,
    without_shield,
)
from rules_engine.policy.load import load_texts
from rules_engine.policy.model import Action, PolicySet, Tracked
from rules_engine.policy.patterns import PatternList, Reading, parse_patterns
from rules_engine.values.quantities import DAY, FOREVER, HOUR, Duration
from rules_engine.values.vocabulary import CleanupPolicy, FileType, JobStatus

TEXT = """
version: 1
kind: cleanup
rules:
  - {name: temps, files: {match: ["temp_*"]}, after: 7d, action: delete}
  - {name: heroes, files: {match: ["/hero/"]}, action: keep}
  - {name: zebras, files: {match: ["/zebra/"]}, action: keep}
"""


@pytest.fixture
def written() -> PolicySet:
    """A removal rule and two keep rules."""
    return load_texts({"policies/cleanup.yaml": TEXT})


def temps() -> PatternList:
    """A pattern of manual cleanup."""
    return parse_patterns(["temp_*"], Reading.NARROW)


def test_the_settings_as_a_rule_delete_temporary_files_of_ended_jobs() -> None:
    """A failed job's files wait for the longer of retention and preservation."""
    rule = built_in_rule(CleanupPolicy(retention=Duration(2 * DAY), preserve_on_failure=Duration(DAY)))
    assert (rule.name, rule.action, rule.deliverables) == (BUILT_IN, Action.DELETE, False)
    assert rule.files.tracked is Tracked.TRACKED
    assert rule.after is not None
    assert rule.after.of(JobStatus.COMPLETED) == rule.after.of(JobStatus.FAILED) == 2 * DAY
    longer = built_in_rule(CleanupPolicy(retention=Duration(HOUR), preserve_on_failure=FOREVER))
    assert longer.after is not None
    assert (longer.after.of(JobStatus.COMPLETED), longer.after.of(JobStatus.FAILED)) == (HOUR, FOREVER)


def test_manual_cleanup_has_one_removal_rule_and_all_keep_rules(written: PolicySet) -> None:
    """No other rule removes, also not the built-in one."""
    manual = manual_policies(written, temps())
    assert [rule.name for rule in manual.removal_rules] == [MANUAL]
    assert manual.keep_rules == written.keep_rules
    assert not manual.built_in
    (rule,) = manual.removal_rules
    assert (rule.action, rule.files.tracked, rule.deliverables) == (Action.TRASH, Tracked.ANY, False)
    assert rule.jobs.statuses == {JobStatus.COMPLETED, JobStatus.FAILED}
    assert rule.after is not None
    assert rule.after.of(None) == 24 * HOUR


def test_manual_cleanup_goes_as_far_as_it_is_told_to(written: PolicySet) -> None:
    """Each word of the caller is a field of the rule."""
    manual = manual_policies(
        written, temps(), action=Action.DELETE, older_than=Duration(0), deliverables=True, include_failed=True
    )
    (rule,) = manual.removal_rules
    assert (rule.action, rule.deliverables) == (Action.DELETE, True)
    assert rule.after is not None
    assert rule.after.of(None) == 0
    assert manual.settings.cleanup.preserve_on_failure == 0
    assert manual_policies(written, temps()).settings.cleanup.preserve_on_failure == FOREVER


def test_manual_cleanup_ignores_the_switches_of_automatic_cleanup(written: PolicySet) -> None:
    """Neither switch counts, nor the list of types; limits and everything else stay."""
    cleanup = CleanupPolicy(enabled=False, file_types=frozenset({FileType.TEMP_AUDIO}), retention=Duration(DAY))
    off = replace(written, settings=replace(written.settings, debug=True, cleanup=cleanup))
    settings = manual_policies(off, temps()).settings
    assert (settings.debug, settings.cleanup) == (False, replace(cleanup, enabled=True, file_types=None))
    assert settings.limits == off.settings.limits


def test_the_policies_of_one_call_still_have_the_digest_and_texts_that_were_loaded(written: PolicySet) -> None:
    """A plan of one call is carried out, and finished after a crash, under the policies that were written."""
    for changed in (
        manual_policies(written, temps()),
        with_cleanup_by_age(written, Duration(DAY)),
        without_shield(written),
    ):
        assert (changed.digest, changed.sources) == (written.digest, written.sources)


@pytest.mark.parametrize(("age", "wait"), [(1 * HOUR, 24 * HOUR), (24 * HOUR, 24 * HOUR), (72 * HOUR, 72 * HOUR)])
def test_cleanup_by_age_adds_one_rule_that_waits_for_the_longer(written: PolicySet, age: int, wait: int) -> None:
    """Of the age and the retention; the rules stay in order."""
    more = with_cleanup_by_age(written, Duration(age))
    assert [rule.name for rule in more.rules] == [BY_AGE, "heroes", "temps", "zebras"]
    rule = more.rules[0]
    assert rule.after is not None
    assert rule.after.of(JobStatus.COMPLETED) == rule.after.of(JobStatus.FAILED) == wait
    assert (rule.files.tracked, rule.deliverables) == (Tracked.TRACKED, False)
    assert (more.settings, more.built_in) == (written.settings, True)


def test_without_the_shield_nothing_else_changes(written: PolicySet) -> None:
    """Only the preservation of failed jobs is gone."""
    lifted = without_shield(written)
    assert lifted.settings.cleanup == replace(written.settings.cleanup, preserve_on_failure=Duration(0))
    assert replace(lifted, settings=written.settings) == written
