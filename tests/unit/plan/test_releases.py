"""Releases: what earlier keep rules protect, who may let it go, and how that is said."""

import pytest
from makers import NOW, file, job, keep, listed, planned, policies, removal, wide

from rules_engine.errors import InvalidValueError
from rules_engine.plan.given import Ask, EarlierKeep, Guards
from rules_engine.plan.model import Header, PlanLimits
from rules_engine.plan.releases import check_release, released_by
from rules_engine.policy.model import FileSelector, Tracked
from rules_engine.values.vocabulary import RuleName

EARLIER = EarlierKeep(keep("hero"), "old/cleanup.yaml:3", "3f2a")


def header(**ask: str) -> Header:
    """A header with that `ask`."""
    return Header(NOW, None, "", PlanLimits(None, None, None, None), {}, ask)


def test_only_what_an_earlier_keep_rule_is_named_can_be_released() -> None:
    """A flag that was left in a script would one day let go what the next rule protects."""
    check_release(Ask(release=frozenset({RuleName("hero")})), (EARLIER,))
    with pytest.raises(InvalidValueError, match=r"`hera` is no keep rule of an earlier .* did you mean `hero`\?"):
        check_release(Ask(release=frozenset({RuleName("hera")})), (EARLIER,))
    with pytest.raises(InvalidValueError, match="leave `--release` out"):
        check_release(Ask(release=frozenset({RuleName("hero")})), ())


def test_a_plan_says_what_it_was_asked_to_release() -> None:
    """The names stand in its header, sorted, and are read from there when it has been applied."""
    guards = Guards(earlier=(EARLIER, EarlierKeep(keep("other"), "old/cleanup.yaml:9", "")))
    ask = Ask(release=frozenset({RuleName("other"), RuleName("hero")}))
    plan = planned(policies(removal()), [job()], listed(file("scratch/a/x")), guards=guards, ask=ask)
    assert plan.header.ask == {"release": "hero other"}
    assert released_by(plan.header) == ("hero", "other")
    assert released_by(header()) == ()


def test_the_releases_with_most_bytes_come_first() -> None:
    """Of equal ones the order is that of names."""
    small = EarlierKeep(keep("a", files=FileSelector(match=wide("*.srt"), tracked=Tracked.ANY)), "p:1", "r")
    files = listed(file("scratch/a/x.mkv", size=5), file("scratch/a/x.srt", size=2))
    plan = planned(policies(removal()), [job()], files, guards=Guards(earlier=(small, EARLIER)))
    assert [(one.name, one.count.bytes, one.allowed) for one in plan.trailer.releases] == [
        ("hero", 7, False),
        ("a", 2, False),
    ]
    assert len(plan.trailer.refusals) == 2
