"""What the page shows of single steps before the table of all: under headings of their own, the first of each."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from rules_engine.plan.model import Batch, Count, StepAction
from rules_engine.report.words import VERBS, name
from rules_engine.values.paths import join
from rules_engine.values.quantities import format_size
from rules_engine.values.text import escape, plural

MOST: Final = 50
OTHERS: Final = {
    StepAction.RESTORE: "Put back from the trash",
    StepAction.EMPTY_TRASH: "Emptied from the trash, for good",
}
"""Actions that neither remove a file of the tree nor tidy up after one: each has a heading of its own."""


@dataclass(slots=True)
class Heading:
    """The steps under one heading: how many, and the first of them as rows."""

    steps: int = 0
    rows: list[tuple[str, str, str, str]] = field(default_factory=list)
    """Action, size, path and by which rules, for people."""

    def take(self, batch: Batch) -> None:
        """Count a batch, and remember its entries while there is room."""
        self.steps += len(batch.entries)
        by = ", ".join(map(escape, batch.released or batch.rules))
        self.rows += [
            (VERBS[batch.action], format_size(entry.size), _path(batch, place), by)
            for place, entry in enumerate(batch.entries[: MOST - len(self.rows)])
        ]

    @property
    def rest(self) -> str:
        """How many steps have no row."""
        return plural(self.steps - len(self.rows), "more", "more") if self.steps > len(self.rows) else ""


@dataclass(slots=True)
class Gathered:
    """Steps that are shown first, by heading."""

    deliverables: Heading = field(default_factory=Heading)
    released: Heading = field(default_factory=Heading)
    others: dict[str, Heading] = field(default_factory=dict)
    """By the title of their heading."""


def gather(batches: Iterable[Batch]) -> Gathered:
    """Go through all batches once."""
    found = Gathered()
    for batch in batches:
        if batch.deliverable:
            found.deliverables.take(batch)
        if batch.released:
            found.released.take(batch)
        if batch.action in OTHERS:
            found.others.setdefault(OTHERS[batch.action], Heading()).take(batch)
    return found


def count(batch: Batch) -> Count:
    """How many files a batch is about, those in directories that go whole included, and their bytes."""
    files = sum(whole.files for whole in batch.wholes) if batch.wholes else len(batch.entries)
    return Count(files, sum(entry.size for entry in batch.entries))


def _path(batch: Batch, place: int) -> str:
    path = name(join(batch.directory, batch.entries[place].name))
    if batch.wholes:
        return f"{path}/ (whole directory, {plural(batch.wholes[place].files, 'file')})"
    return path
