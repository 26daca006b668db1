"""What the kernel tells of a directory that is watched, and when it is not relied on."""

import os
import resource
from pathlib import Path

import pytest

from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.watch import Watch, watch

MORE_THAN_ARE_REMEMBERED = 10_000


def watched(path: Path) -> Watch:
    """A watch on a directory, which somebody else had open meanwhile."""
    with Directory.open_root(str(path)) as here:
        found = watch(here)
    assert found is not None
    return found


def test_each_entry_to_which_something_happened_is_told_once(tmp_path: Path) -> None:
    """A line more, a new one, another in its place, other permissions, and that it is gone; and nothing else."""
    for name in "abcdefgh":
        (tmp_path / name).write_bytes(b"1")
    found = watched(tmp_path)
    assert found.names() == set()
    with (tmp_path / "a").open("ab") as log:
        log.write(b"2")
        log.write(b"3")
    (tmp_path / "new").touch()
    (tmp_path / "aside").touch()
    (tmp_path / "aside").replace(tmp_path / "b")
    (tmp_path / "c").chmod(0o600)
    (tmp_path / "d").unlink()
    os.utime(tmp_path / "e")
    os.truncate(tmp_path / "f", 0)
    (tmp_path / "g").read_bytes()
    assert found.names() == {*"abcdef", "new", "aside"}
    assert found.names() == set()


def test_a_file_that_was_open_before_is_told_of(tmp_path: Path) -> None:
    """A job that runs holds its log open all the time."""
    with (tmp_path / "log").open("ab", buffering=0) as log:
        found = watched(tmp_path)
        log.write(b"1")
        assert found.names() == {"log"}


def test_a_name_that_is_no_text_is_told(tmp_path: Path) -> None:
    """As Python writes it."""
    found = watched(tmp_path)
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff")).touch()
    assert found.names() == {"\udcff"}


@pytest.mark.parametrize("change", ["moved", "removed", "forbidden"])
def test_what_happens_to_the_directory_itself_leaves_all_open(tmp_path: Path, change: str) -> None:
    """Another may stand in its place, or it may be closed to us."""
    there = tmp_path / "there"
    there.mkdir()
    found = watched(there)
    match change:
        case "moved":
            there.rename(tmp_path / "elsewhere")
        case "removed":
            there.rmdir()
        case _:
            there.chmod(0)
    assert found.names() is None


def test_events_that_were_lost_leave_all_open(tmp_path: Path) -> None:
    """The kernel keeps so many, and says that there were more."""
    found = watched(tmp_path)
    for number in range(MORE_THAN_ARE_REMEMBERED):
        (tmp_path / str(number)).touch()
        (tmp_path / str(number)).unlink()
    assert found.names() is None
    while found.names() is None:
        pass
    (tmp_path / "next").touch()
    assert found.names() == {"next"}


def test_events_that_cannot_be_read_leave_all_open(tmp_path: Path) -> None:
    """Here they are no events at all."""
    assert Watch(os.open(tmp_path, os.O_RDONLY)).names() is None


def test_where_other_hosts_may_write_nothing_is_watched(tmp_path: Path) -> None:
    """The kernel does not hear of them; of a few types of filesystem it is known, and `/proc` is none of them."""
    with Directory.open_root("/proc") as here:
        assert watch(here) is None
    with Directory.open_root(str(tmp_path), portable=True) as here:
        assert watch(here) is None


def test_without_a_handle_nothing_is_watched(tmp_path: Path) -> None:
    """Each process has so many, and each user so many watches."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with Directory.open_root(str(tmp_path)) as here:
        assert watch(here) is not None
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
        try:
            assert watch(here) is None
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
