"""Fixtures of the tests of apply: a real directory, a root, a clock."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from apply_world import FixedClock, entry_of, fill

from rules_engine.apply import units
from rules_engine.apply.contents import Held, read_contents
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.root import Root
from rules_engine.plan.model import Entry


@pytest.fixture
def clock() -> FixedClock:
    """A clock at a fixed noon."""
    return FixedClock()


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Directory]:
    """A handle on a fresh directory, `tmp_path/tree`."""
    (tmp_path / "tree").mkdir()
    with Directory.open_root(str(tmp_path / "tree")) as directory:
        yield directory


@pytest.fixture
def seen() -> Callable[[Directory, str], Entry]:
    """How a plan sees an entry."""
    return entry_of


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Root]:
    """An initialised root at `tmp_path/media`."""
    (tmp_path / "media").mkdir()
    with Root.create(str(tmp_path / "media")) as found:
        yield found


@pytest.fixture
def job(root: Root) -> Path:
    """A directory `scratch/j1` with three files of three bytes."""
    fill(root, "scratch/j1/a", "scratch/j1/b/c", "scratch/j1/b/d")
    return Path(root.path) / "scratch/j1"


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Callable[[], object]], None]]:
    """Lets somebody else act between the look and the rename."""

    def arrange(act: Callable[[], object]) -> None:
        def read(parent: Directory, name: str, markers: tuple[str, ...]) -> Held:
            held = read_contents(parent, name, markers)
            monkeypatch.setattr(units, "read_contents", read_contents)
            act()
            return held

        monkeypatch.setattr(units, "read_contents", read)

    yield arrange
    monkeypatch.undo()
