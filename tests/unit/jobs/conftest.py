"""Fixtures of the tests of jobs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from job_world import LAYOUT, PLAIN, LaterClock

from rules_engine.filesystem.root import Root
from rules_engine.policy.load import load_texts
from rules_engine.policy.model import PolicySet


@pytest.fixture(scope="module")
def policies() -> PolicySet:
    """Two layouts, and the defaults of everything else."""
    return load_texts({"short.yaml": LAYOUT, "plain.yaml": PLAIN})


@pytest.fixture
def clock() -> LaterClock:
    """A clock of our own."""
    return LaterClock()


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Root]:
    """An initialised root at `tmp_path/media`."""
    (tmp_path / "media").mkdir()
    with Root.create(str(tmp_path / "media")) as found:
        yield found
