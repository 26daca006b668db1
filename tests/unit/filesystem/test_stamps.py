import os
from pathlib import Path

from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.stamps import read_stamps


def test_every_change_of_a_file_shows(tmp_path: Path) -> None:
    """A line more, another file of that name, another writer, or that it is gone."""
    for name in "abcde":
        (tmp_path / name).write_bytes(b"1")
    with Directory.open_root(str(tmp_path)) as here:
        before = read_stamps(here)
        assert read_stamps(here) == before
        with (tmp_path / "a").open("ab") as log:
            log.write(b"2")
        (tmp_path / "new").write_bytes(b"1")
        os.utime(tmp_path / "new", ns=(1, (tmp_path / "b").stat().st_mtime_ns))
        (tmp_path / "new").replace(tmp_path / "b")
        (tmp_path / "c").chmod(0o600)
        (tmp_path / "d").unlink()
        after = read_stamps(here)
    assert [name for name in "abcde" if after.get(name) != before[name]] == ["a", "b", "c", "d"]
