import os
from pathlib import Path

from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.listing import read_listing
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import EntryKind

Seen = tuple[str, EntryKind, int | None, int]


def _fact(*seen: object) -> Seen:
    directory, name, kind, inode, size, mtime_ns, ctime_ns, nlink = seen
    assert directory == "d"
    assert isinstance(name, str)
    assert isinstance(kind, EntryKind)
    assert isinstance(size, int)
    assert isinstance(nlink, int)
    assert all(isinstance(number, int) and number > 0 for number in (inode, mtime_ns, ctime_ns))
    return name, kind, size, nlink


def test_a_listing_tells_every_entry_in_byte_order(here: Directory, tmp_path: Path) -> None:
    """Files, links and others with what they are; directories by name; nothing is followed."""
    (tmp_path / "b").write_bytes(b"123")
    os.link(tmp_path / "b", tmp_path / "a")
    (tmp_path / "link").symlink_to("/etc")
    os.mkfifo(tmp_path / "pipe")
    for name in ("z", "é", os.fsdecode(b"\xff"), "Z"):
        (tmp_path / name).mkdir()
    listing = read_listing(here, RelPath("d"), _fact)
    assert listing.files == [
        ("a", EntryKind.FILE, 3, 2),
        ("b", EntryKind.FILE, 3, 2),
        ("link", EntryKind.LINK, 4, 1),
        ("pipe", EntryKind.OTHER, 0, 1),
    ]
    assert listing.subdirectories == ["Z", "z", "é", "\udcff"]
    assert (listing.mounts, listing.unreadable) == ([], [])
    assert listing.inode == tmp_path.stat().st_ino


def test_a_mount_is_told_apart_from_a_directory() -> None:
    """Of `/`, what another filesystem is mounted on is no subdirectory."""
    with Directory.open_root("/") as top:
        listing = read_listing(top, RelPath("d"), lambda *seen: seen[1])
    assert "proc" in listing.mounts
    assert "proc" not in listing.subdirectories
