"""Plans as a whole: limits, empty directories, and what the trailer remembers."""

from dataclasses import replace

import pytest
from makers import NOW, days, days_ago, evidence, file, job, keep, listed, narrow, planned, policies, removal, wide

from rules_engine.errors import InvalidValueError
from rules_engine.inventory.model import DirectoryFacts, Inventory
from rules_engine.manifest.model import JobRecord
from rules_engine.plan.explain import explain
from rules_engine.plan.given import Ask, Guards
from rules_engine.plan.model import Batch, Count, StepAction
from rules_engine.plan.planner import make_plan
from rules_engine.policy.built_in import BUILT_IN
from rules_engine.policy.model import Action, FileSelector, JobSelector, Settings, Tracked
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import ByteCount, Duration, instant_to_datetime
from rules_engine.values.vocabulary import CleanupPolicy, FileType, JobId, JobStatus


def directories(plan_batches: object) -> list[str]:
    """The directories that go, in order."""
    assert isinstance(plan_batches, tuple)
    found: list[Batch] = [one for one in plan_batches if one.action is StepAction.REMOVE_DIRECTORY]
    return [f"{batch.directory}/{entry.name}" for batch in found for entry in batch.entries]


def test_a_limit_that_is_none_is_refused() -> None:
    """Only the four limits can be raised."""
    with pytest.raises(InvalidValueError) as caught:
        planned(policies(), (), (), ask=Ask(limits={"file": 3}))
    assert str(caught.value) == "limit `file` is not one of `files`, `bytes`, `untracked_share`, `plan_age`"


def test_each_limit_that_is_exceeded_says_how_to_raise_it() -> None:
    """A plan over its limits is refused with what it would do, what it may do, and the words that allow it."""
    facts = listed(*(file(f"misc/{number:04d}", size=1024) for number in range(1_000)))
    ask = Ask(limits={"files": 999, "bytes": 1023, "untracked_share": 99})
    assert planned(policies(removal()), (), facts, ask=ask).trailer.refusals == [
        "it removes 1 000 files, `limits.files` is 999; if that is right, plan with `--limit files=1000`",
        "it removes 1000 KiB, `limits.bytes` is 1023 B; if that is right, plan with `--limit bytes=1024000B`",
        (
            "it removes 1 000 files of the 1000 untracked ones that were looked at, `limits.untracked_share` is 99%; "
            "if that is right, plan with `--limit untracked_share=100%`"
        ),
    ]
    enough = Ask(limits={"files": 1000, "bytes": None, "untracked_share": 100})
    assert planned(policies(removal()), (), facts, ask=enough).trailer.refusals == []


@pytest.mark.parametrize(
    ("owner", "gone"),
    [
        (job(), ["scratch/a/slides", "scratch/a"]),
        (job(ended=days_ago(0.5)), []),
        (job(ended=None), []),
        (job(status=JobStatus.FAILED, ended=None), []),
        (job(status=JobStatus.FAILED), []),
        (job(status=JobStatus.RUNNING), []),
        (job(status=JobStatus.UNTRUSTED), []),
        (job(cleanup=CleanupPolicy(enabled=False)), []),
        (job(cleanup=CleanupPolicy(retention=days(11))), []),
    ],
    ids=["due", "young", "no-end", "failed-no-end", "shield", "running", "untrusted", "own-off", "own-retention"],
)
def test_an_empty_workspace_goes_when_the_built_in_wait_is_over(owner: JobRecord, gone: list[str]) -> None:
    """Directories that were empty before wait as temporary files of their job would, deepest first."""
    empty = listed(subdirectories={"scratch/a": ("slides",), "scratch/a/slides": ()})
    plan = planned(policies(), (owner,), empty)
    assert directories(plan.batches) == gone
    assert all(batch.rules == (BUILT_IN,) for batch in plan.batches)
    assert plan.trailer.steps.get("remove_directory", Count()).files == len(gone)


@pytest.mark.parametrize("settings", [Settings(debug=True), Settings(cleanup=CleanupPolicy(enabled=False))])
def test_an_empty_workspace_stays_while_cleanup_is_off(settings: Settings) -> None:
    """Debug mode and `enabled: false` keep directories as well."""
    empty = listed(subdirectories={"scratch/a": ()})
    assert directories(planned(policies(settings=settings), (job(),), empty).batches) == []


def test_a_directory_goes_by_the_rules_that_empty_it() -> None:
    """The step on a directory names the rules of all that went below it."""
    slides = removal("slides", files=FileSelector(types=frozenset({FileType("temp_slide")})))
    declared = {RelPath("scratch/a/slides"): {"x": FileType("temp_slide")}}
    facts = listed(file("scratch/a/slides/x"), file("scratch/a/y"), subdirectories={"scratch/a": ("slides",)})
    plan = planned(policies(slides), (job(files=declared),), facts)
    assert directories(plan.batches) == ["scratch/a/slides", "scratch/a"]
    rules = [batch.rules for batch in plan.batches if batch.action is StepAction.REMOVE_DIRECTORY]
    assert rules == [("slides",), ("slides",)]


@pytest.mark.parametrize(
    "rule",
    [
        keep(files=FileSelector(match=wide("slides"), tracked=Tracked.ANY)),
        keep(files=FileSelector(match=wide("/scratch/a/"))),
    ],
)
def test_a_directory_that_a_keep_rule_names_stays(rule: object) -> None:
    """A keep rule speaks of files, and is read widely: it keeps the directory that it names."""
    facts = listed(subdirectories={"scratch/a": ("slides",), "scratch/a/slides": ()})
    assert directories(planned(policies(rule), (job(),), facts).batches) == []


def test_a_directory_stays_that_was_not_all_seen() -> None:
    """What was not listed whole, or has no inode, is not known to be empty."""
    partly = [
        DirectoryFacts(RelPath("scratch/a"), (), inode=5),
        DirectoryFacts(RelPath("scratch/b"), (), complete=True),
    ]
    assert directories(planned(policies(), (job("a"), job("b")), partly).batches) == []


def test_a_directory_above_another_workspace_stays() -> None:
    """A workspace that holds another job's workspace is not removed, whatever it looks like."""
    outer = job("a", workspace=RelPath("scratch"))
    empty = listed(subdirectories={"scratch": ()})
    assert directories(planned(policies(), (outer, job("b")), empty).batches) == []
    assert directories(planned(policies(), (outer,), empty).batches) == ["/scratch"]


def test_the_ten_largest_kept_files_are_remembered() -> None:
    """Of equal sizes the first by path stand, component by component."""
    sizes = [5, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 30]
    facts = listed(
        *(file(f"misc/{number:02d}", size=size) for number, size in enumerate(sizes)),
        file("a b/x", size=9),
        file("a/x", size=9),
    )
    largest = planned(policies(), (), facts).trailer.kept[0].largest
    assert largest[:3] == [(30, "misc/12"), (9, "a/x"), (9, "a b/x")]
    assert largest[3:] == [(9, f"misc/{number:02d}") for number in range(1, 8)]


def test_a_file_as_large_as_the_ten_largest_stands_before_those_of_later_paths() -> None:
    """Also when it comes after ten others were found, and not when it comes after them by path as well."""
    facts = listed(
        *(file(f"misc/{number:02d}", size=9) for number in range(10)),
        file("a/x", size=9),
        file("z/x", size=9),
    )
    for order in (facts, facts[::-1]):
        largest = planned(policies(), (), order).trailer.kept[0].largest
        assert largest == [(9, "a/x"), *((9, f"misc/{number:02d}") for number in range(9))]


def test_what_falls_due_is_counted_by_day_and_later() -> None:
    """The next seven days are listed one by one; the rest is one number, and each rule knows its next."""
    soon = removal("soon", after=16, files=FileSelector(match=narrow("/misc/"), tracked=Tracked.ANY))
    late = removal("late", after=40, files=FileSelector(match=narrow("/later/"), tracked=Tracked.ANY))
    facts = listed(file("later/z"), file("misc/x"), file("misc/y", mtime_ns=days_ago(14), ctime_ns=days_ago(14)))
    trailer = planned(policies(soon, late), (), facts).trailer
    assert [(day, count.files) for day, count in trailer.due_by_day] == [("2024-10-05", 1), ("2024-10-06", 1)]
    assert trailer.due_later == Count(1, 10)
    rules = {rule.name: rule for rule in trailer.rules}
    assert rules["soon"].waiting == Count(2, 20)
    assert rules["soon"].next_due == NOW + days(1)
    assert rules["late"].next_due == NOW + days(25)


def test_near_misses_count_files_that_fail_one_condition() -> None:
    """A rule that selects nothing says what one missing word would add."""
    rule = removal(files=FileSelector(match=narrow("/misc/")))
    found = planned(policies(rule), (), listed(file("misc/x"), file("misc/y"), file("zzz"))).trailer.rules[0]
    assert found.near_misses == {"match but no job declared them: `tracked: false`?": Count(2, 20)}


def test_a_rule_that_only_reports_counts_what_would_go() -> None:
    """What would go, and what is held back, are counted; what goes anyway is not."""
    report = removal("report", report_only=True)
    real = removal("real", files=FileSelector(match=narrow("/misc/x"), tracked=Tracked.ANY))
    stay = keep(files=FileSelector(match=wide("z"), tracked=Tracked.ANY))
    facts = listed(file("misc/x"), file("misc/y"), file("misc/z"))
    rules = {rule.name: rule for rule in planned(policies(report, real, stay), (), facts).trailer.rules}
    assert (rules["report"].decided.files, rules["report"].held.files) == (1, 1)
    assert rules["real"].decided.files == 1
    assert rules["final"].decided.files == 1


def test_a_removal_that_another_rule_holds_back_is_counted_as_held() -> None:
    """A rule whose file is kept by another knows that it selected it."""
    trailer = planned(policies(removal(), keep()), (), listed(file("misc/x"))).trailer
    assert {rule.name: (rule.decided.files, rule.held.files) for rule in trailer.rules} == {
        "final": (1, 0),
        "old": (0, 1),
        BUILT_IN: (0, 0),
    }


def test_without_a_walk_the_plan_says_what_was_not_looked_at() -> None:
    """A plan from seals tells that untracked files were left out, and names what was asked of it."""
    ask = Ask(limits={"files": None, "bytes": 5})
    plan = make_plan(policies(), (), Inventory(()), Guards(), now=instant_to_datetime(NOW), ask=ask).collected()
    assert plan.trailer.skipped == [("", "untracked files: no removal rule is about them")]
    assert plan.header.ask == {"limit bytes": "5", "limit files": "unlimited"}


def test_a_narrowed_plan_decides_all_and_takes_what_was_asked_for() -> None:
    """A plan of one job removes what that job owns, counts what else would go, and leaves other workspaces alone."""
    facts = listed(file("misc/x"), file("scratch/a/x"), file("scratch/b/x"), file("scratch/b/y"))
    ask = Ask(jobs=frozenset({JobId("a")}), said={"what": "job a"})
    plan = planned(policies(removal()), (job("a"), job("b")), facts, ask=ask)
    steps = [(batch.directory, batch.action.value, entry.name) for batch in plan.batches for entry in batch.entries]
    assert steps == [("scratch/a", "delete", "x"), ("scratch", "remove_directory", "a")]
    assert plan.trailer.left_out == Count(3, 30)
    assert plan.trailer.looked_at == Count(4, 40)
    assert plan.header.ask == {"jobs": "a", "what": "job a"}


def test_a_plan_without_the_built_in_rule_names_it_nowhere() -> None:
    """Manual cleanup has one rule: temporary files that it does not select stay, and so do empty directories."""
    manual = replace(policies(removal(files=FileSelector(match=narrow("y")))), built_in=False)
    facts = listed(file("scratch/a/x"), subdirectories={"scratch/a": (), "scratch/b": ()})
    plan = planned(manual, (job("a"), job("b")), facts)
    assert plan.batches == ()
    assert [rule.name for rule in plan.trailer.rules] == ["old"]
    explained = explain(file("scratch/a/x"), (job(),), manual, evidence(manual, (job(),)))
    assert [one.rule for one in explained.owners[0].rules] == ["old"]


def test_sealed_files_that_are_alike_are_told_apart_where_it_matters() -> None:
    """One judgement for many files ends at the tool's own files, at sizes, and at files that changed."""
    names = ("a", "b", "c", "d")
    owner = job(files={RelPath("scratch/a"): dict.fromkeys(names, FileType("temp_slide"))})
    facts = [file(f"scratch/a/{name}", vouched=True) for name in names]
    changed = file("scratch/a/d", vouched=True, mtime_ns=days_ago(0.5))
    big = file("scratch/a/c", vouched=True, size=50)
    listing = DirectoryFacts(RelPath("scratch/a"), (*facts[:2], big, changed), inode=5, complete=True)
    small = removal(files=FileSelector(tracked=Tracked.ANY, smaller_than=ByteCount(20)), action=Action.TRASH)
    guards = Guards(own=(RelPath("scratch/a/b"),))
    settings = Settings(cleanup=CleanupPolicy(retention=Duration(days(30))))
    (batch,) = planned(policies(small, settings=settings), (owner,), [listing], guards=guards).batches
    assert [entry.name for entry in batch.entries] == ["a"]


def test_the_protection_of_directories_is_remembered_within_bounds() -> None:
    """More directories than are remembered are all judged right."""
    facts = [DirectoryFacts(RelPath(f"misc/{number:05d}"), (file(f"misc/{number:05d}/x"),)) for number in range(4_100)]
    plan = planned(policies(removal(jobs=JobSelector())), (), facts)
    assert plan.trailer.steps["delete"].files == 4_100


def test_a_file_is_a_step_of_all_its_owners() -> None:
    """A step names each owner once, also one that declares a file of its own workspace, in the order of ids."""
    declared = job(files={RelPath("scratch/a"): {"x": FileType("temp_slide")}})
    other = replace(job("b"), files={RelPath("scratch/a"): {"x": FileType("temp_slide")}})
    everything = removal(deliverables=True)
    facts = listed(file("scratch/a/x"), file("scratch/a/y"), file("misc/z"))
    plan = planned(policies(everything), (other, declared), facts)
    steps = [batch for batch in plan.batches if batch.action is StepAction.DELETE]
    assert {entry.name: batch.owners for batch in steps for entry in batch.entries} == {
        "x": ("a", "b"),
        "y": ("a",),
        "z": (),
    }
