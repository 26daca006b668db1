import errno
import os
from pathlib import Path

import pytest

from rules_engine.errors import InvalidValueError
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.removing import Removed, remove_seen
from rules_engine.filesystem.status import Status
from rules_engine.plan.model import Entry
from rules_engine.values.vocabulary import EntryKind


@pytest.fixture
def here(tmp_path: Path) -> Directory:
    """A directory with the files `a` to `d` of one byte each."""
    for name in "abcd":
        (tmp_path / name).write_bytes(b"1")
    return Directory.open_root(str(tmp_path))


def entries(here: Directory, *names: str) -> list[Entry]:
    """What is seen of them now."""
    found = [(name, here.stat(name)) for name in names]
    return [
        Entry(name, one.kind, one.inode, one.size, one.mtime_ns, one.ctime_ns, one.nlink)
        for name, one in found
        if isinstance(one, Status)
    ]


def go_on() -> bool:
    """Never stop."""
    return False


def test_what_was_seen_goes(here: Directory) -> None:
    """With the bytes that the disk gets back."""
    assert remove_seen(here, entries(here, "a", "b"), go_on) == Removed(2, 2, None)
    assert here.names() == ["c", "d"]


@pytest.mark.parametrize("change", ["written", "touched", "replaced", "gone", "link", "directory", "mode"])
def test_it_ends_before_what_is_not_what_was_seen(here: Directory, tmp_path: Path, change: str) -> None:
    """Whatever differs: nothing of it is touched, nor what comes after it."""
    seen, path = entries(here, "a", "b", "c"), tmp_path / "b"
    match change:
        case "written":
            path.write_bytes(b"12")
        case "touched":
            os.utime(path, ns=(1, 1))
        case "replaced":
            (tmp_path / "new").write_bytes(b"1")
            (tmp_path / "new").replace(path)
        case "mode":
            # Of which only the ctime tells.
            path.chmod(0o600)
        case _:
            path.unlink()
    if change == "link":
        path.symlink_to("a")
    if change == "directory":
        path.mkdir()
    assert remove_seen(here, seen, go_on) == Removed(1, 1, None)
    assert here.names() == (["c", "d"] if change == "gone" else ["b", "c", "d"])


def test_only_files_go_and_only_where_a_file_was_seen(here: Directory, tmp_path: Path) -> None:
    """A link is a step of its own; so is an entry that says it is something else."""
    (tmp_path / "l").symlink_to("a")
    assert remove_seen(here, entries(here, "l"), go_on) == Removed(0, 0, None)
    [file] = entries(here, "a")
    other = Entry(file.name, EntryKind.OTHER, file.inode, file.size, file.mtime_ns, file.ctime_ns)
    assert remove_seen(here, [other], go_on) == Removed(0, 0, None)
    assert "a" in here.names()


def test_a_file_with_another_name_frees_nothing(here: Directory, tmp_path: Path) -> None:
    """Its ctime moves with every name that goes, and says nothing."""
    os.link(tmp_path / "a", tmp_path / "z")
    seen = entries(here, "a", "z")
    assert remove_seen(here, seen, go_on) == Removed(2, 1, None)


def test_it_ends_at_what_the_system_refuses(here: Directory, tmp_path: Path) -> None:
    """And says why; what went before counts."""
    seen = entries(here, "a", "b")
    here.close()
    there = Directory.open_root(str(tmp_path))
    there.close()
    there.fd = os.open("/dev/null", os.O_RDONLY)
    try:
        found = remove_seen(there, seen, go_on)
    finally:
        there.close()
    assert (found.files, found.error is not None and found.error.errno) == (0, errno.ENOTDIR)


def test_it_ends_where_it_is_asked_to(here: Directory) -> None:
    """After a file, never before the first."""
    assert remove_seen(here, entries(here, "a", "b"), lambda: True) == Removed(1, 1, None)


@pytest.mark.parametrize("name", ["", ".", "..", "x/y", "x\0y"])
def test_no_name_leads_anywhere_else(here: Directory, name: str) -> None:
    """One that does is refused before the first file goes."""
    seen = [*entries(here, "a"), Entry(name, EntryKind.FILE)]
    with pytest.raises(InvalidValueError, match="is not the name of one directory entry"):
        remove_seen(here, seen, go_on)
    assert "a" in here.names()
