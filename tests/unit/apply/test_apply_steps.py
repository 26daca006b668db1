import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rules_engine.apply import steps
from rules_engine.apply.model import Outcome, StepResult
from rules_engine.filesystem.directory import Directory
from rules_engine.plan.model import Entry
from rules_engine.values.paths import from_bytes
from rules_engine.values.vocabulary import EntryKind

Seen = Callable[[Directory, str], Entry]
ODD_NAMES = ["plain", "new\nline", from_bytes(b"\xff\xfe"), " ", "-rf", "*", "\u202eevil", "x" * 255]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_file_as_planned_is_deleted(here: Directory, tmp_path: Path, seen: Seen, name: str) -> None:
    """Whatever its name is."""
    (tmp_path / "tree" / name).write_bytes(b"12345")
    assert steps.delete(here, seen(here, name)) == StepResult(Outcome.DONE, 5)
    assert here.names() == []


def test_an_absent_file_is_gone(here: Directory, tmp_path: Path, seen: Seen) -> None:
    """Somebody else was faster."""
    (tmp_path / "tree/a").touch()
    entry = seen(here, "a")
    os.unlink(tmp_path / "tree/a")
    assert steps.delete(here, entry) == steps.GONE


def test_a_written_file_stays(here: Directory, tmp_path: Path, seen: Seen) -> None:
    """A file that grew is not the one that was planned."""
    path = tmp_path / "tree/a"
    path.write_bytes(b"1")
    entry = seen(here, "a")
    path.write_bytes(b"12")
    assert steps.delete(here, entry) == steps.changed("it was written since the plan was made")
    assert path.read_bytes() == b"12"


def test_a_replaced_file_of_the_same_size_and_mtime_stays(here: Directory, tmp_path: Path, seen: Seen) -> None:
    """Another inode under the same name is another file."""
    path = tmp_path / "tree/a"
    path.write_bytes(b"old")
    entry = seen(here, "a")
    new = tmp_path / "tree/b"
    new.write_bytes(b"new")
    os.utime(new, ns=(entry.mtime_ns, entry.mtime_ns))
    os.replace(new, path)
    assert steps.delete(here, entry) == steps.changed("another file has its name now")
    assert path.read_bytes() == b"new"


def test_a_rewritten_file_with_its_mtime_set_back_stays(here: Directory, tmp_path: Path, seen: Seen) -> None:
    """The ctime cannot be set back, so `touch -r` deceives nobody."""
    path = tmp_path / "tree/a"
    path.write_bytes(b"old")
    entry = seen(here, "a")
    path.write_bytes(b"new")
    os.utime(path, ns=(entry.mtime_ns, entry.mtime_ns))
    assert steps.delete(here, entry) == steps.changed("its ctime changed since the plan was made")
    assert path.read_bytes() == b"new"


def test_a_link_goes_and_its_target_stays(here: Directory, tmp_path: Path, seen: Seen) -> None:
    """A link is a leaf; nothing is followed."""
    (tmp_path / "outside").write_bytes(b"precious")
    os.symlink(tmp_path / "outside", tmp_path / "tree/a")
    assert steps.delete(here, seen(here, "a")).outcome is Outcome.DONE
    assert (tmp_path / "outside").read_bytes() == b"precious"
    assert here.names() == []


def test_a_file_that_became_a_link_stays(here: Directory, tmp_path: Path, seen: Seen) -> None:
    """A link under a planned file's name is not that file."""
    path = tmp_path / "tree/a"
    path.touch()
    entry = seen(here, "a")
    path.unlink()
    os.symlink("/etc/passwd", path)
    assert steps.delete(here, entry) == steps.changed("it is a link now")
    assert path.is_symlink()


def test_a_file_that_became_a_directory_stays(here: Directory, tmp_path: Path, seen: Seen) -> None:
    """A directory under a planned file's name is not that file."""
    path = tmp_path / "tree/a"
    path.touch()
    entry = seen(here, "a")
    path.unlink()
    path.mkdir()
    assert steps.delete(here, entry) == steps.changed("it is a directory now")


def test_bytes_of_a_hard_link_count_with_the_last_name(here: Directory, tmp_path: Path, seen: Seen) -> None:
    """The first name of two frees nothing; removing it changes the ctime, and the second goes all the same."""
    (tmp_path / "tree/a").write_bytes(b"12345")
    os.link(tmp_path / "tree/a", tmp_path / "tree/b")
    first, second = seen(here, "a"), seen(here, "b")
    assert steps.delete(here, first) == StepResult(Outcome.DONE, 0)
    assert steps.delete(here, second) == StepResult(Outcome.DONE, 5)


def test_a_file_that_gained_a_hard_link_stays(here: Directory, tmp_path: Path, seen: Seen) -> None:
    """Somebody linked it since the plan: its ctime says so."""
    (tmp_path / "tree/a").write_bytes(b"12345")
    entry = seen(here, "a")
    os.link(tmp_path / "tree/a", tmp_path / "elsewhere")
    assert steps.delete(here, entry).outcome is Outcome.CHANGED


def test_an_empty_directory_as_planned_goes(here: Directory, tmp_path: Path, seen: Seen) -> None:
    """Its times do not count: emptying it changed them. Its permission bits are told, for whoever makes it again."""
    (tmp_path / "tree/d").mkdir()
    (tmp_path / "tree/d").chmod(0o2750)
    entry = seen(here, "d")
    (tmp_path / "tree/d/x").touch()
    (tmp_path / "tree/d/x").unlink()
    assert steps.remove_directory(here, entry) == StepResult(Outcome.DONE, mode=0o2750)
    assert here.names() == []


def test_a_directory_that_is_not_empty_stays(here: Directory, tmp_path: Path, seen: Seen) -> None:
    """What came into it since the plan is nobody's to remove."""
    (tmp_path / "tree/d").mkdir()
    entry = seen(here, "d")
    (tmp_path / "tree/d/new").touch()
    assert steps.remove_directory(here, entry) == steps.changed("it is not empty")
    assert (tmp_path / "tree/d/new").exists()


def test_another_directory_of_the_same_name_stays(here: Directory, tmp_path: Path, seen: Seen) -> None:
    """A directory is its inode."""
    (tmp_path / "tree/d").mkdir()
    entry = seen(here, "d")
    (tmp_path / "tree/other").mkdir()
    (tmp_path / "tree/d").rmdir()
    (tmp_path / "tree/other").rename(tmp_path / "tree/d")
    assert steps.remove_directory(here, entry) == steps.changed("another directory has its name now")


def test_a_directory_that_became_a_link_stays(here: Directory, tmp_path: Path, seen: Seen) -> None:
    """A link swapped in for a directory leads nowhere."""
    (tmp_path / "tree/d").mkdir()
    entry = seen(here, "d")
    (tmp_path / "tree/d").rmdir()
    os.symlink(tmp_path, tmp_path / "tree/d")
    assert steps.remove_directory(here, entry) == steps.changed("it is a link now")


def test_an_absent_directory_is_gone(here: Directory) -> None:
    """Nothing is left to do."""
    assert steps.remove_directory(here, Entry("d", EntryKind.DIRECTORY, 5)) == steps.GONE


def test_a_directory_is_made_with_its_mode(here: Directory, tmp_path: Path) -> None:
    """Whatever the umask says."""
    assert steps.create_directory(here, Entry("d", EntryKind.DIRECTORY, mode=0o775)) == steps.DONE
    assert (tmp_path / "tree/d").stat().st_mode & 0o7777 == 0o775


def test_a_directory_that_is_there_is_as_good(here: Directory, tmp_path: Path) -> None:
    """Making it twice makes it once."""
    entry = Entry("d", EntryKind.DIRECTORY)
    assert [steps.create_directory(here, entry) for _ in range(2)] == [steps.DONE, steps.DONE]


@pytest.mark.parametrize("step", [steps.create_directory, steps.create_link])
def test_a_file_in_the_way_is_left_alone(here: Directory, tmp_path: Path, step: Any) -> None:
    """Nothing is replaced."""
    (tmp_path / "tree/d").write_bytes(b"mine")
    assert step(here, Entry("d", EntryKind.LINK, target="x")).outcome is Outcome.CHANGED
    assert (tmp_path / "tree/d").read_bytes() == b"mine"


def test_a_link_is_made_once(here: Directory, tmp_path: Path) -> None:
    """One that points to the same place already is as good; one that points elsewhere is left alone."""
    entry = Entry("l", EntryKind.LINK, target="../x")
    assert [steps.create_link(here, entry) for _ in range(2)] == [steps.DONE, steps.DONE]
    assert os.readlink(tmp_path / "tree/l") == "../x"
    other = Entry("l", EntryKind.LINK, target="../y")
    assert steps.create_link(here, other) == steps.changed("something else has its name")


def test_only_the_link_of_the_layout_is_removed(here: Directory, tmp_path: Path) -> None:
    """A link that points elsewhere, or a file, was put there by somebody."""
    os.symlink("../x", tmp_path / "tree/l")
    wrong = steps.changed("it is not the link that the layout made")
    assert steps.remove_link(here, Entry("l", EntryKind.LINK, target="../y")) == wrong
    assert steps.remove_link(here, Entry("l", EntryKind.LINK, target="../x")) == steps.DONE
    assert steps.remove_link(here, Entry("l", EntryKind.LINK, target="../x")) == steps.GONE
    (tmp_path / "tree/l").touch()
    assert steps.remove_link(here, Entry("l", EntryKind.LINK, target="../x")) == wrong


def test_a_failure_without_a_number_keeps_its_text() -> None:
    """Every failure has a cause."""
    assert steps.failed(OSError("odd")) == StepResult(Outcome.FAILED, cause="odd")
