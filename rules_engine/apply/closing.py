"""A new run closes those that were cut short before it: nothing of an old plan is carried out behind a newer one."""

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from rules_engine.apply.amend import SealAmender
from rules_engine.apply.model import RunResult, RunState, StalePlanError, Tally
from rules_engine.apply.outcomes import OutcomeLine, read_lines
from rules_engine.apply.report import from_report, to_report
from rules_engine.apply.runs import OUTCOMES, PLAN, REPORT, RUNS, store_report
from rules_engine.errors import UntrustedStateError
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.root import find_area
from rules_engine.plan.model import Plan
from rules_engine.plan.planfile import PlanFileError, read_plan
from rules_engine.values.clock import Clock
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import Instant

OVER: Final = frozenset({RunState.FINISHED, RunState.CLOSED})
"""The states in which nothing of a plan is carried out any more."""
_ID: Final = re.compile(r"[0-9a-f]{1,16}")
_LARGEST: Final = 2**32


def check_not_closed(result: RunResult) -> None:
    """Refuse to go on with a run that was closed.

    Raises:
        StalePlanError: when it was.
    """
    if result.state is RunState.CLOSED:
        raise StalePlanError(f"run {result.run_id} was cut short, and is {result.stopped_because}", "make a new plan")


def close_others(state: Directory, by: str, clock: Clock, amender: SealAmender) -> tuple[str, ...]:
    """Close every run but `by` that is not over; one line for each that cannot be closed.

    `amender` tells the seals what such a run recorded last, or put off to its end: killed in between, it did not.

    Only the holder of the root lock calls it, before the first step of a run that is not going on with an earlier one.
    """
    notes: list[str] = []
    try:
        runs = find_area(state, RUNS)
        if runs is None:
            return ()
        with runs:
            for run_id in runs.names():
                if run_id != by and _ID.fullmatch(run_id):
                    notes += _closed(runs, run_id, by, clock, amender)
    except OSError as err:
        notes.append(f"`.rules/{RUNS}` cannot be read: {err.strerror}")
    return tuple(notes)


def _closed(runs: Directory, run_id: str, by: str, clock: Clock, amender: SealAmender) -> tuple[str, ...]:
    try:
        with runs.open(RelPath(run_id)) as here:
            if not _is_over(here):
                _close(here, run_id, by, clock.now(), amender)
    except OSError as err:
        return (f"run {run_id} was cut short and cannot be closed: {err.strerror or err}",)
    return ()


def _is_over(here: Directory) -> bool:
    try:
        data = here.read_file(REPORT, limit=_LARGEST)
    except FileNotFoundError:
        return False
    try:
        return from_report(data, REPORT).state in OVER
    except UntrustedStateError:
        # Of a newer version, or damaged: whoever goes on with it is refused already.
        return True


def _close(here: Directory, run_id: str, by: str, now: Instant, amender: SealAmender) -> None:
    try:
        with here.open_file(PLAN) as source:
            plan = read_plan(source)
            if "publish" in plan.header.ask:
                # It needs the lock of its job alone, and may go on at this moment.
                return
            started, tally = plan.header.now, _tally(plan, _lines(here), amender)
    except (FileNotFoundError, PlanFileError):
        # Killed before its plan was whole, it did nothing; and what a damaged plan wanted nobody can go on with.
        started, tally = now, Tally()
    result = RunResult(
        run_id=run_id,
        state=RunState.CLOSED,
        started=started,
        # Not earlier: what it set aside just before its end is kept in the trash as long as anything else.
        ended=now,
        counts=tally.ordered(),
        noted=tuple(tally.noted),
        stopped_because=f"closed by run {by}",
    )
    # First the seals: once it has a report, nobody looks at this run again.
    amender.amend_all()
    store_report(here, to_report(result))


def _lines(here: Directory) -> Sequence[OutcomeLine]:
    with suppress(FileNotFoundError):
        return read_lines(here.read_file(OUTCOMES, limit=_LARGEST))[0]
    return ()


def _tally(plan: Plan, lines: Sequence[OutcomeLine], amender: SealAmender) -> Tally:
    """What the recorded outcomes add up to; `amender` hears what seals may not know of them."""
    by_batch: dict[int, list[OutcomeLine]] = {}
    for line in lines:
        by_batch.setdefault(line.batch, []).append(line)
    tally = Tally()
    for number, batch in enumerate(plan.batches):
        index = 0
        for line in by_batch.get(number, ()):
            # Interrupted while it was recorded, a group may have been recorded twice.
            if line.first == index:
                tally.note(batch, index, line.runs)
                tell = amender.add if line.commit == lines[-1].commit else amender.add_earlier
                tell(batch, index, line.runs)
                index += line.steps
    return tally
