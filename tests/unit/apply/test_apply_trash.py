import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rules_engine.apply import steps
from rules_engine.apply.model import Outcome, StepResult
from rules_engine.apply.trash import Trash, make_directories
from rules_engine.filesystem.directory import Directory
from rules_engine.plan.model import Entry
from rules_engine.values.paths import ROOT, RelPath

Seen = Callable[[Directory, str], Entry]


@pytest.fixture
def trash(tmp_path: Path) -> Iterator[Trash]:
    """The trash of run `r1`, in `tmp_path/state`."""
    (tmp_path / "state").mkdir()
    with Directory.open_root(str(tmp_path / "state")) as state:
        found = Trash(state, "r1")
        yield found
        found.close()


def test_a_file_is_set_aside_under_its_own_path(here: Directory, tmp_path: Path, trash: Trash, seen: Seen) -> None:
    """Run, directory, name: putting it back is one rename."""
    (tmp_path / "tree/a").write_bytes(b"123")
    assert trash.take(here, RelPath("x/y"), seen(here, "a")) == StepResult(Outcome.DONE, 3)
    assert (tmp_path / "state/trash/r1/x/y/a").read_bytes() == b"123"
    assert here.names() == []


def test_a_file_of_the_root_itself_is_set_aside(here: Directory, tmp_path: Path, trash: Trash, seen: Seen) -> None:
    """The root has no name, so its files lie directly below the run."""
    (tmp_path / "tree/a").touch()
    trash.take(here, ROOT, seen(here, "a"))
    assert (tmp_path / "state/trash/r1/a").exists()


def test_files_of_several_directories_are_kept_apart(here: Directory, tmp_path: Path, trash: Trash, seen: Seen) -> None:
    """Equal names do not meet."""
    for directory in ("x", "y", "x"):
        (tmp_path / "tree" / f"a{directory}").touch()
    for name, directory in (("ax", "x"), ("ay", "y")):
        assert trash.take(here, RelPath(directory), seen(here, name)).outcome is Outcome.DONE
    assert (tmp_path / "state/trash/r1/x/ax").exists()
    assert (tmp_path / "state/trash/r1/y/ay").exists()


def test_the_trash_never_replaces(here: Directory, tmp_path: Path, trash: Trash, seen: Seen) -> None:
    """A name that is taken in the trash fails, and both files stay."""
    held = tmp_path / "state/trash/r1/x"
    held.mkdir(parents=True)
    (held / "a").write_bytes(b"first")
    (tmp_path / "tree/a").write_bytes(b"second")
    with pytest.raises(FileExistsError):
        trash.take(here, RelPath("x"), seen(here, "a"))
    assert (held / "a").read_bytes() == b"first"
    assert (tmp_path / "tree/a").read_bytes() == b"second"


def test_a_changed_file_is_not_set_aside(here: Directory, tmp_path: Path, trash: Trash, seen: Seen) -> None:
    """The precondition holds for the trash too."""
    (tmp_path / "tree/a").write_bytes(b"1")
    entry = seen(here, "a")
    (tmp_path / "tree/a").write_bytes(b"12")
    assert trash.take(here, RelPath("x"), entry).outcome is Outcome.CHANGED
    assert not (tmp_path / "state/trash").exists()


def test_a_file_that_this_run_took_before_is_done(here: Directory, tmp_path: Path, trash: Trash, seen: Seen) -> None:
    """Killed between the rename and its outcome: the file in the trash proves the step."""
    (tmp_path / "tree/a").write_bytes(b"123")
    entry = seen(here, "a")
    trash.take(here, RelPath("x"), entry)
    assert trash.take(here, RelPath("x"), entry) == StepResult(Outcome.DONE, 3)


def test_a_file_that_somebody_else_took_is_gone(here: Directory, tmp_path: Path, trash: Trash, seen: Seen) -> None:
    """Neither no trash nor another file there proves the step."""
    (tmp_path / "tree/a").write_bytes(b"123")
    entry = seen(here, "a")
    os.unlink(tmp_path / "tree/a")
    assert trash.take(here, RelPath("x"), entry) == steps.GONE
    held = tmp_path / "state/trash/r1/x"
    held.mkdir(parents=True)
    (held / "a").write_bytes(b"other")
    assert trash.take(here, RelPath("x"), entry) == steps.GONE


def test_directories_of_a_shared_state_are_shared(tmp_path: Path) -> None:
    """What one user sets aside, another of the group can put back."""
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(0o2770)
    with Directory.open_root(str(tmp_path / "state")) as state:
        make_directories(state, RelPath("a/b"), state.state_mode()).close()
    assert (tmp_path / "state/a/b").stat().st_mode & 0o777 == 0o770


def test_directories_are_made_where_they_are_missing(here: Directory, tmp_path: Path) -> None:
    """Those that are there are used as they are."""
    (tmp_path / "tree/a").mkdir()
    (tmp_path / "tree/a/kept").touch()
    for _ in range(2):
        with make_directories(here, RelPath("a/b/c")) as made:
            assert made.names() == []
    assert (tmp_path / "tree/a/kept").exists()


def test_no_directory_is_made_through_a_link(here: Directory, tmp_path: Path) -> None:
    """A link on the way ends it."""
    (tmp_path / "outside").mkdir()
    os.symlink(tmp_path / "outside", tmp_path / "tree/a")
    with pytest.raises(OSError, match=r"."):
        make_directories(here, RelPath("a/b"))
    assert os.listdir(tmp_path / "outside") == []
