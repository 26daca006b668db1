"""Retiring is killed before each system call that changes something; the same retiring again ends in the same state."""

import io
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from rules_engine.apply.model import RunResult, RunState
from rules_engine.apply.report import to_report
from rules_engine.apply.retire import retire
from rules_engine.apply.runs import open_run
from rules_engine.filesystem.machine import Machine
from rules_engine.filesystem.root import Root
from rules_engine.manifest.request import StartRequest
from rules_engine.manifest.store import ManifestStore
from rules_engine.manifest.verify import verify
from rules_engine.plan.model import Header, Plan, PlanLimits, Trailer
from rules_engine.plan.planfile import write_plan
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY, Duration, Instant
from rules_engine.values.vocabulary import FileType, JobId, JobType

CALLS = ("mkdirat", "renameat", "renameat2", "unlinkat", "unlink", "rmdir", "ftruncate", "fsync", "write")
CHECKOUT = Path(__file__).parents[2]
VICTIM = """
import sys
from rules_engine.apply.retire import retire
from rules_engine.filesystem.root import Root
from rules_engine.manifest.store import ManifestStore
from rules_engine.values.quantities import DAY, Duration, Instant
class Clock:
    def now(self):
        return Instant(100 * DAY)
    def sleep(self, seconds):
        pass
with Root.open(sys.argv[1]) as root:
    clock = Clock()
    jobs = ManifestStore(root, clock).load().jobs
    assert retire(root, clock, jobs, keep=Duration(90 * DAY), spare="").notes == ()
"""


class FixedClock:
    """Always the same moment."""

    def __init__(self, now: int) -> None:
        self.instant = Instant(now)

    def now(self) -> Instant:
        """That moment."""
        return self.instant

    def sleep(self, seconds: float) -> None:
        """Wait for nothing."""


def make_scene(top: Path) -> None:
    """A root with a critical job on two hosts that ended long ago, and the folder of a run from then."""
    (top / "media").mkdir(parents=True)
    clock = FixedClock(DAY)
    with Root.create(str(top / "media")) as root:
        alpha, beta = (ManifestStore(root, clock, machine=Machine(host, "boot", Instant(0))) for host in ("a", "b"))
        alpha.start(StartRequest(JobId("j"), JobType("clip"), RelPath("w/j"), RelPath("o"), critical=True))
        for store, name in ((alpha, "one"), (beta, "two")):
            path = top / "media/o" / name
            path.parent.mkdir(exist_ok=True)
            path.write_text("x")
            store.add_files("j", [(RelPath(f"o/{name}"), FileType("final_video"))])
        alpha.finish("j", success=True, directories=[])
        plan = Plan(Header(Instant(DAY), root.root_id, "d", PlanLimits(None, None, None, None), {}), (), Trailer())
        out = io.BytesIO()
        write_plan(plan, out)
        out.seek(0)
        with open_run(root.require_state(), plan.trailer.run_id, out) as folder:
            folder.write_report(to_report(RunResult(folder.run_id, RunState.FINISHED, Instant(DAY), Instant(DAY))))


def run_victim(top: Path, *strace: str) -> int:
    """Retire in a process of its own, under strace; its exit code."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    environment = {**kept, "PYTHONPATH": str(CHECKOUT), "PYTHONDONTWRITEBYTECODE": "1"}
    victim = [sys.executable, "-c", VICTIM, str(top / "media")]
    command = ["strace", "-f", "-qq", "-o", str(top / "trace"), *strace, *victim]
    return subprocess.run(command, check=False, env=environment, capture_output=True).returncode


def calls_of(top: Path) -> Counter[str]:
    """How often the victim made each call."""
    return Counter(re.findall(r"^ *\d+ +(\w+)\(", (top / "trace").read_text(errors="replace"), re.MULTILINE))


def state_of(top: Path) -> dict[str, bytes]:
    """The state, but for ids, locks, and what a killed writer left aside."""
    state = top / "media/.rules"
    found = {str(path.relative_to(state)): path for path in state.rglob("*") if path.is_file()}
    kept = {name for name, path in found.items() if not path.name.startswith(".") and not name.startswith("locks")}
    return {name: found[name].read_bytes() for name in sorted(kept - {"root.json"})}


def look(top: Path) -> None:
    """Whoever reads in between, or after, sees the job once, ended, with both files, and nothing wrong with it."""
    with Root.open(str(top / "media")) as root:
        loaded = ManifestStore(root, FixedClock(100 * DAY), machine=Machine("c", "boot", Instant(0))).load()
        (record,) = loaded.jobs
        assert (loaded.damaged, loaded.notes) == ((), ()), top.name
        assert dict(record.files[RelPath("o")]) == {"one": "final_video", "two": "final_video"}, top.name
        assert (record.status, record.ended) == ("completed", DAY), top.name
        assert list(verify(root.require_state())) == [], top.name


@pytest.mark.slow
def test_a_retiring_killed_before_any_call_is_finished_by_the_next(tmp_path: Path) -> None:
    """Between any two steps readers see the same job; afterwards the state is that of a retiring nobody killed."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed, and only it can stop a process before a chosen call")
    make_scene(tmp_path / "scene")
    look(tmp_path / "scene")
    whole = tmp_path / "whole"
    shutil.copytree(tmp_path / "scene", whole)
    if run_victim(whole, "-e", f"trace={','.join(CALLS)}"):
        pytest.skip("strace may not trace here")
    counted, want = calls_of(whole), state_of(whole)
    assert {"unlink", "unlinkat"} & counted.keys()
    assert not [name for name in want if name.startswith(("manifests", "backups", "runs"))]
    for call, times in sorted(counted.items()):
        for number in range(1, times + 1):
            top = tmp_path / f"{call}-{number}"
            shutil.copytree(tmp_path / "scene", top)
            code = run_victim(top, "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}")
            assert code in {-9, 128 + 9}, top.name
            look(top)
            with Root.open(str(top / "media")) as root:
                clock = FixedClock(100 * DAY)
                jobs = ManifestStore(root, clock).load().jobs
                assert retire(root, clock, jobs, keep=Duration(90 * DAY), spare="").notes == ()
            look(top)
            assert state_of(top) == want, top.name
