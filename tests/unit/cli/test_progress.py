"""What a person hears while a run goes on."""

import json

import pytest

from rules_engine.apply.model import (
    Committed,
    Noted,
    Outcome,
    RunEnded,
    RunResult,
    RunStarted,
    RunState,
    StateRetired,
    StepNoted,
)
from rules_engine.cli.progress import Progress, Telling
from rules_engine.plan.model import StepAction
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import Instant

FAILED = Noted(RelPath("a\nb"), StepAction.DELETE, Outcome.FAILED, 13, "permission denied")
CHANGED = Noted(RelPath("c"), StepAction.DELETE, Outcome.CHANGED, 0, "it was written to")


def test_failures_are_said_at_once_and_safe_skips_only_in_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing moves where stderr is no terminal."""
    progress = Progress(quiet=False)
    for event in (RunStarted("0123", 2, resumed=True), StepNoted(FAILED), StepNoted(CHANGED), Committed(2)):
        progress.hear(event)
    assert capsys.readouterr().err == ("run 0123 goes on: 2 steps\nfailed: delete a\\nb: permission denied\n")


def test_what_could_not_retire_is_a_note_and_what_did_is_nobodys_news(capsys: pytest.CaptureFixture[str]) -> None:
    """The run is not worse for it."""
    progress = Progress(quiet=False)
    progress.hear(StateRetired(3, 4, ()))
    progress.hear(StateRetired(0, 0, ("run 01 cannot retire: Is a\ndirectory",)))
    assert capsys.readouterr().err == "note: run 01 cannot retire: Is a\\ndirectory\n"


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Also not of failures: the report names them."""
    progress = Progress(quiet=True)
    progress.hear(RunStarted("0123", 2, resumed=False))
    progress.hear(StepNoted(FAILED))
    assert capsys.readouterr().err == ""


def events_of(text: str) -> list[dict[str, object]]:
    """The events that were written, without when."""
    lines = [json.loads(line) for line in text.splitlines()]
    assert {line.pop("format_version") for line in lines} <= {"1.0"}
    return [{key: value for key, value in line.items() if "second" not in key} for line in lines]


def test_events_tell_a_program_what_a_person_would_hear(capsys: pytest.CaptureFixture[str]) -> None:
    """One object a line, the first and the last of each phase at least; also with `--quiet`, which is about remarks."""
    seconds = iter(range(100))
    with Progress(quiet=True, telling=Telling.JSON, monotonic=lambda: next(seconds)) as progress:
        for event in (RunStarted("0123", 2, resumed=False), StepNoted(FAILED), StepNoted(CHANGED), Committed(2)):
            progress.hear(event)
        progress.hear(RunEnded(RunResult("0123", RunState.FINISHED, Instant(0), Instant(0))))
    counted = {"event": "progress", "phase": "applying", "files": 2, "bytes": None}
    assert events_of(capsys.readouterr().err) == [
        {"event": "run_started", "run_id": "0123", "steps": 2, "resumed": False},
        {"event": "step_failed", "path": "a\nb", "action": "delete", "cause": "permission denied"},
        {**counted, "ended": False},
        {**counted, "ended": True},
        {"event": "run_ended", "run_id": "0123", "state": "finished"},
    ]


def test_events_come_once_a_second_at_most(capsys: pytest.CaptureFixture[str]) -> None:
    """A run that commits a thousand times a second is no reason to write a thousand lines."""
    now = [0.0]
    with Progress(quiet=False, telling=Telling.JSON, monotonic=lambda: now[0]) as progress:
        progress.hear(RunStarted("0123", 1_000, resumed=False))
        for settled in range(1_000):
            now[0] += 0.01
            progress.hear(Committed(settled))
    told = [event for event in events_of(capsys.readouterr().err) if event["event"] == "progress"]
    assert len(told) in {10, 11}
    assert told[-1] == {"event": "progress", "phase": "applying", "files": 999, "bytes": None, "ended": True}


def test_bytes_of_a_run_are_told_as_soon_as_there_are_some(capsys: pytest.CaptureFixture[str]) -> None:
    """Until then nobody knows them; from then on they grow with the outcomes that are durable."""
    with Progress(quiet=True, telling=Telling.JSON) as progress:
        progress.hear(RunStarted("0123", 9, resumed=False))
        progress.hear(Committed(3, 0))
        progress.end()
        progress.hear(RunStarted("0124", 9, resumed=False))
        for settled, size in ((3, 0), (6, 2_048), (9, 5_120)):
            progress.hear(Committed(settled, size))
    told = [event for event in events_of(capsys.readouterr().err) if event["event"] == "progress"]
    assert [(event["files"], event["bytes"]) for event in told] == [(3, None), (9, 5_120)]


def test_outcomes_before_a_run_was_announced_are_passed_over(capsys: pytest.CaptureFixture[str]) -> None:
    """There is nothing that they could be a part of."""
    Progress(quiet=False).hear(Committed(1))
    assert capsys.readouterr().err == ""
