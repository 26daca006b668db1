"""What an explanation says of a path that is gone."""

import json

from rules_engine.apply.model import Outcome
from rules_engine.jobs.explaining import Gone
from rules_engine.jobs.history import PastStep
from rules_engine.plan.model import StepAction
from rules_engine.report.explain_text import explanation_document, explanation_lines
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import HOUR, Instant, parse_instant
from rules_engine.values.vocabulary import RuleName

NOW = parse_instant("2026-03-01T04:00:00Z")
PATH = RelPath("a/b c/d")
BACK = PastStep("cc", Instant(NOW - HOUR), StepAction.RESTORE, (), Outcome.DONE, PATH, from_run="aa")
ASIDE = PastStep(
    "bb",
    Instant(NOW - 3 * HOUR),
    StepAction.TRASH,
    (RuleName("old"),),
    Outcome.DONE,
    RelPath("a/b c"),
    ended=Instant(NOW - 2 * HOUR),
    in_trash=True,
)
LOST = PastStep("aa", Instant(NOW - 9 * HOUR), StepAction.TRASH, (RuleName("old"),), Outcome.DONE, PATH)
CUT = PastStep("a0", Instant(NOW - 9 * HOUR), StepAction.DELETE, (RuleName("old"),), None, PATH)


def test_what_took_a_path_is_told_newest_first_with_the_way_back() -> None:
    """A command only where the trash still has it; quoted for a shell."""
    assert list(explanation_lines((Gone(PATH, (BACK, ASIDE, LOST, CUT)),), NOW)) == [
        "as of 2026-03-01T04:00:00Z",
        "",
        "a/b c/d",
        "  IS NOT THERE",
        "  run cc, planned 2026-03-01T03:00:00Z (1h ago): restore from run aa: done",
        "  run bb, ended 2026-03-01T02:00:00Z (2h ago): trash `a/b c/` with all in it by `old`: done",
        "    `rules restore bb 'a/b c'` puts it back",
        "  run aa, planned 2026-02-28T19:00:00Z (9h ago): trash by `old`: done",
        "    it is no longer in the trash",
        "  run a0, planned 2026-02-28T19:00:00Z (9h ago): delete by `old`: not reached",
    ]


def test_a_path_that_no_run_took_is_not_blamed_on_one() -> None:
    """Somebody else removed it, or the record of it is gone."""
    lines = list(explanation_lines((Gone(PATH, ()),), NOW))
    assert lines[-1] == "  IS NOT THERE, and no recorded run had a step on it"


def test_the_document_says_the_same() -> None:
    """With the command as a string, or null."""
    [found] = json.loads(explanation_document((Gone(PATH, (BACK, ASIDE)),), NOW))["paths"]
    assert found["decision"] == "gone"
    back, aside = found["runs"]
    assert (back["from_run"], back["ended"], back["restore"]) == ("aa", None, None)
    assert (aside["path"], aside["ended"], aside["restore"]) == (
        "a/b c",
        "2026-03-01T02:00:00Z",
        "rules restore bb 'a/b c'",
    )
