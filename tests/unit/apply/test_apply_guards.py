"""The guards of the system in a run: what they stop, where they stand in its report, and what is refused without."""

import json
import os
import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from apply_world import FixedClock, apply, batch_of, counts, fill, plan_of, tree_of

from rules_engine.apply.confined import Caller, _Run, check_guards, run_confined
from rules_engine.apply.executor import Executor
from rules_engine.apply.model import Event, Outcome, StepResult
from rules_engine.apply.report import from_report
from rules_engine.apply.retry import Retrier
from rules_engine.errors import RefusedError
from rules_engine.filesystem import landlock
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.guards import Guard, GuardState
from rules_engine.filesystem.root import Root
from rules_engine.plan.model import Batch, StepAction
from rules_engine.policy.model import Retry
from rules_engine.values.quantities import DAY, Instant

needs_landlock = pytest.mark.skipif(
    landlock.abi() < landlock.OLDEST_ABI, reason="this kernel has no Landlock, or none that allows moves"
)


def report_of(root: Root, run_id: str) -> bytes:
    """What `report.json` of a run holds."""
    return (Path(root.path) / ".rules/runs" / run_id / "report.json").read_bytes()


@needs_landlock
@pytest.mark.parametrize("action", [StepAction.DELETE, StepAction.REMOVE_DIRECTORY])
def test_a_defect_that_reaches_outside_the_root_is_stopped_by_the_kernel(
    root: Root, tmp_path_factory: pytest.TempPathFactory, action: StepAction
) -> None:
    """An executor that was handed the wrong directory, with steps that fit what lies there, removes nothing."""
    outside = tmp_path_factory.mktemp("outside")
    (outside / "file").write_bytes(b"123")
    (outside / "directory").mkdir()
    name = "file" if action is StepAction.DELETE else "directory"
    with Directory.open_root(str(outside)) as wrong:
        seen = Root(str(outside), wrong, None, None)
        batch = batch_of(seen, "", name, action=action)

        def act(_caller: Caller, _guard: GuardState) -> list[StepResult]:
            return list(Executor(wrong, Retrier(Retry(), FixedClock())).carry_out(batch))

        [result] = run_confined(root.directory, act)
    assert (result.outcome, result.cause) == (Outcome.FAILED, "Permission denied")
    assert sorted(os.listdir(outside)) == ["directory", "file"]


@needs_landlock
def test_a_directory_that_is_moved_out_under_our_hands_loses_nothing(
    root: Root, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The run holds it open, and what it held when it was taken away is not the run's any more."""
    names = [f"f{number}" for number in range(6)]
    fill(root, *[f"a/{name}" for name in names])
    outside = tmp_path_factory.mktemp("outside") / "a"
    plan = plan_of(root, batch_of(root, "a", *names))
    now, moved = threading.Event(), threading.Event()

    def move() -> None:
        now.wait(30)
        (Path(root.path) / "a").rename(outside)
        moved.set()

    class Watching(FixedClock):
        """A clock that is asked between two steps, and has the directory moved after the third."""

        def now(self) -> Any:
            """The time."""
            if not moved.is_set() and len(os.listdir(Path(root.path) / "a")) == 3:
                now.set()
                assert moved.wait(30)
            return super().now()

    mover = threading.Thread(target=move)
    mover.start()
    clock = Watching()
    result = apply(plan, root, clock=clock, until=Instant(clock.now() + DAY))
    mover.join()
    assert result.count(Outcome.DONE) == 3
    assert sorted(os.listdir(outside)) == names[3:]


def test_the_caller_stays_free_during_a_run_and_after_it(root: Root, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A listener that keeps a diary elsewhere can, and so can whoever applied the plan."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    threads: set[int] = set()

    def note(event: Event) -> None:
        threads.add(threading.get_ident())
        with (elsewhere / "diary").open("a") as diary:
            diary.write(f"{type(event).__name__}\n")

    fill(root, "a/b")
    apply(plan_of(root, batch_of(root, "a", "b")), root, listen=note)
    (elsewhere / "later").touch()
    assert (elsewhere / "diary").read_text().split() == ["RunStarted", "Committed", "RunEnded"]
    assert threads == {threading.get_ident()}


def test_the_report_names_every_guard_and_whether_it_was_active(root: Root) -> None:
    """In the result, in `report.json`, and again when that is read."""
    fill(root, "a/b")
    result = apply(plan_of(root, batch_of(root, "a", "b")), root)
    assert [one.guard for one in result.guards] == list(Guard)
    data = report_of(root, result.run_id)
    assert from_report(data, "report.json") == result
    assert json.loads(data)["guards"][0].keys() == {"guard", "active", "note"}


def test_a_report_of_another_version_is_read(root: Root) -> None:
    """An older one names no guards, and a newer one may name some that nobody knows yet."""
    fill(root, "a/b")
    result = apply(plan_of(root, batch_of(root, "a", "b")), root)
    document = json.loads(report_of(root, result.run_id))
    document["guards"].append({"guard": "from the future", "active": True, "note": ""})
    assert from_report(json.dumps(document).encode(), "report.json") == result
    del document["guards"]
    assert from_report(json.dumps(document).encode(), "report.json").guards == ()


def test_without_what_linux_adds_a_run_is_done_unless_guards_are_required(root: Root) -> None:
    """Required, they are missing before anything is touched or recorded; else the report says what was missing."""
    fill(root, "a/b", "a/c")
    plan = plan_of(root, batch_of(root, "a", "b"), batch_of(root, "a", "c", action=StepAction.TRASH))
    with Root.open(root.path, portable=True) as plain:
        with pytest.raises(RefusedError, match="the guard `openat2` is not active") as caught:
            apply(plan, plain, require_guards=True)
        assert "the guard `renameat2` is not active: not wanted" in str(caught.value)
        assert tree_of(root) == ["a", "a/b", "a/c"]
        assert not (Path(root.path) / ".rules/runs").exists()
        result = apply(plan, plain)
    assert counts(result) == {"done": 2}
    assert {one.guard: one.active for one in result.guards if one.guard is not Guard.LANDLOCK} == {
        Guard.OPENAT2: False,
        Guard.MOUNTS: True,
        Guard.RENAMEAT2: False,
    }


@needs_landlock
def test_a_run_that_requires_guards_and_has_them_goes_on(root: Root) -> None:
    """Nothing is refused where nothing is missing."""
    fill(root, "a/b")
    batch: Batch = batch_of(root, "a", "b")
    assert counts(apply(plan_of(root, batch), root, require_guards=True)) == {"done": 1}


@pytest.mark.parametrize("guard", Guard)
def test_each_missing_guard_is_refused_with_what_to_do(guard: Guard) -> None:
    """Its name, why it is missing, and how it is had."""
    check_guards([GuardState(one, active=True) for one in Guard])
    with pytest.raises(RefusedError, match=f"the guard `{guard}` is not active: because") as caught:
        check_guards([GuardState(one, active=one is not guard, note="because") for one in Guard])
    assert str(caught.value).endswith("; or go on without, and leave `--require-guards` out")


def test_a_thread_that_is_none_is_never_bound(root: Root, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where a library makes threads that are none, binding one would bind the whole program for good."""
    found: list[GuardState] = []
    course = _Run(root.directory, lambda _caller, guard: found.append(guard), Caller())
    course.run()
    assert found == [GuardState(Guard.LANDLOCK, active=False, note="there are no threads of their own in this process")]
    (tmp_path_factory.mktemp("outside") / "file").touch()


def test_a_run_that_was_called_off_before_its_thread_began_does_nothing(root: Root) -> None:
    """A signal that comes while the thread is being started leaves nobody behind who goes on alone."""
    found: list[GuardState] = []
    course = _Run(root.directory, lambda _caller, guard: found.append(guard), Caller())
    course.cancelled = True
    course.run()
    assert (course.is_over, course.error, found) == (True, None, [])


def test_a_wake_up_without_a_question_is_no_answer(root: Root) -> None:
    """Wake-ups may be one too many: the next question is still answered once."""
    answered: list[int] = []

    def act(caller: Caller, _: GuardState) -> None:
        for number in range(20):
            caller.wake()
            caller.call(partial(answered.append, number))
            caller.wake()

    run_confined(root.directory, act)
    assert answered == list(range(20))
