"""The steps of a plan as lines and as a JSON document."""

import json

from jsonschema import Draft202012Validator

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
)
from rules_engine.policy.model import Action
from rules_engine.policy.schema import schema_text
from rules_engine.report.plan_json import plan_document
from rules_engine.report.plan_steps import by_directory_lines, by_rule_lines, step_lines
from rules_engine.values.paths import RelPath, from_bytes
from rules_engine.values.quantities import DAY, parse_instant
from rules_engine.values.vocabulary import EntryKind, JobId, RuleName

NOW = parse_instant("2026-03-01T04:00:00Z")
OLD, STRAY = RuleName("old"), RuleName("stray")
BATCHES = (
    Batch(
        RelPath("out"),
        StepAction.TRASH,
        (Entry("a\x1b.mkv", EntryKind.FILE, size=1536, due=NOW - DAY),),
        (OLD,),
        owners=(JobId("j1"),),
        deliverable=True,
    ),
    Batch(
        RelPath("scratch/j1"),
        StepAction.DELETE,
        (Entry(from_bytes(b"\xff"), EntryKind.FILE, size=10), Entry("b", EntryKind.LINK, size=2)),
        (OLD, STRAY),
    ),
    Batch(RelPath("scratch"), StepAction.REMOVE_DIRECTORY, (Entry("j1", EntryKind.DIRECTORY),), (OLD,)),
    Batch(RelPath("jobs"), StepAction.CREATE_LINK, (Entry("j1", EntryKind.LINK, target="../out"),), reason="layout"),
)


def test_each_step_is_one_line_with_its_size_path_and_rules() -> None:
    """Sizes stand where files go; names are escaped; a deliverable is marked in words."""
    assert list(step_lines(BATCHES)) == [
        "trash                1.5 KiB  out/a\\x1b.mkv  DELIVERABLE  by `old`",
        "delete                  10 B  scratch/j1/\\xff  by `old`, `stray`",
        "delete                   2 B  scratch/j1/b  by `old`, `stray`",
        "remove directory              scratch/j1  by `old`",
        "create link                   jobs/j1 -> ../out",
    ]


def test_steps_are_summed_by_their_deciding_rules_largest_first() -> None:
    """Rules that decide together stand together; links of layouts have no rule."""
    assert list(by_rule_lines(BATCHES)) == [
        " 1 step  1.5 KiB  trash             `old`",
        "2 steps     12 B  delete            `old`, `stray`",
        " 1 step           remove directory  `old`",
        " 1 step           create link       layout",
    ]


def test_steps_are_summed_by_directory_in_the_order_of_the_tree() -> None:
    """A directory with two kinds of steps has two lines."""
    assert list(by_directory_lines(BATCHES)) == [
        " 1 step           create link       jobs/",
        " 1 step  1.5 KiB  trash             out/",
        " 1 step           remove directory  scratch/",
        "2 steps     12 B  delete            scratch/j1/",
    ]


def test_sums_of_a_plan_without_steps_say_so() -> None:
    """An empty answer is said, not shown as nothing."""
    assert list(by_rule_lines(())) == ["no steps"]
    assert list(by_directory_lines(())) == ["no steps"]


def _plan() -> Plan:
    header = Header(NOW, "5eed", "abcd", PlanLimits(5, None, 50, DAY), {"rules_engine": "1"}, {"limit files": "5"})
    trailer = Trailer(
        steps={"trash": Count(1, 1536), "delete": Count(2, 12)},
        deliverables=Count(1, 1536),
        rules=[RuleSummary(OLD, Action.TRASH, "p.yaml:3", next_due=NOW, near_misses={"b": Count(1, 2)})],
        kept=[KeptSummary(Because.UNKNOWN, "unknown", Count(1, 7), [(7, RelPath("x"))])],
        due_by_day=[("2026-03-02", Count(1, 3))],
        problems=[(RelPath("locked"), "permission denied")],
        skipped=[(RelPath("mnt"), "a mount")],
        refusals=["too much"],
        digest="0123456789abcdef0123",
    )
    return Plan(header, BATCHES, trailer)


def test_the_document_of_a_plan_holds_header_steps_and_what_they_add_up_to() -> None:
    """Every documented key is there, names that are not UTF-8 as bytes."""
    found = json.loads("\n".join(plan_document(_plan(), root="/srv")))
    steps = found.pop("steps")
    assert steps[0] == {
        "path": "out/a\x1b.mkv",
        "action": "trash",
        "rules": ["old"],
        "reason": "due",
        "bytes": 1536,
        "kind": "file",
        "owners": ["j1"],
        "deliverable": True,
        "released": [],
        "due": "2026-02-28T04:00:00Z",
    }
    assert steps[1]["path"] == {"bytes": b"scratch/j1/\xff".hex()}
    assert [step["bytes"] for step in steps] == [1536, 10, 2, 0, 0]
    assert steps[4]["target"] == "../out"
    nothing = {"files": 0, "bytes": 0}
    assert found == {
        "format_version": "1.0",
        "kind": "plan",
        "root": "/srv",
        "root_id": "5eed",
        "now": "2026-03-01T04:00:00Z",
        "policies_digest": "abcd",
        "versions": {"rules_engine": "1"},
        "limits": {"files": 5, "bytes": None, "untracked_share_percent": 50, "plan_age_ns": DAY},
        "ask": {"limit files": "5"},
        "summary": {
            "run_id": "0123456789abcdef",
            "removed": {"files": 3, "bytes": 1548},
            "freed_at_once_bytes": 12,
            "steps": {"delete": {"files": 2, "bytes": 12}, "trash": {"files": 1, "bytes": 1536}},
            "deliverables": {"files": 1, "bytes": 1536},
            "looked_at": nothing,
            "untracked": nothing,
            "left_out": nothing,
            "due_by_day": [{"day": "2026-03-02", "files": 1, "bytes": 3}],
            "due_later": nothing,
        },
        "releases": [],
        "pins": [],
        "trash": {"emptied_before": None, "stays": []},
        "rules": [
            {
                "name": "old",
                "action": "trash",
                "place": "p.yaml:3",
                "report_only": False,
                "decided": nothing,
                "waiting": nothing,
                "next_due": "2026-03-01T04:00:00Z",
                "held": nothing,
                "near_misses": [{"condition": "b", "files": 1, "bytes": 2}],
                "directories": False,
            }
        ],
        "kept": [
            {"because": "unknown", "text": "unknown", "files": 1, "bytes": 7, "largest": [{"path": "x", "bytes": 7}]}
        ],
        "units_kept": [],
        "problems": [{"path": "locked", "why": "permission denied"}],
        "not_looked_at": [{"path": "mnt", "why": "a mount"}],
        "refusals": ["too much"],
    }


def test_the_document_of_a_plan_is_what_its_schema_says() -> None:
    """Every key that a reader may rely on is required there."""
    schema = json.loads(schema_text("plan"))
    Draft202012Validator.check_schema(schema)
    for plan in (_plan(), Plan(_plan().header, (), Trailer())):
        found = json.loads("\n".join(plan_document(plan, root="/srv")))
        assert [error.message for error in Draft202012Validator(schema).iter_errors(found)] == []
        assert set(found) == set(schema["required"])


def test_the_document_of_a_plan_without_steps_is_json_too() -> None:
    """No comma is left over where nothing stands."""
    found = json.loads("\n".join(plan_document(Plan(_plan().header, (), Trailer()), root=None)))
    assert found["steps"] == []
    assert found["root"] is None
    assert found["summary"]["run_id"] is None


def test_documents_are_ascii_so_that_no_name_can_command_a_terminal() -> None:
    """Also a direction override or an escape character is written as an escape sequence."""
    batch = Batch(RelPath(""), StepAction.DELETE, (Entry("\u202ex", EntryKind.FILE),), (OLD,))
    text = "\n".join(plan_document(Plan(_plan().header, (batch,), Trailer()), root="/ü"))
    assert text.isascii()
    assert json.loads(text)["steps"][0]["path"] == "\u202ex"
