"""A run in a process of its own, under strace: for tests that kill it at a call of one name, or have it refused."""

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.plan.model import Batch, Entry, StepAction
from rules_engine.policy.model import PolicySet
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY, Instant

CALLS = ("mkdirat", "renameat", "renameat2", "unlinkat", "ftruncate", "fsync", "syncfs", "write")
VICTIM = """
import sys
from rules_engine.apply.applying import apply_plan
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.policy.model import PolicySet
class LaterClock(SystemClock):
    def now(self):
        return super().now() + 2 * 86_400 * 10**9
with Root.open(sys.argv[1]) as root:
    policies = PolicySet(digest="d", sources={"policies/a.yaml": "version: 1"})
    apply_plan(sys.argv[2], root, policies=policies, clock=LaterClock())
"""
POLICIES = PolicySet(digest="d", sources={"policies/a.yaml": "version: 1"})
CHECKOUT = Path(__file__).parents[2]


class LaterClock(SystemClock):
    """The clock in two days: of a link that changed today nobody can tell whether it is in use."""

    def now(self) -> Instant:
        """The instant in two days."""
        return Instant(super().now() + 2 * DAY)


def batch(root: Root, directory: RelPath, action: StepAction, *names: str) -> Batch:
    """Entries of one directory as they are."""
    entries = []
    with root.directory.open(directory) as here:
        for name in names:
            found = here.stat(name)
            assert found is not None
            identity = (found.inode, found.size, found.mtime_ns, found.ctime_ns, found.nlink)
            entries.append(Entry(name, found.kind, *identity))
    return Batch(directory, action, tuple(entries))


def run_victim(top: Path, *strace: str) -> int:
    """Apply the plan in a process of its own, under strace; its exit code."""
    victim = [sys.executable, "-c", VICTIM, str(top / "media"), str(top / "plan.jsonl")]
    # A measurement of coverage would make calls of its own, and leave half a data file when it is killed.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    environment = {**kept, "PYTHONPATH": str(CHECKOUT), "PYTHONDONTWRITEBYTECODE": "1"}
    command = ["strace", "-f", "-qq", "-o", str(top / "trace"), *strace, *victim]
    return subprocess.run(command, check=False, env=environment, capture_output=True).returncode


def calls_of(top: Path) -> Counter[str]:
    """How often the victim made each call."""
    names = re.findall(r"^\d+ +(\w+)\(", (top / "trace").read_text(errors="replace"), re.MULTILINE)
    return Counter(names)


def tree_of(top: Path, run_id: str) -> list[str]:
    """The tree and the trash, with the id of the run left out."""
    media = top / "media"
    found = [str(path.relative_to(media)).replace(run_id, "RUN") for path in media.rglob("*")]
    return sorted(path for path in found if not path.startswith(".rules") or path.startswith(".rules/trash"))
