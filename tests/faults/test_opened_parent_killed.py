"""A run that may open directories is killed before each call that has to do with it: no directory stays open."""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from other_users import IS_ROOT, NOBODY, give_away, mode_of, ordinary_user

from rules_engine.apply.applying import apply_plan
from rules_engine.apply.model import Outcome, RunState
from rules_engine.apply.permissions import OPENED
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.plan.model import Batch, Entry, Header, Plan, PlanLimits, StepAction, Trailer
from rules_engine.plan.planfile import read_plan, write_plan
from rules_engine.policy.model import PolicySet, Settings
from rules_engine.values.paths import RelPath

CALLS = ("fchmod", "unlinkat", "write")
CHECKOUT = Path(__file__).parents[2]
OPEN = PolicySet(settings=Settings(open_parents=True), digest="d")
VICTIM = """
import codecs, io, os, sys
from rules_engine.apply.applying import apply_plan
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.plan.planfile import read_plan
from rules_engine.policy.model import PolicySet, Settings
codecs.lookup("ascii")
with Root.open(sys.argv[1]) as root, open(sys.argv[2], "rb") as source:
    plan = read_plan(source)
    os.seteuid(int(sys.argv[3]))
    policies = PolicySet(settings=Settings(open_parents=True), digest="d")
    apply_plan(plan, root, policies=policies, clock=SystemClock())
"""


def make_scene(top: Path) -> None:
    """A root at `top/media` with the directory `a` closed by its owner, and a plan to delete two files in it."""
    (top / "media/a").mkdir(parents=True)
    for name in ("f0", "f1", "stays"):
        (top / "media/a" / name).write_bytes(b"123")
    with Root.create(str(top / "media")) as root, (top / "plan.jsonl").open("wb") as out:
        give_away(root)
        (top / "media/a").chmod(0o555)
        entries = []
        with root.directory.open(RelPath("a")) as here:
            for name in ("f0", "f1"):
                found = here.stat(name)
                assert found is not None
                identity = (found.inode, found.size, found.mtime_ns, found.ctime_ns, found.nlink)
                entries.append(Entry(name, found.kind, *identity))
        header = Header(SystemClock().now(), root.root_id, "d", PlanLimits(None, None, None, None), {})
        write_plan(Plan(header, (Batch(RelPath("a"), StepAction.DELETE, tuple(entries)),), Trailer()), out)


def run_victim(top: Path, *strace: str) -> int:
    """Apply the plan as the ordinary user in a process of its own, under strace; its exit code."""
    uid = str(NOBODY if IS_ROOT else os.geteuid())
    victim = [sys.executable, "-c", VICTIM, str(top / "media"), str(top / "plan.jsonl"), uid]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    environment = {**kept, "PYTHONPATH": str(CHECKOUT), "PYTHONDONTWRITEBYTECODE": "1"}
    command = ["strace", "-f", "-qq", "-o", str(top / "trace"), *strace, *victim]
    return subprocess.run(command, check=False, env=environment, capture_output=True).returncode


@pytest.mark.slow
def test_no_directory_stays_open_wherever_a_run_is_killed(tmp_path: Path) -> None:
    """The same plan again finishes the run, and the directory has the mode that its owner gave it."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed, and only it can stop a process before a chosen call")
    make_scene(tmp_path / "whole")
    if run_victim(tmp_path / "whole", "-e", f"trace={','.join(CALLS)}"):
        pytest.skip("strace may not trace here")
    text = (tmp_path / "whole/trace").read_text(errors="replace")
    counted = Counter(re.findall(r"^\d+ +(\w+)\(", text, re.MULTILINE))
    assert counted["fchmod"] >= 4
    assert sorted(os.listdir(tmp_path / "whole/media/a")) == ["stays"]
    open_once = False
    for call, times in sorted(counted.items()):
        for number in range(1, times + 1):
            top = tmp_path / f"{call}-{number}"
            make_scene(top)
            code = run_victim(top, "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}")
            assert code in {-9, 128 + 9}, top.name
            open_once |= mode_of(top / "media/a") != 0o555
            with Root.open(str(top / "media")) as root, (top / "plan.jsonl").open("rb") as source:
                plan = read_plan(source)
                with ordinary_user():
                    result = apply_plan(plan, root, policies=OPEN, clock=SystemClock())
            assert result.state is RunState.FINISHED, top.name
            assert result.count(Outcome.DONE) + result.count(Outcome.GONE) == 2, top.name
            assert sorted(os.listdir(top / "media/a")) == ["stays"], top.name
            assert mode_of(top / "media/a") == 0o555, top.name
            assert OPENED not in os.listdir(top / "media/.rules"), top.name
    assert open_once, "no kill met an open directory: the test proves nothing"
