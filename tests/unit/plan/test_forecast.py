"""The forecast: each step of a later plan on the day on which it falls due."""

from dataclasses import replace

from makers import NOW, days, file, job, keep, listed, planned, policies, removal

from rules_engine.inventory.model import Inventory
from rules_engine.manifest.model import JobRecord, Liveness
from rules_engine.plan.forecast import Forecast, Foresight
from rules_engine.plan.given import Ask, Guards
from rules_engine.plan.model import Batch, Count, Entry, StepAction, Whole
from rules_engine.plan.planner import make_plan
from rules_engine.policy.model import PolicySet, Settings
from rules_engine.values.paths import ROOT, RelPath
from rules_engine.values.quantities import Duration, Instant, format_instant, instant_to_datetime
from rules_engine.values.vocabulary import CleanupPolicy, EntryKind, JobStatus, RuleName

OLD = (RuleName("old"),)


def foreseen(said: PolicySet, jobs: list[JobRecord], *paths: str, ahead: float = 5) -> Forecast:
    """The forecast for files that changed fifteen days ago."""
    until = Instant(NOW + days(ahead))
    inventory = Inventory(listed(*(file(path, vouched=True) for path in paths)), walked=True)
    plan = make_plan(said, jobs, inventory, Guards(), now=instant_to_datetime(until), ask=Ask())
    foresight = Foresight(NOW, until)
    for _ in foresight.watch(plan.batches):
        pass
    return foresight.forecast(plan.trailer.looked_at)


def day(ahead: int) -> str:
    """The date so many days after now."""
    return format_instant(NOW + days(ahead))[:10]


def test_every_day_is_listed_and_what_is_due_already_stands_by_itself() -> None:
    """A rule that waits twelve days takes the files of a job that ended ten days ago in two days."""
    found = foreseen(policies(removal(after=12)), [job()], "scratch/a/x", "scratch/a/y")
    assert (found.already.going, found.already.kept_bytes) == (Count(), 20)
    assert [one.day for one in found.days] == [day(ahead) for ahead in range(6)]
    assert [one.going.files for one in found.days] == [0, 0, 2, 0, 0, 0]
    assert found.days[2].by_rules == ((OLD, Count(2, 20)),)
    assert [one.kept_bytes for one in found.days] == [20, 20, 0, 0, 0, 0]
    due = foreseen(policies(removal(after=2)), [job()], "scratch/a/x")
    assert (due.already.going, due.total) == (Count(1, 10), Count(1, 10))


def test_what_goes_is_the_plan_of_the_last_day() -> None:
    """Nothing that is not in that plan is foreseen, and everything that is."""
    said = policies(removal(after=13), removal("later", after=14))
    found = foreseen(said, [job()], "scratch/a/x", ahead=3)
    assert found.total == Count()
    found = foreseen(said, [job()], "scratch/a/x", ahead=5)
    assert found.by_rules == (((RuleName("later"), RuleName("old")), Count(1, 10)),)
    assert found.days[4].going == Count(1, 10)


def test_a_keep_rule_whose_time_is_over_by_then_holds_until_that_day() -> None:
    """The file is due by its rule today, and goes when `for` is over."""
    said = policies(removal(after=1), keep("hero", keep_for=days(13)))
    found = foreseen(said, [job()], "scratch/a/x")
    assert [one.going.files for one in (found.already, *found.days)] == [0, 0, 0, 0, 1, 0, 0]


def test_a_lease_holds_until_it_runs_out() -> None:
    """The last sign of life is twelve days ago, but the job counts as running until its lease is over."""
    leased = job(status=JobStatus.RUNNING, lease_until=Instant(NOW + days(2)))
    said = policies(removal(after=1), settings=Settings(cleanup=CleanupPolicy(preserve_on_failure=Duration(0))))
    assert [one.going.files for one in foreseen(said, [leased], "scratch/a/x").days] == [0, 0, 1, 0, 0, 0]
    dead = replace(leased, liveness=Liveness.DEAD, lease_until=Instant(NOW + days(9)))
    assert foreseen(said, [dead], "scratch/a/x").already.going == Count(1, 10)
    plan = planned(said, [dead], listed(file("scratch/a/x", vouched=True)))
    assert [entry.due <= NOW for batch in plan.batches for entry in batch.entries if entry.due] == [True]


def test_a_directory_that_goes_whole_counts_as_its_files() -> None:
    """And steps that remove no file count as nothing."""
    unit = Entry("a", EntryKind.DIRECTORY, size=50, due=NOW + days(1))
    whole = Batch(RelPath("scratch"), StepAction.TRASH, (unit,), OLD, reason="unit", wholes=(Whole(7, "f00"),))
    empty = Batch(ROOT, StepAction.REMOVE_DIRECTORY, (Entry("b", EntryKind.DIRECTORY),), OLD)
    foresight = Foresight(NOW, Instant(NOW + days(1)))
    assert list(foresight.watch([whole, empty])) == [whole, empty]
    assert foresight.forecast(Count(9, 90)).days[1].going == Count(7, 50)
