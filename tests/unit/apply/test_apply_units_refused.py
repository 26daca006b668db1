"""Steps on whole directories that the system refuses, for a moment or for good."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from apply_world import batch_of, tree_of, unit_of
from other_users import give_away, immutable, ordinary_user
from unit_world import BOTH, TRASH, state_of, take

from rules_engine.apply import units
from rules_engine.apply.contents import Held, read_contents
from rules_engine.apply.model import Outcome, StepResult
from rules_engine.apply.trees import Removed
from rules_engine.apply.units import sweep
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.root import Root
from rules_engine.plan.model import Batch, StepAction
from rules_engine.values.paths import RelPath


def test_what_could_not_be_removed_stays_whole(root: Root, job: Path) -> None:
    """Better none of it than a part: the step goes to a user who may."""
    batch = unit_of(root, "scratch", "j1")
    give_away(root)
    (job / "b").chmod(0o555)
    batch = unit_of(root, "scratch", "j1")
    with ordinary_user():
        assert take(root, batch) == StepResult(Outcome.FAILED, errno=13, cause="Permission denied: `j1/b`")
    assert (job / "a").exists()
    assert state_of(root) == []


def test_what_cannot_be_read_stays_whole(root: Root, job: Path) -> None:
    """The outcome names the directory that is closed."""
    give_away(root)
    (job / "b").chmod(0)
    batch = batch_of(root, "scratch", "j1", action=TRASH)
    batch = Batch(batch.directory, TRASH, batch.entries, wholes=unit_of(root, "scratch", "j1").wholes)
    with ordinary_user():
        assert take(root, batch) == StepResult(Outcome.FAILED, errno=13, cause="Permission denied: `j1/b`")
    assert job.is_dir()


def test_a_directory_that_we_may_not_rename_is_refused(root: Root, job: Path) -> None:
    """Its parent is closed to us; the executor hands it over, as it does with a file."""
    give_away(root)
    batch = unit_of(root, "scratch", "j1")
    job.parent.chmod(0o555)
    with ordinary_user(), pytest.raises(PermissionError):
        take(root, batch)
    assert job.is_dir()
    assert state_of(root) == []


def test_a_removal_that_stops_half_way_says_where_the_rest_lies(root: Root, job: Path) -> None:
    """Nobody can tell beforehand that a file refuses; the next run goes on with it."""
    batch = unit_of(root, "scratch", "j1")
    inode = job.stat().st_ino
    with immutable(job / "b/c"):
        batch = unit_of(root, "scratch", "j1")
        result = take(root, batch)
        assert (result.outcome, result.errno) == (Outcome.FAILED, 1)
        assert result.cause == (
            f"Operation not permitted: `{inode}-9/b/c`; "
            "what is left of it lies in `.rules/removing/r1` and goes with a later run"
        )
        fixed = f"`.rules/removing/r1/{inode}-9/b/c` cannot be removed: Operation not permitted"
        assert sweep(root.require_state(), spare="other") == (fixed,)
        (Path(root.path) / f".rules/removing/r1/{inode}-9/b/c").stat()
        (Path(root.path) / f".rules/removing/r1/{inode}-9").rename(job)
    assert tree_of(root) == ["scratch", "scratch/j1", "scratch/j1/b", "scratch/j1/b/c"]


def _fails(monkeypatch: pytest.MonkeyPatch, code: int, *, first: int) -> None:
    """Have the look with that number, and only that one, end in an error."""
    looks = iter(range(10))

    def read(parent: Directory, name: str, markers: tuple[str, ...]) -> Held:
        if next(looks) == first:
            raise OSError(code, os.strerror(code), f"{name}/b")
        return read_contents(parent, name, markers)

    monkeypatch.setattr(units, "read_contents", read)


@pytest.mark.parametrize("first", [0, 1])
@BOTH
def test_a_disk_that_cannot_be_read_leaves_all_of_it(
    root: Root, job: Path, action: StepAction, first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the first look or at the second one: the directory has its place, and the outcome names the error."""
    batch = unit_of(root, "scratch", "j1", action=action)
    _fails(monkeypatch, errno.EIO, first=first)
    assert take(root, batch) == StepResult(Outcome.FAILED, errno=errno.EIO, cause="Input/output error: `j1/b`")
    assert (job / "a").exists()
    assert state_of(root) == []


@pytest.mark.parametrize("first", [0, 1])
@BOTH
def test_what_fails_for_a_moment_is_left_to_the_next_attempt(
    root: Root, job: Path, action: StepAction, first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has its place again before anybody waits."""
    batch = unit_of(root, "scratch", "j1", action=action)
    _fails(monkeypatch, errno.ESTALE, first=first)
    with pytest.raises(OSError, match="Stale"):
        take(root, batch)
    assert (job / "a").exists()
    assert state_of(root) == []
    assert take(root, batch).outcome is Outcome.DONE


def test_a_removal_that_fails_for_a_moment_is_gone_on_with(
    root: Root, job: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was proved needs no further look."""
    batch = unit_of(root, "scratch", "j1")

    def busy(_parent: Directory, name: str) -> Removed:
        raise OSError(errno.EBUSY, "Device or resource busy", name)

    monkeypatch.setattr(units, "remove_tree", busy)
    with pytest.raises(OSError, match="busy"):
        take(root, batch)
    monkeypatch.undo()
    assert not job.exists()
    assert take(root, batch) == StepResult(Outcome.DONE, 9)
    assert state_of(root) == []


def test_a_directory_that_goes_at_the_last_moment_is_gone(
    root: Root, job: Path, between: Callable[[Callable[[], object]], None]
) -> None:
    """The executor takes the error for what it says."""
    batch = unit_of(root, "scratch", "j1")
    between(lambda: job.rename(job.parent / "elsewhere"))
    with pytest.raises(FileNotFoundError):
        take(root, batch)
    assert state_of(root) == []


def test_a_state_that_goes_under_our_hands_is_tried_again(
    root: Root, job: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder in the trash was there a moment ago."""
    batch = unit_of(root, "scratch", "j1", action=TRASH)
    make = units.make_directories

    def made_and_gone(top: Directory, path: RelPath, mode: int | None = None) -> Directory:
        made = make(top, path, mode)
        (Path(root.path) / ".rules" / path).rmdir()
        return made

    monkeypatch.setattr(units, "make_directories", made_and_gone)
    with pytest.raises(OSError, match="the folder in the trash is gone"):
        take(root, batch)
    monkeypatch.undo()
    assert take(root, batch).outcome is Outcome.DONE


def test_a_filesystem_that_renames_no_directory_is_a_failure(
    root: Root, job: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Layered ones answer so for what lies in a lower layer; nothing is copied instead."""
    batch = unit_of(root, "scratch", "j1")

    def refused(_self: Directory, name: str, _to: Directory, _new_name: str) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link", name)

    monkeypatch.setattr(Directory, "rename_new", refused)
    want = StepResult(Outcome.FAILED, errno=errno.EXDEV, cause="Invalid cross-device link: `j1`")
    assert take(root, batch) == want
    assert (job / "a").exists()
    assert state_of(root) == []


def test_a_directory_that_moves_while_it_is_read_stays(root: Root, job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was listed a moment ago is not there."""
    batch = unit_of(root, "scratch", "j1")
    monkeypatch.setattr(units, "read_contents", lambda *_: Held(moves=True))
    assert take(root, batch) == StepResult(Outcome.CHANGED, cause="what it holds changes at this moment")


def test_a_name_that_the_trash_has_already_refuses(root: Root, job: Path) -> None:
    """Nothing is replaced there either."""
    batch = unit_of(root, "scratch", "j1", action=TRASH)
    held = Path(root.path) / ".rules/trash/r1/scratch/j1"
    held.mkdir(parents=True)
    with pytest.raises(FileExistsError):
        take(root, batch)
    assert (job / "a").exists()
