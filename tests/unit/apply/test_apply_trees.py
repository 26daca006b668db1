"""Removing a whole directory through handles."""

import errno
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from other_users import IS_ROOT, give_away, immutable, ordinary_user

from rules_engine.apply import trees
from rules_engine.apply.trees import Descent, remove_tree
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.root import Root
from rules_engine.values.paths import RelPath

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


def test_what_cannot_be_removed_is_named_and_the_rest_goes(here: Directory, tmp_path: Path) -> None:
    """The first of several; the directories above it stay with it."""
    for path in ("a/b/fixed", "a/b/x", "a/c/x", "a/x"):
        (tmp_path / "tree" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / path).touch()
    with immutable(tmp_path / "tree/a/b/fixed"), pytest.raises(PermissionError) as refused:
        remove_tree(here, "a")
    assert (refused.value.errno, refused.value.filename) == (errno.EPERM, "a/b/fixed")
    assert sorted(path.name for path in (tmp_path / "tree").rglob("*")) == ["a", "b", "fixed"]
    assert remove_tree(here, "a") == (1, 0)


def test_a_closed_directory_is_named(root: Root) -> None:
    """What may not be listed is not taken for empty, and what may not be entered not for gone."""
    top = Path(root.path)
    (top / "a/closed").mkdir(parents=True)
    (top / "a/closed/x").touch()
    give_away(root)
    for mode, name in ((0, "a/closed"), (0o400, "a/closed/x"), (0o500, "a/closed/x")):
        (top / "a/closed").chmod(mode)
        with ordinary_user(), pytest.raises(PermissionError) as refused:
            remove_tree(root.directory, "a")
        assert refused.value.filename == name
        (top / "a/closed").chmod(0o700)
        assert (top / "a/closed/x").exists()


def test_what_is_swapped_while_it_is_removed_is_not_followed(here: Directory, tmp_path: Path) -> None:
    """A directory that became a link, and one that went, after their parent was listed."""
    top = tmp_path / "tree"
    for path in ("a/1", "a/2", "outside"):
        (top / path).mkdir(parents=True)
    (top / "outside/kept").touch()
    with closing(Descent(here)) as way:
        way.enter("a")
        way.pending.extend(["2", "1"])
        (top / "a/1").rmdir()
        (top / "a/1").symlink_to(top / "outside")
        (top / "a/2").rmdir()
        with pytest.raises(OSError, match=r"symbolic|directory"):
            way.enter(way.pending.pop())
        with pytest.raises(FileNotFoundError):
            way.enter(way.pending.pop())
        assert (way.path(), way.depth, way.leave()) == ("a", 1, "a")
    assert (top / "outside/kept").exists()


def test_a_directory_that_was_exchanged_far_above_is_noticed(here: Directory, tmp_path: Path) -> None:
    """Handles far up are given back; who comes back there looks whether it is the same directory."""
    make_deep(tmp_path / "tree", 100)
    with closing(Descent(here)) as way:
        way.enter("deep")
        for _ in range(100):
            way.enter("d")
        (tmp_path / "tree/deep").rename(tmp_path / "tree/old")
        make_deep(tmp_path / "tree", 100)
        for _ in range(64):
            way.leave()
        with pytest.raises(OSError, match="another directory"):
            way.here()


@pytest.mark.parametrize("kind", ["tmpfs", "bind"])
def test_a_mount_inside_is_not_entered(root: Root, kind: str) -> None:
    """What is mounted stays, and so do the directories above it; the rest goes."""
    top = Path(root.path)
    for path in ("a/m", "source"):
        (top / path).mkdir(parents=True)
    for path in ("a/x", "source/kept"):
        (top / path).touch()
    mount = f"mount --bind {top}/source {top}/a/m" if kind == "bind" else f"mount -t tmpfs none {top}/a/m"
    script = (
        "import errno, sys\n"
        "from rules_engine.apply.trees import remove_tree\n"
        "from rules_engine.filesystem.directory import Directory\n"
        "with Directory.open_root(sys.argv[1]) as here:\n"
        "    try:\n"
        "        remove_tree(here, 'a')\n"
        "    except OSError as err:\n"
        "        print(errno.errorcode[err.errno], err.filename, here.open('a').names())\n"
    )
    asked = ["unshare", "--mount", *([] if IS_ROOT else ["--map-root-user"]), "sh", "-c"]
    if subprocess.run([*asked, mount], check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount")
    command = [*asked, f'{mount} && exec "$0" -c "$1" {top}', sys.executable, script]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("EXDEV a/m ['m']\n", "")
    assert (top / "source/kept").exists()


def test_a_directory_that_cannot_be_listed_stays(
    here: Directory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fails in one place does not stop the rest."""
    for path in ("a/b/x", "a/c/x"):
        (tmp_path / "tree" / path).parent.mkdir(parents=True)
        (tmp_path / "tree" / path).touch()
    calls = iter(range(9))
    read = trees.read_listing

    def fails_once(directory: Directory, path: RelPath, make: Any) -> Any:
        if next(calls) == 1:
            raise OSError(errno.EIO, "Input/output error")
        return read(directory, path, make)

    monkeypatch.setattr(trees, "read_listing", fails_once)
    with pytest.raises(OSError, match="Input/output") as refused:
        remove_tree(here, "a")
    assert refused.value.filename == "a/b"
    assert sorted(path.name for path in (tmp_path / "tree").rglob("*")) == ["a", "b", "x"]
