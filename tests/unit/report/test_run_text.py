"""What a run came to, as text and as JSON."""

import json

from rules_engine.apply.model import ActionCount, Noted, Outcome, RunResult, RunState
from rules_engine.plan.model import StepAction
from rules_engine.report.run_text import run_document, run_lines
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import SECOND, Instant, parse_instant

START = parse_instant("2026-03-01")
END = Instant(START + 3 * SECOND)
NOTED = (
    Noted(RelPath("a\nb"), StepAction.DELETE, Outcome.CHANGED, 0, "it was written to"),
    Noted(RelPath("c"), StepAction.TRASH, Outcome.FAILED, 13, "permission denied"),
)
RESULT = RunResult(
    "0123",
    RunState.FINISHED,
    START,
    END,
    (
        ActionCount(StepAction.DELETE, Outcome.DONE, 5, 2**30),
        ActionCount(StepAction.DELETE, Outcome.CHANGED, 1, 0),
        ActionCount(StepAction.TRASH, Outcome.DONE, 1, 2**20),
        ActionCount(StepAction.TRASH, Outcome.FAILED, 1, 0),
        ActionCount(StepAction.REMOVE_DIRECTORY, Outcome.DONE, 2, 0),
    ),
    NOTED,
)


def test_a_run_says_what_it_freed_and_names_each_step_that_it_did_not_carry_out() -> None:
    """Failures come before the steps that were skipped safely, each with its path and cause."""
    assert list(run_lines(RESULT)) == [
        "run 0123 finished in 3s",
        "freed 1.0 GiB; 1.0 MiB lie in `.rules/trash/0123` and can be put back",
        "  delete            5 files  1.0 GiB  done",
        "  delete             1 file           changed since the plan, left alone",
        "  trash              1 file  1.0 MiB  done",
        "  trash              1 file           failed",
        "  remove directory  2 steps           done",
        "",
        "FAILED: 1 step",
        "  trash  c: permission denied",
        "",
        "CHANGED: 1 step",
        "  delete  a\\nb: it was written to",
        "",
        "1 step may not be carried out by this user; it is in `.rules/handover.jsonl`",
        "  help: run `rules apply` as a user who may, or mend the permissions; the next plan has the same steps",
    ]


def test_a_run_says_what_the_directories_held_that_went_whole() -> None:
    """One step each; files that went by themselves stand beside them."""
    counts = (
        ActionCount(StepAction.DELETE, Outcome.DONE, 3, 2**20, directories=2, files=180),
        ActionCount(StepAction.DELETE, Outcome.CHANGED, 1, 0, directories=1, files=1),
        ActionCount(StepAction.TRASH, Outcome.DONE, 1, 2**20, directories=1),
    )
    lines = list(run_lines(RunResult("0123", RunState.FINISHED, START, END, counts)))
    assert lines[2:] == [
        "  delete  2 directories with 180 files, 1 file  1.0 MiB  done",
        "  delete               1 directory with 1 file           changed since the plan, left alone",
        "  trash               1 directory with 0 files  1.0 MiB  done",
    ]


def test_a_run_that_had_nothing_to_do_says_so() -> None:
    """An empty plan is carried out too."""
    lines = list(run_lines(RunResult("0123", RunState.FINISHED, START, END)))
    assert lines == ["run 0123 finished in 3s", "freed 0 B", "  nothing had to be done"]


def test_a_run_that_was_cut_short_says_how_to_finish_it() -> None:
    """Interrupted by a person, or stopped by the breaker with its cause."""
    stopped = RunResult("0123", RunState.STOPPED, START, END, stopped_because="10 failures in a row")
    assert next(run_lines(stopped)) == (
        "run 0123 STOPPED after 3s: 10 failures in a row; `rules apply 0123` finishes it"
    )
    interrupted = RunResult("0123", RunState.INTERRUPTED, START, END)
    assert next(run_lines(interrupted)) == ("run 0123 was interrupted after 3s; `rules apply 0123` finishes it")


def test_only_the_first_twenty_failures_are_named_unless_all_are_asked_for() -> None:
    """A full disk does not scroll the answer away."""
    noted = tuple(Noted(RelPath(f"f{n:02}"), StepAction.DELETE, Outcome.FAILED, 5, "i/o error") for n in range(25))
    result = RunResult("0123", RunState.FINISHED, START, END, (), noted)
    assert list(run_lines(result))[-1] == "  and 5 more; `--verbose` names all"
    assert list(run_lines(result, verbose=True))[-1] == "  delete  f24: i/o error"


def test_the_document_of_a_run_holds_counts_and_noted_steps() -> None:
    """A reader finds state, bytes, counts by outcome, and every cause."""
    found = json.loads(run_document(RESULT))
    assert (found["kind"], found["format_version"], found["state"]) == ("run", "1.0", "finished")
    assert (found["bytes_freed"], found["bytes_set_aside"]) == (2**30, 2**20)
    assert found["counts"][0] == {
        "action": "delete",
        "outcome": "done",
        "steps": 5,
        "bytes": 2**30,
        "directories": 0,
        "files": 0,
    }
    assert found["noted"][1] == {
        "path": "c",
        "action": "trash",
        "outcome": "failed",
        "errno": 13,
        "cause": "permission denied",
    }
