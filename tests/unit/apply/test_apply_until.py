from pathlib import Path

from apply_world import NOON, FixedClock, apply, batch_of, counts, fill, plan_of, tree_of

from rules_engine.apply.model import RunState
from rules_engine.errors import ExitCode
from rules_engine.filesystem.root import Root
from rules_engine.values.quantities import HOUR, SECOND, Instant

SOON = Instant(NOON + 10 * SECOND)


class LateOnce(FixedClock):
    """A clock that is an hour later once a file is gone: removing it took that long."""

    def __init__(self, root: Root, path: str) -> None:
        super().__init__()
        self._path = Path(root.path) / path

    def now(self) -> Instant:
        """Noon, or an hour after it."""
        return Instant(NOON if self._path.exists() else NOON + HOUR)


def test_a_run_stops_cleanly_when_its_time_is_over_and_can_be_finished(root: Root) -> None:
    """What was done until then is recorded; the same plan again does the rest."""
    fill(root, "a/1", "a/2", "a/3", "b/1")
    plan = plan_of(root, batch_of(root, "a", "1", "2", "3"), batch_of(root, "b", "1"))
    stopped = apply(plan, root, clock=LateOnce(root, "a/2"), until=SOON)
    assert stopped.state is RunState.STOPPED
    assert stopped.stopped_because == "its time was over at 2024-10-04T00:00:10Z"
    assert stopped.exit_code is ExitCode.SOME_FAILED
    assert counts(stopped) == {"done": 2}
    assert tree_of(root) == ["a", "a/3", "b", "b/1"]
    finished = apply(plan, root, clock=FixedClock(NOON + HOUR))
    assert (finished.state, counts(finished)) == (RunState.FINISHED, {"done": 4})
    assert tree_of(root) == ["a", "b"]


def test_a_run_stops_between_two_directories_too(root: Root) -> None:
    """The last entry of a batch is no reason to begin the next one."""
    fill(root, "a/1", "b/1")
    plan = plan_of(root, batch_of(root, "a", "1"), batch_of(root, "b", "1"))
    assert counts(apply(plan, root, clock=LateOnce(root, "a/1"), until=SOON)) == {"done": 1}
    assert tree_of(root) == ["a", "b", "b/1"]


def test_a_run_whose_time_is_over_before_it_begins_does_nothing(root: Root) -> None:
    """Not even the first step; its record says why."""
    fill(root, "a/1")
    stopped = apply(plan_of(root, batch_of(root, "a", "1")), root, until=NOON)
    assert (stopped.state, stopped.counts) == (RunState.STOPPED, ())
    assert tree_of(root) == ["a", "a/1"]


def test_a_run_that_is_through_is_finished_however_late(root: Root) -> None:
    """The deadline is asked before a further step, and there is none."""
    fill(root, "a/1")
    result = apply(plan_of(root, batch_of(root, "a", "1")), root, clock=LateOnce(root, "a/1"), until=SOON)
    assert (result.state, result.ended) == (RunState.FINISHED, NOON + HOUR)


def test_a_run_without_a_deadline_takes_its_time(root: Root) -> None:
    """However slow a step was."""
    fill(root, "a/1", "a/2")
    result = apply(plan_of(root, batch_of(root, "a", "1", "2")), root, clock=LateOnce(root, "a/1"))
    assert (result.state, counts(result)) == (RunState.FINISHED, {"done": 2})
