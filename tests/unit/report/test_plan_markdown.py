"""The Markdown of a plan: names stay names, long lists end, the answer comes first."""

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
    ReleaseSummary,
    RuleSummary,
    StepAction,
    Trailer,
)
from rules_engine.policy.model import Action
from rules_engine.report.overview import look_through
from rules_engine.report.plan_markdown import code, markdown_lines
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import parse_instant
from rules_engine.values.vocabulary import EntryKind, RuleName

HEADER = Header(
    parse_instant("2026-03-01T04:00:00Z"),
    "5eed",
    "abcdef" * 10,
    PlanLimits(None, None, None, None),
    {},
    {"release": "hero"},
)


def text_of(plan: Plan, root: str | None = "/srv/media") -> list[str]:
    """The lines of a plan."""
    overview = look_through(plan, most=1)
    return list(markdown_lines(plan, overview, root=root))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a b", "`a b`"),
        ("a`b", "``a`b``"),
        ("`a", "`` `a ``"),
        ("a|b", "`a\\|b`"),
        ("@team <script>\n", "`@team <script>\\n`"),
        ("", "`.`"),
    ],
)
def test_a_name_is_a_code_span_that_nothing_in_it_can_end(name: str, shown: str) -> None:
    """No mention, no markup, no new cell of a table."""
    assert code(name) == shown


def test_releases_and_deliverables_come_before_the_rules() -> None:
    """With what was asked for, and how many more there are."""
    entries = tuple(Entry(name, EntryKind.FILE, size=5) for name in ("a`", "b"))
    batch = Batch(RelPath("out"), StepAction.DELETE, entries, (RuleName("old"),), deliverable=True)
    trailer = Trailer(
        steps={"delete": Count(2, 10)},
        deliverables=Count(2, 10),
        left_out=Count(7, 70),
        releases=[
            ReleaseSummary(RuleName("hero"), "p/c.yaml:3", "3f2a", Count(2, 10), allowed=True),
            ReleaseSummary(RuleName("star"), "p/c.yaml:9", "", Count(1, 5)),
        ],
        rules=[
            RuleSummary(RuleName("final"), Action.KEEP, "p/c.yaml:1", decided=Count(1, 1), held=Count(2, 2)),
            RuleSummary(RuleName("some"), Action.TRASH, "p/c.yaml:5", report_only=True, decided=Count(3, 3)),
        ],
    )
    lines = text_of(Plan(HEADER, (batch,), trailer))
    assert lines[0] == "### 2 files, 10 B, would go: delete 2 files, 10 B"
    assert "Root `/srv/media`, as of 2026-03-01T04:00:00Z, policies `abcdefabcdef`." in lines
    assert "Asked for: `release hero`." in lines
    assert "Narrowed: 7 files, 70 B more would go." in lines
    assert "- keep rule `hero` (`p/c.yaml:3`, applied until run 3f2a): 2 files, 10 B; let go by `--release`" in lines
    assert "- keep rule `star` (`p/c.yaml:9`, applied until now): 1 file, 5 B; **not asked for**" in lines
    assert "- delete ``out/a` `` (5 B) by `old`" in lines or "- delete `` out/a` `` (5 B) by `old`" in lines
    assert "- and 1 more" in lines
    assert "| `final` | keep | keeps 1 file, 1 B |  | 2 files, 2 B |" in lines
    assert "| `some` | trash (report only) | would be 3 files, 3 B |  |  |" in lines


def test_long_lists_end() -> None:
    """A comment has an end: twenty rows, then how many more there are."""
    rules = [RuleSummary(RuleName(f"r{number:02}"), Action.DELETE, "") for number in range(25)]
    trailer = Trailer(
        rules=rules,
        kept=[KeptSummary(Because.NO_RULE, "no rule selects it <b>", Count(1, 1))],
        due_by_day=[("2026-03-02", Count(2, 20))],
        due_later=Count(3, 30),
        problems=[(RelPath(f"d{number:02}"), "cannot be read") for number in range(22)],
        skipped=[(RelPath(""), "untracked files: no rule")],
    )
    lines = text_of(Plan(HEADER, (), trailer), root=None)
    assert lines[0] == "### Nothing would go"
    assert "As of 2026-03-01T04:00:00Z, policies `abcdefabcdef`." in lines
    assert "| and 5 more | | | | |" in lines
    assert "| no rule selects it \\<b\\> | 1 | 1 B |" in lines
    assert "| 2026-03-02 | 2 | 20 B |" in lines
    assert "Later: 3 files, 30 B." in lines
    assert "- and 2 more" in lines
    assert "- `.`: untracked files: no rule" in lines
