"""What the recorded runs did to one path."""

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rules_engine.apply.model import Outcome
from rules_engine.apply.outcomes import OutcomeLine, read_lines
from rules_engine.apply.runs import OUTCOMES, PLAN, RUNS
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.root import Root, find_area
from rules_engine.plan.model import Batch, StepAction
from rules_engine.plan.planfile import PlanFileError, read_plan
from rules_engine.values.names import encode_name
from rules_engine.values.paths import RelPath, name_of, parent
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import RuleName

_LARGEST: Final = 2**32


@dataclass(frozen=True, slots=True)
class PastStep:
    """One step of a recorded run."""

    run_id: str
    planned: Instant
    action: StepAction
    rules: tuple[RuleName, ...]
    outcome: Outcome | None
    """None where the run was cut short before it."""


def past_steps(root: Root, path: RelPath) -> tuple[PastStep, ...]:
    """Every step that a recorded run had on `path`, newest first."""
    if root.state is None:
        return ()
    runs = find_area(root.state, RUNS)
    if runs is None:
        return ()
    found: list[PastStep] = []
    with runs:
        for run_id in runs.names():
            with runs.open(RelPath(run_id)) as here:
                found += _steps_of(here, run_id, path)
    return tuple(sorted(found, key=lambda step: (-step.planned, step.run_id)))


def _steps_of(here: Directory, run_id: str, path: RelPath) -> Iterator[PastStep]:
    data = _read(here, PLAN)
    # Most plans do not name it, and a search is a hundred times faster than reading them.
    if json.dumps(encode_name(name_of(path)), ensure_ascii=False, separators=(",", ":")).encode() not in data:
        return
    try:
        plan = read_plan(io.BytesIO(data))
    except PlanFileError:
        return
    lines, _, _ = read_lines(_read(here, OUTCOMES))
    for number, batch in enumerate(plan.batches):
        place = _place_in(batch, path)
        if place is not None:
            outcome = _outcome(lines, number, place)
            yield PastStep(run_id, plan.header.now, batch.action, batch.rules, outcome)


def _read(here: Directory, name: str) -> bytes:
    try:
        return here.read_file(name, limit=_LARGEST)
    except FileNotFoundError:
        return b""


def _place_in(batch: Batch, path: RelPath) -> int | None:
    if batch.directory != parent(path):
        return None
    name = name_of(path)
    return next((place for place, entry in enumerate(batch.entries) if entry.name == name), None)


def _outcome(lines: Sequence[OutcomeLine], batch: int, place: int) -> Outcome | None:
    for line in lines:
        if line.batch == batch and line.first <= place < line.first + line.steps:
            return list(line.outcomes())[place - line.first].outcome
    return None
