"""Whether the state changed: the same answer, whether the kernel tells of changes or each entry is looked at."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules_engine.apply import state
from rules_engine.apply.state import JobsOnDisk, Known
from rules_engine.errors import UntrustedStateError
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.stamps import Stamp, read_stamps
from rules_engine.values.vocabulary import JobId

NAMES = {"manifests": ("a@h.jsonl", "a@i.jsonl", "b@h.jsonl", "odd"), "sealed": ("a.json", "b.json")}
AREAS = st.sampled_from(["manifests", "sealed"])
CHANGES = st.sampled_from(["append", "replace", "unlink", "chmod", "utime", "rename", "anew", "move away", "remove"])


def change(top: Path, area: str, name: str, how: str) -> None:
    """Change a file of the state, or all of an area, as somebody else would."""
    folder = top / area
    folder.mkdir(exist_ok=True)
    file = folder / name
    match how:
        case "append":
            with file.open("ab") as log:
                log.write(b"x")
        case "replace":
            (top / "aside").write_bytes(b"other")
            (top / "aside").replace(file)
        case "unlink":
            file.unlink(missing_ok=True)
        case "rename" if file.exists():
            file.replace(folder / NAMES[area][0])
        case "chmod" if file.exists():
            file.chmod(file.stat().st_mode ^ 0o020)
        case "utime" if file.exists():
            os.utime(file)
        case "move away":
            folder.rename(tempfile.mkdtemp(dir=top))
        case "anew" | "remove":
            shutil.rmtree(folder)  # noqa: TID251 - what somebody else does
            if how == "anew":
                folder.mkdir()
                file.touch()


@settings(max_examples=150)
@given(
    st.lists(st.lists(st.tuples(AREAS, st.integers(0, 3), CHANGES), max_size=4), min_size=1, max_size=5), st.booleans()
)
def test_who_is_told_and_who_looks_know_the_same(looks: list[list[tuple[str, int, str]]], amends: bool) -> None:
    """Whatever happens to logs, seals and their directories between two looks."""
    amended = frozenset({JobId("a")} if amends else ())
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        for area, names in NAMES.items():
            for name in names:
                change(top, area, name, "append")
        with Directory.open_root(folder) as here, Directory.open_root(folder, portable=True) as plain:
            told, looking = (JobsOnDisk(one, lambda: Known(())) for one in (here, plain))
            told.read()
            looking.read()
            for changes in looks:
                for area, number, how in changes:
                    change(top, area, NAMES[area][number % len(NAMES[area])], how)
                assert told.has_changed(amended) == looking.has_changed(amended)
                assert told.writers() == looking.writers()
            assert not told.has_changed(frozenset())


def test_who_is_told_looks_at_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many jobs there are: an apply asks with every group that it commits."""
    for area, names in NAMES.items():
        for name in names:
            change(tmp_path, area, name, "append")
    looked: list[frozenset[str] | None] = []

    def look(directory: Directory, names: Iterable[str] | None = None) -> dict[str, Stamp | OSError]:
        looked.append(None if names is None else frozenset(names))
        return read_stamps(directory, names)

    monkeypatch.setattr(state, "read_stamps", look)
    with Directory.open_root(str(tmp_path)) as here:
        jobs = JobsOnDisk(here, lambda: Known(()))
        jobs.read()
        assert looked == [None, None]
        assert not jobs.has_changed(frozenset())
        change(tmp_path, "manifests", "b@h.jsonl", "append")
        assert jobs.has_changed(frozenset())
    assert looked[2:] == [set(), set(), {"b@h.jsonl"}, set()]


def test_an_entry_that_cannot_be_looked_at_is_unlike_any_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should it become readable, that is a change."""
    change(tmp_path, "manifests", "a@h.jsonl", "append")
    with Directory.open_root(str(tmp_path)) as here:
        jobs = JobsOnDisk(here, lambda: Known(()))
        with monkeypatch.context() as broken:
            broken.setattr(state, "read_stamps", lambda *_: {"a@h.jsonl": OSError(errno.EIO, "Input/output error")})
            jobs.read()
            assert not jobs.has_changed(frozenset())
        assert jobs.has_changed(frozenset())
        assert not jobs.has_changed(frozenset())


def test_an_area_that_cannot_be_opened_any_more_ends_the_run(tmp_path: Path) -> None:
    """A job that began to run could hide there."""
    (tmp_path / "manifests").mkdir()
    with Directory.open_root(str(tmp_path)) as here:
        jobs = JobsOnDisk(here, lambda: Known(()))
        jobs.read()
        (tmp_path / "manifests").rmdir()
        (tmp_path / "manifests").symlink_to("elsewhere")
        with pytest.raises(UntrustedStateError, match="manifests"):
            jobs.has_changed(frozenset())
