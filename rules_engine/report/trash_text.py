"""The way back as text and as JSON: what a plan puts back, what it does with the trash, and what the trash holds."""

from collections.abc import Iterator, Sequence

import msgspec

from rules_engine.plan.given import TrashedRun
from rules_engine.plan.model import Count, Header, StepAction, Trailer
from rules_engine.report.documents import Json, document, instant_json
from rules_engine.report.overview import Overview
from rules_engine.report.tables import align
from rules_engine.report.words import amount, moment, name
from rules_engine.values.quantities import FOREVER, Duration, Instant, format_instant, format_size
from rules_engine.values.text import escape, plural


class Undo(msgspec.Struct, frozen=True):
    """How what a run set aside is put back."""

    command: str
    until: Instant | None
    """Until when apply leaves the trash of the run alone; None where it never empties it."""


def undo_line(undo: Undo) -> str:
    """The last line of a run that set something aside."""
    until = "until the trash is emptied" if undo.until is None else f"until {format_instant(undo.until)} (trash.keep)"
    return f"undo with `{undo.command}` {until}"


def undo_json(undo: Undo | None) -> Json:
    """The same in a document; null where there is nothing to put back."""
    if undo is None:
        return None
    return {"command": undo.command, "until": None if undo.until is None else instant_json(undo.until)}


def is_way_back(header: Header) -> bool:
    """Whether a plan undoes a run or empties the trash, and decided about no file."""
    return "restore" in header.ask or "empty trash" in header.ask


def way_back_lines(header: Header, trailer: Trailer, overview: Overview) -> Iterator[str]:
    """What a plan answers that undoes a run or empties the trash."""
    if "restore" in header.ask:
        yield from _put_back(header, trailer, overview)
    else:
        yield from trash_lines(trailer) if _has(trailer, StepAction.EMPTY_TRASH) else ["No trash is that old."]
        yield from _stays(trailer)


def _put_back(header: Header, trailer: Trailer, overview: Overview) -> Iterator[str]:
    back, made = (trailer.steps.get(one.value, Count()) for one in (StepAction.RESTORE, StepAction.CREATE_DIRECTORY))
    if back.files:
        verb = "file goes" if back.files == 1 else "files go"
        run = escape(header.ask["restore"])
        yield f"{back.files} {verb} back to where run {run} took them, {format_size(back.bytes)}:"
        rows = [(format_size(one.size), name(one.path)) for one in overview.returning]
        yield from align(rows, right=(0,))
        if hidden := overview.returns - len(rows):
            yield f"  and {plural(hidden, 'more', 'more')}; `rules show FILE --steps` lists all"
    if made.files:
        yield f"{plural(made.files, 'directory is', 'directories are')} made again"
    if not (back.files or made.files):
        yield "Nothing goes back: it is all there already."


def trash_lines(trailer: Trailer) -> Iterator[str]:
    """What a plan empties, under a heading of its own."""
    count = trailer.steps.get(StepAction.EMPTY_TRASH.value, Count())
    if not count.files:
        return
    before = trailer.trash.before
    when = f", set aside before {format_instant(before)}" if before is not None else ""
    yield f"Empties the trash of {plural(count.files, 'run')}, {format_size(count.bytes)}{when}; it cannot come back."


def kept_trash_lines(trailer: Trailer) -> Iterator[str]:
    """The lines of a plan about the trash: what it empties, and what stays there whatever its age."""
    lines = [*trash_lines(trailer), *_stays(trailer)]
    if lines:
        yield ""
        yield from lines


def _stays(trailer: Trailer) -> Iterator[str]:
    yield from (f"The trash of run {escape(run)} stays: {escape(why)}" for run, why in trailer.trash.stays)


def _has(trailer: Trailer, action: StepAction) -> bool:
    return bool(trailer.steps.get(action.value, Count()).files)


class TrashList(msgspec.Struct, frozen=True):
    """What the trash holds, and how long it is kept."""

    runs: Sequence[TrashedRun]
    now: Instant
    keep: Duration
    empties: bool
    """Whether apply empties it by itself."""

    def until(self, run: TrashedRun) -> Instant | None:
        """Until when it surely stays; None where only a person empties it."""
        if run.since is None or not self.empties or self.keep >= FOREVER:
            return None
        return Instant(run.since + self.keep)


def trash_list_lines(trash: TrashList) -> Iterator[str]:
    """One line a run, oldest first, then the totals."""
    if not trash.runs:
        yield "the trash is empty"
        return
    rows = [
        (run.run_id, _since(run, trash.now), plural(run.files, "file"), format_size(run.bytes), _until(run, trash))
        for run in trash.runs
    ]
    yield from align(rows, right=(2, 3), indent="")
    total = Count(sum(one.files for one in trash.runs), sum(one.bytes for one in trash.runs))
    yield f"{plural(len(trash.runs), 'run')}, {amount(total)}; `rules restore RUN` puts back what one of them took"


def _since(run: TrashedRun, now: Instant) -> str:
    return "no end known" if run.since is None else moment(run.since, now)


def _until(run: TrashedRun, trash: TrashList) -> str:
    if run.held:
        return f"stays: {escape(run.held)}"
    until = trash.until(run)
    if until is None:
        return "stays until somebody empties it"
    return "goes with the next apply" if until <= trash.now else f"until {moment(until, trash.now)}"


def trash_document(trash: TrashList) -> str:
    """The JSON document of kind `trash`."""
    return document(
        "trash",
        {
            "now": instant_json(trash.now),
            "files": sum(one.files for one in trash.runs),
            "bytes": sum(one.bytes for one in trash.runs),
            "runs": [
                {
                    "run_id": run.run_id,
                    "set_aside": None if run.since is None else instant_json(run.since),
                    "files": run.files,
                    "bytes": run.bytes,
                    "until": None if (until := trash.until(run)) is None else instant_json(until),
                    "held": run.held or None,
                }
                for run in trash.runs
            ],
        },
    )
