"""The past as text and as JSON: all runs, and one of them."""

import json
from dataclasses import replace

import pytest

from rules_engine.apply.model import ActionCount, Noted, Outcome, RunResult, RunState
from rules_engine.apply.outcomes import OutcomeLine, OutcomeRun
from rules_engine.jobs.runs import RecordedRun, RunDetails
from rules_engine.plan.model import Batch, Entry, Header, Plan, PlanLimits, StepAction, Trailer
from rules_engine.report.past_run import (
    past_by_directory_lines,
    past_by_rule_lines,
    past_run_document,
    past_run_lines,
    past_step_lines,
)
from rules_engine.report.runs_text import Outlook, run_list_document, run_list_lines
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY, FOREVER, HOUR, Duration, Instant, parse_instant
from rules_engine.values.vocabulary import EntryKind, RuleName

NOW = parse_instant("2026-03-01T04:00:00Z")
LOOK = Outlook(NOW, "/media/a b", Duration(7 * DAY), empties=True)
COUNTS = (
    ActionCount(StepAction.DELETE, Outcome.DONE, 2, 2048),
    ActionCount(StepAction.TRASH, Outcome.DONE, 1, 3),
    ActionCount(StepAction.TRASH, Outcome.CHANGED, 1, 0),
    ActionCount(StepAction.TRASH, Outcome.FAILED, 1, 0),
    ActionCount(StepAction.REMOVE_DIRECTORY, Outcome.DONE, 1, 0),
)
NOTED = (Noted(RelPath("a/z"), StepAction.TRASH, Outcome.FAILED, 13, "Permission denied"),)
RESULT = RunResult("aa", RunState.FINISHED, Instant(NOW - HOUR), Instant(NOW - HOUR), COUNTS, NOTED)
RUN = RecordedRun("aa", Instant(NOW - 2 * HOUR), {"only": "/a/\x1b"}, RESULT, 6, in_trash=True)
KILLED = RecordedRun("bb", Instant(NOW - DAY), {}, None, 1, in_trash=False)
STOPPED = replace(
    RUN,
    run_id="cc",
    asked={},
    result=replace(RESULT, state=RunState.STOPPED, counts=(), noted=(), stopped_because="its time is over"),
    in_trash=False,
)


def test_each_run_says_what_it_did_and_how_it_goes_on() -> None:
    """One paragraph each; a path is quoted for a shell, and what a name could do to a terminal is escaped."""
    assert list(
        run_list_lines(
            (RUN, KILLED, STOPPED), replace(LOOK, options=" --root x", resume=" --policies-from-plan"), hidden=2
        )
    ) == [
        "aa  finished  2026-03-01T03:00:00Z (1h ago)",
        "  delete: 2 files, 2.0 KiB freed; trash: 1 file, 3 B set aside; remove directory: 1 step; left alone 1 step",
        "  1 step FAILED; `rules show aa --root x` names it",
        "  asked for only=/a/\\x1b",
        "  `rules restore aa --root x` puts it back, until 2026-03-08T03:00:00Z (in 6d23h)",
        "bb  UNFINISHED  2026-02-28T04:00:00Z (1d ago)",
        "  no report: it was killed, or it goes on now; 1 step recorded",
        "  `rules apply bb --root x --policies-from-plan` finishes it",
        "cc  STOPPED  2026-03-01T03:00:00Z (1h ago)",
        "  nothing had to be done",
        "  because its time is over",
        "  `rules apply cc --root x --policies-from-plan` finishes it",
        "and 2 older runs; `--limit` shows more",
    ]
    assert list(run_list_lines((), LOOK)) == ["no recorded runs"]


@pytest.mark.parametrize(
    ("run", "look", "said"),
    [
        (replace(RUN, in_trash=False), LOOK, "no longer in the trash"),
        (RUN, replace(LOOK, empties=False), "`rules restore aa` puts it back, until somebody empties the trash"),
        (RUN, replace(LOOK, keep=FOREVER), "`rules restore aa` puts it back, until somebody empties the trash"),
        (
            RUN,
            replace(LOOK, keep=Duration(0)),
            "`rules restore aa` puts it back, until the next apply empties the trash",
        ),
        (
            replace(KILLED, in_trash=True),
            LOOK,
            "`rules restore bb` puts it back, until somebody empties the trash",
        ),
    ],
)
def test_until_when_a_run_can_be_undone(run: RecordedRun, look: Outlook, said: str) -> None:
    """By `trash.keep` and who empties the trash; nothing is promised of what is there no more."""
    assert list(run_list_lines((run,), look))[-1] == f"  {said}"


def test_the_document_of_all_runs_holds_what_the_text_says() -> None:
    """Null where nobody noted it."""
    found = json.loads(run_list_document((RUN, KILLED), LOOK))
    assert (found["kind"], found["root"]) == ("runs", "/media/a b")
    whole, killed = found["runs"]
    assert (whole["state"], whole["bytes_freed"], whole["bytes_set_aside"], whole["failed"]) == ("finished", 2048, 3, 1)
    assert (whole["restorable_until"], whole["asked"]) == ("2026-03-08T03:00:00Z", {"only": "/a/\x1b"})
    assert (killed["state"], killed["started"], killed["counts"], killed["settled"]) == ("unfinished", None, [], 1)
    assert (killed["plan"], killed["restorable_until"]) == (".rules/runs/bb/plan.jsonl", None)
    nobody = replace(KILLED, planned=None)
    assert json.loads(run_list_document((nobody,), LOOK))["runs"][0]["planned"] is None


def _batch(
    directory: str, *names: str, action: StepAction = StepAction.TRASH, rules: tuple[str, ...] = ("old",)
) -> Batch:
    entries = tuple(Entry(name, EntryKind.FILE if rules else EntryKind.DIRECTORY, size=3) for name in names)
    return Batch(RelPath(directory), action, entries, tuple(map(RuleName, rules)))


def _details(*more: Batch) -> RunDetails:
    failed = OutcomeRun(Outcome.FAILED, 1, 0, 13, "Permission denied")
    line = OutcomeLine(1, 1, 0, 0, (OutcomeRun(Outcome.DONE, 2, 6), failed))
    batches = (_batch("a", "x", "y", "z\x1b"), _batch("", "d", action=StepAction.REMOVE_DIRECTORY, rules=()), *more)
    header = Header(NOW, None, "d", PlanLimits(None, None, None, None), {})
    return RunDetails(Plan(header, batches, Trailer()), (line,))


def test_one_run_is_told_by_rule_by_directory_and_by_what_it_left() -> None:
    """With the cause of each step that was not carried out; the rest was not reached."""
    lines = list(past_run_lines(KILLED, _details(), LOOK))
    assert lines[0] == "run bb UNFINISHED, 2026-02-28T04:00:00Z (1d ago), planned 2026-02-28T04:00:00Z (1d ago)"
    assert lines[3:] == [
        "",
        "By rule",
        "  `old`    trash             2 steps  6 B  done",
        "  `old`    trash              1 step  3 B  failed",
        "  no rule  remove directory   1 step       not reached",
        "",
        "By directory",
        "  ./  remove directory   1 step       not reached",
        "  a/  trash             2 steps  6 B  done",
        "  a/  trash              1 step  3 B  failed",
        "",
        "Not carried out: 1 step",
        "  failed  trash  a/z\\x1b: Permission denied",
    ]
    assert next(past_by_rule_lines(_details())) == "`old`    trash             2 steps  6 B  done"
    assert next(past_by_directory_lines(_details())) == "./  remove directory   1 step       not reached"


def test_verbose_names_every_step_and_cuts_nothing() -> None:
    """Else twenty lines of each."""
    many = [_batch(f"b{number}", "x") for number in range(30)]
    short = list(past_run_lines(RUN, _details(*many), LOOK))
    assert "  and 13 more lines; `--verbose` shows all" in short
    long = list(past_run_lines(RUN, _details(*many), LOOK, verbose=True))
    assert not any("--verbose" in line for line in long)
    assert long[-1] == "  not reached  trash                    3 B  b29/x  by `old`"
    assert list(past_step_lines(_details())) == [
        "done         trash                    3 B  a/x  by `old`",
        "done         trash                    3 B  a/y  by `old`",
        "failed       trash                    3 B  a/z\\x1b  by `old`: Permission denied",
        "not reached  remove directory              d/",
    ]


def test_a_long_list_of_what_was_left_is_cut() -> None:
    """The first twenty say enough of why."""
    failed = OutcomeLine(1, 1, 0, 0, (OutcomeRun(Outcome.CHANGED, 25, 0, 0, "its size changed"),))
    header = Header(NOW, None, "d", PlanLimits(None, None, None, None), {})
    batch = _batch("a", *(f"f{number}" for number in range(25)))
    details = RunDetails(Plan(header, (batch,), Trailer()), (failed,))
    assert list(past_run_lines(RUN, details, LOOK))[-1] == "  and 5 more; `--verbose` names all"


def test_a_run_of_no_steps_or_without_a_plan_says_so() -> None:
    """Its report and its trash are told all the same."""
    header = Header(NOW, None, "d", PlanLimits(None, None, None, None), {})
    assert list(past_by_rule_lines(RunDetails(Plan(header, (), Trailer()), ()))) == ["no steps"]
    lines = list(past_run_lines(replace(RUN, planned=None), None, LOOK))
    assert lines[0] == "run aa finished, 2026-03-01T03:00:00Z (1h ago)"
    assert lines[-1] == "its plan cannot be read, so nothing more is known"


def test_the_document_of_one_run_has_sums_and_with_verbose_every_step() -> None:
    """The same keys as in the list of runs, and more."""
    found = json.loads(past_run_document(KILLED, _details(), LOOK))
    assert (found["kind"], found["run_id"], found["state"]) == ("run", "bb", "unfinished")
    assert found["rules"][0] == {"rules": ["old"], "action": "trash", "outcome": "done", "steps": 2, "bytes": 6}
    assert [one["directory"] for one in found["directories"]] == ["", "a", "a"]
    assert [(one["path"], one["errno"]) for one in found["noted"]] == [("a/z\x1b", 13)]
    assert "steps" not in found
    steps = json.loads(past_run_document(KILLED, _details(), LOOK, verbose=True))["steps"]
    assert [one["outcome"] for one in steps] == ["done", "done", "failed", None]
    assert json.loads(past_run_document(RUN, None, LOOK, verbose=True))["rules"] == []
