"""Putting back and emptying: one step on the trash, looked at and acted on through handles."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from apply_world import FixedClock, apply, batch_of, entry_of, fill, plan_of, tree_of

from rules_engine.apply.applying import apply_plan
from rules_engine.apply.emptying import empty, pinned_in
from rules_engine.apply.model import Outcome, StepResult
from rules_engine.apply.pins import set_pin
from rules_engine.apply.restored import REASON, read_restored
from rules_engine.apply.steps import GONE
from rules_engine.apply.trash import TAKEN, Trash
from rules_engine.filesystem.root import Root
from rules_engine.manifest.model import JobRecord
from rules_engine.plan.given import Pin
from rules_engine.plan.model import Batch, Count, Entry, StepAction
from rules_engine.plan.trashed import TRASH
from rules_engine.values.paths import ROOT, RelPath
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import EntryKind, JobId, JobStatus, JobType

RUN = "0123456789abcdef"


@pytest.fixture
def trash(root: Root) -> Iterator[Trash]:
    """The trash as a run uses it that undoes another."""
    found = Trash(root.require_state(), "f" * 16)
    yield found
    found.close()


def aside(root: Root, *paths: str, run: str = RUN) -> None:
    """Files of three bytes in the trash of a run."""
    for path in paths:
        full = Path(root.path, ".rules/trash", run, path)
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_bytes(b"123")


def back(root: Root, directory: str, *names: str, run: str = RUN) -> Batch:
    """What puts entries of one directory back, as they lie in the trash now."""
    with root.require_state().open(RelPath(f"trash/{run}/{directory}".rstrip("/"))) as folder:
        entries = tuple(entry_of(folder, name) for name in names)
    return Batch(RelPath(directory), StepAction.RESTORE, entries, reason=REASON, from_run=run)


def test_a_file_goes_back_by_one_rename(root: Root, trash: Trash) -> None:
    """It keeps its inode, and the trash has it no more."""
    aside(root, "out/a", "out/b")
    (Path(root.path) / "out").mkdir()
    batch = back(root, "out", "a", "b")
    with root.directory.open(RelPath("out")) as here:
        assert [trash.put_back(here, batch, one) for one in batch.entries] == [StepResult(Outcome.DONE, 3)] * 2
    assert tree_of(root) == ["out", "out/a", "out/b"]
    assert (Path(root.path) / "out/a").stat().st_ino == batch.entries[0].inode


def test_a_directory_goes_back_whole(root: Root, trash: Trash) -> None:
    """With all that lies in it, and with the bytes that the plan knew."""
    aside(root, "job/a", "job/deep/b")
    batch = back(root, "", "job")
    entry = Entry("job", EntryKind.DIRECTORY, batch.entries[0].inode, 6)
    assert trash.put_back(root.directory, batch, entry) == StepResult(Outcome.DONE, 6)
    assert tree_of(root) == ["job", "job/a", "job/deep", "job/deep/b"]


def test_nothing_is_ever_replaced(root: Root, trash: Trash) -> None:
    """Neither a file nor an empty directory that has the name by now."""
    aside(root, "a", "d/x")
    fill(root, "a")
    (Path(root.path) / "d").mkdir()
    batch = back(root, "", "a", "d")
    assert [trash.put_back(root.directory, batch, one) for one in batch.entries] == [TAKEN, TAKEN]
    assert tree_of(root) == ["a", "d"]
    assert StepResult(Outcome.CHANGED, cause="something has its name") == TAKEN


def test_what_changed_in_the_trash_stays_there(root: Root, trash: Trash) -> None:
    """It is not what the plan said would come back."""
    aside(root, "a")
    batch = back(root, "", "a")
    aside(root, "a")
    Path(root.path, ".rules/trash", RUN, "a").write_bytes(b"longer")
    found = trash.put_back(root.directory, batch, batch.entries[0])
    assert found == StepResult(Outcome.CHANGED, cause="in the trash, it was written since the plan was made")
    assert tree_of(root) == []


def test_what_was_put_back_before_is_done(root: Root, trash: Trash) -> None:
    """A run that was killed after the rename finds the very file at its place."""
    aside(root, "a", "d/x")
    batch = back(root, "", "a", "d")
    for entry in batch.entries:
        Path(root.path, ".rules/trash", RUN, entry.name).rename(Path(root.path, entry.name))
    found = [trash.put_back(root.directory, batch, one) for one in batch.entries]
    assert [one.outcome for one in found] == [Outcome.DONE, Outcome.DONE]


def test_what_is_neither_in_the_trash_nor_at_its_place_is_gone(root: Root, trash: Trash) -> None:
    """Somebody emptied the trash; a stranger with the name is left alone."""
    aside(root, "a", "b")
    batch = back(root, "", "a", "b")
    Path(root.path, ".rules/trash", RUN, "a").unlink()
    assert trash.put_back(root.directory, batch, batch.entries[0]) == GONE
    fill(root, "b")
    Path(root.path, ".rules/trash", RUN, "b").unlink()
    Path(root.path, ".rules/trash", RUN).rmdir()
    trash.close()
    assert trash.put_back(root.directory, batch, batch.entries[1]) == TAKEN
    assert trash.put_back(root.directory, batch, batch.entries[0]) == GONE


def test_a_restore_is_noted_before_its_first_step(root: Root, clock: FixedClock) -> None:
    """Directories are made again with the bits they had; every age counts from then."""
    aside(root, "out/deep/a")
    entry = Entry("out", EntryKind.DIRECTORY, mode=0o750)
    made = Batch(ROOT, StepAction.CREATE_DIRECTORY, (entry,), reason=REASON)
    batch = back(root, "out/deep", "a")
    result = apply(plan_of(root, made, batch, steps={"restore": Count(1, 3)}), root, clock=clock)
    assert (result.count(Outcome.DONE), result.put_back, result.freed) == (2, 3, 0)
    assert tree_of(root) == ["out", "out/deep", "out/deep/a"]
    assert (Path(root.path) / "out").stat().st_mode & 0o7777 == 0o750
    assert dict(read_restored(root.require_state())) == {"out": clock.now(), "out/deep/a": clock.now()}


def test_nothing_is_put_back_into_another_root(root: Root) -> None:
    """Somebody made one there since: its files are its own."""
    aside(root, "out/a")
    batch = back(root, "out", "a")
    (Path(root.path) / "out/.rules").mkdir(parents=True)
    result = apply(plan_of(root, batch, steps={"restore": Count(1, 3)}), root)
    assert [(one.outcome, one.cause) for one in result.noted] == [(Outcome.PROTECTED, "it lies in another root")]


def test_a_keep_marker_lets_files_come_back(root: Root) -> None:
    """It keeps what is there, and nothing from coming back."""
    aside(root, "out/a")
    fill(root, "out/.rules-keep")
    result = apply(plan_of(root, back(root, "out", "a"), steps={"restore": Count(1, 3)}), root)
    assert result.count(Outcome.DONE) == 1


def emptying(root: Root, *runs: str) -> Batch:
    """What empties the trash of runs."""
    with root.require_state().open(RelPath("trash")) as folder:
        entries = tuple(entry_of(folder, run) for run in runs)
    return Batch(TRASH, StepAction.EMPTY_TRASH, entries, reason="trash")


def test_the_trash_of_a_run_is_removed_whole(root: Root) -> None:
    """The bytes count as freed, and other runs keep theirs."""
    aside(root, "out/a", "b")
    aside(root, "c", run="e" * 16)
    result = apply(plan_of(root, emptying(root, RUN), steps={"empty_trash": Count(1, 6)}), root)
    assert (result.count(Outcome.DONE), result.freed) == (1, 6)
    assert os.listdir(Path(root.path, ".rules/trash")) == ["e" * 16]


def test_trash_that_is_not_the_one_of_the_plan_stays(root: Root) -> None:
    """It was emptied and filled again since; what is not there any more is gone."""
    aside(root, "a")
    batch = emptying(root, RUN)
    with root.directory.open(TRASH) as here:
        other = Entry(RUN, EntryKind.DIRECTORY, batch.entries[0].inode + 1)
        assert empty(here, other) == StepResult(Outcome.CHANGED, cause="another directory has its name now")
        assert empty(here, Entry("e" * 16, EntryKind.DIRECTORY)) == GONE
        assert empty(here, batch.entries[0]) == StepResult(Outcome.DONE, 3)


def test_a_pin_set_since_the_plan_keeps_the_trash(root: Root, clock: FixedClock) -> None:
    """Whoever pins a path after a wrong apply must not lose it to the next one."""
    aside(root, "out/hero.mkv")
    plan = plan_of(root, emptying(root, RUN), steps={"empty_trash": Count(1, 3)})
    set_pin(root.require_state(), Pin(path=RelPath("out/hero.mkv")), clock.now())
    result = apply(plan, root)
    assert [(one.outcome, one.cause) for one in result.noted] == [(Outcome.PROTECTED, "`out/hero.mkv` is pinned")]
    assert Path(root.path, ".rules/trash", RUN, "out/hero.mkv").exists()


@pytest.mark.parametrize(
    ("pin", "held"),
    [
        (Pin(path=RelPath("out/a")), True),
        (Pin(path=RelPath("out")), True),
        (Pin(path=ROOT), True),
        (Pin(path=RelPath("out/b")), False),
        (Pin(path=RelPath("out/a/b")), False),
        (Pin(path=RelPath("elsewhere/a")), False),
        (Pin(job=JobId("j1")), True),
        (Pin(job=JobId("j2")), False),
        (Pin(job=JobId("unknown")), False),
    ],
)
def test_a_pin_keeps_the_trash_that_holds_its_path(root: Root, pin: Pin, *, held: bool) -> None:
    """At it, above it, or in a place of its job; nothing else does."""
    aside(root, "out/a", "work/j1/x")
    jobs = {JobId(one): job(one) for one in ("j1", "j2")}
    with root.directory.open(TRASH) as here:
        assert bool(pinned_in(here, RUN, [pin], jobs)) is held


def job(job_id: str) -> JobRecord:
    """A job with a workspace of its own."""
    work, out = RelPath(f"work/{job_id}"), RelPath(f"done/{job_id}")
    return JobRecord(JobId(job_id), JobType("t"), JobStatus.COMPLETED, Instant(0), work, out)


def test_a_removed_directory_tells_its_bits(root: Root) -> None:
    """The record of the run has them, for whoever undoes it."""
    (Path(root.path) / "d").mkdir()
    (Path(root.path) / "d").chmod(0o2751)
    plan = plan_of(root, batch_of(root, "", "d", action=StepAction.REMOVE_DIRECTORY), steps={})
    result = apply_plan(plan, root, policies=None, clock=FixedClock())
    lines = Path(root.path, ".rules/runs", result.run_id, "outcomes.jsonl").read_text()
    assert f'["done",1,0,0,"",{0o2751}]' in lines
