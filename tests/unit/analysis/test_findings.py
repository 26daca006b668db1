"""Findings: what is in the way of a rule, what makes it wait, how far it reaches, and which rule does the same."""

from dataclasses import replace
from typing import Any

import pytest
from makers import LAYOUT, days, keep, layout, narrow, policies, removal, wide

from rules_engine.analysis.analyze import analyze
from rules_engine.analysis.findings import Analysis, Finding, Kind, named
from rules_engine.policy.model import (
    Action,
    After,
    DirectorySelector,
    FileSelector,
    JobSelector,
    PolicySet,
    Rule,
    Settings,
    Since,
    Tracked,
    Unit,
)
from rules_engine.values.quantities import FOREVER, ByteCount, Duration
from rules_engine.values.vocabulary import CleanupPolicy, FileType, JobStatus, Place

NOBODY = Tracked.UNTRACKED
CALM = Settings(cleanup=CleanupPolicy(preserve_on_failure=Duration(0)))


def strays(name: str, *texts: str, after: float = 1, **fields: Any) -> Rule:
    """A removal of what no job owns and these patterns select."""
    return removal(name, after=after, files=FileSelector(match=narrow(*texts), tracked=NOBODY), **fields)


def found(said: PolicySet, kind: Kind, name: str) -> Finding | None:
    """What is found of that kind about that rule."""
    return next((one for one in analyze(said).of(kind) if one.rule.name == name), None)


def text(said: PolicySet, kind: Kind, name: str) -> str:
    """What is said of that kind about that rule, without its name."""
    one = found(said, kind, name)
    assert one is not None
    return one.text.removeprefix(f"`{name}` ")


def test_a_union_of_keep_rules_is_in_the_way() -> None:
    """Two keep rules that together keep all that a removal selects are named, and one alone is not enough."""
    said = policies(
        strays("old", "/in/[ab]*"),
        keep("first", files=FileSelector(match=wide("/in/a*"), tracked=Tracked.ANY)),
        keep("second", files=FileSelector(match=wide("/in/b*"), tracked=Tracked.ANY)),
    )
    assert text(said, Kind.NEVER, "old") == (
        "can never be the reason for anything: `first` and `second` keep what it selects"
    )
    assert found(policies(*said.rules[:2]), Kind.NEVER, "old") is None


def test_a_keep_rule_with_an_end_is_in_nobodys_way() -> None:
    """What keeps for some time only makes a removal wait."""
    said = policies(strays("old", "*.a"), keep("held", files=FileSelector(tracked=Tracked.ANY), keep_for=days(9)))
    assert found(said, Kind.NEVER, "old") is None
    assert text(said, Kind.LATE, "old") == "always waits for `held`: due after 1d, it takes such a file after 9d"


def test_otherwise_under_the_other_rules_never_decides() -> None:
    """A rule for the rest decides nothing where other removals select all that it selects."""
    said = policies(strays("all", "/in/**"), strays("rest", "/in/x*", otherwise=True))
    assert text(said, Kind.NEVER, "rest") == (
        "can never be the reason for anything: `all` decides first, for it says `otherwise`"
    )


@pytest.mark.parametrize(
    ("cleanup", "why"),
    [
        (CleanupPolicy(enabled=False), "the settings turn cleanup off"),
        (
            CleanupPolicy(file_types=frozenset({FileType("metadata")})),
            "`cleanup.file_types` leaves out the types that it selects",
        ),
    ],
)
def test_settings_are_in_the_way(cleanup: CleanupPolicy, why: str) -> None:
    """A setting that keeps all that a rule selects is named."""
    slides = FileSelector(types=frozenset({FileType("temp_slide")}))
    said = policies(removal("slides", files=slides), settings=Settings(cleanup=cleanup))
    assert text(said, Kind.NEVER, "slides") == f"can never be the reason for anything: {why}"


def test_a_shield_without_an_end_is_in_the_way() -> None:
    """Where the files of failed jobs stay for ever, a removal of them never decides."""
    said = policies(removal("failed", jobs=JobSelector(statuses=frozenset({JobStatus.FAILED})), files=FileSelector()))
    assert "keeps the files of failed jobs for ever" in text(said, Kind.NEVER, "failed")


def test_a_wait_without_an_end_is_in_the_way() -> None:
    """A rule that waits longer than any file can be old is said so, and keeps others from going as well."""
    said = policies(replace(strays("old", "*.a"), after=After(FOREVER)), strays("other", "*.a"))
    assert text(said, Kind.NEVER, "old").endswith("its `after` is longer than any file can be old")
    assert text(said, Kind.NEVER, "other").endswith("`old` never comes; its `after` is longer than any file can be old")


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        (
            removal("old", files=FileSelector(match=narrow("/in/a*"), exclude=wide("/in/"), tracked=NOBODY)),
            "`except` takes away all that it selects",
        ),
        (
            removal("old", files=FileSelector(types=frozenset({FileType("final_video")}))),
            "all that its other conditions select are deliverables",
        ),
        (
            removal("old", files=FileSelector(larger_than=ByteCount(9), smaller_than=ByteCount(9))),
            "`larger_than` or `smaller_than` leaves no size",
        ),
        (
            removal("old", files=FileSelector(match=narrow("/in/"), place=Place.WORKSPACE)),
            "`in` leaves nothing of what its other conditions select",
        ),
        (
            removal("old", jobs=JobSelector(parameters=(("nothing", frozenset({"x"})),)), files=FileSelector()),
            "`jobs.parameters` leaves nothing of what its other conditions select",
        ),
    ],
)
def test_a_rule_that_selects_nothing_says_by_which_condition(rule: Rule, why: str) -> None:
    """The first condition without which the rule would select something is named."""
    assert text(policies(rule, settings=CALM), Kind.NEVER, "old") == f"can never select a file: {why}"


def test_conditions_that_exclude_each_other_are_said_so() -> None:
    """Where no single condition is in the way, they are so together."""
    sizes = FileSelector(larger_than=ByteCount(9), smaller_than=ByteCount(9), tracked=NOBODY)
    files = replace(sizes, types=frozenset({FileType("temp_slide")}))
    assert text(policies(removal("old", files=files)), Kind.NEVER, "old").endswith("its conditions exclude each other")


def test_a_keep_rule_that_selects_something_decides() -> None:
    """A keep rule is a reason as soon as it selects a file, whatever else is said of it."""
    said = policies(
        keep("one", files=FileSelector(tracked=Tracked.ANY)), keep("two", files=FileSelector(tracked=NOBODY))
    )
    assert not analyze(said).of(Kind.NEVER)


def test_a_rule_that_only_reports_is_asked_as_if_it_took_part() -> None:
    """A rule that only reports never decides, and what it would decide is told."""
    said = policies(strays("old", "*.a", report_only=True))
    assert text(said, Kind.WIDE, "old") == "only reports, and could remove what lies outside every workspace"
    kept = policies(*said.rules, keep("kept", files=FileSelector(tracked=NOBODY)))
    assert text(kept, Kind.NEVER, "old").endswith("`kept` keeps what it selects")


def test_the_longer_of_two_removals_makes_the_other_wait() -> None:
    """Where two removals meet, the shorter one waits, sometimes or always; the longer one never."""
    said = policies(strays("short", "/in/*.a", after=1), strays("long", "/in/x*", after=9))
    assert text(said, Kind.LATE, "short") == "sometimes waits for `long`: due after 1d, it takes such a file after 9d"
    assert found(said, Kind.LATE, "long") is None
    always = policies(said.rules[0], strays("long", "/in/**", after=9))
    assert text(always, Kind.LATE, "short").startswith("always waits for `long`")


def test_removals_that_never_meet_make_nobody_wait() -> None:
    """A longer removal elsewhere, or one that a keep rule holds wherever both select, delays nothing."""
    assert not analyze(policies(strays("a", "*.a"), strays("b", "*.b", after=9))).of(Kind.LATE)
    both = keep("both", files=FileSelector(match=wide("/in/"), tracked=Tracked.ANY))
    said = policies(strays("short", "*.a"), strays("long", "/in/**", after=9), both)
    assert found(said, Kind.LATE, "short") is None


def test_the_shield_makes_a_removal_wait() -> None:
    """A removal that takes files of failed jobs earlier than the shield lets them go is late for these."""
    said = policies(removal("old", after=1), settings=Settings(cleanup=CleanupPolicy(preserve_on_failure=days(14))))
    assert text(said, Kind.LATE, "old") == (
        "sometimes waits for `cleanup.preserve_on_failure`: due after 1d, it takes such a file after 14d"
    )


def test_a_removal_that_reaches_far_says_how_far() -> None:
    """A deliverable outweighs a place outside the workspaces; a rule that names nothing is told as such."""
    said = policies(
        removal("all", after=1, deliverables=True),
        removal("inside", files=FileSelector(place=Place.WORKSPACE)),
        removal("outputs", files=FileSelector(place=Place.OUTPUT)),
        settings=CALM,
    )
    assert text(said, Kind.WIDE, "all") == (
        "can remove any file: it names no pattern, type or place, and can remove a deliverable"
    )
    assert found(said, Kind.WIDE, "inside") is None
    assert text(said, Kind.WIDE, "outputs") == "can remove what lies outside every workspace"


def test_a_rule_that_another_covers_can_go() -> None:
    """A rule whose files another rule treats alike is superfluous; with another age it is not."""
    said = policies(strays("all", "/in/**"), strays("some", "/in/a*"), strays("later", "/in/b*", after=3))
    one = found(said, Kind.SAME, "some")
    assert one is not None
    assert (one.text, one.help) == ("`some` does nothing that `all` does not do: it selects no other file", "remove it")
    assert found(said, Kind.SAME, "all") is None
    assert found(said, Kind.SAME, "later") is None


def test_of_two_rules_that_say_the_same_one_is_told() -> None:
    """Two rules that select the same files are one finding, about the later name."""
    said = policies(strays("a", "/in/x*"), strays("b", "/in/x*"))
    assert [one.rule.name for one in analyze(said).of(Kind.SAME)] == ["b"]


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"files": FileSelector(match=narrow("/a/"), tracked=NOBODY)}, "files.match"),
        ({"files": FileSelector(types=frozenset({FileType("temp_slide")}))}, "files.type"),
        ({"jobs": JobSelector(types=frozenset({LAYOUT.job_type})), "files": FileSelector()}, "jobs.type"),
    ],
)
def test_rules_that_differ_in_one_list_can_be_one(fields: dict[str, Any], key: str) -> None:
    """Two rules that differ in a list that can hold both are told, and how to write them as one."""
    other: dict[str, Any] = {
        "files.match": {"files": FileSelector(match=narrow("/b/"), tracked=NOBODY)},
        "files.type": {"files": FileSelector(types=frozenset({FileType("undeclared")}))},
        "jobs.type": {"jobs": JobSelector(types=frozenset({layout("beta").job_type})), "files": FileSelector()},
    }[key]
    said = policies(removal("a", **fields), removal("b", **other), layouts=[LAYOUT, layout("beta")], settings=CALM)
    assert text(said, Kind.SAME, "a") == f"and `b` differ in `{key}` alone and can be one rule"


def test_lists_with_a_negation_are_not_merged() -> None:
    """A `!` of one list would take away what the other selects, so the rules stay two; so do rules with other jobs."""
    assert not analyze(policies(strays("a", "/a/", "!*.x"), strays("b", "/b/"))).of(Kind.SAME)
    other = removal("b", files=FileSelector(match=narrow("/b/"), tracked=NOBODY), since=Since.WRITTEN)
    assert not analyze(policies(strays("a", "/a/"), other)).of(Kind.SAME)
    nothing = removal("b", files=FileSelector(tracked=NOBODY, larger_than=ByteCount(1)))
    assert not analyze(policies(strays("a", "/a/"), nothing)).of(Kind.SAME)


def test_a_rule_about_empty_directories_is_shown_to_act() -> None:
    """A directory that its patterns select and that goes is enough; also where it only reports."""
    match = DirectorySelector(narrow("/in/**/"), wide("/in/keep/"))
    for report_only in (False, True):
        assert not analyze(policies(removal("empty", directories=match, report_only=report_only))).findings


def test_a_rule_about_empty_directories_that_selects_none_never_decides() -> None:
    """What `except` takes away altogether is told; what layouts hold back is not claimed either way."""
    said = policies(removal("empty", directories=DirectorySelector(narrow("/in/*/"), wide("/in/"))))
    assert text(said, Kind.NEVER, "empty").startswith("can never select a directory: `except` takes away all")
    held = policies(removal("empty", directories=DirectorySelector(narrow("/scratch/*/"))))
    assert text(held, Kind.UNKNOWN, "empty").startswith("could not be shown to take any empty directory")


def test_a_rule_about_whole_directories_is_shown_to_act_or_not_known() -> None:
    """A unit that takes a file with it acts; where no single file shows it, nothing is claimed."""
    jobs = JobSelector(statuses=frozenset({JobStatus.COMPLETED}))
    unit = Rule(
        removal("whole").name, removal("whole").span, Action.DELETE, jobs, FileSelector(), after=After(days(3)),
        unit=Unit.WORKSPACE,
    )  # fmt: skip
    assert not analyze(policies(unit)).of(Kind.NEVER) + analyze(policies(unit)).of(Kind.UNKNOWN)
    kept = policies(unit, keep("kept", files=FileSelector(tracked=Tracked.ANY)))
    assert text(kept, Kind.UNKNOWN, "whole").startswith("could not be shown to take anything")


def test_a_budget_that_is_spent_leaves_the_answer_open() -> None:
    """Each question that takes more than the budget is unknown, and counted no further."""
    analysis = analyze(policies(strays("old", "*a*b*c*")), 5)
    assert [one.kind for one in analysis.findings] == [Kind.UNKNOWN] * 3
    assert analysis.states == 15


def test_all_questions_together_have_an_end() -> None:
    """After ten questions that took all they may, the others get nothing: they are unknown at once."""
    hard = [strays(f"old-{number}", "*a*b*c*") for number in range(5)]
    analysis = analyze(policies(*hard), 5)
    assert {one.kind for one in analysis.findings} == {Kind.UNKNOWN}
    assert analysis.states == 50
    assert analysis.findings[-1].text.endswith("is not known after 0 states")


def test_many_names_are_cut() -> None:
    """A line names five rules and counts the others."""
    assert named(["a"]) == "`a`"
    assert named(["a", "b"]) == "`a` and `b`"
    assert named([*"abcdefg"]) == "`a`, `b`, `c`, `d`, `e` and 2 more"


def test_findings_come_by_kind_then_by_name() -> None:
    """The order of an analysis does not depend on the order of rules."""
    said = policies(strays("b", "*.b"), strays("a", "*.a"), settings=CALM)
    turned = policies(*said.rules[::-1], settings=CALM)
    names: list[list[tuple[Kind, str]]] = []
    for one in (said, turned):
        analysis: Analysis = analyze(one)
        names.append([(found_.kind, found_.rule.name) for found_ in analysis.findings])
    assert names[0] == names[1] == [(Kind.WIDE, "a"), (Kind.WIDE, "b"), (Kind.SAME, "a")]
