import errno
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rules_engine.apply import steps
from rules_engine.apply.executor import Executor
from rules_engine.apply.model import Outcome, StepResult
from rules_engine.apply.retry import Retrier
from rules_engine.apply.trash import Trash
from rules_engine.filesystem.directory import Directory
from rules_engine.plan.model import Batch, Entry, StepAction
from rules_engine.policy.model import Retry
from rules_engine.values.paths import ROOT, RelPath
from rules_engine.values.vocabulary import EntryKind

Seen = Callable[[Directory, str], Entry]


@pytest.fixture
def executor(here: Directory, clock: Any) -> Executor:
    """An executor on `tmp_path/tree` without a guard."""
    return Executor(here, Retrier(Retry(), clock), trash=Trash(here, "r1"))


def delete(directory: str, *entries: Entry) -> Batch:
    """A batch that deletes."""
    return Batch(RelPath(directory), StepAction.DELETE, entries)


def outcomes(executor: Executor, batch: Batch) -> list[Outcome]:
    """What became of each entry."""
    return [one.outcome for one in executor.carry_out(batch)]


def test_one_bad_file_does_not_stop_the_rest(here: Directory, tmp_path: Path, executor: Executor, seen: Seen) -> None:
    """Each entry has an outcome of its own, in order."""
    for name in "abc":
        (tmp_path / "tree" / name).touch()
    entries = [seen(here, name) for name in "abc"]
    (tmp_path / "tree/a").unlink()
    (tmp_path / "tree/b").write_bytes(b"new")
    assert outcomes(executor, delete("", *entries)) == [Outcome.GONE, Outcome.CHANGED, Outcome.DONE]
    assert here.names() == ["b"]


def test_steps_before_the_first_are_not_done_again(
    here: Directory, tmp_path: Path, executor: Executor, seen: Seen
) -> None:
    """A run that goes on begins at the first entry without an outcome."""
    for name in "ab":
        (tmp_path / "tree" / name).touch()
    batch = delete("", seen(here, "a"), seen(here, "b"))
    assert [one.outcome for one in executor.carry_out(batch, 1)] == [Outcome.DONE]
    assert here.names() == ["a"]


def test_a_directory_that_is_gone_took_its_entries_along(executor: Executor) -> None:
    """Nothing is left to do there."""
    batch = delete("x/y", Entry("a", EntryKind.FILE), Entry("b", EntryKind.FILE))
    assert outcomes(executor, batch) == [Outcome.GONE, Outcome.GONE]


def test_a_directory_that_became_a_link_is_not_entered(
    here: Directory, tmp_path: Path, executor: Executor, seen: Seen
) -> None:
    """A swap between plan and apply leads nowhere, whatever lies behind it."""
    (tmp_path / "tree/d").mkdir()
    (tmp_path / "tree/d/a").write_bytes(b"1")
    with here.open(RelPath("d")) as below:
        entry = seen(below, "a")
    (tmp_path / "tree/d").rename(tmp_path / "outside")
    os.symlink(tmp_path / "outside", tmp_path / "tree/d")
    results = list(executor.carry_out(delete("d", entry)))
    assert results == [steps.changed("a directory above it is a link, or no directory, by now")]
    assert (tmp_path / "outside/a").exists()


def test_a_directory_that_became_a_file_changed(tmp_path: Path, executor: Executor) -> None:
    """It cannot be entered, and that is no failure of ours."""
    (tmp_path / "tree/d").touch()
    results = list(executor.carry_out(delete("d", Entry("a", EntryKind.FILE))))
    assert results == [steps.changed("a directory above it is a link, or no directory, by now")]


@pytest.fixture
def frozen(tmp_path: Path) -> Any:
    """A directory `tmp_path/tree/frozen` whose entries cannot be removed, also not by root."""
    path = tmp_path / "tree/frozen"
    path.mkdir()
    (path / "a").write_bytes(b"1")
    (path / "b").write_bytes(b"2")
    if os.geteuid() != 0:
        path.chmod(0o555)
        yield path
        path.chmod(0o755)
        return
    if subprocess.run(["chattr", "+i", str(path)], check=False, capture_output=True).returncode:
        pytest.skip("root writes everywhere, and this filesystem has no immutable directories")
    yield path
    subprocess.run(["chattr", "-i", str(path)], check=True)


def test_a_refusal_of_the_system_is_a_failure_with_its_cause(
    here: Directory, frozen: Path, executor: Executor, seen: Seen
) -> None:
    """Each entry fails on its own, and the files stay."""
    with here.open(RelPath("frozen")) as below:
        entries = [seen(below, "a"), seen(below, "b")]
    results = list(executor.carry_out(delete("frozen", *entries)))
    assert [one.outcome for one in results] == [Outcome.FAILED, Outcome.FAILED]
    assert {one.errno for one in results} <= {errno.EACCES, errno.EPERM}
    assert results[0].cause in {"Operation not permitted", "Permission denied"}
    assert sorted(os.listdir(frozen)) == ["a", "b"]


def test_all_actions_are_carried_out(here: Directory, tmp_path: Path, executor: Executor, seen: Seen) -> None:
    """Directories and links come, links and directories and files go."""
    link = Entry("l", EntryKind.LINK, target="../b")
    make = Batch(RelPath("x"), StepAction.CREATE_DIRECTORY, (Entry("b", EntryKind.DIRECTORY),))
    tie = Batch(RelPath("x/c"), StepAction.CREATE_LINK, (link,))
    assert outcomes(executor, make) == outcomes(executor, tie) == [Outcome.DONE]
    assert (tmp_path / "tree/x/c/l").resolve() == tmp_path / "tree/x/b"
    assert outcomes(executor, Batch(RelPath("x/c"), StepAction.REMOVE_LINK, (link,))) == [Outcome.DONE]
    (tmp_path / "tree/x/f").touch()
    with here.open(RelPath("x")) as below:
        directories = (seen(below, "b"), seen(below, "c"))
        file = seen(below, "f")
    assert outcomes(executor, Batch(RelPath("x"), StepAction.TRASH, (file,))) == [Outcome.DONE]
    assert outcomes(executor, Batch(RelPath("x"), StepAction.REMOVE_DIRECTORY, directories)) == [Outcome.DONE] * 2
    assert sorted(os.listdir(tmp_path / "tree/x")) == []
    assert (tmp_path / "tree/trash/r1/x/f").exists()


def test_what_the_trash_of_this_run_holds_is_done_without_its_directory(
    here: Directory, tmp_path: Path, executor: Executor, seen: Seen
) -> None:
    """Killed after the directory went too, and before any outcome: the run goes on and says the same."""
    (tmp_path / "tree/d").mkdir()
    (tmp_path / "tree/d/a").write_bytes(b"123")
    with here.open(RelPath("d")) as below:
        batch = Batch(RelPath("d"), StepAction.TRASH, (seen(below, "a"), Entry("b", EntryKind.FILE)))
    assert outcomes(executor, batch) == [Outcome.DONE, Outcome.GONE]
    (tmp_path / "tree/d").rmdir()
    assert outcomes(executor, batch) == [Outcome.DONE, Outcome.GONE]


class Wary:
    """A guard that has to be asked before each step."""

    def lets_all_go(self, _batch: Batch, _here: Directory) -> bool:
        """Never."""
        return False


class Busy(Wary):
    """A guard that fails `times` times with `code`, and keeps the handles that it was given."""

    def __init__(self, code: int, times: int) -> None:
        self.code = code
        self.times = times
        self.handles: list[int] = []

    def protects(self, _batch: Batch, _entry: Entry, here: Directory) -> StepResult | None:
        """Fail for a while."""
        self.handles.append(id(here))
        if len(self.handles) <= self.times:
            raise OSError(self.code, "no")
        return None


@pytest.mark.parametrize("code", [errno.ESTALE, errno.EBUSY])
def test_what_fails_for_a_moment_is_looked_at_anew(
    here: Directory, tmp_path: Path, clock: Any, seen: Seen, code: int
) -> None:
    """The whole step is done again, with the check, through a handle of its own."""
    (tmp_path / "tree/a").touch()
    guard = Busy(code, 2)
    executor = Executor(here, Retrier(Retry(), clock), guard=guard)
    assert outcomes(executor, delete("", seen(here, "a"))) == [Outcome.DONE]
    assert (len(guard.handles), len(clock.slept)) == (3, 2)


def test_what_goes_while_we_wait_is_gone(here: Directory, tmp_path: Path, clock: Any, seen: Seen) -> None:
    """A directory that vanished between two attempts took the entry along."""
    (tmp_path / "tree/d").mkdir()
    (tmp_path / "tree/d/a").touch()
    with here.open(RelPath("d")) as below:
        entry = seen(below, "a")

    class Vanishing(Busy):
        def protects(self, batch: Batch, entry: Entry, here: Directory) -> StepResult | None:
            if not self.handles:
                (tmp_path / "tree/d").rename(tmp_path / "elsewhere")
            return super().protects(batch, entry, here)

    executor = Executor(here, Retrier(Retry(), clock), guard=Vanishing(errno.EBUSY, 1))
    assert outcomes(executor, delete("d", entry)) == [Outcome.GONE]
    assert (tmp_path / "elsewhere/a").exists()


def test_a_guard_has_the_last_word(here: Directory, tmp_path: Path, clock: Any, seen: Seen) -> None:
    """What it protects is not touched."""
    (tmp_path / "tree/a").touch()
    held = StepResult(Outcome.PROTECTED, cause="job `j` is running")

    class Holding(Wary):
        def protects(self, _batch: Batch, _entry: Entry, _here: Directory) -> StepResult | None:
            return held

    executor = Executor(here, Retrier(Retry(), clock), guard=Holding())
    assert list(executor.carry_out(delete("", seen(here, "a")))) == [held]
    assert here.names() == ["a"]


def test_what_went_well_is_told_together(here: Directory, tmp_path: Path, clock: Any, seen: Seen) -> None:
    """Up to so many steps; one that is not like the others stands alone, in its place."""
    for name in "abcdefg":
        (tmp_path / "tree" / name).write_bytes(b"12")
    entries = tuple(seen(here, name) for name in "abcdefg")
    (tmp_path / "tree/c").write_bytes(b"other")
    (tmp_path / "tree/d").unlink()
    executor = Executor(here, Retrier(Retry(), clock))
    found = list(executor.carry_out(Batch(ROOT, StepAction.DELETE, entries), 0, at_once=2))
    assert [(one.outcome, one.steps, one.size) for one in found] == [
        (Outcome.DONE, 2, 4),
        (Outcome.CHANGED, 1, 0),
        (Outcome.GONE, 1, 0),
        (Outcome.DONE, 2, 4),
        (Outcome.DONE, 1, 2),
    ]
    assert here.names() == ["c"]


def test_who_asks_to_stop_is_heard_before_the_next_step(
    here: Directory, tmp_path: Path, clock: Any, seen: Seen
) -> None:
    """However many may be done at once."""
    for name in "abc":
        (tmp_path / "tree" / name).touch()
    batch = Batch(ROOT, StepAction.DELETE, tuple(seen(here, name) for name in "abc"))
    results = Executor(here, Retrier(Retry(), clock)).carry_out(batch, 0, at_once=9, stop=lambda: True)
    assert next(results).steps == 1
    assert here.names() == ["b", "c"]


def test_a_guard_that_cannot_look_is_asked_by_each_step(
    here: Directory, tmp_path: Path, clock: Any, seen: Seen
) -> None:
    """What the system refuses then is the failure of that step."""
    (tmp_path / "tree/a").touch()

    class Blind:
        def lets_all_go(self, _batch: Batch, _here: Directory) -> bool:
            raise OSError(errno.EIO, "no")

        def protects(self, _batch: Batch, _entry: Entry, _here: Directory) -> StepResult | None:
            raise OSError(errno.EIO, "no")

    executor = Executor(here, Retrier(Retry(), clock), guard=Blind())
    assert outcomes(executor, delete("", seen(here, "a"))) == [Outcome.FAILED]
    assert here.names() == ["a"]


def test_a_trash_batch_without_a_trash_is_a_bug(here: Directory, clock: Any) -> None:
    """It never becomes another action."""
    batch = Batch(ROOT, StepAction.TRASH, (Entry("a", EntryKind.FILE),))
    with pytest.raises(AssertionError, match="needs a run with a trash"):
        list(Executor(here, Retrier(Retry(), clock)).carry_out(batch))
