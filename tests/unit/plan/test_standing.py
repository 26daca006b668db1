"""What a rule makes of the place of a job, and how it is told."""

import pytest
from makers import NOW, directory, keep, layout, policies
from ranking import VIDEO, Disk, beyond, ranked, render, standing, video

from rules_engine.plan.explain import explain
from rules_engine.plan.given import EarlierKeep, Guards
from rules_engine.plan.ranks import with_ranks
from rules_engine.plan.select import MATCHED, Matched, Miss, NotMatched, Unknown, select, select_job
from rules_engine.plan.standing import AllBeyond, Group, NoPlace, Placed, Ranks, describe_standing
from rules_engine.plan.subject import gather_evidence, subject_of
from rules_engine.policy.model import FileSelector, JobSelector, PolicySet, Tracked
from rules_engine.values.vocabulary import JobId, JobStatus, JobType, Place


def test_rules_that_were_applied_earlier_have_ranks_of_their_own() -> None:
    """Also one that has the name of a rule of today."""
    today, earlier = beyond(1), beyond(2)
    jobs = [render("a", 1), render("b", 2), render("c", 3)]
    kept = EarlierKeep(earlier, "policies/cleanup.yaml:7", "r1")
    seen = ranked(today, jobs, earlier=(kept, kept))
    assert standing(seen, today, "b") == (False, 2)
    assert standing(seen, beyond(2), "b") == (True, 2)


def test_a_rank_that_nobody_took_cannot_be_told() -> None:
    """Neither of a rule, nor of a job."""
    unknown = NoPlace("the place of job `a` among its like is not known")
    assert Ranks().of(beyond(), JobId("a")) == unknown
    assert Ranks([(beyond(1), {}), (beyond(2), {})]).of(beyond(2), JobId("a")) == unknown
    assert Ranks([(beyond(1), {})]).of(beyond(2), JobId("a")) == unknown


def test_a_rule_selects_a_job_by_its_place() -> None:
    """A keep rule those among the newest, a removal those beyond; a condition before it makes the place idle."""
    newest = keep("newest", jobs=JobSelector(newest=1), files=FileSelector(tracked=Tracked.TRACKED))
    jobs = [render("a", 1), render("b", 2)]
    for rule, chosen, other in ((newest, "a", "b"), (beyond(), "b", "a")):
        seen = ranked(rule, jobs)
        facts = {one: subject_of(video(one), seen.owners[JobId(one)], policies(rule)) for one in "ab"}
        assert select(rule, facts[chosen], seen.ranks) == MATCHED
        assert select(rule, facts[other], seen.ranks) == NotMatched((Miss.RANK,))
        assert isinstance(select_job(rule, seen.owners[JobId(chosen)], seen.ranks), Matched)
        assert select_job(rule, seen.owners[JobId(other)], seen.ranks) == NotMatched((Miss.RANK,))
        why = f"the place of job `{chosen}` among its like is not known"
        assert select(rule, facts[chosen]) == Unknown(why)
    failed = ranked(beyond(), [render("a", 1, status=JobStatus.FAILED)])
    assert select_job(beyond(), failed.owners[JobId("a")], failed.ranks) == NotMatched((Miss.STATUS,))


def test_one_day_every_job_is_beyond_the_newest() -> None:
    """That is what a hint at what falls due is made with."""
    assert AllBeyond().of(beyond(3), JobId("a")) == Placed(False, 4, Group(JobType("")))
    assert AllBeyond().of(keep(jobs=JobSelector(newest=2)), JobId("a")) == Placed(False, 3, Group(JobType("")))


@pytest.mark.parametrize(
    ("place", "doubted", "told"),
    [
        (1, False, "1st of 12"),
        (2, False, "2nd of 12"),
        (3, True, "at least 3rd of 12"),
        (11, False, "11th of 12"),
        (22, False, "22nd of 22"),
        (113, False, "113th of 113"),
    ],
)
def test_a_place_is_told_with_its_group_and_the_newest(place: int, doubted: bool, told: str) -> None:
    """And with as many of them as fit into a line."""
    newest = tuple(map(JobId, "bcdefg"))
    group = Group(JobType("long_form"), (("series", "Suits"),), 7, 12, newest)
    line = describe_standing(JobId("a"), Placed(False, place, group, doubted), keeps=True)
    end = "of `long_form`, series `Suits`; newest 7 are kept: `b`, `c`, `d`, `e`, `f` and 2 more"
    assert line == f"job `a` is {told} {end}"


def test_a_group_that_nobody_had_to_look_at_is_told_without_places() -> None:
    """All of it is among the newest."""
    group = Group(JobType("x"), (), 5, 1, (JobId("a"),), looked=False)
    line = describe_standing(JobId("a"), Placed(True, 1, group), keeps=False)
    assert line == "job `a` is one of 1 job of `x`: all are among the newest 5"


def test_an_explanation_says_where_the_job_stands() -> None:
    """Beside the rules that select it, and as what those miss that do not."""
    newest = keep("newest", jobs=JobSelector(newest=1, per=("series",)), files=FileSelector(types=frozenset({VIDEO})))
    gone = beyond(after=100)
    said: PolicySet = policies(newest, gone, layouts=(layout(directories=(directory("v", Place.OUTPUT, VIDEO),)),))
    jobs = [render("a", 1), render("b", 2)]
    disk = Disk(video("a"), video("b"))
    seen = with_ranks(gather_evidence(said, jobs, Guards(), now=NOW), said, disk.look)
    found = {}
    for one in jobs:
        owners = explain(video(one.job_id), (one,), said, seen).owners
        found[one.job_id] = {trace.rule: trace.lines for trace in owners[0].rules}
    kept, stay = "of 2 of `alpha`, series `suits`; newest 1 are kept: `a`", "of 2 of `alpha`; newest 1 stay: `a`"
    assert found["a"]["newest"] == ("keeps it", f"job `a` is 1st {kept}")
    assert found["a"]["beyond"] == (f"needs a job beyond the newest 1; job `a` is 1st {stay}",)
    assert found["b"]["newest"] == (f"needs a job among the newest 1; job `b` is 2nd {kept}",)
    assert found["b"]["beyond"][1] == f"job `b` is 2nd {stay}"
