"""Guarantees: why each holds, and what is said of the file that breaks one."""

from dataclasses import replace
from typing import Any

import pytest
from makers import LAYOUT, days, keep, narrow, policies, removal, wide

from rules_engine.analysis.guarantees import Broken, NotKnown, Proved, hold
from rules_engine.analysis.held import describe, diagnostics_of
from rules_engine.policy.built_in import BUILT_IN
from rules_engine.policy.guarantees import guarantee_of
from rules_engine.policy.model import (
    FileSelector,
    Guarantee,
    JobSelector,
    PolicySet,
    Rule,
    Settings,
    Since,
    Tracked,
    Unit,
)
from rules_engine.values.quantities import FOREVER, ByteCount
from rules_engine.values.vocabulary import CleanupPolicy, FileType, JobStatus, Place

VIDEOS = FileSelector(types=frozenset({FileType("final_video")}))
FAILED = JobSelector(statuses=frozenset({JobStatus.FAILED}))
NOBODYS = FileSelector(tracked=Tracked.UNTRACKED)
QUIET = Settings(cleanup=CleanupPolicy(retention=days(1), preserve_on_failure=FOREVER))


def promised(**fields: Any) -> Guarantee:
    """The guarantee that these words of a keep rule make; one about jobs is about their files."""
    if "jobs" in fields:
        fields["files"] = replace(fields.get("files", FileSelector()), tracked=Tracked.TRACKED)
    return Guarantee("said", keep("guarantees.said", **fields))


def proved(said: PolicySet, guarantee: Guarantee) -> int:
    """How many kinds of files were asked about until it was proved."""
    (answer,) = hold(said, [guarantee])
    assert isinstance(answer, Proved), answer
    assert list(diagnostics_of([answer], said)) == []
    return answer.kinds


def broken(said: PolicySet, guarantee: Guarantee) -> Broken:
    """The file that breaks it."""
    (answer,) = hold(said, [guarantee])
    assert isinstance(answer, Broken), answer
    return answer


def untracked(*texts: str, **fields: Any) -> Rule:
    """A removal of files without an owner, after seven days."""
    return removal("old", after=7, files=FileSelector(match=narrow(*texts), tracked=Tracked.UNTRACKED), **fields)


def test_a_guarantee_holds_where_no_rule_selects() -> None:
    """The patterns have no path in common."""
    assert proved(policies(untracked("/parts/"), layouts=()), guarantee_of("/finals/"))


def test_a_guarantee_holds_where_a_keep_rule_keeps() -> None:
    """Whatever a removal rule says; a keep rule that does not keep all of it is not enough."""
    finals = keep("kept", files=FileSelector(match=wide("/finals/"), tracked=Tracked.ANY))
    said = policies(untracked("*.mkv"), finals, layouts=())
    assert proved(said, guarantee_of("/finals/"))
    found = broken(said, guarantee_of("final*"))
    assert found.taken.removal.rules == ("old",)
    assert not found.situation.path.startswith("finals/")


def test_a_guarantee_holds_for_deliverables_without_the_word() -> None:
    """And not where a rule says it."""
    assert proved(policies(removal("old")), promised(files=VIDEOS))
    found = broken(policies(removal("old", deliverables=True)), promised(files=VIDEOS))
    assert found.situation.file_type == "final_video"


def test_a_rule_that_only_reports_breaks_nothing() -> None:
    """It removes nothing."""
    said = policies(removal("old", deliverables=True, report_only=True))
    assert proved(said, promised(files=VIDEOS))


def test_a_guarantee_is_broken_by_the_settings_where_no_rule_selects() -> None:
    """Temporary files go by themselves; where cleanup is off they do not."""
    work = promised(files=FileSelector(place=Place.WORKSPACE))
    assert broken(policies(), work).taken.removal.rules == (BUILT_IN,)
    off = Settings(cleanup=CleanupPolicy(enabled=False))
    assert proved(policies(removal("old"), settings=off), work)
    assert broken(policies(settings=Settings(debug=True)), work).taken.removal.rules == (BUILT_IN,)


def test_the_failure_shield_holds_a_guarantee_about_failed_jobs() -> None:
    """For as long as it lasts; it counts from the end of the job, so what was written later goes by its own age."""
    shield = Settings(cleanup=CleanupPolicy(retention=days(1), preserve_on_failure=days(14)))
    said = policies(settings=shield)
    assert proved(said, promised(jobs=FAILED, keep_for=days(14)))
    assert broken(said, promised(jobs=FAILED, keep_for=days(15))).taken.age == days(14)
    later = broken(policies(removal("old"), settings=shield), promised(jobs=FAILED, keep_for=days(14)))
    assert describe(later).endswith(" is deleted 1d after its last writing (mtime), being older by its other times")
    assert proved(policies(removal("old"), settings=QUIET), promised(jobs=FAILED))


def test_the_clock_by_which_a_rule_takes_a_file_too_early_is_named() -> None:
    """A file that was written long before its job ended is old by its mtime at once."""
    said = policies(removal("old", after=7, since=Since.WRITTEN))
    completed = JobSelector(statuses=frozenset({JobStatus.COMPLETED}))
    found = broken(said, promised(jobs=completed, keep_for=days(7)))
    assert found.taken.age == 0
    assert describe(found).endswith(" is deleted at the end of its job already, being older by its other times")
    late = broken(policies(removal("old", after=3)), promised(jobs=completed, keep_for=days(7)))
    assert describe(late).endswith(" is deleted once it is 3d old")
    assert proved(said, promised(jobs=completed, keep_for=days(7), since=Since.WRITTEN))


def test_a_rule_that_another_one_delays_breaks_nothing_before() -> None:
    """Alone it would, so all rules have to be asked together."""
    said = policies(untracked("/parts/"), removal("slow", after=30, files=NOBODYS))
    month = promised(files=NOBODYS, keep_for=days(30))
    assert proved(said, month)
    (answer,) = hold(said, [month], 3_000)
    assert isinstance(answer, Proved)


def test_a_last_resort_is_out_of_the_way_of_other_rules() -> None:
    """With `otherwise` it takes what no other rule selects, and breaks what it takes too early."""
    catch_all = removal("rest", after=1, files=NOBODYS, otherwise=True)
    said = policies(removal("all", after=30, files=NOBODYS), catch_all)
    assert proved(said, promised(files=NOBODYS, keep_for=days(30)))
    found = broken(policies(untracked("/parts/"), catch_all), promised(files=NOBODYS, keep_for=days(7)))
    assert found.taken.removal.rules == ("rest",)


def test_a_job_beyond_the_newest_breaks_what_the_newest_does_not() -> None:
    """The example says which place its job has."""
    ranked = JobSelector(statuses=frozenset({JobStatus.COMPLETED}), beyond_newest=5)
    said = policies(removal("old", deliverables=True, jobs=ranked, files=VIDEOS))
    found = broken(said, promised(files=VIDEOS))
    assert "(place 6 among its like)" in describe(found)


def test_a_file_goes_with_a_workspace_that_goes_whole() -> None:
    """A unit takes what no file rule selects, once the job has been over for long enough."""
    unit = removal("whole", after=30, unit=Unit.WORKSPACE, files=FileSelector(), jobs=JobSelector())
    said = policies(unit)
    completed = JobSelector(statuses=frozenset({JobStatus.COMPLETED}))
    found = broken(said, promised(jobs=completed, files=FileSelector(place=Place.WORKSPACE)))
    assert (found.whole, found.taken.age) == (True, days(30))
    assert " is deleted with its directory once it is 30d old" in f"{describe(found)} "
    assert proved(said, promised(jobs=completed, files=FileSelector(place=Place.WORKSPACE), keep_for=days(30)))
    assert proved(said, promised(files=VIDEOS))


def test_a_unit_that_a_keep_rule_vetoes_breaks_nothing() -> None:
    """One file that is kept keeps the directory whole, and itself."""
    cache = FileSelector(match=narrow("/cache/*/"), tracked=Tracked.UNTRACKED)
    unit = removal("caches", after=30, unit=Unit.DIRECTORY, files=cache, jobs=JobSelector())
    notes = keep("notes", files=FileSelector(match=wide("notes"), tracked=Tracked.ANY))
    said = policies(unit, notes, layouts=())
    assert proved(said, guarantee_of("notes"))
    assert broken(said, guarantee_of("*.png")).whole
    assert proved(policies(removal("r", report_only=True, unit=Unit.WORKSPACE), layouts=()), guarantee_of("notes"))


def test_a_budget_that_is_spent_is_no_answer() -> None:
    """However little is left to ask."""
    said = policies(untracked("*ab*", "*ba*"))
    for states in (1, 2, 5, 30):
        (answer,) = hold(said, [guarantee_of("/finals/*a*")], states)
        assert answer == NotKnown(answer.guarantee, states)
    (finding,) = diagnostics_of([answer], said)
    assert finding.code == "P433"


def test_with_too_small_a_budget_for_all_rules_they_are_asked_one_by_one() -> None:
    """The answer is the same, and so is what breaks it; the keep rule that is why is found."""
    words = ("*educational*", "*final*", "*short*", "*burned*", "*context*")
    rules = [
        removal(
            f"r{at}", after=7, files=FileSelector(match=narrow(one), exclude=wide("*no*"), tracked=Tracked.UNTRACKED)
        )
        for at, one in enumerate(words)
    ]
    kept = keep("kept", files=FileSelector(match=wide("/masters/"), tracked=Tracked.ANY))
    other = keep("other", files=FileSelector(match=wide("*.txt"), tracked=Tracked.ANY))
    said = policies(*rules, kept, other, layouts=())
    assert proved(said, guarantee_of("/masters/"))
    assert proved(said, promised(files=NOBODYS, keep_for=days(7)))
    assert broken(said, guarantee_of("/drafts/")).taken.removal.rules


def test_a_guarantee_that_two_keep_rules_hold_together_is_proved() -> None:
    """One keeps what is large, the other what is small."""
    large, small = FileSelector(larger_than=ByteCount(9)), FileSelector(smaller_than=ByteCount(10))
    halves = [
        keep(name, files=replace(size, match=wide("/finals/"), tracked=Tracked.ANY))
        for name, size in (("large", large), ("small", small))
    ]
    assert proved(policies(untracked("*.mkv"), *halves), guarantee_of("/finals/*.mkv"))
    found = broken(policies(untracked("*.mkv"), halves[0]), promised(files=replace(NOBODYS, match=wide("/finals/"))))
    assert found.situation.file.size == 0


@pytest.mark.parametrize("states", [300, 1_000, 3_000, 10_000, 30_000])
def test_less_to_spend_never_makes_another_answer(states: int) -> None:
    """What takes more than a part of the budget is asked again with all that is left."""
    names = FileSelector(match=narrow("/a/*x*y*.mkv", "/a/*y*z*.mkv"), exclude=wide("*k*l*"), tracked=Tracked.UNTRACKED)
    kept = keep("kept", files=FileSelector(match=wide("/a/*.mkv"), tracked=Tracked.ANY))
    said = policies(removal("old", files=names), removal("more", files=names), kept, layouts=())
    for pattern in ("*xy*.mkv", "/a/"):
        (answer,) = hold(said, [guarantee_of(pattern)], states)
        assert isinstance(answer, (NotKnown, Proved))


def test_a_guarantee_without_a_kind_of_file_is_a_warning() -> None:
    """Files of running jobs are out of reach, and so it promises nothing."""
    said = policies(layouts=(LAYOUT,))
    (answer,) = hold(said, [promised(jobs=JobSelector(statuses=frozenset({JobStatus.RUNNING})))])
    assert answer == Proved(answer.guarantee, 0)
    assert [one.code for one in diagnostics_of([answer], said)] == ["W514"]
