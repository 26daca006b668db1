"""A run that may open directories is killed before each call that has to do with it: no directory stays open."""

import codecs
import os
import signal
from pathlib import Path

import pytest
from other_users import give_away, mode_of, ordinary_user
from shim import Case, Fault, Server, built, serving

from rules_engine.apply.applying import apply_plan
from rules_engine.apply.model import Outcome, RunState
from rules_engine.apply.permissions import OPENED
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.plan.model import Batch, Entry, Header, Plan, PlanLimits, StepAction, Trailer
from rules_engine.plan.planfile import read_plan, write_plan
from rules_engine.policy.model import PolicySet, Settings
from rules_engine.values.paths import RelPath

OPEN = PolicySet(settings=Settings(open_parents=True), digest="d")


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


def carry_out(top: str) -> None:
    """What is killed: the plan of the scene, applied as the ordinary user."""
    codecs.lookup("ascii")
    with Root.open(f"{top}/media") as root, Path(top, "plan.jsonl").open("rb") as source, ordinary_user():
        apply_plan(read_plan(source), root, policies=OPEN, clock=SystemClock())


@pytest.mark.slow
def test_no_directory_stays_open_wherever_a_run_is_killed(tmp_path: Path) -> None:
    """The same plan again finishes the run, and the directory has the mode that its owner gave it."""
    if built() is None:
        pytest.skip("only a compiler makes the shim that stops a process at a chosen call")
    with serving(Path(__file__)) as server:
        make_scene(tmp_path / "whole")
        calls = server.run("carry_out", Case(Fault.COUNT), top=str(tmp_path / "whole")).calls
        assert calls.count("fchmod") >= 4
        assert sorted(os.listdir(tmp_path / "whole/media/a")) == ["stays"]
        open_once = [kill(server, tmp_path / f"{number}-{call}", number) for number, call in enumerate(calls, 1)]
    assert any(open_once), "no kill met an open directory: the test proves nothing"


def kill(server: Server, top: Path, number: int) -> bool:
    """Kill a run before that call and finish it by the same plan; whether the directory was open in between."""
    make_scene(top)
    assert server.run("carry_out", Case(Fault.BEFORE, number), top=str(top)).status == -signal.SIGKILL, top.name
    was_open = mode_of(top / "media/a") != 0o555
    with Root.open(str(top / "media")) as root, (top / "plan.jsonl").open("rb") as source:
        plan = read_plan(source)
        with ordinary_user():
            result = apply_plan(plan, root, policies=OPEN, clock=SystemClock())
    assert result.state is RunState.FINISHED, top.name
    assert result.count(Outcome.DONE) + result.count(Outcome.GONE) == 2, top.name
    assert sorted(os.listdir(top / "media/a")) == ["stays"], top.name
    assert mode_of(top / "media/a") == 0o555, top.name
    assert OPENED not in os.listdir(top / "media/.rules"), top.name
    return was_open
