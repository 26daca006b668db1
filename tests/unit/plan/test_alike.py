"""What sets one file apart from those beside it: judged together, each gets the decision that it gets alone."""

import pytest
from makers import NOW, days, days_ago, evidence, file, job, keep, listed, narrow, planned, policies, removal

from rules_engine.inventory.model import FileFact
from rules_engine.manifest.model import DeclaredDirectory, JobRecord
from rules_engine.plan.alike import MOST_REMEMBERED, Judge
from rules_engine.plan.decide import decide
from rules_engine.plan.given import Guards, Pin
from rules_engine.plan.model import Decision, Kept, NotDue, Remove
from rules_engine.plan.owners import OwnerIndex
from rules_engine.policy.model import FileSelector, PolicySet, Since, Tracked
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import EARLIEST, ByteCount, Instant
from rules_engine.values.vocabulary import EntryKind, FileType, JobStatus

ANY = FileSelector(match=narrow("/**"), tracked=Tracked.ANY)
OLD = removal(files=ANY)


def together(
    files: list[FileFact],
    said: PolicySet,
    *jobs: JobRecord,
    guards: Guards | None = None,
    remembered: int = MOST_REMEMBERED,
) -> dict[str, Decision]:
    """The decisions about files that are judged directory by directory, each the one that it gets alone."""
    seen, index = evidence(said, jobs, guards), OwnerIndex(jobs)
    judge = Judge(said, seen, remembered=remembered)
    found: dict[str, Decision] = {}
    for facts in listed(*files):
        owners = index.of_directory(facts.path)
        for group in judge.judge_directory(facts, owners):
            found.update((one.path, decision) for one, decision in group.decisions())
        assert {one.path: decide(one, owners.of(one), said, seen) for one in facts.files}.items() <= found.items()
    return found


FIRST_PINNED = Guards(pins=(Pin(path=RelPath("misc/a")),))
FIRST_RESTORED = Guards(restored={RelPath("misc/a"): NOW})
FIRST_WAS_PINNED = Guards(pins=(Pin(path=RelPath("misc/a"), until=Instant(NOW - 3)),))


@pytest.mark.parametrize("guards", [FIRST_PINNED, FIRST_RESTORED, FIRST_WAS_PINNED], ids=["pinned", "restored", "was"])
def test_what_is_said_of_one_file_is_not_said_of_those_beside_it(guards: Guards) -> None:
    """A pin, its end, and when a file was put back are its own."""
    found = together([file("misc/a"), file("misc/b"), file("misc/c")], policies(OLD), guards=guards)
    assert found["misc/a"] != found["misc/b"] == found["misc/c"] == Remove(OLD.action, (OLD.name,), days_ago(14))


@pytest.mark.parametrize(
    "guards",
    [Guards(restored={RelPath("a"): NOW}), Guards(pins=(Pin(path=RelPath("a"), until=Instant(NOW - 3)),))],
    ids=["restored", "was-pinned"],
)
def test_what_is_said_of_one_directory_is_not_said_of_the_next(guards: Guards) -> None:
    """Files of both are alike but for that."""
    found = together([file("a/x"), file("b/x")], policies(OLD), guards=guards)
    assert found["a/x"] != found["b/x"]


def test_a_file_falls_due_no_earlier_than_the_keep_rule_that_kept_it_was_over() -> None:
    """Of files that differ in their times alone some are kept, and the others go since the rule ended for them."""
    kept = keep(keep_for=days(10), files=ANY, since=Since.WRITTEN)
    files = [file(f"misc/{age}", mtime_ns=days_ago(age), ctime_ns=days_ago(age)) for age in (9, 11, 12)]
    found = together(files, policies(OLD, kept))
    assert isinstance(found["misc/9"], Kept)
    assert [found[f"misc/{age}"] for age in (11, 12)] == [
        Remove(OLD.action, (OLD.name,), days_ago(age - 10)) for age in (11, 12)
    ]


def test_each_file_waits_for_the_rule_that_is_its_last() -> None:
    """One clock may be the last for one file, another one for the file beside it."""
    changed = removal("changed", after=2, since=Since.CHANGED, files=ANY)
    written = removal("written", after=9, since=Since.WRITTEN, files=ANY)
    files = [
        file("misc/a", mtime_ns=days_ago(8), ctime_ns=days_ago(8)),
        file("misc/b", mtime_ns=days_ago(20), ctime_ns=days_ago(1)),
        file("misc/c", mtime_ns=days_ago(20), ctime_ns=days_ago(20)),
    ]
    found = together(files, policies(changed, written))
    assert [one.waits_for for one in found.values() if isinstance(one, NotDue)] == ["rule `written`", "rule `changed`"]
    assert isinstance(found["misc/c"], Remove)


def test_a_time_that_no_plan_can_hold_is_not_shared() -> None:
    """A sealed file that claims to be older than any time cannot be aged, and those beside it can."""
    odd = file("scratch/a/x", mtime_ns=EARLIEST - 1, vouched=True)
    found = together([odd, file("scratch/a/y", vouched=True)], policies(OLD), job())
    assert isinstance(found["scratch/a/x"], Kept)
    assert isinstance(found["scratch/a/y"], Remove)


def test_sizes_are_told_apart_where_a_rule_asks_for_them() -> None:
    """On both sides of the very bound, and where a size cannot be read."""
    sized = removal(files=FileSelector(match=narrow("/**"), tracked=Tracked.ANY, larger_than=ByteCount(5)))
    files = [file(f"misc/{size}", size=size) for size in (4, 5, 6, 7)] + [file("misc/none", size=None)]
    found = together(files, policies(sized))
    assert [path for path, one in found.items() if isinstance(one, Remove)] == ["misc/6", "misc/7"]


def test_each_file_has_the_owners_that_name_it() -> None:
    """Jobs that name single files of a directory own those alone, beside the job that has all of it."""
    temp = FileType("temp_slide")
    jobs = (
        job("a", files={RelPath("out/x"): {"1": temp, "2": temp}}),
        job("b", files={RelPath("out/x"): {"2": temp}}, status=JobStatus.RUNNING),
        job("c", directories={RelPath("out/y"): DeclaredDirectory(None, temp)}),
        job("d", files={RelPath("out/y"): {"1": temp}}, status=JobStatus.RUNNING),
    )
    files = [file(f"out/{where}/{name}") for where in "xy" for name in "123"]
    found = together([*files, file("out/x/link", kind=EntryKind.LINK)], policies(OLD), *jobs)
    assert [path for path, one in found.items() if isinstance(one, Kept)] == ["out/x/2", "out/y/1"]


def test_more_kinds_than_are_remembered_are_judged_right() -> None:
    """It begins anew and answers the same."""
    rules = [removal(f"r{at}", after=at, files=FileSelector(match=narrow(f"*.{at}"))) for at in range(1, 4)]
    kept = keep(keep_for=days(1), files=FileSelector(match=narrow("*.1"), tracked=Tracked.ANY))
    ages = {"old": 15, "young": 0.5}
    files = [file(f"misc/{name}.{at}", mtime_ns=days_ago(ages[name])) for name in ages for at in range(1, 4)]
    files = [*files, file("misc/younger.1", mtime_ns=days_ago(0.25), ctime_ns=days_ago(0.25))]
    assert len(together(files, policies(*rules, kept), remembered=1)) == len(files)


def test_steps_are_in_byte_order_of_names_whatever_decided_them() -> None:
    """Names that are no UTF-8 come where their bytes do, and files of several kinds are one batch."""
    names = ["a", "b.part", "\U0001f600", "\udcff"]
    files = [file(f"misc/{name}", mtime_ns=days_ago(15 + at)) for at, name in enumerate(reversed(names))]
    (batch,) = planned(policies(OLD), (), listed(*files)).batches
    assert [entry.name for entry in batch.entries] == names


@pytest.mark.parametrize("ages", [(1, 90_001), (90_001, 1)])
def test_an_age_of_centuries_ends_for_the_file_alone_that_is_as_old(ages: tuple[int, int]) -> None:
    """Beside it one of today never falls due, whichever comes first."""
    files = [
        file(f"misc/{at}-{age}", mtime_ns=days_ago(age), ctime_ns=days_ago(min(ages))) for at, age in enumerate(ages)
    ]
    found = together(files, policies(removal(after=90_000, since=Since.WRITTEN, files=ANY)))
    assert [isinstance(one, Remove) for one in found.values()] == [age == max(ages) for age in ages]


def test_a_file_that_changed_after_its_job_ended_is_as_old_as_that() -> None:
    """Beside files that have not changed since; the seal vouches for all of them, and so no ctime counts."""
    times = {"settled": days_ago(20), "later": days_ago(4), "now": NOW}
    ended = job(ended=days_ago(10))
    files = [file(f"scratch/a/{name}", mtime_ns=at, ctime_ns=NOW, vouched=True) for name, at in times.items()]
    found = together([*files, file("scratch/a/unknown", ctime_ns=NOW)], policies(removal(after=2, files=ANY)), ended)
    assert found["scratch/a/settled"] == Remove(OLD.action, (OLD.name,), days_ago(8))
    assert found["scratch/a/later"] == Remove(OLD.action, (OLD.name,), days_ago(2))
    assert isinstance(found["scratch/a/now"], NotDue)
    assert isinstance(found["scratch/a/unknown"], NotDue)
