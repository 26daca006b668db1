"""Cleaning a job whose workspace goes whole."""

from pathlib import Path

import pytest
from cleanup_world import ended, later, with_settings
from job_world import LaterClock

from rules_engine.filesystem.root import Root
from rules_engine.jobs.cleanup import CleanupService
from rules_engine.policy.model import PolicySet
from rules_engine.values.quantities import DAY

RULES = """
version: 1
kind: cleanup
rules:
  - {name: workspaces, unit: workspace, jobs: {type: plain}, after: 24h, action: delete}
"""


@pytest.fixture
def whole() -> PolicySet:
    """Policies that take the workspace of a plain job whole, a day after its end."""
    return with_settings("debug: false", RULES)


def test_a_workspace_that_goes_whole_is_one_path_of_the_result(root: Root, whole: PolicySet, clock: LaterClock) -> None:
    """The dry run says the same as what then goes, with the bytes below it."""
    service = CleanupService(root, whole, clock)
    clip = ended(root, whole, clock, "a")
    workspace = Path(root.path) / "wip/a"
    later(clock, 2 * DAY)
    foreseen = service.cleanup_job("a", dry_run=True)
    assert (foreseen.would_remove, foreseen.bytes_freed) == ([workspace], 3)
    assert clip.exists()
    result = service.cleanup_job("a")
    assert (result.removed, result.bytes_freed, result.ok) == ([workspace], 3, True)
    assert not workspace.exists()


def test_a_workspace_that_is_not_due_stays_whole(root: Root, whole: PolicySet, clock: LaterClock) -> None:
    """The built-in rule takes none of its files singly meanwhile."""
    clip = ended(root, whole, clock, "a")
    result = CleanupService(root, whole, clock).cleanup_job("a")
    assert (result.removed, result.run_id) == ([], None)
    assert clip.exists()
