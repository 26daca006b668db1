"""Situations: of every combination that policies tell apart one, each a file that can be."""

import pytest
from makers import LAYOUT, days, directory, keep, layout, narrow, policies, removal, wide

from rules_engine.analysis.fate import evidence, fate, judged_at
from rules_engine.analysis.situation import Situation, Times
from rules_engine.analysis.situations import situations
from rules_engine.plan.decide import judge
from rules_engine.plan.model import Because, Kept, NotDue, Remove
from rules_engine.plan.select import Matched
from rules_engine.policy.budget import Budget, BudgetSpentError
from rules_engine.policy.model import FileSelector, JobSelector, PolicySet, Rule, Settings, Since, Tracked
from rules_engine.policy.templates import parse_template
from rules_engine.values.quantities import DAY, ByteCount
from rules_engine.values.vocabulary import CleanupPolicy, FileType, JobStatus, JobType, Place

ENDED = frozenset({JobStatus.COMPLETED, JobStatus.FAILED})


def found(said: PolicySet, *others: PolicySet) -> list[Situation]:
    """All situations, each of them checked against what the real decision says of its rules."""
    every = list(situations([said, *others], Budget(100_000)))
    for one in every:
        for number, some in enumerate((said, *others)):
            assert one.selecting[number] == {rule.name for rule in selecting(some, one)}
    return every


def selecting(said: PolicySet, one: Situation) -> list[Rule]:
    """The rules that select the file, as the real decision finds them; none where the file is protected."""
    judged = judge(one.file, one.owners, said, evidence(said, one, one.born))
    verdicts = [
        (rule, verdict) for verdicts in judged.verdicts for rule, verdict in zip(said.file_rules, verdicts, strict=True)
    ]
    return [rule for rule, verdict in verdicts if isinstance(verdict, Matched)]


def test_every_combination_of_patterns_is_met() -> None:
    """Of two patterns that overlap there are files that both, one or none of them select."""
    said = policies(removal("old", files=FileSelector(match=narrow("*.tmp"), tracked=Tracked.UNTRACKED)), keep("kept"))
    said = policies(*said.rules[:1], keep("kept", files=FileSelector(match=wide("/keep/"), tracked=Tracked.UNTRACKED)))
    met = {one.selecting[0] for one in found(said) if one.job is None}
    assert met == {frozenset(), frozenset({"old"}), frozenset({"kept"}), frozenset({"old", "kept"})}


def test_a_job_is_where_its_path_says() -> None:
    """A file in a workspace has the job whose id the path spells; one in an output the parameters that it spells."""
    for one in found(policies(removal("old"), removal("out", files=FileSelector(place=Place.OUTPUT)))):
        if one.job is None:
            continue
        assert one.job.workspace == f"scratch/{one.job.job_id}"
        assert one.job.output == f"out/{one.job.parameters['series']}"
        assert (one.place is Place.WORKSPACE) is one.path.startswith(f"{one.job.workspace}/")


def test_values_that_rules_name_have_their_own_paths() -> None:
    """Where a rule names a value that the output spells, no file of another value lies there."""
    suits = JobSelector(statuses=ENDED, parameters=(("series", frozenset({"suits", "friends"})),))
    said = policies(removal("some", jobs=suits, deliverables=True, files=FileSelector(place=Place.OUTPUT)))
    spelled = {
        ("some" in one.selecting[0], one.path.split("/")[1] in {"suits", "friends"})
        for one in found(said)
        if one.place is Place.OUTPUT
    }
    assert spelled == {(True, True), (False, False)}


def test_both_sides_of_every_size_are_met() -> None:
    """A file is met on each side of each bound that a rule draws."""
    large = FileSelector(tracked=Tracked.ANY, larger_than=ByteCount(100))
    small = FileSelector(tracked=Tracked.ANY, smaller_than=ByteCount(10))
    met = {one.selecting[0] for one in found(policies(removal("large", files=large), removal("small", files=small)))}
    assert {frozenset(), frozenset({"large"}), frozenset({"small"})} <= met
    assert frozenset({"large", "small"}) not in met


def test_ranks_of_one_kind_agree() -> None:
    """A job is never among the newest two and beyond the newest five of the same jobs."""
    newest = keep("newest", jobs=JobSelector(statuses=ENDED, newest=2), files=FileSelector(place=Place.OUTPUT))
    beyond = removal("old", jobs=JobSelector(statuses=ENDED, beyond_newest=5), files=FileSelector(place=Place.OUTPUT))
    met = {one.selecting[0] for one in found(policies(newest, beyond)) if one.places}
    assert met == {frozenset(), frozenset({"newest"}), frozenset({"old"})}


def test_an_output_without_fields_holds_all_below_it() -> None:
    """Where every job has the same output, no file of a job lies there as if it were elsewhere."""
    said = policies(
        removal("old", files=FileSelector(match=narrow("/all/"))), layouts=[layout(output=parse_template("all"))]
    )
    assert {one.place for one in found(said) if one.job is not None and one.path.startswith("all/")} == {Place.OUTPUT}


def test_two_policy_sets_are_told_apart_together() -> None:
    """With two sets a situation says which rules of each select the file."""
    first = policies(removal("old", files=FileSelector(match=narrow("a*"), tracked=Tracked.UNTRACKED)))
    second = policies(removal("new", files=FileSelector(match=narrow("*b"), tracked=Tracked.UNTRACKED)))
    met = {one.selecting for one in found(first, second) if one.job is None}
    assert (frozenset({"old"}), frozenset({"new"})) in met
    assert len(met) == 4


def test_a_type_with_a_layout_in_one_set_only_is_kept_by_the_other() -> None:
    """A job whose type has no layout in a policy set is met, and that set keeps its files."""
    first, second = (
        policies(removal("old")),
        policies(removal("old"), layouts=[layout("beta", directories=(directory("temp", Place.WORKSPACE),))]),
    )
    jobs = {
        (one.job.job_type, type(fate(second, one).ending.decision))
        for one in situations([first, second], Budget(10_000))
        if one.job
    }
    assert (JobType("alpha"), Kept) in jobs
    assert (JobType("beta"), Remove) in jobs


def test_lists_of_the_caller_are_told_apart() -> None:
    """Patterns that the caller adds are met and missed."""
    every = list(situations([policies()], Budget(10_000), lists=[wide("*.mkv")]))
    assert {one.lists for one in every} == {frozenset(), frozenset({0})}
    assert all((wide("*.mkv").match(one.path) is not None) == bool(one.lists) for one in every)


def test_focus_leaves_out_what_no_such_rule_selects() -> None:
    """With a focus every situation is one that a rule of interest selects, and none of these is missing."""
    files = FileSelector(match=narrow("/a/"), tracked=Tracked.ANY)
    said = policies(removal("old", files=files), removal("rest"), keep("kept", files=FileSelector(match=wide("*.mkv"))))
    focused = list(situations([said], Budget(100_000), focus=lambda rule: rule.name == "old"))
    assert {one.selecting for one in focused} == {one.selecting for one in found(said) if "old" in one.selecting[0]}


def test_a_budget_that_is_spent_is_said() -> None:
    """What would take longer than the budget allows raises; nothing is guessed."""
    with pytest.raises(BudgetSpentError):
        list(situations([policies(removal("old", files=FileSelector(match=narrow("*a*b*c*"))))], Budget(20)))


def test_a_fate_says_when_and_why() -> None:
    """A keep rule with `for` holds a file until its end; then the longer of two removals waits."""
    held = keep(
        "held", files=FileSelector(match=wide("/a/"), tracked=Tracked.ANY), keep_for=days(3), since=Since.CHANGED
    )
    said = policies(held, removal("one", after=1), removal("two", after=5))
    one = next(one for one in found(said) if one.job is None and "held" in one.selecting[0])
    told = [(stage.age // DAY, type(stage.decision)) for stage in fate(said, one).stages]
    assert told == [(0, Kept), (3, NotDue), (5, Remove)]
    removal_ = fate(said, one).removal
    assert removal_ is not None
    assert removal_.rules == ("one", "two")
    assert isinstance(judged_at(said, one, 4 * DAY).decision, NotDue)


def test_a_fate_that_never_ends_in_removal_says_so() -> None:
    """Where cleanup is off or a shield has no end, the fate is one stage that keeps."""
    off = policies(removal("old"), settings=Settings(cleanup=CleanupPolicy(enabled=False)))
    for one in situations([off], Budget(10_000)):
        stages = fate(off, one).stages
        assert [stage.age for stage in stages] == [0]
        assert isinstance(stages[0].decision, Kept)
        assert stages[0].decision.because is Because.CLEANUP_OFF
        assert fate(off, one).removal is None


def test_the_times_of_a_file_can_differ() -> None:
    """Each time of a file can be the last one, long after the others; the rest of it is the same."""
    said = policies(removal("old"))
    tracked = next(one for one in situations([said], Budget(10_000)) if one.job is not None)
    nobody = next(one for one in situations([said], Budget(10_000)) if one.job is None)
    assert [len(tracked.variants()), len(nobody.variants())] == [4, 3]
    ended = tracked.aged(Times.ENDED_LAST)
    assert ended.job is not None
    assert ended.job.ended == ended.born
    assert (ended.file.mtime_ns or 0) < ended.born - 100_000 * DAY
    assert ended.path == tracked.path


def test_words_say_what_the_file_is() -> None:
    """A situation is told by its job, its type and where it lies."""
    said = policies(removal("old", jobs=JobSelector(statuses=ENDED, beyond_newest=1)), layouts=[LAYOUT])
    words = {one.words for one in situations([said], Budget(10_000))}
    assert "a file that no job owns" in words
    assert any(one.startswith("a `temp_slide` in the workspace of a completed `alpha` job") for one in words)
    assert any(one.endswith("(place 2 among its like)") for one in words)


def test_types_that_nothing_tells_apart_are_one() -> None:
    """Of all types that a workspace holds one is looked at, unless a rule names them."""
    slides = directory("temp", Place.WORKSPACE, "temp_slide", "temp_audio", "temp_video")
    said = policies(
        removal("old", files=FileSelector(types=frozenset({FileType("temp_video")}))),
        layouts=[layout(directories=(slides,))],
    )
    types = {one.file_type for one in found(said) if one.place is Place.WORKSPACE}
    assert FileType("temp_video") in types
    assert not {FileType("temp_slide"), FileType("temp_audio")} <= types
