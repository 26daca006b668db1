"""Laws of apply: twice equals once, also when it was killed in between; after it, a new plan is empty."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from rules_engine.apply.applying import apply_plan
from rules_engine.apply.model import InterruptedRunError, RunState
from rules_engine.filesystem.root import Root
from rules_engine.jobs.lifecycle import add, finish, start
from rules_engine.jobs.planning import survey
from rules_engine.plan.model import Batch
from rules_engine.plan.planfile import write_plan
from rules_engine.policy.load import load_texts
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY, HOUR, Instant, parse_instant
from rules_engine.values.vocabulary import FileType

POLICIES = load_texts(
    {
        "layout.yaml": """
version: 1
kind: layout
job_type: plain
workspace: "work/{job_id}"
output: "out/{job_id}"
directories:
  temp:  {in: workspace}
  slides: {in: workspace, holds: [temp_slide]}
  final: {in: output, holds: [final_video]}
""",
        "cleanup.yaml": """
version: 1
kind: cleanup
rules:
  - {name: scratch, jobs: {status: [completed, failed]}, files: {in: workspace}, after: 1d, action: delete}
  - {name: finals, files: {match: ["/out/*/final/"]}, deliverables: true, after: 3d, action: trash}
  - {name: stray, files: {match: ["*.tmp"], tracked: false}, after: 1h, action: trash}
  - {name: works, unit: workspace, jobs: {status: failed}, after: 2d, action: delete}
  - {name: heaps, unit: directory, files: {match: ["/x/y/"], tracked: false}, after: 2h, action: delete}
  - {name: gold, files: {match: ["*gold*"]}, action: keep}
""",
        "settings.yaml": "version: 1\nkind: settings\ncleanup: {preserve_on_failure: 12h}\n",
    }
)
# In memory where there is such a place: hundreds of small runs would else wait for the disk, commit by commit.
SCRATCH = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - the directory below is private
NAMES = st.sampled_from(["a", "b.tmp", "gold.tmp", "new\nline", "\udcff", "slide.mkv", "ü"])
PLACES = st.sampled_from(["temp", "slides", "temp/deep/er"])
JOBS = st.lists(
    st.tuples(
        st.lists(st.tuples(PLACES, NAMES), max_size=4),
        st.lists(NAMES, max_size=2),
        st.sampled_from(["completed", "failed", "running"]),
    ),
    max_size=3,
)
STRAYS = st.lists(st.tuples(st.sampled_from(["", "x", "x/y"]), NAMES), max_size=4)
MEDDLING = st.sampled_from(["nothing", "write", "replace", "remove", "add", "link"])


class World:
    """A clock that a law moves, and a count of readings after which the user interrupts."""

    def __init__(self) -> None:
        self.instant = parse_instant("2100-01-01")
        self.left = -1

    def now(self) -> Instant:
        """The instant, or an interrupt."""
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
        self.instant += 400_000_000
        return Instant(self.instant)

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.instant += int(seconds * 1e9)


@dataclass
class Scene:
    """A root with jobs and strays, and its clock."""

    root: Root
    clock: World
    top: Path

    def plan_file(self, name: str) -> str:
        """A plan of now, written beside the root."""
        path = self.top.parent / name
        with path.open("wb") as out:
            write_plan(survey(POLICIES, self.root, self.clock).plan(self.clock.now()), out)
        return str(path)

    def tree(self) -> list[tuple[str, bytes]]:
        """Every path below the root and the trash, with what it holds."""
        found = []
        for path in self.top.rglob("*"):
            below = os.fsencode(path.relative_to(self.top))
            if not below.startswith(b".rules") or below.startswith(b".rules/trash/"):
                found.append((os.fsdecode(below), path.read_bytes() if path.is_file() else b""))
        return sorted(found)


@contextmanager
def scene(jobs: list, strays: list) -> Iterator[Scene]:
    """A scratch root with these jobs and strays, five days later."""
    with tempfile.TemporaryDirectory(dir=SCRATCH) as scratch:
        top = Path(scratch) / "media"
        top.mkdir()
        with Root.create(str(top)) as root:
            made = Scene(root, World(), top)
            for number, job in enumerate(jobs):
                _make_job(made, f"j{number}", *job)
            for directory, name in strays:
                _write(made, top / directory / name)
            made.clock.instant += 5 * DAY
            yield made


def _make_job(made: Scene, job_id: str, temps: list, finals: list, status: str) -> None:
    start(made.root, POLICIES, made.clock, "plain", job_id=job_id)
    for place, name in temps:
        _write(made, made.top / "work" / job_id / place / name)
    for name in finals:
        _write(made, made.top / "out" / job_id / "final" / name)
        path = RelPath(f"out/{job_id}/final/{name}")
        add(made.root, POLICIES, made.clock, job_id, [path], file_type=FileType.FINAL_VIDEO)
    if status != "running":
        finish(made.root, POLICIES, made.clock, job_id, success=status == "completed")


def _write(made: Scene, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"123")
    os.utime(path, ns=(made.clock.instant - HOUR, made.clock.instant - HOUR))


def _meddle(made: Scene, how: str) -> None:
    """Change one file behind the plan's back."""
    files = sorted(path for path in (made.top / "work").rglob("*") if path.is_file()) if jobs_there(made) else []
    if how == "nothing" or not files:
        return
    path = files[0]
    match how:
        case "write":
            path.write_bytes(b"1234")
        case "add":
            (path.parent / "added").write_bytes(b"5")
        case "replace":
            path.with_name("aside").write_bytes(b"new")
            os.replace(path.with_name("aside"), path)
        case "remove":
            path.unlink()
        case "link":
            path.unlink()
            path.symlink_to("/etc/passwd")


def jobs_there(made: Scene) -> bool:
    """Whether any job made its workspace."""
    return (made.top / "work").is_dir()


@settings(max_examples=100, deadline=None)
@given(JOBS, STRAYS, MEDDLING)
def test_apply_twice_equals_apply_once(jobs: list, strays: list, meddling: str) -> None:
    """The second time changes nothing and gives the same result."""
    with scene(jobs, strays) as made:
        plan = made.plan_file("plan.jsonl")
        _meddle(made, meddling)
        first = apply_plan(plan, made.root, policies=POLICIES, clock=made.clock)
        once = made.tree()
        second = apply_plan(plan, made.root, policies=POLICIES, clock=made.clock)
        assert second == first
        assert made.tree() == once


def _steps_left(made: Scene) -> list[Batch]:
    return list(survey(POLICIES, made.root, made.clock).plan(made.clock.now()).batches)


@settings(max_examples=100, deadline=None)
@given(JOBS, STRAYS)
def test_planning_again_after_apply_yields_no_steps(jobs: list, strays: list) -> None:
    """What was planned is settled by one apply."""
    with scene(jobs, strays) as made:
        result = apply_plan(made.plan_file("plan.jsonl"), made.root, policies=POLICIES, clock=made.clock)
        assert result.noted == ()
        assert _steps_left(made) == []


@settings(max_examples=100, deadline=None)
@given(JOBS, STRAYS, MEDDLING)
def test_plans_converge_whatever_was_done_behind_their_back(jobs: list, strays: list, meddling: str) -> None:
    """The next plan looks at what the first one found different; after it nothing is left to do."""
    with scene(jobs, strays) as made:
        plan = made.plan_file("first.jsonl")
        _meddle(made, meddling)
        apply_plan(plan, made.root, policies=POLICIES, clock=made.clock)
        apply_plan(made.plan_file("second.jsonl"), made.root, policies=POLICIES, clock=made.clock)
        assert _steps_left(made) == []


@settings(max_examples=100, deadline=None)
@given(JOBS, STRAYS, st.integers(min_value=2, max_value=30))
def test_an_interrupted_apply_ends_in_the_same_tree(jobs: list, strays: list, reading: int) -> None:
    """Cut short at any reading of the clock, the same plan again ends where one uninterrupted apply does."""
    ends = []
    for left in (-1, reading):
        with scene(jobs, strays) as made:
            plan = made.plan_file("plan.jsonl")
            made.clock.left = left
            with suppress(InterruptedRunError, KeyboardInterrupt):
                apply_plan(plan, made.root, policies=POLICIES, clock=made.clock)
            made.clock.left = -1
            result = apply_plan(plan, made.root, policies=POLICIES, clock=made.clock)
            assert result.state is RunState.FINISHED
            # The run id differs: every root has an id of its own.
            ends.append([(path.replace(result.run_id, "RUN"), data) for path, data in made.tree()])
    assert ends[0] == ends[1]
