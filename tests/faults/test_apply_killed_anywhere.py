"""A run is killed before each system call that changes something; the same plan again ends in the same tree."""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from rules_engine.apply.applied import read_applications, read_applied
from rules_engine.apply.applying import apply_plan
from rules_engine.apply.model import Outcome, RunState
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.plan.model import Batch, Count, Entry, Header, Plan, PlanLimits, StepAction, Trailer
from rules_engine.plan.planfile import write_plan
from rules_engine.policy.model import PolicySet
from rules_engine.values.paths import ROOT, RelPath

CALLS = ("mkdirat", "renameat", "renameat2", "unlinkat", "ftruncate", "fsync", "syncfs", "write")
VICTIM = """
import sys
from rules_engine.apply.applied import read_applications, read_applied
from rules_engine.apply.applying import apply_plan
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.policy.model import PolicySet
with Root.open(sys.argv[1]) as root:
    policies = PolicySet(digest="d", sources={"policies/a.yaml": "version: 1"})
    apply_plan(sys.argv[2], root, policies=policies, clock=SystemClock())
"""
POLICIES = PolicySet(digest="d", sources={"policies/a.yaml": "version: 1"})
CHECKOUT = Path(__file__).parents[2]


def make_scene(top: Path) -> None:
    """A root at `top/media` with a plan at `top/plan.jsonl`: trash in `a`, files in `b`, then `b` itself."""
    for name in ("a/f0", "a/f1", "a/stays", "b/f0", "b/f1"):
        path = top / "media" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"123")
    with Root.create(str(top / "media")) as root, (top / "plan.jsonl").open("wb") as out:
        header = Header(SystemClock().now(), root.root_id, "d", PlanLimits(None, None, None, None), {})
        batches = (
            batch(root, RelPath("a"), StepAction.TRASH, "f0", "f1"),
            batch(root, RelPath("b"), StepAction.DELETE, "f0", "f1"),
            batch(root, ROOT, StepAction.REMOVE_DIRECTORY, "b"),
        )
        steps = {"trash": Count(2, 6), "delete": Count(2, 6), "remove_directory": Count(1)}
        write_plan(Plan(header, batches, Trailer(steps)), out)


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


@pytest.mark.slow
def test_a_run_killed_before_any_call_is_finished_by_the_same_plan(tmp_path: Path) -> None:
    """The tree, the trash, the steps that are settled and the policies are those of a run that nobody killed."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed, and only it can stop a process before a chosen call")
    (tmp_path / "whole").mkdir()
    make_scene(tmp_path / "whole")
    if run_victim(tmp_path / "whole", "-e", f"trace={','.join(CALLS)}"):
        pytest.skip("strace may not trace here")
    counted = calls_of(tmp_path / "whole")
    assert {"mkdirat", "renameat2", "unlinkat", "fsync", "syncfs", "write"} <= counted.keys()
    run_id = os.listdir(tmp_path / "whole/media/.rules/runs")[0]
    want = tree_of(tmp_path / "whole", run_id)
    for call, times in sorted(counted.items()):
        for number in range(1, times + 1):
            top = tmp_path / f"{call}-{number}"
            top.mkdir()
            make_scene(top)
            code = run_victim(top, "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}")
            assert code in {-9, 128 + 9}, top.name
            with Root.open(str(top / "media")) as root:
                result = apply_plan(str(top / "plan.jsonl"), root, policies=POLICIES, clock=SystemClock())
                assert [one.digest for one in read_applications(root.require_state())] == ["d"], top.name
                assert read_applied(root.require_state(), "d").sources == POLICIES.sources, top.name
            assert result.state is RunState.FINISHED, top.name
            assert tree_of(top, result.run_id) == want, top.name
            assert result.count(Outcome.DONE) + result.count(Outcome.GONE) == 5, top.name
            assert result.set_aside == 6, top.name
