"""The phrases that several reports share: amounts, moments, steps."""

from typing import Final

from rules_engine.plan.model import Because, Count, StepAction, Trailer
from rules_engine.values.quantities import Instant, format_duration, format_instant, format_size
from rules_engine.values.text import escape, plural

VERBS: Final = {
    StepAction.DELETE: "delete",
    StepAction.TRASH: "trash",
    StepAction.REMOVE_DIRECTORY: "remove directory",
    StepAction.CREATE_DIRECTORY: "create directory",
    StepAction.CREATE_LINK: "create link",
    StepAction.REMOVE_LINK: "remove link",
    StepAction.RESTORE: "restore",
    StepAction.EMPTY_TRASH: "empty trash",
}
FILE_STEPS: Final = (StepAction.DELETE, StepAction.TRASH, StepAction.RESTORE)
"""Steps that people count as files."""
FILE_REMOVALS: Final = (StepAction.DELETE, StepAction.TRASH)


def amount(count: Count) -> str:
    """A number of files and their size: `3 files, 1.5 GiB`."""
    return f"{plural(count.files, 'file')}, {format_size(count.bytes)}"


def moment(instant: Instant, now: Instant) -> str:
    """An instant with its distance from `now`: `2026-03-02T04:00:00Z (in 20h)`."""
    distance = instant - now
    near = f"in {format_duration(distance)}" if distance > 0 else f"{format_duration(-distance)} ago"
    return f"{format_instant(instant)} ({near})"


def name(path: str) -> str:
    """A path for a reader: escaped, so that no name moves a cursor or breaks a line; the root itself is `.`."""
    return escape(path) or "."


def total(counts: dict[str, Count], actions: tuple[StepAction, ...] = FILE_REMOVALS) -> Count:
    """The sum of the counts of those actions."""
    chosen = [counts[action] for action in actions if action in counts]
    return Count(sum(one.files for one in chosen), sum(one.bytes for one in chosen))


def no_file_goes(trailer: Trailer) -> str:
    """The answer of a plan that takes no file, in one line: what is switched off must not look like tidy."""
    if any(one.because is Because.CLEANUP_OFF for one in trailer.kept):
        return "Nothing goes: cleanup is off"
    count = trailer.steps.get(StepAction.REMOVE_DIRECTORY)
    return "No file goes: none is due" if count is not None and count.files else "Nothing goes: no file is due"
