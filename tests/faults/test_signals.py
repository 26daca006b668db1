"""Ctrl-C, SIGTERM and SIGHUP at any moment, and readers that leave: a clean stop, exit 130, and no traceback."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.jobs.planning import survey
from rules_engine.jobs.runs import RecordedRun, open_run_details, recorded_runs
from rules_engine.plan.planfile import write_plan
from rules_engine.policy.load import load_policies

CHECKOUT: Final = Path(__file__).parents[2]
ASKING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
CLEANUP: Final = """\
version: 1
kind: cleanup
rules:
  - {name: parts, files: {match: ["*.part"], tracked: false}, after: 0s, action: trash}
  - {name: temps, files: {match: ["temp_*"], tracked: false}, after: 0s, action: delete}
"""
pytestmark = pytest.mark.usefixtures("interruptible")
UNKIND: Final = ("Traceback", "Exception ignored", "error: unexpected")


def make_place(top: Path, *, directories: int = 20, files: int = 50) -> Path:
    """A root with files that are due, and its policies."""
    (top / "policies").mkdir()
    (top / "policies/cleanup.yaml").write_text(CLEANUP)
    (top / "policies/settings.yaml").write_text(
        "version: 1\nkind: settings\nroot: media\nlimits: {untracked_share: 100%}\n"
    )
    for number in range(directories):
        here = top / f"media/d{number:02d}"
        here.mkdir(parents=True)
        for one in range(files):
            (here / (f"temp_{one:03d}" if one % 2 else f"{one:03d}.part")).touch()
        (here / "film.mkv").touch()
    Root.create(str(top / "media")).close()
    return top


def make_plan(top: Path) -> Path:
    """The plan of everything that is due."""
    policies = load_policies([str(top / "policies")])
    path = top / "plan.jsonl"
    with Root.open(str(top / "media")) as root, path.open("wb") as out:
        write_plan(survey(policies, root, SystemClock()).plan(SystemClock().now()), out)
    return path


def rules(top: Path, *arguments: str) -> "subprocess.Popen[str]":
    """Start a command."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE", "RULES_"))}
    return subprocess.Popen(
        [sys.executable, "-m", "rules_engine", *arguments],
        cwd=top,
        env={**kept, "PYTHONPATH": str(CHECKOUT), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def done(top: Path, *arguments: str) -> str:
    """What a command that must succeed said."""
    process = rules(top, *arguments)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out


def the_run(top: Path) -> RecordedRun | None:
    """The one recorded run, if there is one by now."""
    with Root.open(str(top / "media")) as root:
        return next(iter(recorded_runs(root)), None)


def unrecorded(top: Path, run: RecordedRun) -> list[str]:
    """Steps that were carried out and stand in no outcome."""
    with Root.open(str(top / "media")) as root, open_run_details(root, run.run_id) as details:
        return [
            f"{past.batch.directory}/{entry.name}"
            for past in details.batches()
            for entry, outcome in zip(past.batch.entries, past.outcomes, strict=True)
            if outcome is None and not (top / "media" / past.batch.directory / entry.name).exists()
        ]


def check_round(top: Path, number: int, chance: random.Random) -> str:
    """One apply that is asked to stop once or twice at some moment; how it ended."""
    process = rules(top, "apply", "plan.jsonl")
    assert process.stderr is not None
    first = process.stderr.readline()
    assert first.startswith("run "), first
    time.sleep(chance.random() * 0.2)
    process.send_signal(ASKING[number % 3])
    if number % 2:
        time.sleep(chance.random() * 0.02)
        process.send_signal(ASKING[number // 2 % 3])
    out, err = process.communicate(timeout=60)
    assert not any(word in err for word in UNKIND), err
    assert process.returncode in {0, 130}, (process.returncode, err)
    run = the_run(top)
    assert run is not None
    assert run.result is not None
    if process.returncode == 0:
        assert "finished in" in out
        return "came too late"
    assert run.result.state.value in {"interrupted", "finished"}
    # The step of that moment was done to its end, and recorded.
    assert unrecorded(top, run) == []
    said = f"`rules apply {run.run_id}`" in err
    assert said or run.result.state.value == "finished"
    done(top, "apply", run.run_id)
    return f"{run.result.state.value}"


def check_end(top: Path) -> None:
    """Everything that was planned is done, and nothing else."""
    left = sorted(path.name for path in (top / "media").glob("d*/*"))
    assert set(left) == {"film.mkv"}
    assert len(left) == 20
    run = the_run(top)
    assert run is not None
    assert run.is_whole
    assert run.result is not None
    assert sorted((one.action.value, one.outcome.value, one.steps) for one in run.result.counts) == [
        ("delete", "done", 500),
        ("trash", "done", 500),
    ]


def campaign(scratch: Path, rounds: int) -> Counter[str]:
    """So many applies that are asked to stop and gone on with; how they ended."""
    chance = random.Random(rounds)  # noqa: S311 - moments, not secrets
    ends: Counter[str] = Counter()
    for number in range(rounds):
        top = scratch / str(number)
        top.mkdir()
        make_place(top)
        make_plan(top)
        ends[check_round(top, number, chance)] += 1
        check_end(top)
    return ends


@pytest.mark.slow
def test_an_apply_that_is_asked_to_stop_finishes_its_step_and_is_gone_on_with(tmp_path: Path) -> None:
    """Once or twice, by any of the three signals; the run that is finished afterwards counts every step once."""
    ends = campaign(tmp_path, 4)
    assert ends["interrupted"] > 0, ends


@pytest.mark.parametrize("asking", ASKING)
def test_a_command_that_is_asked_to_stop_before_it_changed_anything_says_so_in_a_word(
    tmp_path: Path, asking: signal.Signals
) -> None:
    """At any moment of a plan: from the first module that is loaded to the last word; never with a traceback."""
    make_place(tmp_path, directories=2, files=10)
    chance = random.Random(int(asking))  # noqa: S311 - moments, not secrets
    for _ in range(4):
        process = rules(tmp_path, "plan")
        time.sleep(0.15 + chance.random() * 0.5)
        process.send_signal(asking)
        _, err = process.communicate(timeout=60)
        # Before our first line the system ends it, or Python does; and Python ends itself by SIGINT at its exit when
        # it once was interrupted in a text that it executed, as dataclasses do. A shell says 130 of that too.
        assert process.returncode in {0, 130, -asking, -signal.SIGINT}, err
        assert not any(word in err for word in UNKIND) or "rules_engine/cli" not in err, err
    assert the_run(tmp_path) is None


def test_a_signal_that_was_ignored_at_the_start_stays_ignored(tmp_path: Path) -> None:
    """As `nohup` does: the terminal goes, and the run goes on to its end."""
    make_place(tmp_path)
    make_plan(tmp_path)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = rules(tmp_path, "apply", "plan.jsonl")
    finally:
        signal.signal(signal.SIGHUP, before)
    assert process.stderr is not None
    process.stderr.readline()
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=60)
    assert process.returncode == 0
    check_end(tmp_path)


READ: Final = (
    ("--help",),
    ("plan",),
    ("plan", "--format", "json"),
    ("show", "plan.jsonl", "--steps"),
    ("show", "plan.jsonl", "--paths0"),
    ("explain", "d00/000.part"),
)


@pytest.mark.parametrize("arguments", READ, ids=" ".join)
def test_a_reader_that_leaves_ends_no_command_with_a_traceback(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """`| head` closes the pipe; also when nobody reads what is said on stderr."""
    make_place(tmp_path, directories=3, files=30)
    make_plan(tmp_path)
    for stream in ("stdout", "stderr"):
        process = rules(tmp_path, *arguments)
        left, read = (process.stdout, process.stderr) if stream == "stdout" else (process.stderr, process.stdout)
        assert left is not None
        assert read is not None
        left.close()
        said = read.read()
        read.close()
        assert process.wait(timeout=60) in {0, 1}
        assert not any(word in said for word in UNKIND), said


def test_an_apply_whose_readers_leave_goes_on_to_its_end(tmp_path: Path) -> None:
    """Half a cleanup because of `| head` would surprise; the run ends as if somebody had read it all."""
    make_place(tmp_path)
    process = rules(tmp_path, "apply", "--yes")
    for stream in (process.stdout, process.stderr):
        assert stream is not None
        stream.close()
    assert process.wait(timeout=60) == 0
    check_end(tmp_path)
