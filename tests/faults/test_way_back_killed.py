"""A restore and an emptying are killed, or refused, at each system call that changes something."""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from rules_engine.apply.applying import apply_plan
from rules_engine.apply.model import RunState
from rules_engine.apply.restored import read_restored
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.jobs.restoring import restoring
from rules_engine.jobs.runs import find_run
from rules_engine.jobs.trash import emptying_plan, trashed_runs
from rules_engine.plan.model import Batch, Count, Entry, Header, Plan, PlanLimits, StepAction, Trailer
from rules_engine.plan.planfile import write_plan
from rules_engine.policy.model import PolicySet
from rules_engine.values.paths import ROOT, RelPath

CALLS = ("mkdirat", "renameat", "renameat2", "unlinkat", "ftruncate", "fsync", "syncfs", "write")
VICTIM = """
import sys
from rules_engine.apply.applying import apply_plan
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
with Root.open(sys.argv[1]) as root:
    result = apply_plan(sys.argv[2], root, policies=None, clock=SystemClock())
    sys.exit(int(result.exit_code))
"""
CHECKOUT = Path(__file__).parents[2]


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


def make_scene(top: Path, what: str) -> Path:
    """A root at `top/media` whose last run took four files and a directory, and the plan that undoes or empties it."""
    for name in ("a/f0", "a/f1", "a/stays", "b/f0", "b/f1"):
        path = top / "media" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"123")
    (top / "media/b").chmod(0o750)
    with Root.create(str(top / "media")) as root:
        header = Header(SystemClock().now(), root.root_id, "d", PlanLimits(None, None, None, None), {})
        batches = (
            batch(root, RelPath("a"), StepAction.TRASH, "f0", "f1"),
            batch(root, RelPath("b"), StepAction.TRASH, "f0", "f1"),
            batch(root, ROOT, StepAction.REMOVE_DIRECTORY, "b"),
        )
        steps = {"trash": Count(4, 12), "remove_directory": Count(1)}
        result = apply_plan(Plan(header, batches, Trailer(steps)), root, policies=None, clock=SystemClock())
        if what == "empty":
            runs = trashed_runs(root)
            plan = emptying_plan(root, runs, PolicySet(), SystemClock().now(), said="all", before=None)
            return save(plan, top)
        with restoring(root, SystemClock(), find_run(root, result.run_id)) as way:
            return save(way.plan, top)


def save(plan: Plan, top: Path) -> Path:
    """The plan beside the root."""
    path = top / "plan.jsonl"
    with path.open("wb") as out:
        write_plan(plan, out)
    return path


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


def tree_of(top: Path) -> list[tuple[str, int]]:
    """The tree and the files of the trash, with permission bits and inode-free; ids of runs left out."""
    found = []
    for path in sorted((top / "media").rglob("*")):
        name = re.sub(r"[0-9a-f]{16}", "RUN", str(path.relative_to(top / "media")))
        if not name.startswith(".rules") or (name.startswith(".rules/trash/") and path.is_file()):
            found.append((name, path.stat().st_mode))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("what", ["restore", "empty"])
def test_a_way_back_killed_before_any_call_is_finished_by_the_same_plan(tmp_path: Path, what: str) -> None:
    """It ends where one ends that nobody killed, and nothing that came back lacks its line at any moment."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed, and only it can stop a process before a chosen call")
    (tmp_path / "whole").mkdir()
    make_scene(tmp_path / "whole", what)
    if run_victim(tmp_path / "whole", "-e", f"trace={','.join(CALLS)}"):
        pytest.skip("strace may not trace here")
    counted = calls_of(tmp_path / "whole")
    wanted = {"renameat2", "mkdirat"} if what == "restore" else {"unlinkat"}
    assert {"fsync", "syncfs", "write", *wanted} <= counted.keys()
    want = tree_of(tmp_path / "whole")
    for call, times in sorted(counted.items()):
        for number in range(1, times + 1):
            top = tmp_path / f"{call}-{number}"
            top.mkdir()
            make_scene(top, what)
            code = run_victim(top, "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}")
            assert code in {-9, 128 + 9}, top.name
            with Root.open(str(top / "media")) as root:
                noted = read_restored(root.require_state())
                back = {name for name in ("a/f0", "a/f1", "b/f0", "b/f1", "b") if (top / "media" / name).exists()}
                assert back <= noted.keys() or what == "empty", top.name
                result = apply_plan(str(top / "plan.jsonl"), root, policies=None, clock=SystemClock())
            assert result.state is RunState.FINISHED, top.name
            assert result.noted == (), top.name
            assert tree_of(top) == want, top.name


@pytest.mark.parametrize(("call", "error"), [("renameat2", "EPERM"), ("renameat2", "EIO"), ("renameat2", "EXDEV")])
def test_a_rename_that_is_refused_leaves_it_in_the_trash(tmp_path: Path, call: str, error: str) -> None:
    """The step failed, nothing was copied instead, and the same plan again finishes what can be finished."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed, and only it can make the kernel refuse a call")
    make_scene(tmp_path, "restore")
    code = run_victim(tmp_path, "-e", f"trace={call}", "-e", f"inject={call}:error={error}:when=1+2")
    if "INJECTED" not in (tmp_path / "trace").read_text():
        pytest.skip("strace may not trace here")
    assert code in {0, 3}
    trash = sorted(str(path.name) for path in (tmp_path / "media/.rules/trash").rglob("f*"))
    there = sorted(path.name for path in (tmp_path / "media").rglob("f?") if ".rules" not in path.parts)
    assert sorted([*trash, *there]) == ["f0", "f0", "f1", "f1"]
    assert trash


@pytest.mark.parametrize("error", ["EPERM", "EIO", "EBUSY"])
def test_trash_that_cannot_be_removed_now_is_removed_later(tmp_path: Path, error: str) -> None:
    """What is left of it stays in the trash of its run, and the next plan has it again."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed, and only it can make the kernel refuse a call")
    make_scene(tmp_path, "empty")
    code = run_victim(tmp_path, "-e", "trace=unlinkat", "-e", f"inject=unlinkat:error={error}:when=2+")
    if "INJECTED" not in (tmp_path / "trace").read_text():
        pytest.skip("strace may not trace here")
    assert code == 3
    with Root.open(str(tmp_path / "media")) as root:
        [left] = trashed_runs(root)
        assert 0 < left.files <= 4
        plan = emptying_plan(root, [left], PolicySet(), SystemClock().now(), said="all", before=None)
        result = apply_plan(plan, root, policies=None, clock=SystemClock())
        assert result.noted == ()
        assert trashed_runs(root) == ()
