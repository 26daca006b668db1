"""Directories that go whole or not at all: what is done, and what makes them stay."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from apply_world import batch_of, fill, tree_of, unit_of
from unit_world import BOTH, TRASH, state_of, take

from rules_engine.apply import units
from rules_engine.apply.contents import Held, read_contents
from rules_engine.apply.model import Outcome, StepResult
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.root import Root
from rules_engine.plan.model import StepAction


def test_a_directory_is_deleted_whole(root: Root, job: Path) -> None:
    """Nothing of it is left anywhere, and the bytes below it came back."""
    batch = unit_of(root, "scratch", "j1")
    assert take(root, batch) == StepResult(Outcome.DONE, 9)
    assert tree_of(root) == ["scratch"]
    assert state_of(root) == []


def test_a_directory_is_set_aside_whole(root: Root, job: Path) -> None:
    """It lies in the trash as it was, under its own path."""
    inode = job.stat().st_ino
    batch = unit_of(root, "scratch", "j1", action=TRASH)
    assert take(root, batch) == StepResult(Outcome.DONE, 9)
    aside = Path(root.path) / ".rules/trash/r1/scratch/j1"
    assert (aside.stat().st_ino, (aside / "b/c").read_bytes()) == (inode, b"123")
    assert tree_of(root) == ["scratch"]


@BOTH
def test_a_directory_in_the_root_itself_goes(root: Root, job: Path, action: StepAction) -> None:
    """The root has no name."""
    assert take(root, unit_of(root, "", "scratch", action=action)).outcome is Outcome.DONE
    assert tree_of(root) == []


@BOTH
def test_an_empty_directory_goes_whole(root: Root, job: Path, action: StepAction) -> None:
    """It holds no file and gives no byte back."""
    (job.parent / "bare/below").mkdir(parents=True)
    assert take(root, unit_of(root, "scratch", "bare", action=action)) == StepResult(Outcome.DONE, 0)
    assert "scratch/bare" not in tree_of(root)


@BOTH
def test_a_directory_that_is_not_there_is_gone(root: Root, job: Path, action: StepAction) -> None:
    """Somebody was faster."""
    batch = unit_of(root, "scratch", "j1", action=action)
    job.rename(job.parent / "elsewhere")
    assert take(root, batch).outcome is Outcome.GONE


def _written(job: Path) -> None:
    (job / "b/c").write_bytes(b"4567")


def _touched(job: Path) -> None:
    (job / "b/c").chmod(0o600)


def _added(job: Path) -> None:
    (job / "b/new").touch()


def _removed(job: Path) -> None:
    (job / "b/c").unlink()


def _renamed(job: Path) -> None:
    (job / "b/c").rename(job / "b/e")


def _moved_into(job: Path) -> None:
    (job / "empty").mkdir()


CHANGES = pytest.mark.parametrize("change", [_written, _touched, _added, _removed, _renamed, _moved_into])


@CHANGES
@BOTH
def test_a_directory_that_changed_below_stays(
    root: Root, job: Path, action: StepAction, change: Callable[[Path], None]
) -> None:
    """Any change of any entry since the plan, and of its ctime alone."""
    batch = unit_of(root, "scratch", "j1", action=action)
    change(job)
    want = tree_of(root)
    result = take(root, batch)
    assert result.outcome is Outcome.CHANGED
    assert result.cause in {
        "what it holds changed since the plan was made",
        "it holds 4 files, and 3 when the plan was made",
        "it holds 2 files, and 3 when the plan was made",
    }
    assert tree_of(root) == want
    assert state_of(root) == []


@CHANGES
@BOTH
def test_a_change_between_the_look_and_the_rename_puts_it_back(
    root: Root,
    job: Path,
    action: StepAction,
    change: Callable[[Path], None],
    between: Callable[[Callable[[], object]], None],
) -> None:
    """The second look sees it, where nobody else finds the directory any more."""
    batch = unit_of(root, "scratch", "j1", action=action)
    between(lambda: change(job))
    assert take(root, batch).outcome is Outcome.CHANGED
    assert job.is_dir()
    assert len(list(job.rglob("*"))) in {3, 4, 5}
    assert state_of(root) == []


@BOTH
def test_what_cannot_be_put_back_lies_in_the_trash(
    root: Root, job: Path, action: StepAction, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody took its place meanwhile: nothing is replaced, nothing is lost, and the outcome says where it is."""
    batch = unit_of(root, "scratch", "j1", action=action)

    def read(parent: Directory, name: str, markers: tuple[str, ...]) -> Held:
        if not job.exists():
            job.mkdir()
            (job / "theirs").touch()
            (Path(root.path) / ".rules/trash/r1/scratch/j1/late").touch()
        return read_contents(parent, name, markers)

    monkeypatch.setattr(units, "read_contents", read)
    result = take(root, batch)
    assert result.outcome is Outcome.CHANGED
    assert result.cause == (
        "it holds 4 files, and 3 when the plan was made; "
        "it cannot be put back (File exists) and lies in `.rules/trash/r1/scratch/j1`"
    )
    assert tree_of(root) == ["scratch", "scratch/j1", "scratch/j1/theirs"]
    assert (Path(root.path) / ".rules/trash/r1/scratch/j1/late").exists()
    assert (Path(root.path) / ".rules/trash/r1/scratch/j1/b/c").exists()


@BOTH
def test_a_marker_that_somebody_set_protects_all_of_it(root: Root, job: Path, action: StepAction) -> None:
    """Between plan and apply; the outcome says which."""
    batch = unit_of(root, "scratch", "j1", action=action)
    (job / "b/.rules-keep").touch()
    assert take(root, batch) == StepResult(Outcome.PROTECTED, cause="`j1/b` has the keep marker `.rules-keep`")
    assert (job / "a").exists()


@BOTH
def test_a_marker_that_comes_at_the_last_moment_protects_all_of_it(
    root: Root, job: Path, action: StepAction, between: Callable[[Callable[[], object]], None]
) -> None:
    """Also between the look and the rename."""
    batch = unit_of(root, "scratch", "j1", action=action)
    between((job / "b/.rules-keep").touch)
    assert take(root, batch).outcome is Outcome.PROTECTED
    assert (job / "a").exists()
    assert state_of(root) == []


@BOTH
def test_another_directory_of_that_name_stays(root: Root, job: Path, action: StepAction) -> None:
    """The plan means the directory and not its name."""
    batch = unit_of(root, "scratch", "j1", action=action)
    job.rename(job.parent / "old")
    job.mkdir()
    assert take(root, batch) == StepResult(Outcome.CHANGED, cause="another directory has its name now")
    job.rmdir()
    job.symlink_to("old")
    assert take(root, batch) == StepResult(Outcome.CHANGED, cause="it is a link now")
    assert (job.parent / "old/a").exists()


@BOTH
def test_a_plan_that_does_not_say_what_a_directory_held_takes_none(root: Root, job: Path, action: StepAction) -> None:
    """A plan made by hand, or by an earlier version."""
    batch = batch_of(root, "scratch", "j1", action=action)
    assert take(root, batch) == StepResult(Outcome.CHANGED, cause="the plan does not say what it held")
    assert job.is_dir()


@BOTH
def test_a_link_inside_goes_and_what_it_leads_to_stays(
    root: Root, job: Path, tmp_path: Path, action: StepAction
) -> None:
    """To a directory outside the root, and to one above."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/kept").touch()
    (job / "out").symlink_to(tmp_path / "outside")
    (job / "up").symlink_to("../..")
    fill(root, "other/kept")
    assert take(root, unit_of(root, "scratch", "j1", action=action)) == StepResult(Outcome.DONE, 9)
    assert (tmp_path / "outside/kept").exists()
    assert tree_of(root) == ["other", "other/kept", "scratch"]


@BOTH
def test_bytes_that_another_name_holds_are_not_counted(root: Root, job: Path, action: StepAction) -> None:
    """The file lives on under its other name, whatever becomes of this one."""
    fill(root, "outside")
    os.link(Path(root.path) / "outside", job / "hard")
    batch = unit_of(root, "scratch", "j1", action=action)
    os.link(Path(root.path) / "outside", Path(root.path) / "third")
    assert take(root, batch) == StepResult(Outcome.DONE, 9)
    assert (Path(root.path) / "outside").read_bytes() == b"123"
