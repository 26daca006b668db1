"""A run that takes directories whole is killed before each system call that changes something, or has it refused."""

import os
import shutil
from pathlib import Path

import pytest
from straced import CALLS, POLICIES, LaterClock, batch, calls_of, run_victim, tree_of

from rules_engine.apply.applying import apply_plan
from rules_engine.apply.contents import read_contents
from rules_engine.apply.model import Outcome, RunState
from rules_engine.filesystem.root import Root
from rules_engine.plan.model import Batch, Count, Header, Plan, PlanLimits, StepAction, Trailer, Whole
from rules_engine.plan.planfile import write_plan
from rules_engine.values.paths import RelPath

FILES = ("f0", "sub/f1", "sub/deep/f2")
SCRATCH = RelPath("scratch")


def make_scene(top: Path) -> None:
    """A root at `top/media` with a plan at `top/plan.jsonl`: one directory to the trash, one for good."""
    (top / "outside").mkdir()
    (top / "outside/kept").write_bytes(b"123")
    for path in (*(f"{unit}/{name}" for unit in ("aside", "gone") for name in FILES), "stays/x"):
        full = top / "media/scratch" / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_bytes(b"123")
    for unit in ("aside", "gone"):
        (top / "media/scratch" / unit / "out").symlink_to(top / "outside")
    with Root.create(str(top / "media")) as root:
        write(root, top / "plan.jsonl", whole(root, StepAction.TRASH, "aside"), whole(root, StepAction.DELETE, "gone"))


def whole(root: Root, action: StepAction, name: str) -> Batch:
    """A batch that takes one directory of `scratch` whole, as it is."""
    with root.directory.open(SCRATCH) as here:
        contents = read_contents(here, name, ()).contents
    entries = batch(root, SCRATCH, action, name).entries
    return Batch(SCRATCH, action, entries, reason="unit", wholes=(Whole(contents.files, contents.digest()),))


def write(root: Root, path: Path, *batches: Batch) -> None:
    """Write a plan of these batches."""
    header = Header(LaterClock().now(), root.root_id, "d", PlanLimits(None, None, None, None), {})
    with path.open("wb") as out:
        write_plan(Plan(header, batches, Trailer({"trash": Count(4, 9), "delete": Count(4, 9)})), out)


def left_of(top: Path) -> list[str]:
    """What lies among what is being removed."""
    removing = top / "media/.rules/removing"
    return sorted(str(path.relative_to(removing)) for path in removing.rglob("*"))


def assert_whole_or_not_at_all(top: Path) -> None:
    """At its place, or in the trash, a directory has all its files or is not there."""
    trash = [Path(one) for one in (top / "media/.rules/trash").glob("*/scratch")]
    for place in (top / "media/scratch", *trash):
        for unit in ("aside", "gone"):
            held = sorted(str(path.relative_to(place / unit)) for path in (place / unit).rglob("f*"))
            assert held in ([], sorted(FILES)), (top.name, str(place), unit)
    assert (top / "outside/kept").exists(), top.name


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, int], list[str]]:
    """How often a run that nobody kills makes each call, and the tree that it leaves."""
    top = tmp_path_factory.mktemp("whole")
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed, and only it can stop a process before a chosen call")
    make_scene(top)
    if run_victim(top, "-e", f"trace={','.join(CALLS)}"):
        pytest.skip("strace may not trace here")
    assert left_of(top) == []
    [run_id] = os.listdir(top / "media/.rules/runs")
    return dict(calls_of(top)), tree_of(top, run_id)


def killed(tmp_path: Path, call: str, number: int) -> Path:
    """A scene whose run was killed before that call."""
    top = tmp_path / f"{call}-{number}"
    top.mkdir()
    make_scene(top)
    code = run_victim(top, "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}")
    assert code in {-9, 128 + 9}, top.name
    assert_whole_or_not_at_all(top)
    return top


@pytest.mark.slow
def test_a_killed_unit_is_finished_by_the_same_plan(tmp_path: Path, counted: tuple[dict[str, int], list[str]]) -> None:
    """The tree and the trash are those of a run that nobody killed, and nothing is left behind."""
    calls, want = counted
    assert {"mkdirat", "renameat2", "unlinkat", "fsync", "syncfs", "write"} <= calls.keys()
    for call, times in sorted(calls.items()):
        for number in range(1, times + 1):
            top = killed(tmp_path, call, number)
            with Root.open(str(top / "media")) as root:
                result = apply_plan(str(top / "plan.jsonl"), root, policies=POLICIES, clock=LaterClock())
            assert result.state is RunState.FINISHED, top.name
            assert tree_of(top, result.run_id) == want, top.name
            assert left_of(top) == [], top.name
            assert result.count(Outcome.DONE) + result.count(Outcome.GONE) == 2, top.name
            assert result.set_aside == 9, top.name
            assert sum(one.files for one in result.counts) == 8, top.name


@pytest.mark.slow
def test_a_killed_unit_is_swept_by_the_next_run_of_any_plan(
    tmp_path: Path, counted: tuple[dict[str, int], list[str]]
) -> None:
    """What was proved goes; what was not lies whole at its place or in the trash."""
    for call in ("renameat2", "unlinkat"):
        for number in range(1, counted[0][call] + 1):
            top = killed(tmp_path, call, number)
            with Root.open(str(top / "media")) as root:
                write(root, top / "other.jsonl", whole(root, StepAction.DELETE, "stays"))
                result = apply_plan(str(top / "other.jsonl"), root, policies=POLICIES, clock=LaterClock())
            assert result.count(Outcome.DONE) == 1, top.name
            assert left_of(top) == [], top.name
            assert_whole_or_not_at_all(top)


@pytest.mark.slow
@pytest.mark.parametrize(("call", "error"), [("mkdirat", "ENOSPC"), ("renameat2", "EACCES"), ("unlinkat", "EIO")])
def test_a_refused_call_leaves_a_directory_whole_and_the_next_plan_goes_on(
    tmp_path: Path, counted: tuple[dict[str, int], list[str]], call: str, error: str
) -> None:
    """A full disk, a right that is missing, a disk that fails: once, at any place."""
    for number in range(1, counted[0][call] + 1):
        top = tmp_path / f"{call}-{number}"
        top.mkdir()
        make_scene(top)
        code = run_victim(top, "-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={number}")
        assert "INJECTED" in (top / "trace").read_text(), top.name
        # Refused before anything was touched, or a run whose failed step has its cause in the report.
        assert code in {0, 1}, top.name
        assert_whole_or_not_at_all(top)
        with Root.open(str(top / "media")) as root:
            here = [name for name in ("aside", "gone", "stays") if (top / "media/scratch" / name).exists()]
            write(root, top / "other.jsonl", *(whole(root, StepAction.DELETE, name) for name in here))
            result = apply_plan(str(top / "other.jsonl"), root, policies=POLICIES, clock=LaterClock())
        assert result.count(Outcome.DONE) == len(here) >= 1, top.name
        assert left_of(top) == [], top.name
        assert list((top / "media/scratch").iterdir()) == [], top.name
