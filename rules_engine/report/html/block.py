"""The JSON block of the page: every step as compact arrays, written batch by batch; names are text for people."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from rules_engine.plan.model import Batch, Count, KeptSummary, Plan, StepAction, Trailer
from rules_engine.plan.staying import SumsByDirectory
from rules_engine.report.documents import Json, to_text
from rules_engine.report.html.gather import OTHERS, count
from rules_engine.report.words import FILE_REMOVALS, VERBS, name
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import SECOND
from rules_engine.values.text import escape
from rules_engine.values.vocabulary import EntryKind

BLOCK_VERSION: Final = "1.0"
MOST_STEPS: Final = 300_000
"""A browser can hold and search that many; the steps beyond them are summed by directory."""

_UNSAFE: Final = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})
_ROWS_OF_REST: Final = 64
_RestKey = tuple[StepAction, tuple[str, ...]]


def block(plan: Plan, *, most: int = MOST_STEPS) -> Iterator[str]:
    """The pieces of the block, which is ASCII and can end no script element."""
    steps = _Steps(most)
    yield '{"version":"' + BLOCK_VERSION + '",\n"batches":[\n'
    yield from _separated(map(_safe, steps.batches(plan.batches)))
    yield "],\n"
    yield _safe({"rest": steps.rest(), "verbs": steps.verbs, **_trailer(plan.trailer)})[1:]


def _safe(value: Json) -> str:
    # Names may say `</script>` or `<!--`: none of these characters stands outside a string, so none is written at all.
    return to_text(value).translate(_UNSAFE)


def _separated(texts: Iterable[str]) -> Iterator[str]:
    gap = ""
    for text in texts:
        yield gap + text
        gap = ",\n"


class _Steps:
    """Batches as arrays while there is room, the rest as sums."""

    def __init__(self, most: int) -> None:
        self._room = most
        self._sums: dict[_RestKey, SumsByDirectory] = {}
        self.verbs: dict[str, Json] = {}

    def batches(self, batches: Iterable[Batch]) -> Iterator[Json]:
        for batch in batches:
            self.verbs[batch.action.value] = VERBS[batch.action]
            if len(batch.entries) <= self._room:
                self._room -= len(batch.entries)
                yield _batch(batch)
            else:
                # No smaller batch may slip in behind: the table then holds the first steps without a gap.
                self._room = 0
                self._add(batch)

    def _add(self, batch: Batch) -> None:
        sums = self._sums.setdefault((batch.action, batch.rules), SumsByDirectory(_ROWS_OF_REST))
        sums.add(batch.directory, count(batch))

    def rest(self) -> list[Json]:
        return [
            [action.value, _escaped(rules), _path(directory), count.files, count.bytes]
            for (action, rules), sums in self._sums.items()
            for directory, count in sums.rows()
        ]


def _batch(batch: Batch) -> Json:
    """One batch: what its entries share, then a column each of names, sizes and dues, then what few entries have."""
    has_size = batch.action in FILE_REMOVALS or batch.action in OTHERS
    return [
        _path(batch.directory),
        batch.action.value,
        _escaped(batch.rules),
        escape(batch.reason),
        _escaped(batch.owners),
        int(batch.deliverable),
        _escaped(batch.released),
        [escape(entry.name) for entry in batch.entries],
        _column([entry.size if has_size else 0 for entry in batch.entries]),
        _column([entry.due // SECOND for entry in batch.entries]),
        {str(place): more for place in range(len(batch.entries)) if (more := _more(batch, place))},
    ]


def _column(numbers: list[int]) -> Json:
    """The numbers; one alone where all are the same."""
    return numbers[0] if len(set(numbers)) == 1 else numbers


def _more(batch: Batch, place: int) -> dict[str, Json]:
    entry = batch.entries[place]
    more: dict[str, Json] = {}
    if batch.wholes:
        more["files"] = batch.wholes[place].files
    elif entry.kind is not EntryKind.FILE:
        more["kind"] = entry.kind.value
    if entry.target:
        more["target"] = escape(entry.target)
    return more


def _trailer(trailer: Trailer) -> dict[str, Json]:
    waiting = Count()
    for some in chain((one for _, one in trailer.due_by_day), (trailer.due_later,)):
        waiting.add(some)
    return {
        "places": {rule.name: escape(rule.place) for rule in trailer.rules},
        "stays": [[_path(path), count.files, count.bytes] for path, count in trailer.kept_by_directory],
        "kept": [_kept(one) for one in trailer.kept],
        "waiting": [waiting.files, waiting.bytes],
        "left_out": [trailer.left_out.files, trailer.left_out.bytes],
    }


def _kept(kept: KeptSummary) -> Json:
    largest: list[Json] = [[size, name(path)] for size, path in kept.largest]
    return [escape(kept.text), kept.total.files, kept.total.bytes, largest]


def _path(path: RelPath) -> str:
    """The path as text; the root itself is empty, so that paths can be joined."""
    return escape(path)


def _escaped(names: Iterable[str]) -> list[Json]:
    return [escape(one) for one in names]
