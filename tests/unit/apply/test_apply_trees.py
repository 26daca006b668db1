"""Removing a whole directory through handles."""

import errno
import os
from pathlib import Path

import pytest
from other_users import give_away, immutable, ordinary_user

from rules_engine.apply.trees import remove_tree
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.root import Root

DEPTH = 3_000


def make_deep(top: Path, depth: int = DEPTH) -> None:
    """A directory `deep` below `top` with that many below each other, and a file in the last."""
    (top / "deep").mkdir()
    fd = os.open(top / "deep", os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=fd)
        below = os.open("d", os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    os.close(os.open("last", os.O_CREAT | os.O_WRONLY, dir_fd=fd))
    os.close(fd)


def test_a_directory_goes_with_everything_below_it(here: Directory, tmp_path: Path) -> None:
    """Files and links are counted; what lies beside it stays."""
    top = tmp_path / "tree"
    (top / "a/b/c").mkdir(parents=True)
    (top / "a/empty").mkdir()
    for path in ("a/1", "a/b/2", "a/b/c/3", "beside"):
        (top / path).write_bytes(b"123")
    (top / "a/link").symlink_to("b")
    assert remove_tree(here, "a") == (4, 9)
    assert here.names() == ["beside"]


def test_what_is_not_there_is_fine(here: Directory) -> None:
    """Killed after the removal, the next attempt finds nothing to do."""
    assert remove_tree(here, "a") == (0, 0)


def test_a_file_or_link_goes_by_itself(here: Directory, tmp_path: Path) -> None:
    """What a link leads to stays, and a link has no bytes to give back."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/kept").touch()
    (tmp_path / "tree/link").symlink_to(tmp_path / "outside")
    (tmp_path / "tree/file").write_bytes(b"123")
    assert remove_tree(here, "link") == (1, 0)
    assert remove_tree(here, "file") == (1, 3)
    assert (tmp_path / "outside/kept").exists()


def test_a_link_inside_is_never_followed(here: Directory, tmp_path: Path) -> None:
    """Neither to a directory outside nor to one above."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/kept").touch()
    (tmp_path / "tree/a").mkdir()
    (tmp_path / "tree/a/out").symlink_to(tmp_path / "outside")
    (tmp_path / "tree/a/up").symlink_to("..")
    remove_tree(here, "a")
    assert (tmp_path / "outside/kept").exists()
    assert here.names() == []


def test_a_tree_of_three_thousand_levels_goes(here: Directory, tmp_path: Path) -> None:
    """No recursion, no more handles than a process may have, and no path that is too long."""
    make_deep(tmp_path / "tree")
    assert remove_tree(here, "deep") == (1, 0)
    assert here.names() == []


def test_names_are_bytes(here: Directory, tmp_path: Path) -> None:
    """A name need not be text."""
    raw = os.fsencode(tmp_path / "tree")
    os.makedirs(raw + b"/a/\xff\xfe/\n")
    Path(os.fsdecode(raw + b"/a/\xff\xfe/\n/\xe9")).touch()
    assert remove_tree(here, "a") == (1, 0)
    assert here.names() == []


def test_bytes_come_back_with_the_last_name_of_a_file(here: Directory, tmp_path: Path) -> None:
    """A name outside holds them; two names inside are one file."""
    top = tmp_path / "tree"
    (top / "a/b").mkdir(parents=True)
    (top / "outside").write_bytes(b"12345")
    os.link(top / "outside", top / "a/inside")
    (top / "a/one").write_bytes(b"123")
    os.link(top / "a/one", top / "a/two")
    os.link(top / "a/one", top / "a/b/three")
    assert remove_tree(here, "a") == (4, 3)
    assert (top / "outside").read_bytes() == b"12345"


def test_what_cannot_be_removed_is_named(here: Directory, tmp_path: Path) -> None:
    """The path below the parent tells where it stopped."""
    (tmp_path / "tree/a/b").mkdir(parents=True)
    (tmp_path / "tree/a/b/fixed").touch()
    with immutable(tmp_path / "tree/a/b/fixed"), pytest.raises(PermissionError) as refused:
        remove_tree(here, "a")
    assert (refused.value.errno, refused.value.filename) == (errno.EPERM, "a/b/fixed")
    assert remove_tree(here, "a") == (1, 0)


def test_a_closed_directory_stops_it_by_name(root: Root) -> None:
    """What may not be listed is not taken for empty."""
    top = Path(root.path)
    (top / "a/closed").mkdir(parents=True)
    (top / "a/closed/x").touch()
    give_away(root)
    (top / "a/closed").chmod(0)
    with ordinary_user(), pytest.raises(PermissionError) as refused:
        remove_tree(root.directory, "a")
    assert refused.value.filename == "a/closed"
    (top / "a/closed").chmod(0o700)
    assert (top / "a/closed/x").exists()
