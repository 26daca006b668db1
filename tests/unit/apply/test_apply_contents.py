"""What a directory holds now, and what of it keeps all of it."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from apply_world import contents_of, fill
from other_users import IS_ROOT, give_away, ordinary_user
from test_apply_trees import DEPTH, make_deep

from rules_engine.apply import contents
from rules_engine.apply.contents import Held, read_contents
from rules_engine.apply.trees import remove_tree
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.root import Root
from rules_engine.values.paths import RelPath

MARKERS = (".rules-keep",)


def held_by(root: Root, name: str = "a") -> Held:
    """What a directory of the root holds."""
    return read_contents(root.directory, name, MARKERS)


def agrees(root: Root, name: str = "a") -> bool:
    """Whether apply and plan see the same in a directory."""
    ours, plans = held_by(root, name).contents, contents_of(root, name)
    return (ours.files, ours.bytes, ours.digest()) == (plans.files, plans.bytes, plans.digest())


def test_apply_and_plan_see_the_same(root: Root) -> None:
    """Directories in order, also where a name sorts before the slash; files, links and empty directories."""
    fill(root, "a/1", "a/b/2", "a/b/c/3", "a/b-x/4", "a/b.d/5", "a/z")
    (Path(root.path) / "a/empty").mkdir()
    (Path(root.path) / "a/link").symlink_to("b")
    assert agrees(root)
    assert held_by(root).contents.files == 7
    assert held_by(root).bytes == 18


def test_apply_and_plan_see_the_same_names_of_bytes(root: Root) -> None:
    """Names that are not UTF-8 sort by their bytes on both sides."""
    top = os.fsencode(root.path)
    for name in (b"\xff", b"\xc3\xa9", b"z", b"\xf0\x9f\x98\x80", b"\n"):
        os.makedirs(top + b"/a/" + name)
        Path(os.fsdecode(top + b"/a/" + name + b"/" + name)).touch()
    assert agrees(root)


def test_apply_and_plan_see_the_same_of_a_deep_tree(root: Root) -> None:
    """Three thousand levels, and a file in the last."""
    make_deep(Path(root.path))
    assert DEPTH == 3_000
    try:
        assert held_by(root, "deep").contents.files == 1
        assert agrees(root, "deep")
    finally:
        # Whoever tidies up after the tests recurses.
        remove_tree(root.directory, "deep")


def test_bytes_that_another_name_holds_do_not_come_back(root: Root) -> None:
    """The plan counts what lies there, the outcome what the disk gets back."""
    fill(root, "a/1", "a/2", "outside")
    os.link(Path(root.path) / "outside", Path(root.path) / "a/3")
    assert (held_by(root).contents.bytes, held_by(root).bytes) == (9, 6)
    assert agrees(root)


def test_bytes_whose_names_all_lie_inside_come_back_once(root: Root) -> None:
    """Two names of one file are one file."""
    fill(root, "a/1", "a/2")
    (Path(root.path) / "a/b").mkdir()
    os.link(Path(root.path) / "a/1", Path(root.path) / "a/b/3")
    assert (held_by(root).contents.bytes, held_by(root).bytes) == (9, 6)


@pytest.mark.parametrize(
    ("inside", "why"),
    [
        ("a/.rules-keep", "`a` has the keep marker `.rules-keep`"),
        ("a/b/.rules-keep", "`a/b` has the keep marker `.rules-keep`"),
        ("a/b/.rules/root.json", "`a/b` is another root"),
        ("a/b/.rules", "`a/b` is another root"),
        ("a/.git/config", "no rule reaches `a/.git`"),
        ("a/b/.nfs0001", "no rule reaches `a/b/.nfs0001`"),
        ("a/.fuse_hidden1", "no rule reaches `a/.fuse_hidden1`"),
    ],
)
def test_what_protects_is_named(root: Root, inside: str, why: str) -> None:
    """One such entry anywhere keeps all of it."""
    fill(root, "a/x", "a/b/x", inside)
    assert held_by(root).protects == why


def test_what_is_no_file_or_link_protects(root: Root) -> None:
    """A socket or a pipe belongs to a program."""
    fill(root, "a/b/x")
    os.mkfifo(Path(root.path) / "a/b/pipe")
    assert held_by(root).protects == "`a/b/pipe` is not a regular file or link"
    (Path(root.path) / "a/b/pipe").unlink()
    before = os.getcwd()
    os.chdir(Path(root.path) / "a")
    with socket.socket(socket.AF_UNIX) as heard:
        heard.bind("heard")
    os.chdir(before)
    assert held_by(root).protects == "`a/heard` is not a regular file or link"


def test_a_link_is_an_entry_and_leads_nowhere(root: Root, tmp_path: Path) -> None:
    """What it points to is not read, also where that has a marker."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/.rules-keep").touch()
    fill(root, "a/x")
    (Path(root.path) / "a/out").symlink_to(tmp_path / "outside")
    assert held_by(root).protects == ""
    assert held_by(root).contents.files == 2


@pytest.mark.parametrize("kind", ["tmpfs", "bind"])
def test_a_mount_inside_protects(root: Root, kind: str) -> None:
    """Another filesystem, and a bind mount of the same one, which device numbers do not tell."""
    fill(root, "a/b/x", "source/y")
    top = root.path
    mount = f"mount --bind {top}/source {top}/a/b" if kind == "bind" else f"mount -t tmpfs none {top}/a/b"
    script = (
        "import sys\n"
        "from rules_engine.apply.contents import read_contents\n"
        "from rules_engine.filesystem.directory import Directory\n"
        "with Directory.open_root(sys.argv[1]) as here:\n"
        "    print(read_contents(here, 'a', ()).protects)\n"
    )
    asked = ["unshare", "--mount", *([] if IS_ROOT else ["--map-root-user"]), "sh", "-c"]
    if subprocess.run([*asked, mount], check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount")
    command = [*asked, f'{mount} && exec "$0" -c "$1" {top}', sys.executable, script]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("another filesystem is mounted at `a/b`\n", "")


def test_a_directory_that_we_may_not_empty_is_named(root: Root) -> None:
    """The first one; an empty one needs no permission of its own."""
    fill(root, "a/x", "a/closed/x", "a/sticky/x")
    (Path(root.path) / "a/bare").mkdir(mode=0o555)
    give_away(root)
    (Path(root.path) / "a/closed").chmod(0o555)
    with ordinary_user():
        assert held_by(root).closed == "a/closed"
    (Path(root.path) / "a/closed").chmod(0o755)
    with ordinary_user():
        assert held_by(root).closed is None
    if IS_ROOT:
        # Others may make files in it, and remove none that is not theirs.
        os.chown(Path(root.path) / "a/sticky", 0, 0)
        (Path(root.path) / "a/sticky").chmod(0o1777)
        with ordinary_user():
            assert held_by(root).closed == "a/sticky"


def test_a_directory_that_cannot_be_read_is_an_error_by_name(root: Root) -> None:
    """It is never taken for empty."""
    fill(root, "a/b/closed/x")
    give_away(root)
    (Path(root.path) / "a/b/closed").chmod(0)
    with ordinary_user(), pytest.raises(PermissionError) as refused:
        held_by(root)
    assert refused.value.filename == "a/b/closed"


def test_an_entry_that_cannot_be_looked_at_is_an_error_by_name(root: Root) -> None:
    """A directory that may be listed and not entered tells names and nothing else."""
    fill(root, "a/b/x")
    give_away(root)
    (Path(root.path) / "a/b").chmod(0o400)
    with ordinary_user(), pytest.raises(PermissionError) as refused:
        held_by(root)
    assert refused.value.filename == "a/b/x"


def test_a_directory_that_is_no_directory_any_more_moves(here: Directory, tmp_path: Path) -> None:
    """It was swapped for a link, or went, since its parent was read."""
    (tmp_path / "tree/link").symlink_to(".")
    (tmp_path / "tree/file").touch()
    for name in ("link", "file", "missing"):
        assert read_contents(here, name, ()).moves


def test_what_can_be_looked_at_a_moment_later_moves(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry that could not be told when its directory was listed, and can be now."""
    fill(root, "a/x")
    read = contents.read_listing

    def doubts(directory: Directory, path: RelPath, make: Any) -> Any:
        listing = read(directory, path, make)
        listing.unreadable.append((listing.files.pop().name, "Permission denied"))
        return listing

    monkeypatch.setattr(contents, "read_listing", doubts)
    assert held_by(root).moves
