"""A run that takes directories whole is killed before each call that changes something, or has it refused.

That the same plan then ends in the same tree is in test_killed_everywhere.py.
"""

import errno
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from shim import Case, Fault, Server, built, serving
from wholes import POLICIES, LaterClock, batch

from rules_engine.apply.applying import apply_plan
from rules_engine.apply.contents import read_contents
from rules_engine.apply.model import Outcome
from rules_engine.errors import ExitCode
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


def carry_out(top: str) -> int:
    """What is killed, or refused a call: the plan of the scene."""
    with Root.open(f"{top}/media") as root:
        return int(apply_plan(f"{top}/plan.jsonl", root, policies=POLICIES, clock=LaterClock()).exit_code)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A process that carries plans out and has a call fail."""
    if built() is None:
        pytest.skip("only a compiler makes the shim that stops a process at a chosen call")
    with serving(Path(__file__)) as running:
        yield running


@pytest.fixture(scope="module")
def calls(server: Server, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """The calls of a run that nobody kills."""
    top = tmp_path_factory.mktemp("whole")
    make_scene(top)
    answer = server.run("carry_out", Case(Fault.COUNT), top=str(top))
    assert answer.said == 0
    assert left_of(top) == []
    assert {"mkdirat", "renameat2", "unlinkat", "fsync", "syncfs", "write"} <= set(answer.calls)
    return answer.calls


@pytest.mark.slow
def test_a_killed_unit_is_swept_by_the_next_run_of_any_plan(
    tmp_path: Path, server: Server, calls: tuple[str, ...]
) -> None:
    """What was proved goes; what was not lies whole at its place or in the trash."""
    for number, call in enumerate(calls, 1):
        top = tmp_path / f"{number}-{call}"
        top.mkdir()
        make_scene(top)
        assert server.run("carry_out", Case(Fault.BEFORE, number), top=str(top)).status == -signal.SIGKILL, top.name
        assert_whole_or_not_at_all(top)
        with Root.open(str(top / "media")) as root:
            write(root, top / "other.jsonl", whole(root, StepAction.DELETE, "stays"))
            result = apply_plan(str(top / "other.jsonl"), root, policies=POLICIES, clock=LaterClock())
        assert result.count(Outcome.DONE) == 1, top.name
        assert left_of(top) == [], top.name
        assert_whole_or_not_at_all(top)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("call", "error"), [("mkdirat", errno.ENOSPC), ("renameat2", errno.EACCES), ("unlinkat", errno.EIO)]
)
def test_a_refused_call_leaves_a_directory_whole_and_the_next_plan_goes_on(
    tmp_path: Path, server: Server, calls: tuple[str, ...], call: str, error: int
) -> None:
    """A full disk, a right that is missing, a disk that fails: once, at any place."""
    for number in (number for number, name in enumerate(calls, 1) if name == call):
        top = tmp_path / f"{number}-{call}"
        top.mkdir()
        make_scene(top)
        answer = server.run("carry_out", Case(Fault.ERROR, number, error), top=str(top))
        # Refused before anything was touched, or a run whose failed step has its cause in the report.
        assert answer.said in {0, 3} or answer.status == ExitCode.REFUSED, (top.name, answer)
        assert_whole_or_not_at_all(top)
        with Root.open(str(top / "media")) as root:
            here = [name for name in ("aside", "gone", "stays") if (top / "media/scratch" / name).exists()]
            write(root, top / "other.jsonl", *(whole(root, StepAction.DELETE, name) for name in here))
            result = apply_plan(str(top / "other.jsonl"), root, policies=POLICIES, clock=LaterClock())
        assert result.count(Outcome.DONE) == len(here) >= 1, top.name
        assert left_of(top) == [], top.name
        assert list((top / "media/scratch").iterdir()) == [], top.name
