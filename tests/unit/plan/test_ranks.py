"""The place of a job among its like: who holds one, who may, and where that makes a difference."""

from dataclasses import replace
from typing import Any

import pytest
from makers import LAYOUT, NOW, days_ago, file, keep, layout, policies, removal
from ranking import VIDEO, Disk, beyond, render, sides, standing, video

from rules_engine.inventory.model import DirectoryFacts, Inventory, Problem, Skipped
from rules_engine.manifest.model import Damage, DeclaredDirectory
from rules_engine.plan.given import Guards
from rules_engine.plan.ranks import with_ranks
from rules_engine.plan.subject import gather_evidence
from rules_engine.policy.model import After, FileSelector, JobSelector, Tracked, Unit
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY, ByteCount, Duration, Instant
from rules_engine.values.vocabulary import EntryKind, FileType, JobStatus, JobType, Place


def test_the_newest_end_comes_first_and_of_equal_ones_the_first_id() -> None:
    """Whatever the order in which the jobs were read."""
    jobs = [render("c", 5), render("b", 5), render("d", 4), render("a", 6)]
    assert sides(beyond(2), jobs) == {"d": (True, 1), "b": (True, 2), "c": (False, 3), "a": (False, 4)}


def test_where_nobody_asks_for_ranks_nothing_is_looked_at() -> None:
    """Planning costs nothing more than without."""
    said, disk = policies(removal()), Disk()
    seen = gather_evidence(said, [render("a")], Guards(), now=NOW)
    assert with_ranks(seen, said, disk.look) is seen
    assert disk.asked == []


def test_groups_with_no_more_jobs_than_places_are_not_looked_at() -> None:
    """All of them are among the newest, whatever is there."""
    disk = Disk()
    rule = beyond(2, per=("series",))
    other = {"series": "other", "language": "en"}
    jobs = [render("a"), render("b"), *(render(one, parameters=other) for one in "xyz")]
    found = sides(rule, jobs, disk)
    assert disk.asked == [["x", "y", "z"]]
    assert (found["a"], found["b"]) == ((True, 1), (True, 2))


def test_what_no_rule_reaches_holds_no_place() -> None:
    """Neither a socket, a name that is never touched, nor a link that a layout made."""
    alias = RelPath("out/l/f")
    jobs = [render("s", 1), render("n", 2), render("l", 3, aliases=(alias,)), render("a", 4), render("b", 5)]
    jobs[1] = render("n", 2, files={RelPath("out/n"): {".nfs01": VIDEO}})
    disk = Disk(
        video("s", kind=EntryKind.OTHER),
        file("out/n/.nfs01"),
        video("l", kind=EntryKind.LINK),
        video("a", kind=EntryKind.LINK),
        video("b"),
    )
    assert sides(beyond(), jobs, disk) == {
        "s": (True, 1),
        "n": (True, 1),
        "l": (True, 1),
        "a": (True, 1),
        "b": (False, 2),
    }


@pytest.mark.parametrize(
    ("odd", "itself", "to_others"),
    [
        ({"status": JobStatus.UNTRUSTED}, "the manifest of job `odd` is damaged", "its manifest is damaged"),
        ({"ended": None}, "the end of job `odd` cannot be read", "its end cannot be read"),
        ({"ended": Instant(NOW + 1)}, "the end of job `odd` is in the future", "its end is in the future"),
        ({"ended": Instant(-(2**63) - 1)}, "the end of job `odd` cannot be read", "its end cannot be read"),
        ({"parameters": {}}, "job `odd` does not say its `series`", "it does not say its `series`"),
    ],
)
def test_what_is_not_known_of_a_job_makes_the_last_place_uncertain(
    odd: dict[str, Any], itself: str, to_others: str
) -> None:
    """Who is among the newest or beyond them in any case is so for sure; the one between them cannot be told."""
    rule = beyond(2, per=("series",))
    jobs = [replace(render("odd", 1), **odd), *(render(one, at) for one, at in (("a", 2), ("b", 3), ("c", 4)))]
    assert sides(rule, jobs) == {
        "odd": itself,
        "a": (True, 1),
        "b": f"job `odd` may hold a place before it: {to_others}",
        "c": (False, 3),
    }


def test_a_doubt_about_an_older_job_is_none() -> None:
    """It may hold a place, but not before a newer one."""
    rule = beyond(2, per=("series",))
    jobs = [render("a", 2), render("b", 3), render("odd", 4, parameters={}), render("c", 5)]
    found = sides(rule, jobs)
    assert (found["a"], found["b"], found["c"]) == ((True, 1), (True, 2), (False, 3))


def test_a_parameter_that_a_layout_does_not_have_forms_no_group_with_others() -> None:
    """Its jobs have no place, and stand in nobody's way."""
    plain = layout("plain", parameters=())
    rule = beyond(1, per=("series",))
    jobs = [render("p", 1, job_type=JobType("plain"), parameters={}), render("a", 2), render("b", 3)]
    said, disk = policies(rule, layouts=(LAYOUT, plain)), Disk(*(video(one) for one in "pab"))
    seen = with_ranks(gather_evidence(said, jobs, Guards(), now=NOW), said, disk.look)
    assert standing(seen, rule, "p") == "job `p` does not say its `series`"
    assert (standing(seen, rule, "a"), standing(seen, rule, "b")) == ((True, 1), (False, 2))


def test_a_job_without_a_layout_may_have_any_parameter() -> None:
    """Nobody says which it has."""
    rule = beyond(1, per=("series",))
    jobs = [render("g", 1, job_type=JobType("gone"), parameters={}), render("h", 2, job_type=JobType("gone"))]
    assert sides(rule, jobs)["h"] == "job `g` may hold a place before it: it does not say its `series`"


def test_a_value_that_differs_puts_a_job_into_another_group() -> None:
    """Also where another of the parameters is not said."""
    rule = beyond(1, per=("language", "series"))
    jobs = [render("odd", 1, parameters={"language": "ko"}), render("a", 2), render("b", 3)]
    found = sides(rule, jobs)
    assert (found["a"], found["b"]) == ((True, 1), (False, 2))


def test_a_damaged_manifest_counts_wherever_it_could_belong() -> None:
    """Of one that tells nothing every group is one; one that tells of its job makes that job doubtful alone."""
    why = "line 1 is damaged"
    jobs = [render("a", 2), render("b", 3)]
    lost = Damage("z", why, (), anywhere=True)
    assert sides(beyond(), jobs, damaged=(lost,)) == {
        "a": "job `z` may hold a place before it: its manifest is damaged",
        "b": (False, 2),
    }
    known = Damage("a", why, (), anywhere=True)
    assert sides(beyond(), jobs, damaged=(known,)) == {
        "a": "the manifest of job `a` is damaged",
        "b": "job `a` may hold a place before it: its manifest is damaged",
    }


def test_a_running_job_has_no_place_and_an_abandoned_one_has() -> None:
    """The one has no end yet; the other ended with its last sign of life."""
    rule = keep("newest", jobs=JobSelector(newest=1), files=FileSelector(tracked=Tracked.TRACKED))
    dead = render("dead", status=JobStatus.RUNNING, ended=0, lease_until=days_ago(1), last_sign=days_ago(2))
    jobs = [render("now", status=JobStatus.RUNNING), dead, render("a", 5)]
    found = sides(rule, jobs)
    assert found == {"now": "job `now` has no end yet", "dead": (True, 1), "a": (False, 2)}


def test_only_jobs_that_the_rest_of_the_block_selects_are_ranked() -> None:
    """By type, status, parameters, and the statuses that a map of ages names."""
    after = After(None, ((JobStatus.FAILED, Duration(DAY)),))
    rule = replace(beyond(jobs=JobSelector(beyond_newest=1)), after=after)
    jobs = [render("ok", 1), render("bad", 2, status=JobStatus.FAILED), render("worse", 3, status=JobStatus.FAILED)]
    found = sides(rule, jobs)
    assert (found["bad"], found["worse"]) == ((True, 1), (False, 2))
    assert found["ok"] == "the place of job `ok` among its like is not known"
    neither = replace(beyond(), after=after)
    unknown = {one.job_id: f"the place of job `{one.job_id}` among its like is not known" for one in jobs}
    assert sides(neither, jobs) == unknown


def test_a_parameter_that_a_selector_asks_for_and_nobody_says_is_a_doubt() -> None:
    """The job could be one of those that are ranked."""
    rule = beyond(jobs=JobSelector(parameters=(("series", frozenset({"suits"})),), beyond_newest=1))
    jobs = [render("odd", 1, parameters={}), render("a", 2), render("b", 3)]
    found = sides(rule, jobs)
    assert found["a"] == "job `odd` may hold a place before it: it does not say its `series`"
    assert found["b"] == (False, 2)


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        ("out/odd", "`out/odd` cannot be opened"),
        ("out", "`out` cannot be opened"),
        ("scratch/odd/deep", "`scratch/odd/deep` cannot be opened"),
        ("", "the root cannot be opened"),
    ],
)
def test_a_place_that_cannot_be_read_is_a_doubt(problem: str, told: str) -> None:
    """At, above or below where the job may have something."""
    disk = Disk(video("a"), video("b"), problems=[Problem(RelPath(problem), "cannot be opened")])
    found = sides(beyond(), [render("odd", 1), render("a", 2), render("b", 3)], disk)
    assert found == {"odd": (True, 1), "a": f"job `odd` may hold a place before it: {told}", "b": (False, 2)}


def test_a_place_that_cannot_be_read_elsewhere_is_no_doubt() -> None:
    """Nor is a directory below a place that is never entered; a place below a mount is."""
    jobs = [render("odd", 1), render("a", 2), render("b", 3)]
    elsewhere = Disk(
        video("a"),
        video("b"),
        problems=[Problem(RelPath("out/oddity"), "cannot be opened")],
        skipped=[Skipped(RelPath("out/odd/.git"), "never entered")],
    )
    assert sides(beyond(), jobs, elsewhere)["a"] == (True, 1)
    mounted = Disk(video("a"), video("b"), skipped=[Skipped(RelPath("out/odd"), "another filesystem")])
    why = "job `odd` may hold a place before it: `out/odd` was not looked at: another filesystem"
    assert sides(beyond(), jobs, mounted)["a"] == why


def test_a_file_whose_size_cannot_be_read_is_a_doubt() -> None:
    """Unless another file of the job is surely one that the rule selects."""
    rule = beyond(files=FileSelector(larger_than=ByteCount(5)))
    names = {RelPath("out/odd"): {"f": VIDEO, "g": VIDEO}}
    jobs = [render("odd", 1, files=names), render("a", 2), render("b", 3)]
    disk = Disk(video("odd", size=None), file("out/odd/g", size=1), video("a"), video("b"))
    why = "job `odd` may hold a place before it: one of its files may count: its size cannot be read"
    assert sides(rule, jobs, disk)["a"] == why
    disk = Disk(video("odd", size=None), file("out/odd/g", size=9), video("a"), video("b"))
    assert sides(rule, jobs, disk)["a"] == (False, 2)


def test_where_nobody_can_look_everything_is_in_doubt() -> None:
    """An inventory that was made by hand says nothing of single jobs."""
    rule, jobs = beyond(), [render("a", 1), render("b", 2)]
    said = policies(rule)
    seen = with_ranks(gather_evidence(said, jobs, Guards(), now=NOW), said, Inventory(()).look_at)
    assert standing(seen, rule, "a") == (True, 1)
    assert standing(seen, rule, "b") == "job `a` may hold a place before it: the root was not looked at"


def test_a_rule_about_workspaces_ranks_the_jobs_whose_workspace_is_there() -> None:
    """An empty one as well; files elsewhere hold no place."""
    rule = beyond(files=FileSelector(), unit=Unit.WORKSPACE)
    frames = {RelPath("frames"): DeclaredDirectory(None, FileType("temp_slide"))}
    jobs = [render("gone", 1, directories=frames), render("bare", 2), render("a", 3)]
    disk = Disk(video("gone"), video("bare"), file("scratch/a/x"))
    disk.empty = [DirectoryFacts(RelPath(one), (), inode=4, complete=True) for one in ("frames", "scratch/bare")]
    assert sides(rule, jobs, disk) == {"gone": (True, 1), "bare": (True, 1), "a": (False, 2)}


def test_a_file_that_the_rule_does_not_reach_holds_no_place() -> None:
    """A removal without the word reaches no deliverable, so one holds no place in it."""
    slide = {RelPath("scratch/b"): {"x": FileType("temp_slide")}}
    rule = beyond(files=FileSelector(), deliverables=False)
    jobs = [render("a", 1), render("b", 2, files=slide), render("c", 3, files={RelPath("scratch/c"): {}})]
    disk = Disk(video("a"), file("scratch/b/x"), file("scratch/c/x"))
    assert sides(rule, jobs, disk) == {"a": (True, 1), "b": (True, 1), "c": (False, 2)}
    assert sides(beyond(files=FileSelector(place=Place.OUTPUT)), jobs, disk)["b"] == (False, 2)
