"""Hints at when files of sealed jobs fall due, so that finishing a job reads no other manifest while nothing is.

`.rules/due/<hour>/<job id>` is an empty file whose time of change is the instant. A hint is never evidence: what goes
is what a plan says, and a hint that is missing or wrong only makes a job wait for the next full apply.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.root import find_area, open_area
from rules_engine.manifest.log import is_job_id
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import FOREVER, HOUR, Instant, instant_to_datetime
from rules_engine.values.vocabulary import JobId

DUE: Final = "due"
_MOST_INSTANTS: Final = 8


@dataclass(frozen=True, slots=True)
class Hint:
    """One hint as it was read."""

    hour: str
    job_id: JobId
    written_ns: int
    """When it was written: one that is written again meanwhile is another."""


def hour_of(moment: Instant) -> str:
    """The name of the hour that a moment lies in; names sort as the hours do."""
    return f"{instant_to_datetime(moment):%Y-%m-%dT%H}"


def hint(state: Directory, job_id: JobId, instants: Iterable[Instant]) -> None:
    """Say when files of a job fall due; of many instants the earliest.

    Raises:
        OSError: when the hints cannot be written.
    """
    wanted = sorted({moment for moment in instants if 0 <= moment < FOREVER})[:_MOST_INSTANTS]
    if not wanted:
        return
    first: dict[str, Instant] = {}
    for moment in wanted:
        first.setdefault(hour_of(moment), moment)
    with open_area(state, DUE) as area:
        for hour, moment in first.items():
            with open_area(area, hour) as here:
                here.mark(job_id, moment)


def come(state: Directory, now: Instant) -> Iterator[Hint]:
    """The hints whose moment has come, earliest hour first.

    Raises:
        OSError: when they cannot be read.
    """
    area = find_area(state, DUE)
    if area is None:
        return
    with area:
        current = hour_of(now)
        for hour in area.names():
            if hour > current:
                return
            with area.open(RelPath(hour)) as here:
                for name in here.names():
                    found = here.stat(name) if is_job_id(name) else None
                    if found is not None and (hour < current or found.mtime_ns <= now):
                        yield Hint(hour, JobId(name), found.ctime_ns)


def all_jobs(state: Directory) -> frozenset[JobId]:
    """Every job that has a hint.

    Raises:
        OSError: when they cannot be read.
    """
    area = find_area(state, DUE)
    if area is None:
        return frozenset()
    found: set[JobId] = set()
    with area:
        for hour in area.names():
            with area.open(RelPath(hour)) as here:
                found |= {JobId(name) for name in here.names() if is_job_id(name)}
    return frozenset(found)


def settle(state: Directory, hints: Iterable[Hint], after: Mapping[JobId, Iterable[Instant]]) -> None:
    """Take hints away that were followed, and say when each job comes next.

    Raises:
        OSError: when that cannot be written.
    """
    by_hour: dict[str, list[Hint]] = {}
    for one in hints:
        by_hour.setdefault(one.hour, []).append(one)
    with open_area(state, DUE) as area:
        for hour, followed in by_hour.items():
            # Another process may have followed them too.
            with suppress(FileNotFoundError), area.open(RelPath(hour)) as here:
                for one in followed:
                    _take(here, one)
            with suppress(OSError):
                area.remove_directory(hour)
    for job_id, instants in after.items():
        hint(state, job_id, instants)


def _take(here: Directory, one: Hint) -> None:
    found = here.stat(one.job_id)
    # Written again since it was read, it speaks of a later end of the job.
    if found is not None and found.ctime_ns == one.written_ns:
        with suppress(FileNotFoundError):
            here.unlink(one.job_id)


def soon(now: Instant) -> Instant:
    """When to look again at what was due and is there all the same: not at every job that finishes until then."""
    return Instant(now + HOUR)
