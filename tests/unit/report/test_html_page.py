"""What the page of a plan says in words, and what its block of data holds."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from rules_engine.plan.model import (
    Batch,
    Because,
    Count,
    Entry,
    Header,
    KeptSummary,
    Plan,
    PlanLimits,
    RuleSummary,
    StepAction,
    Trailer,
    TrashSummary,
    Whole,
)
from rules_engine.policy.built_in import BUILT_IN
from rules_engine.policy.model import Action
from rules_engine.report.html.block import block
from rules_engine.report.html.gather import MOST, gather
from rules_engine.report.html.page import page
from rules_engine.report.html.view import View
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY, SECOND, Instant, parse_instant
from rules_engine.values.vocabulary import EntryKind, JobId, RuleName

NOW = parse_instant("2026-03-01T04:00:00Z")
OLD = RuleName("old")


def _header(**fields: Any) -> Header:
    limits = PlanLimits(None, None, None, None)
    return Header(**{"now": NOW, "root_id": "5eed", "policies_digest": "", "limits": limits, "versions": {}, **fields})


def _batch(path: str, *names: str, **fields: Any) -> Batch:
    entries = tuple(Entry(name, EntryKind.FILE, size=len(name), due=3 * SECOND) for name in names)
    return Batch(
        **{"directory": RelPath(path), "action": StepAction.DELETE, "entries": entries, "rules": (OLD,), **fields}
    )


def _block(*batches: Batch, trailer: Trailer | None = None, most: int = 100) -> Any:
    return json.loads("".join(block(Plan(_header(), batches, trailer or Trailer()), most=most)))


def _text(*batches: Batch, trailer: Trailer | None = None) -> str:
    return "".join(page(Plan(_header(), batches, trailer or Trailer())))


def _view(trailer: Trailer, batches: Sequence[Batch] = (), **fields: Any) -> View:
    return View(_header(**fields), trailer, gather(batches))


def test_an_empty_plan_says_that_nothing_goes() -> None:
    """And when the first file will; an empty tree has no share to speak of."""
    waiting = RuleSummary(OLD, Action.DELETE, "p.yaml:1", waiting=Count(1, 1), next_due=Instant(NOW + DAY))
    view = _view(Trailer(rules=[waiting]))
    assert view.headline == "Nothing goes: no file is due"
    assert view.next_due == "2026-03-02T04:00:00Z (in 1d)"
    assert (view.share, view.ways, view.also, view.deliverables, view.left_out) == (None, [], [], None, None)
    assert _view(Trailer()).next_due is None
    assert "Nothing else was looked at." in _text()
    assert "the policies hold no rule" in _text()


def test_a_tree_that_is_no_root_says_what_to_do() -> None:
    """Its plan cannot be applied, and was not written either."""
    facts = dict(_view(Trailer(), root_id=None).facts)
    assert facts["root id"] == "not a root yet; run `rules init --root DIR` first"
    assert facts["policies"] == "none"
    assert facts["plan and run id"] == "not written yet"


def test_what_was_left_out_and_what_comes_later_is_said() -> None:
    """A plan that was narrowed is not the whole answer."""
    text = _text(trailer=Trailer(left_out=Count(3, 2048), due_later=Count(2, 1024)))
    assert "Narrowed: 3 files, 2.0 KiB more would go, but were not asked for." in text
    assert "Later: 2 files, 1.0 KiB." in text
    assert "Nothing falls due later." in _text()


def test_all_near_misses_of_a_rule_are_said_nearest_first() -> None:
    """The one with most files first; a report-only rule says that it is one; the built-in rule says what it is."""
    misses = {"match but are young": Count(2, 1), "match but no job declared them": Count(412, 1)}
    rules = [
        RuleSummary(OLD, Action.TRASH, "p.yaml:1", report_only=True, near_misses=misses, held=Count(1, 1)),
        RuleSummary(BUILT_IN, Action.DELETE, ""),
    ]
    first, last = _view(Trailer(rules=rules)).rules
    assert first.misses == ("412 files match but no job declared them", "2 files match but are young")
    assert (first.action, first.held, first.idle, first.note) == ("trash (report only)", "1 file, 1 B", False, "")
    assert (last.place, last.decides, last.idle) == ("built in", "nothing", True)
    assert last.note == "acts only on temporary files that no rule of a policy selects"


def test_the_calendar_has_every_day_from_today() -> None:
    """Eight of them, because the seventh day ends later than now; the fullest is full, an empty one says so."""
    due = [("2026-03-01", Count(1, 50)), ("2026-03-08", Count(2, 100))]
    days = _view(Trailer(due_by_day=due)).calendar
    assert [one.day for one in days] == [f"2026-03-0{day}" for day in range(1, 9)]
    assert [one.weekday for one in days[:2]] == ["Sun", "Mon"]
    assert [(one.text, one.share) for one in (days[0], days[1], days[7])] == [
        ("1 file, 50 B", 50),
        ("nothing", 0),
        ("2 files, 100 B", 100),
    ]


@pytest.mark.parametrize("now", [-(2**63), 2**63 - 1])
def test_a_plan_of_an_absurd_moment_has_a_page(now: int) -> None:
    """A forecast of the far future is a plan all the same."""
    assert len(_view(Trailer(), now=Instant(now)).calendar) == 8


def test_only_the_first_deliverables_stand_at_the_head() -> None:
    """The rest is counted, and the table has all."""
    names = [f"{number:03d}" for number in range(MOST + 5)]
    found = gather([_batch("out", *names[:20], deliverable=True), _batch("out", *names[20:], deliverable=True)])
    assert [row[2] for row in found.deliverables.rows] == [f"out/{name}" for name in names[:MOST]]
    assert found.deliverables.rest == "5 more"
    whole = gather([_batch("", "out", deliverable=True, wholes=(Whole(7, ""),))]).deliverables
    assert whole.rows == [("delete", "3 B", "out/ (whole directory, 7 files)", "old")]
    assert whole.rest == ""


def test_trash_that_stays_says_why() -> None:
    """Whatever its age."""
    text = _text(trailer=Trailer(trash=TrashSummary(stays=[("0011223344556677", "it is being put back")])))
    assert "0011223344556677</span>: it is being put back" in text


def test_what_is_put_back_and_what_is_emptied_stand_under_headings_of_their_own() -> None:
    """They are no removals of files of the tree: neither the headline nor the map counts them."""
    steps = {"restore": Count(1, 8), "empty_trash": Count(1, 2048)}
    runs = (Entry("0011223344556677", EntryKind.DIRECTORY, size=2048),)
    emptied = _batch(".rules/trash", action=StepAction.EMPTY_TRASH, entries=runs, rules=())
    text = _text(_batch("out", "film.mkv", action=StepAction.RESTORE), emptied, trailer=Trailer(steps=steps))
    for said in ("<h2>Put back from the trash</h2>", "<h2>Emptied from the trash, for good</h2>"):
        assert said in text
    for said in ("out/film.mkv", "puts back 1 file, 8 B", "empties the trash of 1 run, 2.0 KiB", "Nothing goes"):
        assert said in text


def test_a_batch_is_what_its_entries_share_and_columns() -> None:
    """A column of equal numbers is written once; what few entries have stands aside."""
    links = (Entry("l", EntryKind.LINK, target="../x"), Entry("m", EntryKind.LINK))
    more = {"0": {"kind": "link", "target": "../x"}, "1": {"kind": "link"}}
    whole = _batch("s", "dir", wholes=(Whole(7, ""),), reason="unit", owners=(JobId("j"),), released=(RuleName("k"),))
    data = _block(_batch("a", "x", "yy"), whole, _batch("", "n", action=StepAction.CREATE_LINK, entries=links))
    assert data["batches"] == [
        ["a", "delete", ["old"], "due", [], 0, [], ["x", "yy"], [1, 2], 3, {}],
        ["s", "delete", ["old"], "unit", ["j"], 0, ["k"], ["dir"], 3, 3, {"0": {"files": 7}}],
        ["", "create_link", ["old"], "due", [], 0, [], ["l", "m"], 0, 0, more],
    ]
    assert data["verbs"] == {"delete": "delete", "create_link": "create link"}


def test_steps_beyond_what_a_browser_can_hold_are_summed() -> None:
    """By directory, action and rules: nothing that goes is missing from the map, and the table has no gap."""
    whole = _batch("b", "dir", wholes=(Whole(7, ""),))
    data = _block(
        _batch("a", "1", "2"), _batch("a", "3", "4"), whole, _batch("a", "5", action=StepAction.TRASH), most=3
    )
    assert [row[7] for row in data["batches"]] == [["1", "2"]]
    assert data["rest"] == [
        ["delete", ["old"], "a", 2, 2],
        ["delete", ["old"], "b", 7, 3],
        ["trash", ["old"], "a", 1, 1],
    ]


def test_the_block_says_what_waits() -> None:
    """The map by reason shows it beside what is kept."""
    trailer = Trailer(due_by_day=[("2026-03-02", Count(1, 2))], due_later=Count(3, 4), left_out=Count(5, 6))
    data = _block(trailer=trailer)
    assert (data["waiting"], data["left_out"]) == ([4, 6], [5, 6])


def test_no_file_to_take_is_said_in_three_ways() -> None:
    """Tidy, only empty directories to remove, or switched off: the last must not look like the first."""
    off = KeptSummary(Because.CLEANUP_OFF, "cleanup is off", Count(1, 1))
    empty = {StepAction.REMOVE_DIRECTORY: Count(3, 0)}
    assert _view(Trailer()).headline == "Nothing goes: no file is due"
    assert _view(Trailer(steps=empty)).headline == "No file goes: none is due"
    assert _view(Trailer(steps=empty, kept=[off])).headline == "Nothing goes: cleanup is off"
