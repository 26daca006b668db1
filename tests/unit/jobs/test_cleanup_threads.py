import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from job_world import PLAIN, LaterClock

from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.jobs.cleanup import CleanupService
from rules_engine.jobs.lifecycle import finish, start
from rules_engine.policy.load import load_texts
from rules_engine.policy.model import PolicySet

MANY = 12
SETTINGS = "version: 1\nkind: settings\ncleanup: {retention: 0s}\n"
CLEANER = """
import sys
from rules_engine.filesystem.root import Root
from rules_engine.jobs.cleanup import CleanupService
from rules_engine.policy.load import load_policies
with Root.open(sys.argv[1]) as root:
    service = CleanupService(root, load_policies([sys.argv[2]]), lock_wait_s=30)
    results = [service.cleanup_job(job_id) for job_id in sys.argv[3:]]
sys.exit(0 if all(result.ok for result in results) else 1)
"""


@pytest.fixture
def eager(tmp_path: Path) -> PolicySet:
    """Policies by which everything temporary of an ended job is due."""
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies/plain.yaml").write_text(PLAIN)
    (tmp_path / "policies/settings.yaml").write_text(SETTINGS)
    return load_texts({"policies/plain.yaml": PLAIN, "policies/settings.yaml": SETTINGS})


def leave(root: Root, policies: PolicySet, count: int) -> list[str]:
    """Ended jobs that left a clip each; their ids."""
    ids = [f"job{number}" for number in range(count)]
    for job_id in ids:
        start(root, policies, SystemClock(), "plain", job_id=job_id)
        (Path(root.path) / f"wip/{job_id}/temp/clip.mkv").write_bytes(b"123")
        finish(root, policies, SystemClock(), job_id, success=True)
    return ids


def test_threads_that_clean_at_once_neither_fail_nor_clean_twice(root: Root, eager: PolicySet) -> None:
    """With time to wait each cleans its job; every file is freed by exactly one of them."""
    ids = leave(root, eager, MANY)
    service = CleanupService(root, eager, lock_wait_s=30)
    with ThreadPoolExecutor(MANY) as pool:
        results = list(pool.map(service.cleanup_job, [*ids, *ids]))
    assert [result.deferred for result in results if not result.ok] == []
    assert sum(result.bytes_freed for result in results) == 3 * MANY
    removed = [path for result in results for path in result.removed]
    assert len(removed) == len(set(removed)) == 3 * MANY
    assert list((Path(root.path) / "wip").iterdir()) == []


def test_threads_that_may_not_wait_put_off_what_another_one_is_doing(root: Root, eager: PolicySet) -> None:
    """Nothing raises; one more call does what was put off."""
    ids = leave(root, eager, MANY)
    service = CleanupService(root, eager, LaterClock())
    with ThreadPoolExecutor(MANY) as pool:
        results = list(pool.map(service.cleanup_job, ids))
    assert {why.partition(" by ")[0] for result in results for why in result.deferred} <= {"the root is locked"}
    assert all(service.cleanup_job(job_id).ok for job_id in ids)
    assert list((Path(root.path) / "wip").iterdir()) == []


def test_processes_that_clean_at_once_neither_fail_nor_clean_twice(root: Root, eager: PolicySet) -> None:
    """As threads do."""
    ids = leave(root, eager, 6)
    command = [sys.executable, "-c", CLEANER, root.path, str(Path(root.path).parent / "policies")]
    running = [subprocess.Popen([*command, *ids[one : one + 3]]) for one in (0, 2, 3)]
    assert [process.wait(timeout=60) for process in running] == [0, 0, 0]
    assert list((Path(root.path) / "wip").iterdir()) == []
