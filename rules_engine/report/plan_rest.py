"""The lower half of a plan's text: what stays and why, what falls due next, problems, what was not looked at."""

from collections.abc import Iterator, Sequence
from typing import Final

from rules_engine.plan.model import KeptSummary, PinSummary, Trailer
from rules_engine.report.tables import align
from rules_engine.report.words import amount, moment, name
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import Instant, format_size
from rules_engine.values.text import escape, plural

_MOST_NOTICES: Final = 20


def kept_lines(trailer: Trailer, *, most: int) -> Iterator[str]:
    """What stays, by reason, the largest `most` files of each named."""
    yield ""
    if not trailer.kept:
        yield "Kept: nothing else was looked at."
        return
    files = sum(one.total.files for one in trailer.kept)
    size = sum(one.total.bytes for one in trailer.kept)
    yield f"Kept: {plural(files, 'file')}, {format_size(size)}; of each reason the {most} largest"
    ordered = sorted(trailer.kept, key=lambda one: (-one.total.bytes, -one.total.files, one.text))
    rows = [(plural(one.total.files, "file"), format_size(one.total.bytes), escape(one.text)) for one in ordered]
    for line, reason in zip(align(rows, right=(0, 1)), ordered, strict=True):
        yield line
        yield from _largest(reason, most)


def whole_lines(trailer: Trailer, *, most: int) -> Iterator[str]:
    """The largest directories that a rule would take whole and that stay, each with what keeps it."""
    if not trailer.units_kept:
        return
    yield ""
    yield "Stay whole, though a rule takes such directories"
    rows = [(f"`{escape(path)}`", escape(why)) for path, why in trailer.units_kept[:most]]
    yield from align(rows)


def _largest(reason: KeptSummary, most: int) -> Iterator[str]:
    rows = [(format_size(size), name(path)) for size, path in reason.largest[:most]]
    if rows:
        yield from align(rows, right=(0,), indent="      ")


def pinned_lines(trailer: Trailer, now: Instant) -> Iterator[str]:
    """Every pin that holds, also one that keeps nothing of this plan: whoever set it wants to see it."""
    if not trailer.pins:
        return
    yield ""
    yield "Pinned by hand"
    rows = [
        (f"`{escape(one.what)}`", amount(one.kept) if one.kept.files else "nothing here", _until(one, now), one.reason)
        for one in trailer.pins
    ]
    yield from align([(*row[:-1], escape(row[-1])) for row in rows])


def _until(pin: PinSummary, now: Instant) -> str:
    return f"until {moment(pin.until, now)}" if pin.until is not None else "until it is unpinned"


def due_lines(trailer: Trailer) -> Iterator[str]:
    """What falls due in the seven days after the plan's moment, and what comes later."""
    yield ""
    soon = [(day, count) for day, count in trailer.due_by_day if count.files]
    if not soon:
        yield "Nothing more falls due in the next seven days."
    else:
        yield "Falls due in the next seven days"
        rows = [(day, plural(count.files, "file"), format_size(count.bytes)) for day, count in soon]
        yield from align(rows, right=(1, 2))
    if trailer.due_later.files:
        yield f"Later: {amount(trailer.due_later)}."


def notice_lines(trailer: Trailer, *, verbose: bool) -> Iterator[str]:
    """Problems met while looking, then what was not looked at on purpose."""
    most = None if verbose else _MOST_NOTICES
    if trailer.problems:
        yield ""
        yield f"{plural(len(trailer.problems), 'problem')}: what lies there is unknown, and kept"
        yield from _notices(trailer.problems, most)
    if trailer.skipped:
        yield ""
        yield "Not looked at"
        yield from _notices(trailer.skipped, most)


def _notices(found: Sequence[tuple[RelPath, str]], most: int | None) -> Iterator[str]:
    yield from (f"  {name(path)}: {escape(why)}" for path, why in found[:most])
    hidden = len(found) - len(found[:most])
    if hidden:
        yield f"  and {plural(hidden, 'more', 'more')}; `--verbose` names all"
