"""What a person hears while a run goes on."""

import pytest

from rules_engine.apply.model import Committed, Noted, Outcome, RunStarted, StateRetired, StepNoted
from rules_engine.cli.progress import Progress
from rules_engine.plan.model import StepAction
from rules_engine.values.paths import RelPath

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
