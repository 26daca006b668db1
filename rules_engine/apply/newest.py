"""The newest time that the state has written down: a clock that is behind it has gone back, and every age is wrong."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import msgspec

from rules_engine.apply.applied import AREA, ORDER, read_applications
from rules_engine.apply.pins import PINS, read_pin_lines
from rules_engine.apply.runs import REPORT, RUNS
from rules_engine.errors import RefusedError
from rules_engine.filesystem.directory import Directory, Status
from rules_engine.filesystem.root import find_area
from rules_engine.manifest.model import JobRecord
from rules_engine.plan.model import StepAction, Trailer
from rules_engine.values.clock import CLOCKS_DIFFER
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import SECOND, Instant, format_instant

_LARGEST_REPORT: Final = 2**30
_NEWEST_RUNS: Final = 4


@dataclass(frozen=True, slots=True, order=True)
class Written:
    """A time that the state holds, and where."""

    at: int = 0
    where: str = ""


class _End(msgspec.Struct):
    ended: int


def newest_written(state: Directory) -> Written:
    """The newest time of policies that were applied, of pins, and of ends of runs.

    Raises:
        UntrustedStateError: when the record of policies or the pins cannot be read.
    """
    applied = (Written(line.at, f".rules/{AREA}/{ORDER}") for line in read_applications(state))
    pinned = (Written(line.at, f".rules/{PINS}") for line in read_pin_lines(state))
    return max((*applied, *pinned, *_ends(state)), default=Written())


def newest_event(jobs: Iterable[JobRecord]) -> Written:
    """The newest time of any event of a job."""
    newest = max(jobs, key=lambda job: job.last_sign, default=None)
    return Written(newest.last_sign, f"job `{newest.job_id}`") if newest is not None else Written()


def removes(trailer: Trailer) -> bool:
    """Whether a plan may take anything away; one that only puts things back may be carried out under any clock."""
    # A plan asks for the newest time too, and needs nothing of what carries plans out.
    from rules_engine.apply.recheck import REMOVALS  # noqa: PLC0415 - see above

    return not trailer.steps or any(trailer.steps.get(action) for action in (*REMOVALS, StepAction.EMPTY_TRASH))


def behind(now: Instant, *written: Written) -> str:
    """What is wrong with a clock that says `now`; empty where nothing is."""
    newest = max(written)
    if newest.at - now <= CLOCKS_DIFFER:
        return ""
    return f"the clock says {_format(now)}, but the state was written at {_format(newest.at)} ({newest.where})"


def check_clock(now: Instant, *written: Written) -> None:
    """Refuse to remove anything while the clock is behind what was written with it.

    Raises:
        RefusedError: when it is.
    """
    if why := behind(now, *written):
        raise RefusedError(why, "mend the clock of this host; nothing is removed while it is behind")


def _format(at: int) -> str:
    return format_instant(Instant(at // SECOND * SECOND))


def _ends(state: Directory) -> Iterable[Written]:
    # Notes that decide nothing but this: what cannot be read of them is no reason to refuse.
    with suppress(OSError):
        runs = find_area(state, RUNS)
        if runs is not None:
            with runs:
                return [Written(at, f"run {run_id}") for run_id in _newest(runs) if (at := _end(runs, run_id))]
    return []


def _newest(runs: Directory) -> list[str]:
    """The runs whose folders were written to last: those that ended under the furthest clock are among them."""
    seen = [(status.mtime_ns, name) for name, status in runs.entries() if isinstance(status, Status)]
    return [name for _, name in sorted(seen, reverse=True)[:_NEWEST_RUNS]]


def _end(runs: Directory, run_id: str) -> int:
    with suppress(OSError, ValueError), runs.open(RelPath(run_id)) as here:
        return msgspec.json.decode(here.read_file(REPORT, limit=_LARGEST_REPORT), type=_End).ended
    return 0
