"""Fixtures of the tests of jobs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from job_world import LAYOUT, PLAIN, LaterClock
from managed import manager

from rules_engine.filesystem.root import Root
from rules_engine.jobs.cleanup import CleanupService
from rules_engine.jobs.manager import JobManager
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


@pytest.fixture
def service(root: Root, policies: PolicySet, clock: LaterClock) -> CleanupService:
    """A service on the root, with the policies of the tests."""
    return CleanupService(root, policies, clock)


@pytest.fixture
def strays(root: Root) -> list[Path]:
    """Three files without an owner, of three bytes each."""
    paths = [Path(root.path) / name for name in ("in/temp_a", "in/temp_b", "in/hero_temp")]
    paths[0].parent.mkdir()
    for path in paths:
        path.write_bytes(b"123")
    return paths


@pytest.fixture
def jobs(tmp_path: Path, clock: LaterClock) -> Iterator[JobManager]:
    """A manager of `tmp_path/media`; scratch of a good job goes after an hour."""
    with manager(tmp_path, clock) as found:
        yield found
