"""Somebody else acts between our look and our act, through the real filesystem."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rules_engine.apply import steps
from rules_engine.apply.executor import Executor
from rules_engine.apply.model import Outcome
from rules_engine.apply.retry import Retrier
from rules_engine.apply.trash import Trash
from rules_engine.filesystem.directory import Directory
from rules_engine.plan.model import Batch, Entry, StepAction
from rules_engine.policy.model import Retry
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import EntryKind


class Raced(Directory):
    """A directory in which `meddle` runs just before each act."""

    meddle: Callable[[], None]

    def unlink(self, name: str) -> None:
        """Be too late."""
        self.meddle()
        super().unlink(name)

    def remove_directory(self, name: str) -> None:
        """Be too late."""
        self.meddle()
        super().remove_directory(name)

    def rename_new(self, name: str, to: Directory, new_name: str) -> None:
        """Be too late."""
        self.meddle()
        super().rename_new(name, to, new_name)


@pytest.fixture
def raced(tmp_path: Path) -> Iterator[Raced]:
    """A handle on `tmp_path/tree`, which holds the file `f`, the directory `d` and the link `l`."""
    (tmp_path / "tree/d").mkdir(parents=True)
    (tmp_path / "tree/f").write_bytes(b"123")
    os.symlink("x", tmp_path / "tree/l")
    with Raced.open_root(str(tmp_path / "tree")) as directory:
        yield directory


def entry_of(directory: Directory, name: str) -> Entry:
    """The entry as planned."""
    found = directory.stat(name)
    assert found is not None
    return Entry(name, found.kind, found.inode, found.size, found.mtime_ns, found.ctime_ns, found.nlink, target="x")


def test_what_goes_between_look_and_act_is_gone(raced: Raced, tmp_path: Path) -> None:
    """A file, a directory, a link."""
    tree = tmp_path / "tree"
    for name, act, meddle in (
        ("f", steps.delete, (tree / "f").unlink),
        ("d", steps.remove_directory, (tree / "d").rmdir),
        ("l", steps.remove_link, (tree / "l").unlink),
    ):
        raced.meddle = meddle
        assert act(raced, entry_of(raced, name)) == steps.GONE


def test_a_directory_that_became_a_file_just_now_is_left_alone(raced: Raced, tmp_path: Path) -> None:
    """The system refuses, and the file stays."""
    entry = entry_of(raced, "d")

    def meddle() -> None:
        (tmp_path / "tree/d").rmdir()
        (tmp_path / "tree/d").write_bytes(b"mine")

    raced.meddle = meddle
    with pytest.raises(NotADirectoryError):
        steps.remove_directory(raced, entry)
    assert (tmp_path / "tree/d").read_bytes() == b"mine"


def test_what_goes_before_it_is_set_aside_is_gone(raced: Raced, tmp_path: Path) -> None:
    """Nothing lands in the trash."""
    (tmp_path / "state").mkdir()
    raced.meddle = (tmp_path / "tree/f").unlink
    with Directory.open_root(str(tmp_path / "state")) as state:
        assert Trash(state, "r1").take(raced, RelPath("x"), entry_of(raced, "f")) == steps.GONE
    assert os.listdir(tmp_path / "state/trash/r1/x") == []


class PatientClock:
    """A clock for which waiting costs nothing."""

    def now(self) -> int:
        """Some instant."""
        return 0

    def sleep(self, _seconds: float) -> None:
        """Wait no time."""


def test_a_trash_that_was_emptied_under_our_hands_is_made_again(tmp_path: Path) -> None:
    """A file that is still there is never called gone."""
    (tmp_path / "tree").mkdir()
    for name in "ab":
        (tmp_path / "tree" / name).write_bytes(b"123")
    with Directory.open_root(str(tmp_path)) as here:
        executor = Executor(here, Retrier(Retry(), PatientClock()), trash=Trash(here, "r1"))  # type: ignore[arg-type]
        with here.open(RelPath("tree")) as tree:
            entries = (entry_of(tree, "a"), entry_of(tree, "b"))
        results = executor.carry_out(Batch(RelPath("tree"), StepAction.TRASH, entries))
        assert next(results).outcome is Outcome.DONE
        shutil.rmtree(tmp_path / "trash")  # noqa: TID251 - the meddler's way
        assert next(results).outcome is Outcome.DONE
    assert (tmp_path / "trash/r1/tree/b").read_bytes() == b"123"
    assert not (tmp_path / "tree/b").exists()


def test_a_link_made_at_the_same_time_is_as_good(raced: Raced) -> None:
    """Two who make one link make one link."""
    entry = Entry("l", EntryKind.LINK, target="x")
    assert steps.create_link(raced, entry) == steps.DONE
