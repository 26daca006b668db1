"""A real directory, a clock that stands still, and entries as a plan would have seen them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rules_engine.filesystem.directory import Directory
from rules_engine.plan.model import Entry
from rules_engine.values.quantities import DAY, Instant

NOON = Instant(20_000 * DAY)


class FixedClock:
    """A clock that moves only when somebody sleeps."""

    def __init__(self, now: int = NOON) -> None:
        self.instant = now
        self.slept: list[float] = []

    def now(self) -> Instant:
        """The instant that it was set to."""
        return Instant(self.instant)

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.slept.append(seconds)
        self.instant += int(seconds * 1e9)


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


def entry_of(directory: Directory, name: str) -> Entry:
    """The entry that a plan holds of `name` as it is now."""
    found = directory.stat(name)
    assert found is not None
    return Entry(name, found.kind, found.inode, found.size, found.mtime_ns, found.ctime_ns, found.nlink)


@pytest.fixture
def seen() -> Callable[[Directory, str], Entry]:
    """How a plan sees an entry."""
    return entry_of
