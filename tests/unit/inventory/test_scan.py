import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.root import Root
from rules_engine.inventory.model import Inventory, Problem, Skipped
from rules_engine.inventory.scan import outermost, walk
from rules_engine.values.paths import RelPath, sort_key
from rules_engine.values.vocabulary import EntryKind


def _touch(tmp_path: Path, *paths: str) -> None:
    for path in paths:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(os.fsencode(path))


def _files(inventory: Inventory) -> list[str]:
    return [fact.path for facts in inventory.directories for fact in facts.files]


def test_every_file_is_found_in_the_order_of_plans(root: Root, tmp_path: Path) -> None:
    """Directories come component by component as bytes, each before what lies in it."""
    _touch(tmp_path, "b", "a/x", "a b/y", "a/c/z", "a-b/w", os.fsdecode(b"\xff/k"), "é/k")
    inventory = walk(root)
    found = list(inventory.directories)
    assert [facts.path for facts in found] == ["", "a", "a/c", "a b", "a-b", "é", "\udcff"]
    assert [facts.path for facts in found] == sorted((facts.path for facts in found), key=sort_key)
    assert found[1].subdirectories == ("c",)
    assert found[1].complete
    assert found[1].inode == (tmp_path / "a").stat().st_ino
    assert (inventory.problems, inventory.skipped, inventory.walked) == ([], [], True)


def test_a_fact_says_what_the_disk_says(root: Root, tmp_path: Path) -> None:
    """Every field is what stat gives; a link is itself, wherever it points."""
    _touch(tmp_path, "d/file")
    (tmp_path / "d/link").symlink_to("/etc/passwd")
    file, link = next(facts for facts in walk(root).directories if facts.path == "d").files
    seen = (tmp_path / "d/file").stat()
    assert (file.inode, file.size, file.mtime_ns, file.ctime_ns, file.nlink, file.vouched) == (
        seen.st_ino,
        seen.st_size,
        seen.st_mtime_ns,
        seen.st_ctime_ns,
        1,
        False,
    )
    assert (link.kind, link.size) == (EntryKind.LINK, len("/etc/passwd"))


def test_some_names_are_never_entered(root: Root, tmp_path: Path) -> None:
    """`.git`, `lost+found` and `.snapshot` are named as skipped; the own state is not even that."""
    _touch(tmp_path, "a/.git/x", "a/lost+found/x", "a/.snapshot/x", "a/y")
    inventory = walk(root)
    found = list(inventory.directories)
    assert [facts.path for facts in found] == ["", "a"]
    assert not found[1].complete
    assert [skipped.path for skipped in inventory.skipped] == ["a/.git", "a/.snapshot", "a/lost+found"]


@pytest.mark.parametrize("kind", ["directory", "file", "link"])
def test_another_root_is_not_entered(root: Root, tmp_path: Path, kind: str) -> None:
    """Whatever `.rules` is there, all of it is skipped."""
    _touch(tmp_path, "other/x", "other/deep/y", "other/#before", "z")
    state = tmp_path / "other/.rules"
    if kind == "directory":
        state.mkdir()
    elif kind == "file":
        state.touch()
    else:
        state.symlink_to("nowhere")
    inventory = walk(root)
    assert _files(inventory) == ["z"]
    assert inventory.skipped == [Skipped(RelPath("other"), "it is another root")]


def test_links_are_not_followed(root: Root, tmp_path: Path) -> None:
    """A link to a directory is an entry like a file."""
    _touch(tmp_path, "real/x")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "up").symlink_to("..")
    assert _files(walk(root)) == ["link", "up", "real/x"]


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """A directory whose tree goes again even where Python cannot remove it."""
    (tmp_path / "deep").mkdir()
    yield tmp_path / "deep"
    subprocess.run(["rm", "-rf", str(tmp_path / "deep")], check=True)


def test_a_tree_of_three_thousand_levels_is_walked_to_its_end(deep: Path) -> None:
    """Neither the stack, nor open handles, nor the longest path are a limit."""
    depth = 3_000
    current = os.open(deep, os.O_RDONLY)
    for _ in range(depth):
        for name in ("d", "e"):
            os.mkdir(name, dir_fd=current)
        below = os.open("d", os.O_RDONLY, dir_fd=current)
        os.close(current)
        current = below
    os.close(current)
    before = len(os.listdir("/proc/self/fd"))
    found: list[str] = []
    with Root.open(str(deep)) as root:
        for facts in walk(root).directories:
            found.append(facts.path)
            assert len(os.listdir("/proc/self/fd")) < before + 80
    assert len(found) == 2 * depth + 1
    assert max(path.count("/") for path in found) == depth - 1
    assert found[-1] == "e"


def test_handles_are_closed_when_a_walk_is_left_early(root: Root, tmp_path: Path) -> None:
    """Who stops looking leaves nothing open."""
    _touch(tmp_path, "a/b/c/x", "a/b/d/x")
    before = len(os.listdir("/proc/self/fd"))
    directories = iter(walk(root).directories)
    for _ in range(3):
        next(directories)
    directories.close()  # type: ignore[attr-defined]
    assert len(os.listdir("/proc/self/fd")) <= before


def test_what_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    """Asked as a user without rights: the directory is named, everything else is found."""
    _touch(tmp_path, "tree/open/x", "tree/closed/x", "tree/blind/x")
    script = (
        "import os, sys\n"
        "from rules_engine.filesystem.root import Root\n"
        "from rules_engine.inventory.scan import walk\n"
        "rights = os.geteuid()\n"
        "if rights == 0:\n"
        "    os.seteuid(65534)\n"
        "inventory = walk(Root.open(sys.argv[1]))\n"
        "for facts in inventory.directories:\n"
        "    print(facts.path, facts.complete, [fact.name for fact in facts.files])\n"
        "print([(one.path, one.why) for one in inventory.problems])\n"
        "os.seteuid(rights)\n"
    )
    # Its parents too: every test process has a directory of its own.
    for parent in (tmp_path, *tmp_path.parents[:3]):
        if parent.stat().st_uid == os.geteuid() and parent.name != "tmp":
            parent.chmod(parent.stat().st_mode | 0o055)
    (tmp_path / "tree/closed").chmod(0o000)
    (tmp_path / "tree/blind").chmod(0o744)
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "tree")], check=False, capture_output=True, text=True
    )
    (tmp_path / "tree/closed").chmod(0o755)
    (tmp_path / "tree/blind").chmod(0o755)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        " True []",
        "blind False []",
        "open True ['x']",
        "[('blind/x', 'cannot be looked at: Permission denied'), ('closed', 'cannot be opened: Permission denied')]",
    ]


def test_what_vanishes_or_changes_meanwhile_is_no_error(root: Root, tmp_path: Path) -> None:
    """A directory that goes while its parent was read is not there; one that became a link is a problem."""
    _touch(tmp_path, "a/x", "b/x", "c/x")
    inventory = walk(root)
    directories = iter(inventory.directories)
    assert next(directories).subdirectories == ("a", "b", "c")
    (tmp_path / "a/x").unlink()
    (tmp_path / "a").rmdir()
    (tmp_path / "b").rename(tmp_path / "moved")
    (tmp_path / "b").symlink_to("moved")
    assert [facts.path for facts in directories] == ["c"]
    assert inventory.problems == [Problem(RelPath("b"), "is no directory, or lies behind a link")]


def test_mounts_are_skipped() -> None:
    """Of the whole machine nothing below another filesystem is entered."""
    with Directory.open_root("/") as top:
        inventory = walk(Root("/", top, None, None), below=[RelPath("proc"), RelPath("sys/kernel")])
        assert list(inventory.directories) == []
    assert [(one.path, one.why) for one in inventory.skipped] == [
        ("proc", "another filesystem is mounted there"),
        ("sys/kernel", "another filesystem is mounted there"),
    ]


def test_a_walk_below_some_places_reads_each_once(root: Root, tmp_path: Path) -> None:
    """Places in others are read with them; a place that is not there is nothing."""
    _touch(tmp_path, "a/b/x", "a/y", "ab/z", "c/w")
    inventory = walk(root, below=[RelPath("c"), RelPath("a/b"), RelPath("a"), RelPath("none"), RelPath("a")])
    assert _files(inventory) == ["a/y", "a/b/x", "c/w"]
    assert not inventory.walked
    assert outermost([RelPath("a"), RelPath("")]) == ("",)
    assert outermost([]) == ()
