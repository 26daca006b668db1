"""Directories that go whole: every way in which the step ends."""

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from apply_world import batch_of, fill, tree_of, unit_of
from other_users import give_away, immutable, ordinary_user

from rules_engine.apply import units
from rules_engine.apply.contents import Held, read_contents
from rules_engine.apply.model import Outcome, StepResult
from rules_engine.apply.trees import Removed
from rules_engine.apply.units import Units, sweep
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.root import Root
from rules_engine.plan.model import Batch, StepAction
from rules_engine.values.paths import RelPath

DELETE, TRASH = StepAction.DELETE, StepAction.TRASH
BOTH = pytest.mark.parametrize("action", [DELETE, TRASH])
RUN = "r1"


@pytest.fixture
def job(root: Root) -> Path:
    """A directory `scratch/j1` with three files of three bytes."""
    fill(root, "scratch/j1/a", "scratch/j1/b/c", "scratch/j1/b/d")
    return Path(root.path) / "scratch/j1"


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Callable[[], object]], None]]:
    """Lets somebody else act between the look and the rename."""

    def arrange(act: Callable[[], object]) -> None:
        def read(parent: Directory, name: str, markers: tuple[str, ...]) -> Held:
            held = read_contents(parent, name, markers)
            monkeypatch.setattr(units, "read_contents", read_contents)
            act()
            return held

        monkeypatch.setattr(units, "read_contents", read)

    yield arrange
    monkeypatch.undo()


def take(root: Root, batch: Batch, run_id: str = RUN) -> StepResult:
    """Carry out the first step of a batch."""
    step = Units(root.require_state(), run_id, (".rules-keep",))
    with root.directory.open(batch.directory) as here:
        return step.take(here, batch, batch.entries[0])


def state_of(root: Root) -> list[str]:
    """What lies in the trash and among what is being removed, but for the two folders themselves."""
    top = Path(root.path) / ".rules"
    found = [str(path.relative_to(top)) for area in ("trash", "removing") for path in (top / area).rglob("*")]
    return sorted(found)


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


def test_a_sweep_finishes_what_other_runs_left(root: Root, job: Path) -> None:
    """What lies there was proved once; the run at hand has its own in its plan."""
    state = Path(root.path) / ".rules/removing"
    for run_id in ("mine", "theirs"):
        (state / run_id / "77-3/deep").mkdir(parents=True)
        (state / run_id / "77-3/deep/x").touch()
    assert sweep(root.require_state(), spare="mine") == ()
    assert [path.name for path in state.iterdir()] == ["mine"]
    assert (state / "mine/77-3/deep/x").exists()


def test_a_sweep_that_can_read_nothing_says_so(root: Root) -> None:
    """The run goes on; nothing of this is about its own steps."""
    assert sweep(root.require_state(), spare="") == ()
    (Path(root.path) / ".rules/removing").touch()
    assert sweep(root.require_state(), spare="") == ("`.rules/removing` cannot be read: Not a directory",)


def _aside(root: Root, batch: Batch) -> Path:
    """Set the directory aside, as a step that was killed right after that left it."""
    folder = Path(root.path) / ".rules/trash/r1/scratch"
    folder.mkdir(parents=True)
    (Path(root.path) / "scratch/j1").rename(folder / "j1")
    return folder / "j1"


@BOTH
def test_a_step_killed_after_the_rename_goes_on(root: Root, job: Path, action: StepAction) -> None:
    """The same plan finds the directory aside, looks again, and ends as if nobody had killed it."""
    batch = unit_of(root, "scratch", "j1", action=action)
    _aside(root, batch)
    assert take(root, batch) == StepResult(Outcome.DONE, 9)
    assert state_of(root)[:1] == ([] if action is DELETE else ["trash/r1"])


@BOTH
def test_a_step_killed_after_the_rename_looks_again(root: Root, job: Path, action: StepAction) -> None:
    """What came into it meanwhile comes back with it."""
    batch = unit_of(root, "scratch", "j1", action=action)
    (_aside(root, batch) / "late").touch()
    assert take(root, batch).outcome is Outcome.CHANGED
    assert (job / "late").exists()
    assert state_of(root) == []


def test_a_step_killed_in_the_middle_of_the_removal_goes_on(root: Root, job: Path) -> None:
    """What is left of it was proved before; the outcome counts what went altogether."""
    batch = unit_of(root, "scratch", "j1")
    removing = Path(root.path) / ".rules/removing/r1"
    removing.mkdir(parents=True)
    job.rename(removing / f"{batch.entries[0].inode}-9")
    (removing / f"{batch.entries[0].inode}-9/a").unlink()
    fill(root, "scratch/j1/theirs")
    assert take(root, batch) == StepResult(Outcome.DONE, 9)
    assert take(root, batch).cause == "another directory has its name now"
    assert tree_of(root) == ["scratch", "scratch/j1", "scratch/j1/theirs"]
    assert state_of(root) == []


@BOTH
def test_a_step_goes_on_where_the_directory_above_is_gone(root: Root, job: Path, action: StepAction) -> None:
    """A later step of the same run may have removed it."""
    batch = unit_of(root, "scratch", "j1", action=action)
    _aside(root, batch)
    job.parent.rmdir()
    step = Units(root.require_state(), RUN, ())
    assert step.take(None, batch, batch.entries[0]) == StepResult(Outcome.DONE, 9)


@BOTH
def test_what_is_neither_there_nor_aside_is_gone(root: Root, job: Path, action: StepAction) -> None:
    """With the directory above it."""
    batch = unit_of(root, "scratch", "j1", action=action)
    assert Units(root.require_state(), RUN, ()).take(None, batch, batch.entries[0]).outcome is Outcome.GONE
    assert state_of(root) == []


def test_without_its_parent_it_cannot_be_put_back(root: Root, job: Path) -> None:
    """It stays in the trash, and the outcome says so."""
    batch = unit_of(root, "scratch", "j1")
    (_aside(root, batch) / "late").touch()
    job.parent.rmdir()
    result = Units(root.require_state(), RUN, ()).take(None, batch, batch.entries[0])
    assert result.cause.endswith(
        "it cannot be put back (the directory above it is gone) and lies in `.rules/trash/r1/scratch/j1`"
    )


def test_what_may_not_go_any_more_is_given_back(root: Root, job: Path) -> None:
    """A killed step had set it aside; then somebody pinned it."""
    batch = unit_of(root, "scratch", "j1")
    step = Units(root.require_state(), RUN, ())
    with root.directory.open(RelPath("scratch")) as here:
        step.give_back(here, batch, batch.entries[0])
        _aside(root, batch)
        step.give_back(here, batch, batch.entries[0])
    assert (job / "b/c").exists()
    assert state_of(root) == []


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
