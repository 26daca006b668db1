"""Files of ended jobs that differ in one thing: judged by the job before, each gets the decision that it gets alone."""

from typing import Any

import pytest
from makers import NOW, days, days_ago, file, job, keep, policies, removal
from test_alike import together

from rules_engine.manifest.model import JobRecord
from rules_engine.plan.given import Guards, Pin
from rules_engine.plan.model import Decision, Kept, NotDue, Remove
from rules_engine.policy.model import Action, JobSelector, PolicySet, Rule
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import FOREVER, Instant
from rules_engine.values.vocabulary import CleanupPolicy, JobId, JobStatus

OLD = removal(after=5)


def both(said: PolicySet, one: JobRecord, other: JobRecord, guards: Guards | None = None) -> list[Decision]:
    """What is decided about a file of each job that has not changed since the jobs ended, whichever comes first."""
    names = [f"scratch/{name}/x" for name in "ab"]
    files = [file(name, mtime_ns=days_ago(100), vouched=True) for name in names]
    found = together(files, said, one, other, guards=guards)
    assert found == together(files[::-1], said, one, other, guards=guards)
    assert found == together(files, said, one, other, guards=guards, remembered=1)
    return [found[name] for name in names]


def test_jobs_that_differ_in_their_end_alone_have_their_files_due_by_it() -> None:
    """The one that ended first may have its files due while those of the other wait, and the other way round."""
    early, late = {"ended": days_ago(8)}, {"ended": days_ago(3)}
    goes, waits = Remove(Action.DELETE, (OLD.name,), days_ago(3)), NotDue(days_ago(-2), "rule `old`", (OLD.name,))
    assert both(policies(OLD), job("a", **early), job("b", **late)) == [goes, waits]
    assert both(policies(OLD), job("a", **late), job("b", **early)) == [waits, goes]


@pytest.mark.parametrize(
    "other",
    [
        {"status": JobStatus.FAILED},
        {"status": JobStatus.RUNNING},
        {"status": JobStatus.UNTRUSTED},
        {"parameters": {"series": "dexter", "language": "en"}},
        {"parameters": {}},
        {"cleanup": CleanupPolicy(retention=days(20))},
        {"cleanup": CleanupPolicy(enabled=False)},
        {"cleanup": CleanupPolicy(retention=FOREVER)},
        {"job_type": "gamma"},
        {"ended": None},
        {"ended": Instant(NOW + 1)},
    ],
    ids=str,
)
def test_jobs_that_differ_in_anything_else_are_not_taken_for_one_another(other: dict[str, Any]) -> None:
    """Be it in what rules ask for, in what protects a job, or in its own cleanup."""
    rule = removal(after=5, jobs=JobSelector(parameters=(("series", ("suits",)),)))
    one, two = both(policies(rule), job("a"), job("b", **other))
    assert one == Remove(Action.DELETE, (OLD.name,), days_ago(5))
    assert two != one


WAS_PINNED = (Pin(job=JobId("b"), until=Instant(NOW - 3)), Pin(path=RelPath("scratch/b"), until=Instant(NOW - 3)))


@pytest.mark.parametrize("pin", WAS_PINNED, ids=["the job", "its directory"])
def test_what_was_pinned_is_due_no_earlier_than_its_pin_was_over(pin: Pin) -> None:
    """Beside a job that never was."""
    one, two = both(policies(OLD), job("a"), job("b"), Guards(pins=(pin,)))
    assert one == Remove(Action.DELETE, (OLD.name,), days_ago(5))
    assert two == Remove(Action.DELETE, (OLD.name,), Instant(NOW - 3))


def test_what_was_put_back_is_as_old_as_that() -> None:
    """Beside a job of which nothing was."""
    one, two = both(policies(OLD), job("a"), job("b"), Guards(restored={RelPath("scratch/b"): NOW}))
    assert isinstance(one, Remove)
    assert isinstance(two, NotDue)


@pytest.mark.parametrize(
    "more",
    [keep(keep_for=days(9)), removal("told", report_only=True), keep(keep_for=days(8), jobs=JobSelector())],
    ids=["kept for a time", "reported", "both are over"],
)
def test_a_rule_that_hangs_on_more_than_the_wait_is_asked_for_each_job(more: Rule) -> None:
    """A keep rule that ends is over for the one that ended first; what only reports is told of each."""
    one, two = both(policies(OLD, more), job("a", ended=days_ago(20)), job("b", ended=days_ago(8.5)))
    assert isinstance(one, Remove)
    assert isinstance(two, (Kept, Remove))
