"""Fixtures of the tests of apply: a real directory, a root, a clock."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from apply_world import FixedClock, entry_of

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
