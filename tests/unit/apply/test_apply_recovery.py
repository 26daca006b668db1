import pickle
import resource
from pathlib import Path
from typing import Any

import pytest
from apply_world import FixedClock, apply, batch_of, counts, fill, plan_of, tree_of

from rules_engine.apply.model import (
    Event,
    InterruptedRunError,
    Outcome,
    RunEnded,
    RunStarted,
    RunState,
)
from rules_engine.apply.runs import RunFolder
from rules_engine.errors import ExitCode, UntrustedStateError
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.logfile import LogFile
from rules_engine.filesystem.root import Root
from rules_engine.plan.model import StepAction
from rules_engine.plan.planfile import write_plan


class Interrupting(FixedClock):
    """A clock at which the user presses Ctrl-C at the given reading."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.left = at

    def now(self) -> Any:
        """The time, or an interrupt."""
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
        return super().now()


def test_an_interrupted_run_is_finished_by_the_same_plan(root: Root) -> None:
    """What was done is recorded; the next attempt does the rest and reports both."""
    names = [f"f{number:03d}" for number in range(100)]
    fill(root, *[f"a/{name}" for name in names])
    plan = plan_of(root, batch_of(root, "a", *names))
    clock = Interrupting(10)
    with pytest.raises(InterruptedRunError) as caught:
        apply(plan, root, clock=clock)
    cut = caught.value.result
    assert caught.value.exit_code == cut.exit_code == ExitCode.INTERRUPTED
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301 - our own bytes
    assert cut.state is RunState.INTERRUPTED
    assert 0 < cut.count(Outcome.DONE) < 100
    heard: list[Event] = []
    result = apply(plan, root, listen=heard.append)
    assert heard[0] == RunStarted(cut.run_id, 0, resumed=True)
    assert counts(result) == {"done": 100}
    assert result.freed == 300
    assert tree_of(root) == ["a"]


def test_a_torn_tail_of_outcomes_is_cut_and_done_again(root: Root) -> None:
    """Steps whose outcome was lost are found gone, those of the trash done."""
    fill(root, "a/x", "a/y")
    plan = plan_of(root, batch_of(root, "a", "x", action=StepAction.TRASH), batch_of(root, "a", "y"))
    folder = Path(root.path) / ".rules/runs" / apply(plan, root).run_id
    (folder / "report.json").unlink()
    log = (folder / "outcomes.jsonl").read_bytes()
    (folder / "outcomes.jsonl").write_bytes(log[:40])
    result = apply(plan, root)
    assert counts(result) == {"done": 1, "gone": 1}
    assert len((folder / "outcomes.jsonl").read_bytes().splitlines()) == 2


def test_a_damaged_record_of_outcomes_is_not_trusted(root: Root) -> None:
    """A line that was edited stops the run before anything is touched."""
    fill(root, "a/x", "a/y")
    plan = plan_of(root, batch_of(root, "a", "x"), batch_of(root, "a", "y"))
    folder = Path(root.path) / ".rules/runs" / apply(plan, root).run_id
    (folder / "report.json").unlink()
    lines = (folder / "outcomes.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "outcomes.jsonl").write_bytes(lines[0].replace(b"done", b"gone") + lines[1])
    with pytest.raises(UntrustedStateError, match="has a damaged line after line 0"):
        apply(plan, root)


def test_a_damaged_report_is_not_trusted(root: Root) -> None:
    """Nor one of a version that is yet to come."""
    fill(root, "a/x")
    plan = plan_of(root, batch_of(root, "a", "x"))
    report = Path(root.path) / ".rules/runs" / apply(plan, root).run_id / "report.json"
    good = report.read_bytes()
    report.write_bytes(good[:-5])
    with pytest.raises(UntrustedStateError, match="is damaged"):
        apply(plan, root)
    report.write_bytes(good.replace(b'"1.0"', b'"9.0"'))
    with pytest.raises(UntrustedStateError, match="is of a format this version does not know"):
        apply(plan, root)


def test_ten_failures_in_a_row_stop_the_run(root: Root) -> None:
    """Something larger is wrong; the rest waits for the next attempt."""
    names = [f"f{number:02d}" for number in range(20)]
    fill(root, *[f"a/{name}" for name in names], *[f"b/{name}" for name in names])
    plan = plan_of(root, batch_of(root, "a", *names, action=StepAction.TRASH), batch_of(root, "b", "f00"))
    with Path(root.path, "p").open("w+b") as out:
        write_plan(plan, out)
    taken = f".rules/trash/{plan.trailer.run_id}/a"
    fill(root, *[f"{taken}/{name}" for name in names])
    result = apply(plan, root)
    assert (result.state, counts(result)) == (RunState.STOPPED, {"failed": 10})
    assert result.stopped_because == "10 steps in a row failed, the last one with: File exists"
    assert result.exit_code == ExitCode.SOME_FAILED
    assert (Path(root.path) / "b/f00").exists()


def test_a_full_disk_stops_the_run_cleanly(root: Root) -> None:
    """What cannot be recorded does not count; the next attempt finds what was done."""
    fill(root, "a/x")
    plan = plan_of(root, batch_of(root, "a", "x", action=StepAction.TRASH))
    heard: list[Event] = []
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)

    def listen(event: Event) -> None:
        heard.append(event)
        if isinstance(event, RunStarted):
            # From here on no file grows beyond ten bytes: the record of the run does not fit.
            resource.setrlimit(resource.RLIMIT_FSIZE, (10, limit[1]))

    try:
        result = apply(plan, root, listen=listen)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert (result.state, result.counts, result.exit_code) == (RunState.STOPPED, (), ExitCode.SOME_FAILED)
    assert result.stopped_because == "the record of the run could not be written: File too large"
    assert isinstance(heard[-1], RunEnded)
    assert counts(apply(plan, root)) == {"done": 1}


def test_a_report_that_cannot_be_read_stops_the_run_before_it_begins(root: Root) -> None:
    """It may say that a newer run closed this one, so it is not passed over."""
    fill(root, "a/f")
    plan = plan_of(root, batch_of(root, "a", "f"))
    apply(plan, root)
    fill(root, "a/f")
    report = Path(root.path, ".rules/runs", plan.trailer.run_id, "report.json")
    report.unlink()
    report.mkdir()
    with pytest.raises(UntrustedStateError, match=r"report\.json` cannot be read: Is a directory"):
        apply(plan, root)
    assert tree_of(root) == ["a", "a/f"]


def test_outcomes_that_cannot_be_read_stop_the_run_before_it_begins(tmp_path: Path) -> None:
    """Without them nobody knows what was done already."""
    with Directory.open_root(str(tmp_path)) as here, pytest.raises(UntrustedStateError) as caught:
        # The system reads no directory as a file.
        RunFolder(here, LogFile(here.fd, 1), "abc").recorded()
    assert caught.value.path == ".rules/runs/abc/outcomes.jsonl"
    assert caught.value.why == "cannot be read: Is a directory"
