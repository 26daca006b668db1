"""What beginning and ending an attempt gives, besides the record of the job: what it was before, what was sealed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from rules_engine.manifest.fold import Folded
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.seal import Seal, SealedDirectory
from rules_engine.values.paths import RelPath

Observed: TypeAlias = Callable[[JobRecord], Iterable[tuple[RelPath, SealedDirectory]]]
"""What a job has now, directory by directory in order."""

Settle: TypeAlias = Callable[[JobRecord, JobRecord], None]
"""What the end of an attempt makes besides its seal, from the record before and after it."""


def nothing(_before: JobRecord, _after: JobRecord) -> None:
    """Make nothing."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A new attempt, and the record as it was before; None for a job that nobody knew."""

    before: JobRecord | None
    record: JobRecord


@dataclass(frozen=True, slots=True)
class Ended:
    """An attempt that ended, and the record as it was before."""

    before: JobRecord
    record: JobRecord
    seal: Seal | None = None
    """None where it could not be written, or another host still works on the job."""


def may_run(found: Folded) -> tuple[str, str] | tuple[()]:
    """What to say of a job that only counts as running because one of its lost lines may have begun an attempt."""
    if found.lost is None:
        return ()
    return f"may be running: {found.lost}", "if nobody works on it, finish it first"
