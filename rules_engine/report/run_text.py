"""What a run came to, as text and as JSON: what went first, then every step that was not carried out."""

from collections.abc import Iterator
from typing import Final

from rules_engine.apply.model import PERMISSIONS, ActionCount, Outcome, RunResult, RunState
from rules_engine.filesystem.guards import missing
from rules_engine.report.documents import Json, document, instant_json, path_json
from rules_engine.report.tables import align
from rules_engine.report.trash_text import Undo, undo_json, undo_line
from rules_engine.report.words import FILE_STEPS, VERBS, name
from rules_engine.values.quantities import format_duration, format_size
from rules_engine.values.text import escape, plural

_MEANINGS: Final = {
    Outcome.DONE: "done",
    Outcome.GONE: "were not there any more",
    Outcome.CHANGED: "changed since the plan, left alone",
    Outcome.PROTECTED: "protected by now, left alone",
    Outcome.FAILED: "failed",
}
_MOST: Final = 20


def run_lines(result: RunResult, *, verbose: bool = False, undo: Undo | None = None) -> Iterator[str]:
    """The lines of a run's result; the last one says how it is undone."""
    yield f"run {result.run_id} {_state(result)}"
    back = f"put back {format_size(result.put_back)}; " if result.put_back else ""
    yield f"{back}freed {format_size(result.freed)}{_set_aside(result)}"
    rows = [_row(one) for one in result.counts]
    if rows:
        yield from align(rows, right=(1, 2))
    else:
        yield "  nothing had to be done"
    yield from _noted(result, None if verbose else _MOST)
    yield from _guards(result, verbose=verbose)
    if undo is not None:
        yield undo_line(undo)


def _state(result: RunResult) -> str:
    took = format_duration(result.ended - result.started)
    match result.state:
        case RunState.FINISHED:
            return f"finished in {took}"
        case RunState.INTERRUPTED:
            return f"was interrupted after {took}; `rules apply {result.run_id}` finishes it"
        case RunState.STOPPED:
            return f"STOPPED after {took}: {escape(result.stopped_because)}; `rules apply {result.run_id}` finishes it"
        case RunState.CLOSED:
            return f"was cut short, and is {escape(result.stopped_because)}"


def _set_aside(result: RunResult) -> str:
    if not result.set_aside:
        return ""
    return f"; {format_size(result.set_aside)} lie in `.rules/trash/{result.run_id}` and can be put back"


def _row(count: ActionCount) -> tuple[str, str, str, str]:
    size = format_size(count.size) if count.size else ""
    return (VERBS[count.action], counted(count), size, _MEANINGS[count.outcome])


def counted(count: ActionCount) -> str:
    """How many steps, in words: files, or directories with what they held."""
    one, many = ("file", "files") if count.action in FILE_STEPS else ("step", "steps")
    single = count.steps - count.directories
    if not count.directories:
        return plural(single, one, many)
    whole = f"{plural(count.directories, 'directory', 'directories')} with {plural(count.files, 'file')}"
    return f"{whole}, {plural(single, one, many)}" if single else whole


def _noted(result: RunResult, most: int | None) -> Iterator[str]:
    for outcome in (Outcome.FAILED, Outcome.CHANGED, Outcome.PROTECTED):
        found = [one for one in result.noted if one.outcome is outcome]
        if not found:
            continue
        yield ""
        yield f"{outcome.value.upper()}: {plural(len(found), 'step')}"
        yield from (f"  {VERBS[one.action]}  {name(one.path)}: {escape(one.cause)}" for one in found[:most])
        if hidden := len(found) - len(found[:most]):
            yield f"  and {plural(hidden, 'more', 'more')}; `--verbose` names all"
    yield from _handed_over(result)


def _guards(result: RunResult, *, verbose: bool) -> Iterator[str]:
    absent = missing(result.guards)
    if absent:
        yield ""
        yield f"GUARDS: {plural(len(absent), 'guard')} of the system not active; `--require-guards` would have refused"
        yield from (f"  {one.guard}: {escape(one.note)}" for one in absent)
    active = [f"{one.guard} ({one.note})" if one.note else one.guard for one in result.guards if one.active]
    if verbose and active:
        yield ""
        yield f"guards active: {', '.join(active)}"


def guards_line(result: RunResult) -> Iterator[str]:
    """One line about the guards of the system in a run; none where its report names none."""
    active = ", ".join(one.guard for one in result.guards if one.active) or "none"
    absent = "".join(f"; without {one.guard}: {escape(one.note)}" for one in missing(result.guards))
    yield from [f"guards: {active}{absent}"] if result.guards else []


def _handed_over(result: RunResult) -> Iterator[str]:
    refused = sum(one.errno in PERMISSIONS for one in result.failures)
    if refused:
        them = "it is" if refused == 1 else "they are"
        yield ""
        yield f"{plural(refused, 'step')} may not be carried out by this user; {them} in `.rules/handover.jsonl`"
        yield "  help: run `rules apply` as a user who may, or mend the permissions; the next plan has the same steps"


def run_document(result: RunResult, undo: Undo | None = None) -> str:
    """The JSON document of kind `run`."""
    return document(
        "run",
        {
            "run_id": result.run_id,
            "state": result.state.value,
            "started": instant_json(result.started),
            "ended": instant_json(result.ended),
            "stopped_because": result.stopped_because,
            "bytes_freed": result.freed,
            "bytes_set_aside": result.set_aside,
            "bytes_put_back": result.put_back,
            "undo": undo_json(undo),
            "counts": [counted_json(one) for one in result.counts],
            "noted": [
                {
                    "path": path_json(one.path),
                    "action": one.action.value,
                    "outcome": one.outcome.value,
                    "errno": one.errno,
                    "cause": one.cause,
                }
                for one in result.noted
            ],
            "guards": [{"guard": one.guard.value, "active": one.active, "note": one.note} for one in result.guards],
        },
    )


def counted_json(one: ActionCount) -> dict[str, Json]:
    """What became of the steps of one action with one outcome."""
    return {
        "action": one.action.value,
        "outcome": one.outcome.value,
        "steps": one.steps,
        "bytes": one.size,
        "directories": one.directories,
        "files": one.files,
    }
