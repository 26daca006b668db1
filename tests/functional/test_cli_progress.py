"""Progress on a real terminal, in a pipe, and for another program."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable

import pytest
from cliplace import REPOSITORY, Place

from rules_engine.apply.model import Event, RunStarted
from rules_engine.cli import agreeing
from rules_engine.cli.progress import Progress
from rules_engine.errors import RefusedError

PAGE = (REPOSITORY / "docs/reference/progress.md").read_text("utf-8")


def events_of(text: str) -> list[dict[str, object]]:
    """The events among the remarks."""
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def at_terminal(place: Place, *arguments: str) -> tuple[int, bytes]:
    """How a command ends whose stderr is a terminal, and what it wrote there."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "rules_engine", *arguments]
    process = subprocess.Popen(
        command, cwd=place.path, env=place.environment, stdin=theirs, stdout=subprocess.DEVNULL, stderr=theirs
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:
            # Linux says so when the last who had the other end is gone.
            break
        seen += piece
    os.close(ours)
    return process.wait(), seen


def test_a_terminal_sees_the_run_and_is_left_clean(place: Place) -> None:
    """Whatever moved was erased; what stays are the remarks, also without any movement."""
    place.write("media/temp_a")
    code, seen = at_terminal(place, "apply", "--yes")
    stays = re.split(rb"\x1b\[2K|\r\n", seen)
    assert code == 0
    assert any(re.fullmatch(rb"run [0-9a-f]+: \d+ steps?", line) for line in stays)
    assert b"ing: " not in stays[-1]
    assert not (place.media / "temp_a").exists()


@pytest.mark.parametrize("command", [["restore", "--last"], ["trash", "empty", "--all"]])
def test_no_line_outlives_an_error(place: Place, command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing goes on moving below the words that say what went wrong."""
    told: list[Progress] = []

    def refuse(*_: object, listen: Callable[[Event], None], **_words: object) -> None:
        listen(RunStarted("0" * 16, 5, resumed=False))
        told.append(listen.__self__)
        assert told[0]._gauge is not None
        raise RefusedError("it cannot be", "let it be")

    place.write("media/a.part")
    assert place.rules("apply", "--yes").code == 0
    monkeypatch.setattr(agreeing, "apply_plan", refuse)
    answer = place.rules(*command, "--yes")
    assert (answer.code, "it cannot be" in answer.err) == (6, True)
    assert told[0]._gauge is None


@pytest.mark.parametrize("choice", [["--quiet"], ["--progress", "none", "--quiet"]])
def test_quiet_is_quiet_on_a_terminal_too(place: Place, choice: list[str]) -> None:
    """Not even a line that would be erased."""
    place.write("media/temp_a")
    assert at_terminal(place, "plan", "--out", "p", *choice) == (0, b"")


def test_a_pipe_hears_nothing_of_it(place: Place) -> None:
    """Only remarks, as before."""
    place.write("media/temp_a")
    assert place.rules("plan", "--out", "p").err == "written to p; `rules apply p` carries it out\n"


def test_a_program_follows_a_plan_and_its_run(place: Place) -> None:
    """Each phase ends with an event that says what it came to; the run with how it ended."""
    place.write("media/temp_a", "12345")
    looked_at = place.rules("plan", "--format", "json").document["summary"]["looked_at"]
    planned = events_of(place.rules("plan", "--out", "p", "--progress", "json").err)
    ended = [(one["phase"], one["files"], one["bytes"]) for one in planned if one["ended"]]
    assert ended == [("reading", 0, None), ("planning", looked_at["files"], looked_at["bytes"])]
    applied = events_of(place.rules("apply", "p", "--progress", "json", "--quiet").err)
    started, over = (one for one in applied if one["event"] != "progress")
    assert (started["event"], over["event"], over["state"]) == ("run_started", "run_ended", "finished")
    assert [one["files"] for one in applied if one["event"] == "progress" and one["ended"]] == [0, started["steps"]]


def test_a_cleanup_by_hand_tells_its_phases_too(place: Place) -> None:
    """It plans and applies like any other."""
    place.write("media/old.bin", "12345")
    told = events_of(place.rules("clean", "old.bin", "--older-than", "0s", "--yes", "--progress", "json").err)
    assert [one["phase"] for one in told if one["event"] == "progress" and one["ended"]] == [
        "reading",
        "planning",
        "applying",
    ]


def test_the_page_shows_events_as_they_are(place: Place) -> None:
    """Every kind of event with exactly its fields."""
    place.write("media/temp_a")
    shown = {str(one["event"]): set(one) for one in events_of(PAGE)}
    told = events_of(place.rules("apply", "--yes", "--progress", "json").err)
    assert {str(one["event"]): set(one) for one in told} == {
        kind: fields for kind, fields in shown.items() if kind != "step_failed"
    }
    assert shown["step_failed"] == {"format_version", "event", "path", "action", "cause"}


def test_the_page_names_every_phase() -> None:
    """And no other."""
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == ["reading", "planning", "applying"]
