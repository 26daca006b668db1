"""Why a file stays or goes, line for line."""

import pytest
from makers import NOW, days, days_ago, evidence, file, job, keep, narrow, policies, removal, wide

from rules_engine.inventory.model import FileFact
from rules_engine.manifest.model import JobRecord
from rules_engine.plan.explain import Explanation, RuleTrace, explain
from rules_engine.plan.model import Because, Kept, Remove
from rules_engine.policy.built_in import BUILT_IN
from rules_engine.policy.model import Action, FileSelector, JobSelector, PolicySet, Settings, Since, Tracked
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import ByteCount, Instant, format_instant
from rules_engine.values.vocabulary import CleanupPolicy, FileType, JobStatus, JobType, Place

SLIDE = {RelPath("scratch/a"): {"x": FileType("temp_slide")}}


def explained(fact: FileFact, said: PolicySet, *owners: JobRecord) -> Explanation:
    """The explanation where these owners are all the jobs there are."""
    return explain(fact, owners, said, evidence(said, owners))


def trace(found: Explanation, rule: str = "old") -> RuleTrace:
    """What one rule said as the first owner sees the file."""
    return next(one for one in found.owners[0].rules if one.rule == rule)


def test_a_protected_file_asks_no_rule() -> None:
    """The reason stands alone: no rule could have changed it."""
    found = explained(file("misc/.nfs01"), policies(removal()))
    assert found.owners == ()
    assert found.decision == Kept(Because.SPECIAL_NAME, "no rule reaches an entry named `.nfs01`")


def test_a_removed_file_names_the_rule_that_decides_first() -> None:
    """Rules that decide come first, then those that select, then the others."""
    said = policies(
        removal("b-specific"),
        removal("a-rest", otherwise=True),
        removal("c-other", files=FileSelector(match=narrow("/y"))),
    )
    found = explained(file("scratch/a/x"), said, job(files=SLIDE))
    assert isinstance(found.decision, Remove)
    (owner,) = found.owners
    assert [one.rule for one in owner.rules] == ["b-specific", "a-rest", BUILT_IN, "c-other"]
    assert owner.job == "a"
    assert owner.facts == (
        f"job `a` (alpha) is completed, ended {format_instant(days_ago(10))}",
        "`temp_slide`, temporary, in the workspace",
    )
    since = f"selects it, due since {format_instant(days_ago(9))}"
    assert owner.rules[0] == RuleTrace("b-specific", "policies/cleanup.yaml:7", "delete", True, True, (since,))
    assert owner.rules[1].lines == (since, "waits for the rules without `otherwise`")
    assert owner.rules[2].place == ""
    assert owner.rules[2].lines == (since, "acts only where no rule of a policy selects")
    assert owner.rules[3].lines == ("matches `/y`; none of them matches its path",)


def test_a_kept_file_says_so_beside_each_rule_that_would_remove_it() -> None:
    """A removal rule that selects the file points to what keeps it."""
    found = explained(file("misc/x"), policies(removal(), keep()))
    assert trace(found, "final").lines == ("keeps it",)
    assert trace(found, "final").decides
    assert trace(found).lines[1] == "but the file is kept: rule `final` keeps it"


def test_a_keep_rule_with_an_end_says_when() -> None:
    """`for` is shown as the time until which the rule keeps, and once over as how long it was."""
    said = policies(keep(keep_for=days(30)), keep("over", keep_for=days(2)))
    found = explained(file("misc/x"), said)
    assert trace(found, "final").lines == (f"keeps it until {format_instant(NOW + days(15))}",)
    assert trace(found, "over").lines == ("its `for` is over: 2d have passed",)
    assert not trace(found, "over").selects


def test_a_rule_that_only_reports_says_so() -> None:
    """The action of a rule tells that it only reports, and so does its line."""
    found = explained(file("misc/x"), policies(removal(report_only=True)))
    assert trace(found).action == "delete, report only"
    assert trace(found).lines[1] == "only reports"


def test_another_owner_decides_where_this_one_would_wait_less() -> None:
    """A rule that only one owner's view selects does not decide for the other."""
    said = policies(removal("alpha", jobs=JobSelector(types=frozenset({JobType("alpha")}))), removal("slow", after=30))
    jobs = (job("a", files={RelPath("misc"): {"x": FileType("temp_slide")}}), job("b", JobStatus.RUNNING))
    found = explain(file("misc/x"), jobs[:1], said, evidence(said, jobs))
    assert trace(found, "slow").lines == (f"selects it, due at {format_instant(NOW + days(20))}",)
    both = policies(removal("quick", action=Action.TRASH), removal("report", report_only=True, after=100_000))
    assert trace(explained(file("misc/x"), both), "report").lines == ("selects it, never due", "only reports")


def test_a_rule_of_one_owner_alone_is_passed_over_by_the_other() -> None:
    """Where the latest owner decides when, a rule that only the other selects by says so."""
    declared = {RelPath("misc"): {"x": FileType("temp_slide")}}
    one = job("a", files=declared, parameters={"series": "suits"})
    two = job("b", files=declared, ended=days_ago(1), parameters={"series": "other"})
    mine = removal("mine", jobs=JobSelector(parameters=(("series", frozenset({"suits"})),)), deliverables=True)
    theirs = removal(
        "theirs", jobs=JobSelector(parameters=(("series", frozenset({"other"})),)), after=5, deliverables=True
    )
    found = explained(file("misc/x"), policies(mine, theirs), one, two)
    assert trace(found, "mine").lines[1] == "another owner decides"
    assert not trace(found, "mine").decides


@pytest.mark.parametrize(
    ("owner", "fact"),
    [
        (job(status=JobStatus.FAILED), "held back by cleanup.preserve_on_failure, always"),
        (
            job(cleanup=CleanupPolicy(retention=days(40))),
            f"held back by retention of the job's own policy until {format_instant(days_ago(10) + days(40))}",
        ),
        (job(status=JobStatus.FAILED, ended=None), "held back: the end of job `a` cannot be read"),
    ],
    ids=["shield", "own", "unknown"],
)
def test_what_holds_a_job_back_is_among_its_facts(owner: JobRecord, fact: str) -> None:
    """The failure shield and the job's own policy wait beside the rules, and are shown beside them."""
    assert explained(file("scratch/a/x"), policies(), owner).owners[0].facts[-1] == fact


def test_an_untracked_file_says_what_it_is_taken_for() -> None:
    """Without an owner the place and the name are all there is."""
    assert explained(file("misc/x"), policies()).owners[0].facts == (
        "no job declared it",
        "outside workspace and output",
    )
    assert explained(file("out/suits/final_001.mkv"), policies()).owners[0].facts[1] == (
        "its name is an output name: a deliverable"
    )
    assert explained(file("scratch/z/x"), policies()).owners[0].facts[1] == "in the workspace"


def test_a_rule_that_cannot_tell_says_why() -> None:
    """A condition that cannot be told is named, and a time that cannot be read as well."""
    sized = removal("sized", files=FileSelector(tracked=Tracked.ANY, larger_than=ByteCount(5)))
    aged = removal("aged", since=Since.WRITTEN)
    found = explained(file("misc/x", size=None, mtime_ns=None), policies(sized, aged))
    assert trace(found, "sized").lines == ("cannot tell: its size cannot be read",)
    assert trace(found, "aged").lines[0] == "selects it, but mtime cannot be read"


WORKSPACE = FileSelector(tracked=Tracked.ANY, place=Place.WORKSPACE)
SIZES = FileSelector(tracked=Tracked.ANY, larger_than=ByteCount(1024), smaller_than=ByteCount(4096))
OWNED = (job(files=SLIDE),)


@pytest.mark.parametrize(
    ("fields", "owners", "line"),
    [
        (
            {"files": FileSelector()},
            (),
            "needs a job that declared it; none did (`tracked: any` includes such files)",
        ),
        (
            {"files": FileSelector(tracked=Tracked.UNTRACKED)},
            OWNED,
            "needs a file without an owner; job `a` owns it",
        ),
        (
            {"jobs": JobSelector(statuses=frozenset({JobStatus.RUNNING, JobStatus.FAILED}))},
            OWNED,
            "needs a job that is `failed` or `running`; job `a` is completed",
        ),
        (
            {"jobs": JobSelector(types=frozenset({JobType("beta")}))},
            OWNED,
            "needs a job of type `beta`; job `a` is alpha",
        ),
        (
            {"jobs": JobSelector(parameters=(("series", frozenset({"x", "y"})), ("take", frozenset({"1"}))))},
            OWNED,
            "needs a job with series `x` or `y`, take `1`; job `a` has series suits, take nothing",
        ),
        (
            {"files": FileSelector(types=frozenset({FileType("metadata")}), tracked=Tracked.ANY)},
            OWNED,
            "needs a file of type `metadata`; it is temp_slide",
        ),
        (
            {"files": FileSelector(types=frozenset({FileType("metadata")}), tracked=Tracked.ANY)},
            (),
            "needs a file of type `metadata`; it is of no known type",
        ),
        ({"files": FileSelector(place=Place.OUTPUT)}, OWNED, "needs a file in the output; it lies in the workspace"),
        ({"files": SIZES}, OWNED, "needs a file larger than 1.0 KiB and smaller than 4.0 KiB; it has 10 B"),
        (
            {"files": FileSelector(tracked=Tracked.ANY, smaller_than=ByteCount(3))},
            OWNED,
            "needs a file smaller than 3 B; it has 10 B",
        ),
        (
            {"files": FileSelector(tracked=Tracked.ANY, larger_than=ByteCount(10))},
            OWNED,
            "needs a file larger than 10 B; it has 10 B",
        ),
        (
            {"files": FileSelector(match=narrow("x"), exclude=wide("y", "scratch"), tracked=Tracked.ANY)},
            OWNED,
            "leaves it out by `except`: `scratch`",
        ),
    ],
)
def test_each_condition_that_is_not_met_says_what_it_saw(
    fields: dict[str, object], owners: tuple[JobRecord, ...], line: str
) -> None:
    """A rule that does not select a file says what it needed and what was there instead."""
    found = trace(explained(file("scratch/a/x"), policies(removal(**fields)), *owners))
    assert line in found.lines
    assert not found.selects


def test_a_deliverable_says_which_word_is_missing() -> None:
    """Without `deliverables: true` a rule reaches none."""
    declared = {RelPath("out/suits"): {"v.mkv": FileType("final_video")}}
    found = explained(file("out/suits/v.mkv"), policies(removal()), job(files=declared))
    assert trace(found).lines == ("reaches no deliverable without `deliverables: true`",)


def test_a_file_outside_any_layout_lies_in_neither_place() -> None:
    """Where no layout reaches, `in` selects nothing."""
    found = explained(file("misc/x"), policies(removal(files=WORKSPACE), settings=Settings()))
    assert trace(found).lines == ("needs a file in the workspace; it lies in neither workspace nor output",)


def test_an_end_in_the_future_is_unknown() -> None:
    """A job that ended tomorrow says nothing about the age of its files."""
    late = job(ended=Instant(NOW + 1))
    assert explained(file("scratch/a/x"), policies(removal()), late).decision == Kept(
        Because.UNKNOWN, "unknown: the end of job `a` is in the future", ("old",)
    )
