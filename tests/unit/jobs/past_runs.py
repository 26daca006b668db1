"""Run folders written by hand: what a run left that ended, was cut short, or is older than this version."""

import io
from pathlib import Path

from rules_engine.apply.model import Outcome, RunResult
from rules_engine.apply.outcomes import OutcomeLine, OutcomeRun
from rules_engine.apply.report import to_report
from rules_engine.apply.runs import open_run
from rules_engine.filesystem.root import Root
from rules_engine.plan.model import Batch, Entry, Header, Plan, PlanLimits, StepAction, Trailer
from rules_engine.plan.planfile import write_plan
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY, Instant
from rules_engine.values.vocabulary import EntryKind, RuleName

NOON = Instant(20_000 * DAY)


def batch(
    directory: str,
    *names: str,
    action: StepAction = StepAction.TRASH,
    kind: EntryKind = EntryKind.FILE,
    from_run: str = "",
    rule: str = "old",
) -> Batch:
    """A batch of entries of three bytes."""
    entries = tuple(Entry(name, kind, size=3) for name in names)
    return Batch(RelPath(directory), action, entries, (RuleName(rule),), from_run=from_run)


def record(
    root: Root,
    *batches: Batch,
    now: int = NOON,
    outcomes: tuple[tuple[OutcomeRun, ...], ...] | None = None,
    result: RunResult | None = None,
    asked: dict[str, str] | None = None,
) -> str:
    """The id of a run of these batches; all steps done unless `outcomes` says so batch by batch."""
    header = Header(Instant(now), root.root_id, "d" * 64, PlanLimits(None, None, None, 7 * DAY), {}, asked or {})
    plan, out = Plan(header, batches, Trailer()), io.BytesIO()
    write_plan(plan, out)
    out.seek(0)
    all_done = tuple((OutcomeRun(Outcome.DONE, len(one.entries), 3 * len(one.entries)),) for one in batches)
    with open_run(root.require_state(), plan.trailer.run_id, out) as folder:
        folder.append(
            [
                OutcomeLine(number + 1, 1, number, 0, runs)
                for number, runs in enumerate(all_done if outcomes is None else outcomes)
                if runs
            ]
        )
        if result is not None:
            folder.write_report(to_report(result))
    return plan.trailer.run_id


def in_trash(root: Root, run_id: str, path: str) -> None:
    """Put something into the trash of a run."""
    place = Path(root.path, ".rules/trash", run_id, path)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("123")
