"""A restore and an emptying are refused a call that changes something; test_killed_everywhere.py kills both."""

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest
from shim import Case, Fault, Server, built, serving
from wholes import batch

from rules_engine.apply.applying import apply_plan
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.jobs.restoring import restoring
from rules_engine.jobs.runs import find_run
from rules_engine.jobs.trash import emptying_plan, trashed_runs
from rules_engine.plan.model import Count, Header, Plan, PlanLimits, StepAction, Trailer
from rules_engine.plan.planfile import write_plan
from rules_engine.policy.model import PolicySet
from rules_engine.values.paths import ROOT, RelPath


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


def carry_out(top: str) -> int:
    """What is refused a call: the plan of the scene."""
    with Root.open(f"{top}/media") as root:
        return int(apply_plan(f"{top}/plan.jsonl", root, policies=None, clock=SystemClock()).exit_code)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A process that carries plans out and has a call refused."""
    if built() is None:
        pytest.skip("only a compiler makes the shim that refuses a process a chosen call")
    with serving(Path(__file__)) as running:
        yield running


def refused(server: Server, tmp_path: Path, what: str, call: str, error: int, *, times: int) -> int:
    """Carry the plan of a scene out with the first call of that name refused, and the next ones; the exit code."""
    (tmp_path / "counted").mkdir()
    make_scene(tmp_path / "counted", what)
    calls = server.run("carry_out", Case(Fault.COUNT), top=str(tmp_path / "counted")).calls
    # The first ones are of the record of the run; whoever is in the middle has to do with the files.
    found = [at for at, name in enumerate(calls, 1) if name == call]
    number = found[len(found) // 2]
    make_scene(tmp_path, what)
    answer = server.run("carry_out", Case(Fault.ERROR, number, error, times), top=str(tmp_path))
    assert isinstance(answer.said, int), answer
    return answer.said


@pytest.mark.parametrize("error", [errno.EPERM, errno.EIO, errno.EXDEV])
def test_a_rename_that_is_refused_leaves_it_in_the_trash(tmp_path: Path, server: Server, error: int) -> None:
    """The step failed, and nothing was copied instead."""
    assert refused(server, tmp_path, "restore", "renameat2", error, times=-1) in {0, 3}
    trash = sorted(str(path.name) for path in (tmp_path / "media/.rules/trash").rglob("f?"))
    there = sorted(path.name for path in (tmp_path / "media").rglob("f?") if ".rules" not in path.parts)
    assert sorted([*trash, *there]) == ["f0", "f0", "f1", "f1"]
    assert trash


@pytest.mark.parametrize("error", [errno.EPERM, errno.EIO, errno.EBUSY])
def test_trash_that_cannot_be_removed_now_is_removed_later(tmp_path: Path, server: Server, error: int) -> None:
    """What is left of it stays in the trash of its run, and the next plan has it again."""
    assert refused(server, tmp_path, "empty", "unlinkat", error, times=-1) == 3
    with Root.open(str(tmp_path / "media")) as root:
        [left] = trashed_runs(root)
        assert 0 < left.files <= 4
        plan = emptying_plan(root, [left], PolicySet(), SystemClock().now(), said="all", before=None)
        result = apply_plan(plan, root, policies=None, clock=SystemClock())
        assert result.noted == ()
        assert trashed_runs(root) == ()
