"""What the recorded runs did to one path, or to a directory above it that went whole."""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from rules_engine.apply.model import Outcome
from rules_engine.apply.outcomes import OutcomeLine, read_lines
from rules_engine.apply.report import from_report
from rules_engine.apply.runs import OUTCOMES, PLAN, REPORT, RUNS
from rules_engine.apply.trash import FOLDER as TRASH
from rules_engine.errors import UntrustedStateError
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.root import Root
from rules_engine.jobs.runs import run_ids
from rules_engine.plan.model import Batch, StepAction
from rules_engine.plan.planfile import PlanFileError, read_plan
from rules_engine.values.names import encode_name
from rules_engine.values.paths import RelPath, ancestors, join, name_of, parent
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import EntryKind, RuleName

_LARGEST: Final = 2**32
_PIECE: Final = 2**22
_WHOLE: Final = frozenset({StepAction.DELETE, StepAction.TRASH, StepAction.RESTORE, StepAction.EMPTY_TRASH})
"""What a step can do to a directory with all below it."""


@dataclass(frozen=True, slots=True)
class PastStep:
    """One step of a recorded run."""

    run_id: str
    planned: Instant
    action: StepAction
    rules: tuple[RuleName, ...]
    outcome: Outcome | None
    """None where the run was cut short before it."""
    path: RelPath
    """What the step was about: the path itself, or a directory above it that went, or came back, whole."""
    from_run: str = ""
    """Of what was put back: the run that had set it aside."""
    ended: Instant | None = None
    """When the run ended; None where no report says so."""
    in_trash: bool = False
    """What the step set aside is still there and can be put back."""


def past_steps(root: Root, path: RelPath) -> tuple[PastStep, ...]:
    """Every step that a recorded run had on `path`, newest first.

    Raises:
        UntrustedStateError: when the runs cannot be listed.
    """
    state = root.state
    if state is None:
        return ()
    found: list[PastStep] = []
    for run_id in run_ids(root):
        # A run may retire while we read the others.
        with suppress(FileNotFoundError), state.open(RelPath(f"{RUNS}/{run_id}")) as here:
            found += _steps_of(state, here, run_id, path)
    return tuple(sorted(found, key=lambda step: (-step.planned, step.run_id)))


def _steps_of(state: Directory, here: Directory, run_id: str, path: RelPath) -> Iterator[PastStep]:
    if not _may_name(here, (path, *ancestors(path))):
        return
    ended = _ended(here)
    try:
        with here.open_file(PLAN) as source:
            plan = read_plan(source)
            lines, _, _ = read_lines(_read(here, OUTCOMES))
            for number, batch in enumerate(plan.batches):
                for place, whole in _places_in(batch, path):
                    outcome = _outcome(lines, number, place)
                    aside = batch.action is StepAction.TRASH and outcome is Outcome.DONE
                    yield PastStep(
                        run_id=run_id,
                        planned=plan.header.now,
                        action=batch.action,
                        rules=batch.rules,
                        outcome=outcome,
                        path=whole,
                        from_run=batch.from_run,
                        ended=ended,
                        in_trash=aside and _is_there(state, RelPath(f"{TRASH}/{run_id}/{path}")),
                    )
    except PlanFileError:
        return


def _may_name(here: Directory, paths: Sequence[RelPath]) -> bool:
    """Whether the plan holds the name and the directory of one of `paths`; a hundred times faster than reading it."""
    wanted = [(_written(name_of(path)), _written(parent(path))) for path in paths]
    missing = {needle for pair in wanted for needle in pair}
    longest = max(map(len, missing))
    try:
        with here.open_file(PLAN) as source:
            tail = b""
            while piece := source.read(_PIECE):
                window = tail + piece
                missing -= {needle for needle in missing if needle in window}
                if any(missing.isdisjoint(pair) for pair in wanted):
                    return True
                # A name may lie across two pieces.
                tail = window[-longest:]
    except OSError:
        return False
    return False


def _written(name: str) -> bytes:
    """A name or path as a plan writes it."""
    return json.dumps(encode_name(name), ensure_ascii=False, separators=(",", ":")).encode()


def _read(here: Directory, name: str) -> bytes:
    try:
        return here.read_file(name, limit=_LARGEST)
    except FileNotFoundError:
        return b""


def _ended(here: Directory) -> Instant | None:
    try:
        return from_report(here.read_file(REPORT, limit=_LARGEST), REPORT).ended
    except (OSError, UntrustedStateError):
        return None


def _places_in(batch: Batch, path: RelPath) -> Iterator[tuple[int, RelPath]]:
    """Where a batch has a step on `path`, or on a directory above it that went whole, and what that step is about."""
    above = [one for one in (path, *ancestors(path)) if parent(one) == batch.directory]
    for one in above:
        name = name_of(one)
        for place, entry in enumerate(batch.entries):
            if entry.name != name:
                continue
            if one == path or (entry.kind is EntryKind.DIRECTORY and batch.action in _WHOLE):
                yield place, join(batch.directory, name)


def _outcome(lines: Sequence[OutcomeLine], batch: int, place: int) -> Outcome | None:
    for line in lines:
        if line.batch == batch and line.first <= place < line.first + line.steps:
            return list(line.outcomes())[place - line.first].outcome
    return None


def _is_there(state: Directory, path: RelPath) -> bool:
    try:
        with state.open(parent(path)) as above:
            return above.stat(name_of(path)) is not None
    except OSError:
        return False
