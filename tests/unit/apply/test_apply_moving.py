import errno
import os
import stat
from pathlib import Path

import pytest

from rules_engine.apply.model import Outcome
from rules_engine.apply.moving import TAKEN, move
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.files import copy_file, set_mode
from rules_engine.plan.model import Entry
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import EntryKind


class OddVolume(Directory):
    """A directory on a volume that refuses to rename from one directory to another."""

    refusal = errno.EPERM
    closed_to_removal = False

    def rename_new(self, name: str, to: Directory, new_name: str) -> None:
        """Refuse it between directories."""
        if to.fd != self.fd:
            raise OSError(self.refusal, os.strerror(self.refusal))
        super().rename_new(name, to, new_name)

    def unlink(self, name: str) -> None:
        """Refuse it where the test says so."""
        if self.closed_to_removal:
            raise PermissionError(errno.EACCES, "no")
        super().unlink(name)


class NoNames(Directory):
    """A directory that has no room for another name."""

    def rename_new(self, name: str, to: Directory, new_name: str) -> None:
        """Refuse every rename."""
        raise OSError(errno.ENOSPC, "No space", f"{name} {to.fd} {new_name}")


def at(top: Path, name: str, kind: type[Directory] = Directory) -> Directory:
    """A handle on `top/name`."""
    (top / name).mkdir(exist_ok=True)
    with Directory.open_root(str(top)) as root:
        found = root.open(RelPath(name))
        return kind(found.fd, found._opener)


def entry_of(path: Path) -> Entry:
    """The entry that a step on `path` has."""
    found = path.lstat()
    return Entry(path.name, EntryKind.FILE, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def clip(top: Path, text: str = "clip") -> Path:
    """A file in `top/here`."""
    (top / "here").mkdir(exist_ok=True)
    path = top / "here/clip.mkv"
    path.write_text(text)
    return path


def test_a_file_moves_by_one_rename(tmp_path: Path) -> None:
    """The same file, under its new name."""
    path = clip(tmp_path)
    before = path.stat()
    with at(tmp_path, "here") as here, at(tmp_path, "there") as there:
        result = move(here, entry_of(path), there, "new.mkv", announce=pytest.fail)
    assert result.outcome is Outcome.DONE
    assert (tmp_path / "there/new.mkv").stat().st_ino == before.st_ino


def test_a_taken_name_is_never_replaced(tmp_path: Path) -> None:
    """Neither by a rename nor by a copy."""
    path = clip(tmp_path)
    (tmp_path / "there").mkdir()
    (tmp_path / "there/new.mkv").write_text("old")
    for kind in (Directory, OddVolume):
        with at(tmp_path, "here", kind) as here, at(tmp_path, "there") as there:
            assert move(here, entry_of(path), there, "new.mkv", announce=pytest.fail) == TAKEN
    assert (tmp_path / "there/new.mkv").read_text() == "old"
    assert path.exists()


def test_another_file_than_was_seen_stays(tmp_path: Path) -> None:
    """Gone, or written since."""
    path = clip(tmp_path)
    seen = entry_of(path)
    path.write_text("longer than before")
    with at(tmp_path, "here") as here, at(tmp_path, "there") as there:
        assert move(here, seen, there, "new.mkv", announce=pytest.fail).outcome is Outcome.CHANGED
        path.unlink()
        assert move(here, seen, there, "new.mkv", announce=pytest.fail).outcome is Outcome.GONE


@pytest.mark.parametrize("refusal", [errno.EPERM, errno.EXDEV, errno.EOPNOTSUPP])
def test_where_a_volume_refuses_the_rename_the_file_is_copied(tmp_path: Path, refusal: int) -> None:
    """Whole before it has its name, with its bits and times; the old one goes last."""
    path = clip(tmp_path)
    path.chmod(0o640)
    os.utime(path, ns=(10**18, 10**18))
    announced: list[str] = []
    with at(tmp_path, "here", OddVolume) as here, at(tmp_path, "there") as there:
        here.refusal = refusal  # type: ignore[attr-defined]
        result = move(here, entry_of(path), there, "new.mkv", announce=announced.append)
    found = tmp_path / "there/new.mkv"
    assert result.outcome is Outcome.DONE
    assert (found.read_text(), path.exists()) == ("clip", False)
    assert (stat.S_IMODE(found.stat().st_mode), found.stat().st_mtime_ns) == (0o640, 10**18)
    assert [(name[0], name[-5:]) for name in announced] == [(".", ".part")]
    assert os.listdir(tmp_path / "there") == ["new.mkv"]


def test_another_refusal_is_passed_on(tmp_path: Path) -> None:
    """A disk that is read-only takes no copy either."""
    path = clip(tmp_path)
    with at(tmp_path, "here", OddVolume) as here, at(tmp_path, "there") as there:
        here.refusal = errno.EROFS  # type: ignore[attr-defined]
        with pytest.raises(OSError, match="Read-only"):
            move(here, entry_of(path), there, "new.mkv", announce=pytest.fail)


@pytest.mark.parametrize("what", ["written", "gone"])
def test_a_file_that_changes_while_it_is_copied_is_not_moved(tmp_path: Path, what: str) -> None:
    """The copy may be half of each, so it goes."""
    path = clip(tmp_path)

    def meanwhile(_name: str) -> None:
        # `announce` comes between the first look and the copy.
        path.write_text("something else")

    def vanish(_name: str) -> None:
        path.rename(tmp_path / "elsewhere")

    with at(tmp_path, "here", OddVolume) as here, at(tmp_path, "there") as there:
        if what == "written":
            result = move(here, entry_of(path), there, "new.mkv", announce=meanwhile)
            assert (result.outcome, path.read_text()) == (Outcome.CHANGED, "something else")
        else:
            with pytest.raises(FileNotFoundError):
                move(here, entry_of(path), there, "new.mkv", announce=vanish)
    assert os.listdir(tmp_path / "there") == []


def test_a_name_that_is_taken_while_a_file_is_copied_stays_the_others(tmp_path: Path) -> None:
    """The copy goes, the file keeps its old name."""
    path = clip(tmp_path)
    (tmp_path / "there").mkdir()

    def meanwhile(_name: str) -> None:
        (tmp_path / "there/new.mkv").write_text("other")

    with at(tmp_path, "here", OddVolume) as here, at(tmp_path, "there") as there:
        assert move(here, entry_of(path), there, "new.mkv", announce=meanwhile) == TAKEN
    assert (tmp_path / "there/new.mkv").read_text() == "other"
    assert (os.listdir(tmp_path / "there"), path.exists()) == (["new.mkv"], True)


def test_a_copy_that_cannot_get_its_name_goes(tmp_path: Path) -> None:
    """The target's volume refuses every rename; the file keeps its old name."""
    path = clip(tmp_path)
    with (
        at(tmp_path, "here", OddVolume) as here,
        at(tmp_path, "there", NoNames) as there,
        pytest.raises(OSError, match="No space"),
    ):
        move(here, entry_of(path), there, "new.mkv", announce=lambda _name: None)
    assert (os.listdir(tmp_path / "there"), path.exists()) == ([], True)


def test_an_old_name_that_cannot_go_does_not_undo_the_move(tmp_path: Path) -> None:
    """The file has its new name, and the old one still belongs to its job."""
    path = clip(tmp_path)
    with at(tmp_path, "here", OddVolume) as here, at(tmp_path, "there") as there:
        here.closed_to_removal = True  # type: ignore[attr-defined]
        assert move(here, entry_of(path), there, "new.mkv", announce=lambda _name: None).outcome is Outcome.DONE
    assert (tmp_path / "there/new.mkv").read_text() == "clip"
    assert path.exists()


def test_a_copy_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """A directory cannot be read as a file."""
    (tmp_path / "here/sub").mkdir(parents=True)
    with at(tmp_path, "here") as here, at(tmp_path, "there") as there, pytest.raises(IsADirectoryError):
        copy_file(here, "sub", there, "new.mkv")
    assert os.listdir(tmp_path / "there") == []


def test_permission_bits_are_set_through_no_link(tmp_path: Path) -> None:
    """A link is refused, a file gets exactly these bits."""
    path = clip(tmp_path)
    (tmp_path / "here/link").symlink_to("clip.mkv")
    with at(tmp_path, "here") as here:
        set_mode(here, "clip.mkv", 0o604)
        assert stat.S_IMODE(path.stat().st_mode) == 0o604
        with pytest.raises(OSError, match="symbolic links"):
            set_mode(here, "link", 0o777)
