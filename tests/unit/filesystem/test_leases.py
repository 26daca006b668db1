import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from other_users import IS_ROOT, ordinary_user

from rules_engine.errors import InvalidValueError
from rules_engine.filesystem import linux
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.leases import Asker, Use, is_locked


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Directory]:
    """A directory with one file."""
    (tmp_path / "f").write_bytes(b"123")
    # The ordinary user that some tests become may look at it.
    tmp_path.chmod(0o755)
    with Directory.open_root(str(tmp_path)) as directory:
        yield directory


def use_of(here: Directory, name: str, inode: int | None = None) -> Use:
    """What is told of an entry that is still the same one."""
    found = here.stat(name)
    return Asker(here).use_of(here, name, inode if inode is not None else found.inode if found is not None else 0)


def test_a_file_that_nobody_uses_is_free_however_often_one_asks(here: Directory) -> None:
    """Asking leaves nothing behind: no lease, no lock, no time of access."""
    before = os.stat("f", dir_fd=here.fd)
    assert [use_of(here, "f") for _ in range(3)] == [Use.FREE] * 3
    after = os.stat("f", dir_fd=here.fd)
    assert (after.st_atime_ns, after.st_ctime_ns) == (before.st_atime_ns, before.st_ctime_ns)


def test_a_file_that_this_process_has_open_is_open(here: Directory, tmp_path: Path) -> None:
    """A library asks of files that its own caller reads, too."""
    with (tmp_path / "f").open("rb"):
        assert use_of(here, "f") is Use.OPEN
    assert use_of(here, "f") is Use.FREE


def test_a_locked_file_is_locked_until_it_is_let_go(here: Directory, tmp_path: Path) -> None:
    """A shared lock counts as much as an exclusive one."""
    with (tmp_path / "f").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        assert use_of(here, "f") is Use.LOCKED


def test_another_file_under_the_name_is_told(here: Directory) -> None:
    """What was replaced between the look and the question is not answered for."""
    assert use_of(here, "f", inode=1) is Use.ANOTHER


@pytest.mark.parametrize("kind", ["fifo", "link", "loop"])
def test_what_was_put_in_its_place_is_neither_followed_nor_waited_for(
    here: Directory, tmp_path: Path, kind: str
) -> None:
    """The open of a FIFO would wait for a writer for ever, and a link could lead anywhere."""
    if kind == "fifo":
        os.mkfifo(tmp_path / "x")
    else:
        (tmp_path / "x").symlink_to("f" if kind == "link" else "x")
    assert use_of(here, "x") is Use.ANOTHER


def test_a_file_that_is_gone_is_not_there(here: Directory) -> None:
    """The caller says what that means."""
    with pytest.raises(FileNotFoundError):
        use_of(here, "gone")


def test_a_name_is_one_name(here: Directory) -> None:
    """No path leads out of the directory."""
    with pytest.raises(InvalidValueError):
        use_of(here, "../f")


def test_a_file_that_we_may_not_read_cannot_be_told(here: Directory, tmp_path: Path) -> None:
    """Without an open file there is nothing to ask."""
    (tmp_path / "f").chmod(0)
    inode = (tmp_path / "f").stat().st_ino
    with ordinary_user():
        assert use_of(here, "f", inode) is Use.UNKNOWN


@pytest.mark.skipif(not IS_ROOT, reason="only the superuser can make a file another user's")
def test_a_file_of_another_user_cannot_be_told(here: Directory) -> None:
    """A lease is for the owner of the file, and a held lock is seen all the same."""
    with ordinary_user():
        assert use_of(here, "f") is Use.UNKNOWN
        with os.fdopen(os.open("f", os.O_RDONLY, dir_fd=here.fd)) as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            assert use_of(here, "f") is Use.LOCKED


def test_no_lease_is_believed_where_other_hosts_may_have_the_file_open(
    here: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a network filesystem a lease says nothing of processes elsewhere."""
    monkeypatch.setattr(linux, "is_shared_by_hosts", lambda _fd: True)
    assert use_of(here, "f") is Use.UNKNOWN


def test_a_system_without_leases_cannot_tell(here: Directory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Locks are asked for all the same."""
    monkeypatch.delattr(fcntl, "F_SETLEASE", raising=False)
    assert use_of(here, "f") is Use.UNKNOWN


def test_another_error_of_the_system_is_raised(here: Directory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fails is no answer."""

    def fail(*_: object, **__: object) -> int:
        raise OSError(errno.EIO, "Input/output error")

    inode = os.stat("f", dir_fd=here.fd).st_ino
    asker = Asker(here)
    monkeypatch.setattr(os, "open", fail)
    with pytest.raises(OSError, match="Input/output"):
        asker.use_of(here, "f", inode)


def test_a_disk_of_this_host_is_its_own(here: Directory) -> None:
    """The type of the filesystem says so."""
    assert not linux.is_shared_by_hosts(here.fd)


def test_a_lock_on_a_directory_is_seen(here: Directory, tmp_path: Path) -> None:
    """And asking for it does not keep it."""
    assert not is_locked(here)
    held = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    assert is_locked(here)
    os.close(held)
    assert not is_locked(here)


def test_a_filesystem_without_locks_has_none(monkeypatch: pytest.MonkeyPatch, here: Directory) -> None:
    """What cannot be asked is asked of the lease."""

    def refuse(_fd: int, _how: int) -> None:
        raise OSError(errno.EBADF, "Bad file descriptor")

    monkeypatch.setattr(fcntl, "flock", refuse)
    assert not is_locked(here)
    assert use_of(here, "f") is Use.FREE
