"""The recorded runs as text and as JSON: newest first, what each did, and what can still be done about it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rules_engine.apply.model import ActionCount, Outcome, RunState
from rules_engine.jobs.runs import RecordedRun
from rules_engine.plan.model import StepAction
from rules_engine.report.documents import Json, document, instant_json
from rules_engine.report.run_text import counted, counted_json
from rules_engine.report.words import VERBS, moment
from rules_engine.values.quantities import FOREVER, Duration, Instant, format_size
from rules_engine.values.text import escape, plural

UNFINISHED = "unfinished"
"""The state of a run without a report: it was killed, or it goes on now."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the reader of a run needs besides its record."""

    now: Instant
    root: str
    """The path of the root."""
    keep: Duration
    """`trash.keep`."""
    empties: bool
    """Whether apply empties the trash by itself."""
    options: str = ""
    """What other commands need to find the same root, such as ` --root DIR`."""
    resume: str = ""
    """What `rules apply` needs besides, where there is no policy folder."""


def run_list_lines(runs: Sequence[RecordedRun], outlook: Outlook, *, hidden: int = 0) -> Iterator[str]:
    """One paragraph a run; `hidden` older ones are counted only."""
    if not runs:
        yield "no recorded runs"
    for run in runs:
        yield f"{run.run_id}  {state_of(run)}  {moment(run.when, outlook.now)}"
        yield from (f"  {line}" for line in story(run, outlook))
    if hidden:
        yield f"and {plural(hidden, 'older run', 'older runs')}; `--limit` shows more"


def state_of(run: RecordedRun) -> str:
    """The state in one word; upper case where it is not done."""
    if run.result is None:
        return UNFINISHED.upper()
    return run.result.state.value if run.result.state is RunState.FINISHED else run.result.state.value.upper()


def story(run: RecordedRun, outlook: Outlook) -> Iterator[str]:
    """What a run did, what was asked of it, and what can be done about it."""
    result = run.result
    if result is None:
        yield f"no report: it was killed, or it goes on now; {plural(run.settled, 'step')} recorded"
    else:
        yield _did(result.counts)
        if failed := result.count(Outcome.FAILED):
            them = "it" if failed == 1 else "them"
            yield f"{plural(failed, 'step')} FAILED; `rules show {run.run_id}{outlook.options}` names {them}"
        if result.stopped_because:
            yield f"because {escape(result.stopped_because)}"
    if run.asked:
        yield f"asked for {_asked(run)}"
    yield from way_on(run, outlook)


def way_on(run: RecordedRun, outlook: Outlook) -> Iterator[str]:
    """How a run is finished that was cut short, and until when one can be undone."""
    if not run.is_over:
        yield f"`rules apply {run.run_id}{outlook.options}{outlook.resume}` finishes it"
    if run.set_aside or run.in_trash:
        yield _undo(run, outlook)


def _did(counts: Sequence[ActionCount]) -> str:
    done = [one for one in counts if one.outcome is Outcome.DONE]
    said = [_count(one) for one in done]
    left = sum(one.steps for one in counts if one.outcome in {Outcome.CHANGED, Outcome.PROTECTED})
    said += [f"left alone {plural(left, 'step')}"] if left else []
    return "; ".join(said) or "nothing had to be done"


def _count(count: ActionCount) -> str:
    size = f", {format_size(count.size)}{_effect(count.action)}" if count.size else ""
    return f"{VERBS[count.action]}: {counted(count)}{size}"


def _effect(action: StepAction) -> str:
    return {StepAction.DELETE: " freed", StepAction.TRASH: " set aside", StepAction.EMPTY_TRASH: " freed"}.get(
        action, ""
    )


def _asked(run: RecordedRun) -> str:
    return ", ".join(f"{escape(key)}={escape(value)}" for key, value in sorted(run.asked.items()))


def _undo(run: RecordedRun, outlook: Outlook) -> str:
    if not run.in_trash:
        return "no longer in the trash"
    until = kept_until(run, outlook)
    when = "until somebody empties the trash" if until is None else f"until {moment(until, outlook.now)}"
    if until is not None and until <= outlook.now:
        when = "until the next apply empties the trash"
    return f"`rules restore {run.run_id}{outlook.options}` puts it back, {when}"


def kept_until(run: RecordedRun, outlook: Outlook) -> Instant | None:
    """Until when apply leaves the trash of the run alone; None where it never empties it."""
    if run.result is None or not outlook.empties or outlook.keep >= FOREVER:
        return None
    return Instant(run.result.ended + outlook.keep)


def run_list_document(runs: Sequence[RecordedRun], outlook: Outlook) -> str:
    """The JSON document of kind `runs`."""
    return document(
        "runs",
        {"now": instant_json(outlook.now), "root": outlook.root, "runs": [run_json(one, outlook) for one in runs]},
    )


def run_json(run: RecordedRun, outlook: Outlook) -> dict[str, Json]:
    """What `rules runs` says of one run."""
    result, until = run.result, kept_until(run, outlook) if run.in_trash else None
    return {
        "run_id": run.run_id,
        "state": UNFINISHED if result is None else result.state.value,
        "planned": None if run.planned is None else instant_json(run.planned),
        "started": None if result is None else instant_json(result.started),
        "ended": None if result is None else instant_json(result.ended),
        "stopped_because": "" if result is None else result.stopped_because,
        "asked": dict(sorted(run.asked.items())),
        "settled": run.settled,
        "bytes_freed": 0 if result is None else result.freed,
        "bytes_set_aside": 0 if result is None else result.set_aside,
        "bytes_put_back": 0 if result is None else result.put_back,
        "failed": 0 if result is None else result.count(Outcome.FAILED),
        "counts": [counted_json(one) for one in (() if result is None else result.counts)],
        "plan": run.plan_path,
        "in_trash": run.in_trash,
        "restorable_until": None if until is None else instant_json(until),
    }
