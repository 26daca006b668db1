"""The text of a plan."""

from collections.abc import Sequence

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
from rules_engine.policy.built_in import BUILT_IN
from rules_engine.policy.model import Action
from rules_engine.report.overview import look_through
from rules_engine.report.plan_text import plan_lines
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import parse_instant
from rules_engine.values.vocabulary import EntryKind, RuleName

NOW = parse_instant("2026-03-01T04:00:00Z")
GIB = 2**30
WHOLE = """\
root /srv/media, root id 5eed
as of 2026-03-01T04:00:00Z, policies abcdefabcdef
asked for: limit files unlimited

1 234 files go, 212 GiB, when this plan is applied:
  delete  1 200 files  210 GiB  freed at once
  trash      34 files  2.0 GiB  freed when the trash is emptied
  by `intermediates` (1 200 files, 210 GiB), `older` (34 files, 2.0 GiB)
  removes 12 directories that will be empty
Looked at 5 000 files, 900 GiB; 70 files, 1.0 GiB, have no owner.

DELIVERABLES among them: 34 files, 2.0 GiB
  trash  1.0 GiB  output/a\\nb.mkv  by `older`
  trash    512 B  output/c.mkv     by `older`
  and 32 more; `rules show FILE --steps` lists all

Rules, also those with nothing to do
  `intermediates`     delete               1 200 files  210 GiB  policies/cleanup.yaml:6
      not due yet: 3 files, 3.0 GiB; the next falls due at 2026-03-02T00:00:00Z (in 20h)
      selected but kept for another reason: 1 file, 1.0 GiB
  `old-tmp`           delete                   nothing           policies/cleanup.yaml:20
      nearest miss: 412 files match but no job declared them: `tracked: false`?
  `older`             trash                   34 files  2.0 GiB  policies/cleanup.yaml:12
  `someday`           trash (report only)     10 files  5.0 GiB  policies/cleanup.yaml:30
      would go: 10 files, 5.0 GiB; a report-only rule is never carried out
  `settings.cleanup`  delete                   nothing           built in
      acts only on temporary files that no rule of a policy selects

Kept: 11 files, 6.0 GiB; of each reason the 3 largest
  10 files  5.0 GiB  rule `final` keeps it
      4.0 GiB  output/z
      1.0 GiB  output/y
    1 file  1.0 GiB  its job is running

Falls due in the next seven days
  2026-03-02  3 files  3.0 GiB
Later: 2 files, 0 B.

1 problem: what lies there is unknown, and kept
  output/locked: permission denied

Not looked at
  .: untracked files: no removal rule is about them
"""


def _header(**fields: object) -> Header:
    limits = PlanLimits(None, None, None, None)
    given = {"root_id": "5eed", "ask": {}, **fields}
    return Header(NOW, policies_digest="abcdef" * 10, limits=limits, versions={}, **given)  # type: ignore[arg-type]


def _lines(plan: Plan, *, root: str | None = "/srv/media", verbose: bool = False) -> str:
    return "".join(f"{line}\n" for line in plan_lines(plan, look_through(plan), root=root, verbose=verbose))


def _rule(name: str, action: Action, line: int, **fields: object) -> RuleSummary:
    return RuleSummary(RuleName(name), action, f"policies/cleanup.yaml:{line}", **fields)  # type: ignore[arg-type]


def _deliverables(*names: tuple[str, int]) -> Sequence[Batch]:
    entries = tuple(Entry(name, EntryKind.FILE, size=size) for name, size in names)
    return [Batch(RelPath("output"), StepAction.TRASH, entries, (RuleName("older"),), deliverable=True)]


def _whole() -> Plan:
    trailer = Trailer(
        steps={"delete": Count(1200, 210 * GIB), "trash": Count(34, 2 * GIB), "remove_directory": Count(12, 0)},
        deliverables=Count(34, 2 * GIB),
        rules=[
            _rule(
                "intermediates",
                Action.DELETE,
                6,
                decided=Count(1200, 210 * GIB),
                waiting=Count(3, 3 * GIB),
                next_due=parse_instant("2026-03-02"),
                held=Count(1, GIB),
            ),
            _rule(
                "old-tmp",
                Action.DELETE,
                20,
                near_misses={
                    "match but have another size": Count(2, 0),
                    "match but no job declared them: `tracked: false`?": Count(412, 0),
                },
            ),
            _rule("older", Action.TRASH, 12, decided=Count(34, 2 * GIB)),
            _rule("someday", Action.TRASH, 30, report_only=True, decided=Count(10, 5 * GIB)),
            RuleSummary(BUILT_IN, Action.DELETE, ""),
        ],
        kept=[
            KeptSummary(Because.JOB_RUNNING, "its job is running", Count(1, GIB)),
            KeptSummary(
                Because.KEEP_RULE,
                "rule `final` keeps it",
                Count(10, 5 * GIB),
                [(4 * GIB, RelPath("output/z")), (GIB, RelPath("output/y"))],
            ),
        ],
        due_by_day=[("2026-03-02", Count(3, 3 * GIB))],
        due_later=Count(2, 0),
        problems=[(RelPath("output/locked"), "permission denied")],
        skipped=[(RelPath(""), "untracked files: no removal rule is about them")],
        looked_at=Count(5000, 900 * GIB),
        untracked=Count(70, GIB),
    )
    batches = _deliverables(("a\nb.mkv", GIB), ("c.mkv", 512))
    return Plan(_header(ask={"limit files": "unlimited"}), batches, trailer)


def test_the_text_of_a_plan_has_every_part_in_the_documented_order() -> None:
    """Head, answer, deliverables, all rules, kept, due, problems, not looked at; names escaped."""
    assert _lines(_whole()) == WHOLE


def test_refusals_stand_above_everything_else() -> None:
    """A plan that exceeds a limit says so in its first lines."""
    plan = Plan(_header(), (), Trailer(refusals=["it removes 3 files, `limits.files` is 2"]))
    assert _lines(plan).startswith(
        "REFUSED: this plan cannot be applied as it is\n  it removes 3 files, `limits.files` is 2\n\nroot "
    )


def test_a_plan_without_steps_says_that_nothing_goes_and_when_something_will() -> None:
    """The answer names the next moment at which a file falls due."""
    rule = _rule("old", Action.DELETE, 3, waiting=Count(1, 5), next_due=parse_instant("2026-03-03T04:00:00Z"))
    text = _lines(Plan(_header(), (), Trailer(rules=[rule])))
    assert "Nothing goes: no file is due.\n  the next file falls due at 2026-03-03T04:00:00Z (in 2d)\n" in text


def test_the_waiting_of_a_rule_that_only_reports_is_not_announced_as_the_next_removal() -> None:
    """Only rules that remove say when the next file goes."""
    moment = parse_instant("2026-03-03")
    rule = _rule("old", Action.DELETE, 3, waiting=Count(1, 5), next_due=moment, report_only=True)
    assert "the next file falls due" not in _lines(Plan(_header(), (), Trailer(rules=[rule])))


def test_a_directory_that_is_no_root_is_named_with_the_command_that_makes_it_one() -> None:
    """A plan can be read before `rules init --root`, and says that it cannot be applied."""
    text = _lines(Plan(_header(root_id=None), (), Trailer()), root=None)
    assert text.startswith("not a root yet: this plan cannot be applied; run `rules init --root DIR` first\n")


def test_a_plan_without_anything_says_so_part_by_part() -> None:
    """Silence is never the answer: no rules, nothing kept, nothing due."""
    text = _lines(Plan(_header(), (), Trailer()))
    assert "  none: the policies hold no rule\n" in text
    assert "Kept: nothing else was looked at.\n" in text
    assert "Nothing more falls due in the next seven days.\n" in text


def test_only_the_first_twenty_problems_are_named_unless_all_are_asked_for() -> None:
    """A tree full of unreadable directories does not hide the rest of the plan."""
    problems = [(RelPath(f"d{number:02}"), "permission denied") for number in range(25)]
    plan = Plan(_header(), (), Trailer(problems=problems))
    short, whole = _lines(plan), _lines(plan, verbose=True)
    assert "  d19: permission denied\n  and 5 more; `--verbose` names all\n" in short
    assert "  d24: permission denied\n" in whole


def test_verbose_names_the_ten_largest_kept_files() -> None:
    """Three of each reason otherwise."""
    largest = [(100 - number, RelPath(f"f{number}")) for number in range(10)]
    plan = Plan(_header(), (), Trailer(kept=[KeptSummary(Because.NO_RULE, "no rule", Count(10, 955), largest)]))
    assert _lines(plan).count(" B  f") == 3
    assert _lines(plan, verbose=True).count(" B  f") == 10


def test_the_first_ten_deliverables_are_sampled_over_all_batches() -> None:
    """The head of a plan never grows with its number of deliverables."""
    batches = [*_deliverables(*((f"a{n}", 1) for n in range(7))), *_deliverables(*((f"b{n}", 1) for n in range(7)))]
    samples = look_through(Plan(_header(), batches, Trailer())).deliverables
    assert [one.path for one in samples] == [*(f"output/a{n}" for n in range(7)), *(f"output/b{n}" for n in range(3))]


def test_directories_that_stay_whole_are_named_with_what_keeps_them() -> None:
    """The three largest, or all that the plan names; a plan without any says nothing of them."""
    kept = [(RelPath(f"scratch/{name}"), f"`scratch/{name}/x` is a deliverable") for name in ("a\n", "b", "c", "d")]
    plan = Plan(_header(), (), Trailer(units_kept=kept))
    text = _lines(plan)
    assert "Stay whole, though a rule takes such directories\n  `scratch/a\\n`  `scratch/a\\n/x` is a deliv" in text
    assert "`scratch/d`" not in text
    assert "`scratch/d`" in "\n".join(plan_lines(plan, look_through(plan), root=None, verbose=True))
    assert "Stay whole" not in _lines(Plan(_header(), (), Trailer()))


def test_a_rule_about_empty_directories_counts_directories() -> None:
    """They have no bytes worth telling, and are no files."""
    counts = {"decided": Count(2), "waiting": Count(1), "held": Count(3)}
    rule = _rule("folders", Action.DELETE, 6, directories=True, **counts)
    text = _lines(Plan(_header(), (), Trailer(rules=[rule])))
    assert "`folders`  delete  2 directories    policies/cleanup.yaml:6" in text
    assert "not due yet: 1 directory\n" in text
    assert "selected but kept for another reason: 3 directories\n" in text
