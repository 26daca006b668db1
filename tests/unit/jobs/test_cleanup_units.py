"""Cleaning a job whose workspace goes whole."""

from pathlib import Path

import pytest
from cleanup_world import ended, later, with_settings
from job_world import LaterClock
from managed import TickingClock, manager

from rules_engine.filesystem.root import Root
from rules_engine.jobs.cleanup import CleanupService
from rules_engine.jobs.foreseeing import foresee
from rules_engine.manifest.store import ManifestStore
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


def test_the_end_of_a_job_foresees_when_its_workspace_goes(root: Root, whole: PolicySet, clock: LaterClock) -> None:
    """No single file says so, and without a hint only a full plan would find it due."""
    ended(root, whole, clock, "a")
    store = ManifestStore(root, clock)
    record = store.get("a")
    assert record.ended is not None
    falls = foresee(whole, record, store.seal_of(record), clock.now())
    assert (falls.instants, falls.now) == ({record.ended + DAY}, False)
    later(clock, 2 * DAY)
    falls = foresee(whole, record, store.seal_of(record), clock.now())
    assert (falls.instants, falls.now) == (set(), True)


@pytest.mark.parametrize("rule", ["jobs: {type: plain}, report_only: true", "jobs: {type: plain, status: failed}"])
def test_a_rule_that_does_not_take_the_workspace_foresees_nothing(root: Root, clock: LaterClock, rule: str) -> None:
    """One that only reports, and one that is about failed jobs."""
    text = f"version: 1\nkind: cleanup\nrules: [{{name: w, unit: workspace, {rule}, after: 1h, action: trash}}]"
    policies = with_settings("cleanup: {enabled: false, preserve_on_failure: 1h}", text)
    ended(root, policies, clock, "a")
    store = ManifestStore(root, clock)
    record = store.get("a")
    falls = foresee(policies, record, store.seal_of(record), clock.now())
    assert (falls.instants, falls.now) == (set(), False)


def test_a_job_that_ends_takes_the_workspaces_that_are_due(tmp_path: Path) -> None:
    """Also that of another job, by its hint."""
    clock = TickingClock()
    with manager(tmp_path, clock, whole=RULES.replace("plain", "short_form")) as jobs:
        with jobs.job("short_form", job_id="a") as first:
            first.path("clip.mkv", "temp_video").write_text("x")
        later(clock, 2 * DAY)
        workspace = tmp_path / "media/scratch/a"
        assert workspace.exists()
        with jobs.job("bare", job_id="b") as second:
            pass
    assert second.cleanup_result is not None
    assert second.cleanup_result.removed == [workspace]
    assert not workspace.exists()
