"""The laws of the plan file: it says what the plan says, and a file that was touched says nothing."""

import io
from dataclasses import replace
from itertools import islice

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import file, listed, planned, policies, removal, written
from strategies import LAW, worlds
from world import World

from rules_engine.errors import ExitCode
from rules_engine.inventory.model import DirectoryFacts
from rules_engine.plan.model import Batch, Entry, Plan, StepAction
from rules_engine.plan.planfile import PlanFileError, read_plan
from rules_engine.plan.trashed import TRASH
from rules_engine.values.paths import RelPath, from_bytes
from rules_engine.values.vocabulary import EntryKind, JobId, RuleName

HOSTILE = (',"sha256":"', '{"bytes":"61"}', '"}', "\n", "\\", "\x1b[2J", "\u202e", "é", "é", "-rf", " ", "*")
PLAN = written(
    planned(
        policies(removal()),
        (),
        listed(file("misc/a"), file('misc/x,"sha256":"'), file("misc/new\nline"), file("out/b\udcff"), file("c")),
    )
)

names = st.one_of(
    st.sampled_from(HOSTILE),
    st.binary(min_size=1, max_size=12).filter(lambda raw: not set(raw) & {0, ord("/")}).map(from_bytes),
    st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=12),
).filter(lambda name: name not in {".", ".."})
paths = st.lists(names, max_size=4).map(lambda parts: RelPath("/".join(parts)))
counts = st.integers(0, 2**63 - 1)
entries = st.builds(
    Entry,
    name=names,
    kind=st.sampled_from(EntryKind),
    inode=st.integers(0, 2**64 - 1),
    size=counts,
    mtime_ns=st.integers(-(2**63), 2**63 - 1),
    ctime_ns=st.integers(-(2**63), 2**63 - 1),
    due=st.integers(-(2**63), 2**63 - 1),
    target=paths,
)
runs = st.sampled_from(("0123456789abcdef", "f" * 16))
emptied = st.builds(
    Batch,
    directory=st.just(TRASH),
    action=st.just(StepAction.EMPTY_TRASH),
    entries=runs.map(lambda run: (Entry(run, EntryKind.DIRECTORY),)),
)
other = st.builds(
    Batch,
    directory=paths,
    action=st.sampled_from([one for one in StepAction if one is not StepAction.EMPTY_TRASH]),
    entries=st.lists(entries, min_size=1, max_size=3).map(tuple),
    rules=st.sampled_from(((), (RuleName("old"),), (RuleName("alt"), RuleName("öld")))),
    owners=st.sampled_from(((), (JobId("a"),), (JobId("a"), JobId("b")))),
    deliverable=st.booleans(),
    from_run=runs,
)
# A plan that would empty anything but the trash of runs is refused; tests/unit/plan/test_trashed.py holds that.
batches = emptied | other


def refused(data: bytes) -> None:
    """Check that `data` is refused as one should be: with the exit code of a stale plan, and help."""
    with pytest.raises(PlanFileError) as caught:
        read_plan(io.BytesIO(data))
    assert caught.value.exit_code is ExitCode.STALE_PLAN
    assert str(caught.value).endswith("\n  help: make it again with `rules plan --out FILE`")
    assert str(caught.value).count("\n") == 1


@LAW
@given(worlds(), st.lists(batches, max_size=4))
def test_a_plan_file_holds_the_whole_plan(world: World, more: list[Batch]) -> None:
    """What is read is what was written: header, batches with any name there can be, and trailer."""
    made = world.plan()
    plan = Plan(made.header, (*made.batches, *more), made.trailer)
    data = written(plan)
    found = read_plan(io.BytesIO(data))
    assert found.collected() == plan
    assert written(found) == data


@LAW
@given(st.lists(batches, min_size=1, max_size=4), st.integers(1, 5))
def test_a_plan_is_read_twice_and_by_readers_in_turn(some: list[Batch], lead: int) -> None:
    """Each reader of an open plan goes through all batches, wherever another one stands."""
    plan = read_plan(io.BytesIO(written(replace(planned(policies(), (), ()), batches=some))))
    one, other = iter(plan.batches), iter(plan.batches)
    first = list(islice(one, lead))
    assert list(other) == some
    assert [*first, *one] == some
    assert list(plan.batches) == some


@LAW
@given(st.integers(0, len(PLAN) - 1))
def test_a_plan_cut_at_any_byte_is_refused(end: int) -> None:
    """No beginning of a plan file is a plan."""
    refused(PLAN[:end])


@LAW
@given(st.integers(0, len(PLAN) - 1), st.integers(1, 255))
def test_a_plan_with_any_byte_changed_is_refused(place: int, flip: int) -> None:
    """A plan file in which any byte became any other is no plan."""
    refused(PLAN[:place] + bytes([PLAN[place] ^ flip]) + PLAN[place + 1 :])


@LAW
@given(st.integers(0, len(PLAN) - 1), st.binary(min_size=1, max_size=3))
def test_a_plan_with_bytes_put_in_is_refused(place: int, more: bytes) -> None:
    """A plan file with anything put in anywhere is no plan."""
    changed = PLAN[:place] + more + PLAN[place:]
    refused(changed if changed != PLAN else changed + more)


@LAW
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_one_way(data: bytes) -> None:
    """Whatever stands in a file, reading it as a plan ends in one kind of error."""
    refused(data)


def test_every_cut_and_every_flipped_bit_is_refused() -> None:
    """Tried at each byte of one plan: the laws above draw only some of them."""
    for place in range(len(PLAN)):
        refused(PLAN[:place])
        refused(PLAN[:place] + bytes([PLAN[place] ^ 1]) + PLAN[place + 1 :])


@LAW
@given(batches, st.sampled_from(("..", ".", "", "a/b", "/etc", "../x", "a\0", "x" * 256)), st.booleans())
def test_a_path_that_leaves_the_root_is_refused(batch: Batch, bad: str, in_directory: bool) -> None:
    """A plan whose digest is right is refused all the same for a path that no file below the root has."""
    if in_directory:
        wrong = replace(batch, directory=RelPath(f"{batch.directory or 'x'}/{bad}" if bad != "a/b" else "/a"))
    else:
        wrong = replace(batch, entries=(*batch.entries, msgspec.structs.replace(batch.entries[0], name=bad)))
    refused(written(replace(planned(policies(), (), ()), batches=[wrong])))


def test_batches_split_at_4096_entries() -> None:
    """A directory with more files than a batch holds is several batches, in the order of their names."""
    facts = tuple(file(f"misc/{number:05d}") for number in range(9_000))
    plan = planned(policies(removal()), (), [DirectoryFacts(RelPath("misc"), facts)])
    found = list(read_plan(io.BytesIO(written(plan))).batches)
    assert [len(batch.entries) for batch in found] == [4096, 4096, 808]
    assert [entry.name for batch in found for entry in batch.entries] == [fact.name for fact in facts]
