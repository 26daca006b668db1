"""Plans that are made into pages: a usual one, one with names that mean harm, a very large one; without own tests."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from rules_engine.cli.pages import save_page
from rules_engine.plan.model import (
    Batch,
    Because,
    Count,
    Entry,
    Header,
    KeptSummary,
    PinSummary,
    Plan,
    PlanLimits,
    ReleaseSummary,
    RuleSummary,
    StepAction,
    Trailer,
    Whole,
)
from rules_engine.policy.model import Action
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY, Instant, parse_instant
from rules_engine.values.vocabulary import EntryKind, JobId, RuleName

NOW: Final = parse_instant("2026-03-01T04:00:00Z")
DUE: Final = parse_instant("2026-02-20T08:30:00Z")
MIB: Final = 2**20
INTERMEDIATES: Final = RuleName("intermediates")
OLDER: Final = RuleName("older")
HARM: Final = (
    "<script>window.owned=1</script>",
    "</script><script>window.owned=2<",
    "<!--<script>",
    "<img src=x onerror=window.owned=3>",
    "'\" onmouseover=window.owned=4 x='",
    "{{ 7*7 }}{% raw %}",
    "&lt;b&gt;",
    "two\nlines",
    "film\u202evkm.exe",
    "bytes\udcff\udc80",
    "\u05d0\u05d1\u05d2 right to left",
)
"""Names as they can lie on a disk; `/` is the end of a tag and no part of a name, so some come as two components."""


def header(**fields: object) -> Header:
    """A header of a root, with limits."""
    limits = PlanLimits(100, None, None, 7 * DAY)
    given = {"root_id": "5eed5eed", "ask": {}, **fields}
    return Header(NOW, policies_digest="abcdef" * 10, limits=limits, versions={}, **given)  # type: ignore[arg-type]


def entry(name: str, size: int, kind: EntryKind = EntryKind.FILE) -> Entry:
    """An entry that has been due for some days."""
    return Entry(name, kind, inode=7, size=size, due=DUE)


def batch(path: str, names: Iterable[tuple[str, int]], rule: RuleName = INTERMEDIATES, **fields: object) -> Batch:
    """A batch of files that are deleted."""
    entries = tuple(entry(*one) for one in names)
    values: dict[str, object] = {"action": StepAction.DELETE, "rules": (rule,), **fields}
    return Batch(RelPath(path), entries=entries, **values)  # type: ignore[arg-type]


def rule(name: RuleName, action: Action, decided: Count, **fields: object) -> RuleSummary:
    """What a rule did."""
    return RuleSummary(name, action, f"policies/{name}.yaml:7", decided=decided, **fields)  # type: ignore[arg-type]


def usual() -> Plan:
    """Slides of two jobs, two deliverables, a whole directory, and what stays."""
    batches = (
        batch(
            "out/Suits", [("final.mkv", 300 * MIB), ("final.srt", 5)], OLDER, action=StepAction.TRASH, deliverable=True
        ),
        batch(
            "scratch/a/slides",
            [(f"slide_{number:03d}.png", number * MIB) for number in range(20)],
            owners=(JobId("a"),),
        ),
        batch(
            "scratch/b/slides", [(f"slide_{number:03d}.png", 10 * MIB) for number in range(10)], owners=(JobId("b"),)
        ),
        Batch(
            RelPath("scratch"),
            StepAction.DELETE,
            (entry("whole", 50 * MIB, EntryKind.DIRECTORY),),
            (INTERMEDIATES,),
            reason="unit",
            wholes=(Whole(7, "0" * 64),),
        ),
        Batch(
            RelPath("scratch/a"), StepAction.REMOVE_DIRECTORY, (entry("slides", 4096, EntryKind.DIRECTORY),), (OLDER,)
        ),
        Batch(RelPath("jobs/done"), StepAction.CREATE_LINK, (Entry("a", EntryKind.LINK, target="../../out"),)),
    )
    trailer = Trailer(
        steps={"delete": Count(37, 340 * MIB), "trash": Count(2, 300 * MIB + 5), "remove_directory": Count(1)},
        deliverables=Count(2, 300 * MIB + 5),
        rules=[
            rule(
                INTERMEDIATES, Action.DELETE, Count(37, 340 * MIB), waiting=Count(4, MIB), next_due=Instant(NOW + DAY)
            ),
            rule(OLDER, Action.TRASH, Count(2, 300 * MIB + 5)),
            rule(
                RuleName("old-tmp"),
                Action.DELETE,
                Count(),
                near_misses={"match but no job declared them": Count(412, 9)},
            ),
        ],
        kept=[
            KeptSummary(
                Because.KEEP_RULE, "rule `final` keeps it", Count(3, 60 * MIB), [(50 * MIB, RelPath("out/hero.mkv"))]
            )
        ],
        kept_by_directory=[(RelPath("out"), Count(3, 60 * MIB)), (RelPath("scratch/a"), Count(4, MIB))],
        due_by_day=[("2026-03-02", Count(4, MIB))],
        problems=[(RelPath("out/locked"), "permission denied")],
        skipped=[(RelPath("mnt"), "another filesystem")],
        looked_at=Count(46, 701 * MIB + 5),
        untracked=Count(1, 5),
    )
    return Plan(header(ask={"limit files": "100"}), batches, trailer)


def refused() -> Plan:
    """The usual plan, over its limits, with a keep rule that nobody released and a pin."""
    plan = usual()
    plan.trailer.refusals = [
        "it removes 39 files, `limits.files` is 10; if that is right, plan with `--limit files=39`"
    ]
    plan.trailer.releases = [
        ReleaseSummary(RuleName("hero-shots"), "policies/cleanup.yaml:4", "0011223344556677", Count(2, 300 * MIB + 5)),
        ReleaseSummary(RuleName("films"), "policies/cleanup.yaml:9", "", Count(1, 5), allowed=True),
    ]
    plan.trailer.pins = [PinSummary("out/hero.mkv", "for the trailer", None, Count(1, 50 * MIB))]
    released = (RuleName("hero-shots"),)
    plan.batches = [replace(one, released=released) if one.deliverable else one for one in plan.batches]
    return plan


def harmful() -> Plan:
    """Every name, reason and word of a plan says what could do harm."""
    says = " ".join(HARM)
    paths = [RelPath(name) for name in HARM]
    places = [rule(RuleName(says), Action.DELETE, Count(1, 1), near_misses={says: Count(1, 1)})]
    names = [(name.replace("/", "\u2215"), MIB) for name in HARM]
    batches = (
        *(batch(path, [("a file", 9)], RuleName(says), owners=(JobId(says),), reason=says) for path in paths),
        batch("odd", names, RuleName(says), deliverable=True, released=(RuleName(says),)),
    )
    total = Count(2 * len(HARM), len(HARM) * (MIB + 9))
    trailer = Trailer(
        steps={"delete": total},
        deliverables=total,
        releases=[ReleaseSummary(RuleName(says), says, says, total)],
        pins=[PinSummary(says, says, NOW, total)],
        rules=places,
        kept=[KeptSummary(Because.NO_RULE, says, total, [(MIB, path) for path in paths])],
        kept_by_directory=[(path, total) for path in paths],
        problems=[(path, says) for path in paths],
        skipped=[(path, says) for path in paths],
        refusals=[says],
        looked_at=total,
    )
    return Plan(header(root_id=says, ask={says: says}), batches, trailer)


def large(steps: int, in_each: int = 500) -> Plan:
    """Very many steps, of rising size, in many directories."""
    batches = [
        batch(
            f"scratch/job-{start // in_each:05d}/slides",
            [(f"temp_slide_{number:06d}.png", number) for number in range(start, start + in_each)],
            INTERMEDIATES if start % 2 else OLDER,
            owners=(JobId(f"job-{start // in_each:05d}"),),
        )
        for start in range(0, steps, in_each)
    ]
    total = Count(steps, sum(range(steps)))
    return Plan(header(), batches, Trailer(steps={"delete": total}, looked_at=total))


def page_of(plan: Plan, folder: Path) -> Path:
    """The page of that plan, in a file."""
    path = folder / "plan.html"
    save_page(plan, str(path), quiet=True)
    return path
