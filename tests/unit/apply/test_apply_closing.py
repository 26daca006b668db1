"""What a new run does to the folders of runs that were cut short, whatever is left of them."""

from pathlib import Path

import pytest

from rules_engine.apply.amend import SealAmender
from rules_engine.apply.closing import close_others
from rules_engine.apply.model import RunState
from rules_engine.apply.report import from_report
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.manifest.store import ManifestStore


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """The folder of runs of a root."""
    (tmp_path / "media").mkdir()
    Root.create(str(tmp_path / "media")).close()
    return tmp_path / "media/.rules/runs"


def closed(runs: Path) -> tuple[str, ...]:
    """Close all runs but `ff`; the notes."""
    with Root.open(str(runs.parents[1])) as root:
        return close_others(root.require_state(), "ff", SystemClock(), SealAmender(ManifestStore(root, SystemClock())))


def test_without_any_run_nothing_is_closed(runs: Path) -> None:
    """A root that never saw a run has no folder for them."""
    assert closed(runs) == ()
    assert not runs.exists()


@pytest.mark.parametrize("plan", [None, b"", b"no plan"])
def test_a_run_without_a_whole_plan_is_closed_with_nothing_done(runs: Path, plan: bytes | None) -> None:
    """It was killed before its first step, or nobody can go on with it; the run that closes is left alone."""
    for name in ("aa", "ff"):
        (runs / name).mkdir(parents=True)
        if plan is not None:
            (runs / name / "plan.jsonl").write_bytes(plan)
    assert closed(runs) == ()
    result = from_report((runs / "aa/report.json").read_bytes(), "")
    assert (result.state, result.counts, result.stopped_because) == (RunState.CLOSED, (), "closed by run ff")
    assert not (runs / "ff/report.json").exists()
    before = (runs / "aa/report.json").stat()
    assert closed(runs) == ()
    assert (runs / "aa/report.json").stat() == before


def test_a_report_that_cannot_be_read_is_left_as_it_is(runs: Path) -> None:
    """Of a newer version, or damaged: going on with that run is refused already."""
    (runs / "aa").mkdir(parents=True)
    (runs / "aa/report.json").write_text("damaged")
    assert closed(runs) == ()
    assert (runs / "aa/report.json").read_text() == "damaged"


def test_what_cannot_be_closed_is_a_note(runs: Path) -> None:
    """The new run is not worse for it: each step of an old plan still looks at its entry first."""
    (runs / "aa/report.json").mkdir(parents=True)
    (note,) = closed(runs)
    assert note.startswith("run aa was cut short and cannot be closed: ")
