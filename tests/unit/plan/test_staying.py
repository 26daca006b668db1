"""What stays by directory: few rows, nothing lost, and the same for the same tree."""

import pytest
from caseanswer import plan_case
from casefile import case_paths, read_case
from hypothesis import given, settings
from hypothesis import strategies as st
from makers import days_ago, file, job, keep, listed, narrow, planned, policies, removal

from rules_engine.plan.given import Ask
from rules_engine.plan.model import Count
from rules_engine.plan.staying import StayingInOrder, SumsByDirectory
from rules_engine.policy.model import FileSelector, Tracked
from rules_engine.values.paths import RelPath, is_at_or_below, sort_key
from rules_engine.values.vocabulary import JobId

NAMES = st.sampled_from(["a", "b", "c", "\udcff", "long name"])
PATHS = st.lists(NAMES, max_size=9).map("/".join).map(RelPath)
ADDED = st.lists(st.tuples(PATHS, st.integers(0, 9)), max_size=60)


def summed(added: list[tuple[RelPath, int]], most: int) -> list[tuple[RelPath, Count]]:
    """The rows after one file each was added."""
    sums = SumsByDirectory(most)
    for path, size in added:
        sums.add(path, Count(1, size))
    return sums.rows()


def test_what_is_told_elsewhere_is_told_once_and_in_order() -> None:
    """Each part of a tree takes what came since the part before it."""
    told = StayingInOrder()
    told.add(RelPath("b"), Count(1, 10))
    told.add(RelPath("a"), Count(2, 0))
    assert told.taken() == [("b", 1, 10), ("a", 2, 0)]
    told.add(RelPath("b"), Count(3, 30))
    assert told.taken() == [("b", 3, 30)]
    assert told.taken() == []


@settings(max_examples=200)
@given(ADDED, st.integers(1, 12))
def test_nothing_is_lost_however_few_rows_there_are(added: list[tuple[RelPath, int]], most: int) -> None:
    """Files and bytes add up, every row lies at or above what it counts, and rows come in plan order."""
    rows = summed(added, most)
    assert len(rows) <= most
    assert sum(count.files for _, count in rows) == len(added)
    assert sum(count.bytes for _, count in rows) == sum(size for _, size in added)
    assert rows == sorted(rows, key=lambda row: sort_key(row[0]))
    for path, _ in added:
        assert any(is_at_or_below(path, above) for above, _ in rows)
    assert rows == summed(added, most)


def test_small_directories_are_counted_with_the_one_above() -> None:
    """The large ones keep a row of their own."""
    added = [(RelPath(f"scratch/{number}"), number) for number in range(20)]
    assert [(path, count.files, count.bytes) for path, count in summed(added, 4)] == [
        ("scratch", 17, sum(range(17))),
        ("scratch/17", 1, 17),
        ("scratch/18", 1, 18),
        ("scratch/19", 1, 19),
    ]


def test_a_deep_directory_counts_with_the_sixth_above() -> None:
    """However few directories there are."""
    assert summed([(RelPath("1/2/3/4/5/6/7/8"), 3), (RelPath("1/2/3/4/5/6"), 4)], 9) == [
        (RelPath("1/2/3/4/5/6"), Count(2, 7))
    ]


def test_a_plan_says_by_directory_what_stays() -> None:
    """What is kept, what waits and what was not asked for; what goes is not among it."""
    facts = listed(
        file("scratch/a/gone", size=1),
        file("scratch/b/asked for otherwise", size=2),
        file("out/kept", size=4),
        file("misc/young", size=8, mtime_ns=days_ago(0.5), ctime_ns=days_ago(0.5)),
    )
    selected = FileSelector(match=narrow("/out/"), tracked=Tracked.ANY)
    said = policies(removal(), keep(files=selected))
    plan = planned(said, (job("a"), job("b")), facts, ask=Ask(jobs=frozenset({JobId("a")})))
    assert plan.trailer.kept_by_directory == [
        (RelPath("misc"), Count(1, 8)),
        (RelPath("out"), Count(1, 4)),
        (RelPath("scratch/b"), Count(1, 2)),
    ]
    assert plan.trailer.steps["delete"] == Count(1, 1)


@pytest.mark.parametrize("path", case_paths("plan"), ids=lambda path: path.rpartition("/")[2].removesuffix(".yaml"))
def test_what_goes_and_what_stays_is_what_was_looked_at(path: str) -> None:
    """In every scenario: no file is counted twice, none is missing from the map of what stays."""
    plan = plan_case(read_case(path)).plan
    trailer = plan.trailer
    # A directory that goes whole and is empty counts as one file that goes, and as none that was looked at.
    empty = sum(whole.files == 0 for batch in plan.batches for whole in batch.wholes)
    stays = Count()
    for _, count in trailer.kept_by_directory:
        stays.add(count)
    going = [trailer.steps.get(action, Count()) for action in ("delete", "trash")]
    assert stays.files + sum(one.files for one in going) == trailer.looked_at.files + empty
    assert stays.bytes + sum(one.bytes for one in going) == trailer.looked_at.bytes
