import errno
import os
import stat
from pathlib import Path

import pytest

from rules_engine.errors import InvalidValueError
from rules_engine.filesystem.directory import Directory
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import EntryKind


def test_every_kind_of_entry_is_told_without_following_it(here: Directory, tmp_path: Path) -> None:
    """A file, a link, a directory and a FIFO are what they are; what is not there is None."""
    (tmp_path / "file").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("/etc")
    (tmp_path / "below").mkdir()
    os.mkfifo(tmp_path / "pipe")
    kinds = {name: status.kind for name, status in here.entries() if not isinstance(status, OSError)}
    assert kinds == {
        "below": EntryKind.DIRECTORY,
        "file": EntryKind.FILE,
        "link": EntryKind.LINK,
        "pipe": EntryKind.OTHER,
    }
    found = here.stat("file")
    assert found is not None
    assert (found.size, found.nlink, found.is_mount) == (3, 1, False)
    assert here.stat("nothing") is None


def test_names_come_in_byte_order(here: Directory, tmp_path: Path) -> None:
    """The order is that of bytes, also where a name is not UTF-8."""
    for name in (b"b", b"a", b"\xff", "é".encode(), b"B"):
        (tmp_path / os.fsdecode(name)).touch()
    assert here.names() == ["B", "a", "b", "é", "\udcff"]


@pytest.mark.parametrize("name", ["", ".", "..", "a/", "a/b", "a\0b", "link/"])
def test_what_is_not_one_component_is_refused(here: Directory, name: str) -> None:
    """Every method refuses it: `link/` would be followed, whatever the flags say."""
    for call in (here.stat, here.unlink, here.remove_directory, here.make_directory, here.read_link, here.append_to):
        with pytest.raises(InvalidValueError):
            call(name)
    with pytest.raises(InvalidValueError):
        here.rename_new("a", here, name)
    with pytest.raises(InvalidValueError):
        here.write_file(name, b"")


def test_a_rename_never_replaces(here: Directory, tmp_path: Path) -> None:
    """A file, an empty directory and a dangling link at the target all stay, and so does the source."""
    (tmp_path / "source").write_text("kept")
    (tmp_path / "file").write_text("there")
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("nowhere")
    for target in ("file", "empty", "link"):
        with pytest.raises(FileExistsError):
            here.rename_new("source", here, target)
    assert (tmp_path / "file").read_text() == "there"
    assert (tmp_path / "source").read_text() == "kept"


def test_a_rename_moves_files_and_links_themselves(here: Directory, tmp_path: Path) -> None:
    """What moves to a free name is the entry; a link is not followed."""
    (tmp_path / "to").mkdir()
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to("file")
    with here.open(RelPath("to")) as to:
        here.rename_new("file", to, "moved")
        here.rename_new("link", to, "moved-link")
        assert to.read_link("moved-link") == "file"
    assert (tmp_path / "to/moved").read_text() == "x"
    assert here.names() == ["to"]


def test_a_directory_moves_whole_or_not_at_all(here: Directory, tmp_path: Path, portable: bool) -> None:
    """Where there is no rename that refuses to replace, a directory is not moved."""
    (tmp_path / "below").mkdir()
    if portable:
        with pytest.raises(PermissionError):
            here.rename_new("below", here, "moved")
        assert here.names() == ["below"]
    else:
        here.rename_new("below", here, "moved")
        assert here.names() == ["moved"]


def test_links_and_directories_are_made_and_removed(here: Directory) -> None:
    """What was made is there as asked for, the mode past the umask; what was removed is gone."""
    here.make_directory("plain")
    here.make_directory("shared", 0o2775)
    here.make_link("link", "shared")
    made = here.stat("shared")
    assert made is not None
    assert made.mode == 0o2775
    assert here.read_link("link") == "shared"
    for name in ("plain", "shared"):
        here.remove_directory(name)
    here.unlink("link")
    assert here.names() == []


def test_a_state_file_is_written_whole_or_not_at_all(here: Directory, tmp_path: Path) -> None:
    """A second write replaces the first, nothing else is left, and only the owner can read it."""
    here.write_file("state", b"one")
    here.write_file("state", b"two", durable=False)
    assert here.read_file("state", limit=3) == b"two"
    assert here.names() == ["state"]
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o600


def test_a_failed_write_leaves_nothing_behind(here: Directory, tmp_path: Path) -> None:
    """When the rename is impossible, what was written aside goes again."""
    (tmp_path / "state").mkdir()
    with pytest.raises(IsADirectoryError):
        here.write_file("state", b"x")
    assert here.names() == ["state"]


def test_state_of_a_shared_directory_is_shared(here: Directory, tmp_path: Path) -> None:
    """Below a directory of a group, files are the group's to write."""
    here.make_directory("state", 0o2770)
    with here.open(RelPath("state")) as state:
        state.create_file("file", b"")
        os.close(state.append_to("log"))
        assert state.state_mode() == 0o2770
    assert stat.S_IMODE((tmp_path / "state/file").stat().st_mode) == 0o660
    assert stat.S_IMODE((tmp_path / "state/log").stat().st_mode) == 0o660


def test_only_a_regular_file_of_reasonable_size_is_read(here: Directory, tmp_path: Path) -> None:
    """A FIFO does not hang, a link is not followed, and a file over the limit is an error."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "big").write_bytes(b"1234")
    (tmp_path / "link").symlink_to("big")
    for name, code in (("pipe", errno.EINVAL), ("big", errno.EFBIG), ("link", errno.ELOOP)):
        with pytest.raises(OSError) as caught:  # noqa: PT011 - the errno is the claim
            here.read_file(name, limit=3)
        assert caught.value.errno == code


def test_replacing_is_for_state_files(here: Directory, tmp_path: Path) -> None:
    """`replace` puts one file in the place of another."""
    (tmp_path / "new").write_text("new")
    (tmp_path / "old").write_text("old")
    here.replace("new", here, "old")
    assert (tmp_path / "old").read_text() == "new"


def test_a_closed_handle_can_be_closed_again(tmp_path: Path) -> None:
    """Closing twice closes nobody else's descriptor."""
    directory = Directory.open_root(str(tmp_path))
    directory.close()
    directory.close()
    assert directory.fd == -1


def test_syncing_makes_names_durable(here: Directory) -> None:
    """Both ways of making things durable work on an open directory."""
    here.write_file("file", b"x")
    here.sync()
    here.sync_filesystem()
    assert here.status().kind is EntryKind.DIRECTORY
