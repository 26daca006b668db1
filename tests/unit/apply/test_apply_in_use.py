import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from apply_world import POLICIES, FixedClock, apply, batch_of, counts, fill, plan_of, tree_of, unit_of

from rules_engine.apply.in_use import QUIET, InUse
from rules_engine.apply.model import Outcome, RunResult, StepResult
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.leases import Asker, Use
from rules_engine.filesystem.root import Root
from rules_engine.plan.model import Batch, StepAction
from rules_engine.policy.model import AskInUse, PolicySet, Settings
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import HOUR

STRICT = PolicySet(settings=Settings(in_use=AskInUse.STRICT), digest=POLICIES.digest)
REMOVALS = [StepAction.DELETE, StepAction.TRASH]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """A directory whose lock is held."""
    held = os.open(path, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_SH)
    yield
    os.close(held)


def asking(root: Root, *, done: bool = False, strict: bool = False, clock: FixedClock | None = None) -> InUse:
    """Who asks, of entries whose owners are all done or not."""
    return InUse(root.directory, clock or FixedClock(), lambda _batch: done, strict=strict)


def ask(root: Root, in_use: InUse, batch: Batch, index: int = 0) -> StepResult | None:
    """The answer for one entry."""
    with root.directory.open(batch.directory) as here:
        return in_use.protects(batch, batch.entries[index], here)


def causes(result: RunResult) -> list[tuple[str, str]]:
    """What was protected, and why."""
    return [(one.path, one.cause) for one in result.noted if one.outcome is Outcome.PROTECTED]


def test_files_of_jobs_that_are_done_are_not_asked_for(root: Root) -> None:
    """Their owners vouch for them, so an open one goes; `strict` asks all the same."""
    fill(root, "a/x")
    batch = batch_of(root, "a", "x")
    with (Path(root.path) / "a/x").open():
        assert ask(root, asking(root, done=True), batch) is None
        found = ask(root, asking(root, done=True, strict=True), batch)
    assert found == StepResult(Outcome.PROTECTED, cause="a process has it open")


@pytest.mark.parametrize("strict", [False, True])
def test_the_setting_is_taken_from_the_policies(root: Root, strict: bool) -> None:
    """An untracked file is asked for either way."""
    fill(root, "a/x", "a/y")
    with (Path(root.path) / "a/x").open():
        result = apply(plan_of(root, batch_of(root, "a", "x", "y")), root, policies=STRICT if strict else POLICIES)
    assert causes(result) == [("a/x", "a process has it open")]
    assert tree_of(root) == ["a", "a/x"]


def test_a_file_that_is_not_the_one_of_the_plan_is_left_to_the_step(root: Root) -> None:
    """What changed is `changed` and not in use, also while its writer has it open."""
    fill(root, "a/x", "a/gone")
    batch = batch_of(root, "a", "x", "gone")
    (Path(root.path) / "a/gone").unlink()
    with (Path(root.path) / "a/x").open("ab") as writer:
        writer.write(b"more")
        writer.flush()
        assert counts(apply(plan_of(root, batch), root)) == {"changed": 1, "gone": 1}


@pytest.mark.parametrize(("age", "stays"), [(-HOUR, True), (QUIET - HOUR, True), (QUIET, False)])
def test_where_nobody_can_tell_a_file_is_in_use_for_a_day(root: Root, age: int, stays: bool) -> None:
    """Of a link nothing can be asked; a time of change that is yet to come is no reason to remove it."""
    path = Path(root.path) / "link"
    path.symlink_to("nowhere")
    os.utime(path, ns=(0, 0), follow_symlinks=False)
    clock = FixedClock(path.lstat().st_ctime_ns + age)
    found = ask(root, asking(root, clock=clock), batch_of(root, "", "link"))
    why = "whether a process uses it cannot be told, and it changed less than 24h ago"
    assert found == (StepResult(Outcome.PROTECTED, cause=why) if stays else None)


def test_the_newer_of_mtime_and_ctime_is_the_last_change(root: Root) -> None:
    """A link that somebody dated into the future was changed just now."""
    path = Path(root.path) / "link"
    path.symlink_to("nowhere")
    later = path.lstat().st_ctime_ns + 5 * QUIET
    os.utime(path, ns=(later, later), follow_symlinks=False)
    assert ask(root, asking(root, clock=FixedClock(later)), batch_of(root, "", "link")) is not None


def test_a_file_that_is_replaced_while_it_is_asked_for_is_changed(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at it and the question somebody put another file there."""
    fill(root, "a/x")
    batch = batch_of(root, "a", "x")
    monkeypatch.setattr(Asker, "use_of", lambda *_: Use.ANOTHER)
    assert ask(root, asking(root), batch) == StepResult(Outcome.CHANGED, cause="another file has its name now")


def test_a_file_that_goes_while_it_is_asked_for_is_left_to_the_step(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else removed it in between."""
    fill(root, "a/x")
    batch = batch_of(root, "a", "x")

    def gone(*_: object) -> Use:
        raise FileNotFoundError(errno.ENOENT, "gone")

    monkeypatch.setattr(Asker, "use_of", gone)
    assert ask(root, asking(root), batch) is None


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("where", ["", "a", "a/b"])
def test_a_lock_on_a_directory_protects_whatever_lies_below(root: Root, where: str, done: bool) -> None:
    """Whoever holds it says that nothing below is to be cleaned, also of a job that is done."""
    fill(root, "a/b/x")
    batch = batch_of(root, "a/b", "x")
    what = f"the directory `{where}`" if where else "the root"
    with locked(Path(root.path) / where):
        found = ask(root, asking(root, done=done), batch)
    assert found == StepResult(Outcome.PROTECTED, cause=f"a process holds a lock on {what}")


def test_a_lock_is_seen_at_the_next_commit(root: Root) -> None:
    """Directories are asked for once a group, and again in the next."""
    fill(root, "a/x")
    batch, in_use = batch_of(root, "a", "x"), asking(root, done=True)
    assert ask(root, in_use, batch) is None
    with locked(Path(root.path) / "a"):
        assert ask(root, in_use, batch) is None
        in_use.look_again()
        assert ask(root, in_use, batch) is not None


def test_a_directory_above_that_is_gone_holds_nothing_back(root: Root) -> None:
    """The way to the batch was moved meanwhile; the step itself says what became of its entry."""
    fill(root, "a/b/x")
    batch = batch_of(root, "a/b", "x")
    with root.directory.open(RelPath("a/b")) as here:
        (Path(root.path) / "a").rename(Path(root.path) / "moved")
        assert asking(root).protects(batch, batch.entries[0], here) is None


def test_what_comes_back_from_the_trash_is_not_asked_for(root: Root) -> None:
    """Nothing that somebody uses goes with such a step."""
    fill(root, "a/x")
    with locked(Path(root.path) / "a"):
        assert ask(root, asking(root), batch_of(root, "a", "x", action=StepAction.RESTORE)) is None


@pytest.mark.parametrize("action", REMOVALS)
def test_an_open_file_keeps_the_directory_that_would_go_whole(root: Root, action: StepAction) -> None:
    """Anywhere below it; afterwards it goes."""
    fill(root, "u/a/x", "u/b/c/y", "u/z")
    plan = plan_of(root, unit_of(root, "", "u", action=action))
    with (Path(root.path) / "u/b/c/y").open():
        assert causes(apply(plan, root)) == [("u", "a process has `u/b/c/y` open")]
    assert tree_of(root) == ["u", "u/a", "u/a/x", "u/b", "u/b/c", "u/b/c/y", "u/z"]
    again = plan_of(root, unit_of(root, "", "u", action=action), now=plan.header.now + 1)
    assert counts(apply(again, root)) == {"done": 1}


@pytest.mark.parametrize("done", [False, True])
def test_a_lock_on_the_directory_that_would_go_whole_keeps_it(root: Root, done: bool) -> None:
    """Its own lock holds whoever the owner is."""
    fill(root, "u/x")
    batch = unit_of(root, "", "u")
    with locked(Path(root.path) / "u"):
        found = ask(root, asking(root, done=done), batch)
    assert found is not None
    assert found.cause == f"a process holds a lock on {'it' if done else '`u`'}"


def test_a_lock_below_keeps_the_directory_that_would_go_whole(root: Root) -> None:
    """What protects one directory protects what it lies in from going whole."""
    fill(root, "u/a/b/x")
    with locked(Path(root.path) / "u/a/b"):
        found = ask(root, asking(root), unit_of(root, "", "u"))
    assert found == StepResult(Outcome.PROTECTED, cause="a process holds a lock on `u/a/b`")


def test_a_directory_that_nobody_uses_goes_whole(root: Root) -> None:
    """Nothing below it is open; one that is gone or replaced is for the step to say."""
    fill(root, "u/a/x", "v/x", "w/x")
    batch = unit_of(root, "", "u", "v", "w")
    (Path(root.path) / "v").rename(Path(root.path) / "elsewhere")
    (Path(root.path) / "w").rename(Path(root.path) / "w2")
    (Path(root.path) / "w").mkdir()
    in_use = asking(root)
    assert [ask(root, in_use, batch, index) for index in range(3)] == [None] * 3


def test_a_directory_that_cannot_be_read_is_left_to_the_step(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    """It fails there with the path; any other error is raised, since what is below was not asked for."""
    fill(root, "u/x")
    batch = unit_of(root, "", "u")
    for code in (errno.EACCES, errno.EIO):

        def refuse(*_: object, code: int = code) -> None:
            raise OSError(code, os.strerror(code))

        with root.directory.open(batch.directory) as here, monkeypatch.context() as patched:
            in_use = asking(root)
            assert in_use.protects(batch, batch.entries[0], here) is None
            patched.setattr(Directory, "open", refuse)
            if code == errno.EACCES:
                assert in_use.protects(batch, batch.entries[0], here) is None
            else:
                with pytest.raises(OSError, match="Input/output"):
                    in_use.protects(batch, batch.entries[0], here)


def test_a_file_below_that_goes_while_it_is_asked_for_is_left_to_the_step(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The directory is not what the plan saw, and the step says so."""
    fill(root, "u/x")
    batch = unit_of(root, "", "u")

    def gone(*_: object) -> Use:
        raise FileNotFoundError(errno.ENOENT, "gone")

    monkeypatch.setattr(Asker, "use_of", gone)
    assert ask(root, asking(root), batch) is None


def test_a_fresh_link_keeps_the_directory_that_would_go_whole(root: Root) -> None:
    """What cannot be told of one entry is not told of the whole."""
    fill(root, "u/x")
    (Path(root.path) / "u/link").symlink_to("x")
    found = ask(root, asking(root, clock=FixedClock(SystemClock().now())), unit_of(root, "", "u"))
    why = "whether a process uses `u/link` cannot be told, and it changed less than 24h ago"
    assert found == StepResult(Outcome.PROTECTED, cause=why)
