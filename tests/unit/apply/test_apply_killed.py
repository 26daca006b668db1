import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from apply_world import POLICIES, FixedClock, batch_of, fill, plan_of, tree_of

from rules_engine.apply.applying import apply_plan
from rules_engine.apply.model import Outcome, RunState
from rules_engine.filesystem.root import Root
from rules_engine.plan.model import StepAction
from rules_engine.plan.planfile import write_plan

# Applies a plan, and is killed at the given reading of the clock.
VICTIM = """
import os, signal, sys
sys.path.insert(0, sys.argv[4])
from apply_world import POLICIES, FixedClock
from rules_engine.apply.applying import apply_plan
from rules_engine.filesystem.root import Root

class Deadly(FixedClock):
    left = int(sys.argv[3])
    def now(self):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        # Each reading is a while later, so that groups are committed often.
        self.instant += 300_000_000
        return super().now()

with Root.open(sys.argv[1]) as root:
    apply_plan(sys.argv[2], root, policies=POLICIES, clock=Deadly())
"""


@pytest.mark.parametrize("reading", [3, 5, 8, 12, 16, 20])
def test_a_killed_run_is_finished_by_the_same_plan(root: Root, tmp_path: Path, reading: int) -> None:
    """Whenever it was killed: the tree and the trash end as if nothing had happened."""
    names = [f"f{number:03d}" for number in range(200)]
    fill(root, *[f"{directory}/{name}" for directory in ("a", "b") for name in names], "a/stays")
    plan = plan_of(
        root,
        batch_of(root, "a", *names, action=StepAction.TRASH),
        batch_of(root, "b", *names),
        batch_of(root, "", "b", action=StepAction.REMOVE_DIRECTORY),
    )
    with (tmp_path / "p.jsonl").open("wb") as out:
        write_plan(plan, out)
    command = [sys.executable, "-c", VICTIM, root.path, str(tmp_path / "p.jsonl"), str(reading)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    killed = subprocess.run([*command, str(Path(__file__).parent)], check=False, env=environment)
    assert killed.returncode == -signal.SIGKILL
    result = apply_plan(str(tmp_path / "p.jsonl"), root, policies=POLICIES, clock=FixedClock())
    assert result.state is RunState.FINISHED
    assert result.count(Outcome.DONE) + result.count(Outcome.GONE) == 401
    assert result.set_aside == 600
    assert tree_of(root) == ["a", "a/stays"]
    assert sorted(os.listdir(Path(root.path) / ".rules/trash" / result.run_id / "a")) == names
