"""The recorded runs of a root: which there are, what each did, and whether it can be undone."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from rules_engine.apply.closing import OVER
from rules_engine.apply.model import Outcome, RunResult, RunState
from rules_engine.apply.outcomes import OutcomeLine, OutcomeRun, read_lines
from rules_engine.apply.report import from_report
from rules_engine.apply.runs import OUTCOMES, PLAN, REPORT, RUNS
from rules_engine.apply.trash import FOLDER as TRASH
from rules_engine.errors import ExitCode, RulesError, UntrustedStateError
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.root import STATE, Root, find_area
from rules_engine.plan.model import Batch, Plan, StepAction
from rules_engine.plan.planfile import PlanFileError, read_header, read_plan
from rules_engine.values.paths import RelPath, join
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import EntryKind

LAST: Final = "last"
"""What names the newest run."""
_ID: Final = re.compile(r"[0-9a-f]{1,16}")
_LARGEST: Final = 2**32


class UnknownRunError(RulesError):
    """No recorded run has that id, or more than one begins so."""

    exit_code = ExitCode.USAGE

    def __init__(self, text: str, found: tuple[str, ...] = ()) -> None:
        super().__init__(text, found)
        self.text = text
        self.found = found

    def __str__(self) -> str:
        if self.found:
            help_text = f"write more of it, such as `{self.found[0]}`"
            return f"`{self.text}` begins the ids of {len(self.found)} runs\n  help: {help_text}"
        return f"`{self.text}` is neither a file nor a recorded run\n  help: `rules runs` lists the runs"


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """One run as its folder tells of it."""

    run_id: str
    planned: Instant | None
    """When its plan was made; None where the plan cannot be read."""
    asked: Mapping[str, str]
    """What was asked of its plan: raised limits, releases, narrowing."""
    result: RunResult | None
    """None where it has no whole report: it was killed, or goes on now."""
    settled: int
    """Steps with a durable outcome."""
    in_trash: bool
    """Whether the trash still has something of it."""

    @property
    def when(self) -> Instant:
        """When it began last; where nobody noted that, when its plan was made."""
        return self.result.started if self.result is not None else self.planned or Instant(0)

    @property
    def is_whole(self) -> bool:
        """Whether it was carried out to its end."""
        return self.result is not None and self.result.state is RunState.FINISHED

    @property
    def is_over(self) -> bool:
        """Whether nothing of its plan is carried out any more."""
        return self.result is not None and self.result.state in OVER

    @property
    def set_aside(self) -> bool:
        """Whether it put anything into the trash, as its report says."""
        counts = self.result.counts if self.result is not None else ()
        return any(one.action is StepAction.TRASH and one.outcome is Outcome.DONE for one in counts)

    @property
    def plan_path(self) -> RelPath:
        """Where its plan lies below the root: the same plan again goes on with it."""
        return RelPath(f"{STATE}/{RUNS}/{self.run_id}/{PLAN}")


def may_name_run(text: str) -> bool:
    """Whether `text` can be the id of a run, the beginning of one, or `last`; else it can only be a file."""
    return text == LAST or _ID.fullmatch(text) is not None


def recorded_runs(root: Root) -> tuple[RecordedRun, ...]:
    """Every recorded run, newest first.

    Raises:
        UntrustedStateError: when the runs cannot be listed.
    """
    trash = frozenset(_names(root, TRASH))
    found = [_recorded(root, run_id, trash) for run_id in run_ids(root)]
    return tuple(sorted(found, key=lambda run: (-run.when, run.run_id)))


def run_ids(root: Root) -> tuple[str, ...]:
    """The id of every recorded run, in order of the ids.

    Raises:
        UntrustedStateError: when they cannot be listed.
    """
    return tuple(name for name in _names(root, RUNS) if _ID.fullmatch(name))


def find_run(root: Root, text: str) -> RecordedRun:
    """The run that `text` names: by its id, the beginning of its id, or `last`.

    Raises:
        UnknownRunError: when that is none, or more than one.
        UntrustedStateError: when the runs cannot be listed.
    """
    if text == LAST:
        newest = next(iter(recorded_runs(root)), None)
        if newest is None:
            raise UnknownRunError(text)
        return newest
    found = tuple(one for one in run_ids(root) if one.startswith(text)) if text else ()
    if len(found) != 1:
        raise UnknownRunError(text, found)
    return _recorded(root, found[0], frozenset(_names(root, TRASH)))


def _recorded(root: Root, run_id: str, trash: frozenset[str]) -> RecordedRun:
    """What the folder of one run tells of it, as far as it can be read."""
    with root.require_state().open(RelPath(f"{RUNS}/{run_id}")) as here:
        planned, asked = _header(here)
        result = _report(here, run_id)
        settled = sum(line.steps for line in _lines(here)) if result is None else 0
    return RecordedRun(
        run_id=run_id,
        planned=planned,
        asked=asked,
        result=result,
        settled=settled if result is None else sum(one.steps for one in result.counts),
        in_trash=run_id in trash and _holds_something(root, run_id),
    )


def _holds_something(root: Root, run_id: str) -> bool:
    """Whether the trash of a run has more than directories; also where that cannot be told."""
    pending = [RelPath(f"{TRASH}/{run_id}")]
    while pending:
        path = pending.pop()
        try:
            with root.require_state().open(path) as here:
                for name, found in here.entries():
                    if isinstance(found, OSError) or found.kind is not EntryKind.DIRECTORY:
                        return True
                    pending.append(join(path, name))
        except FileNotFoundError:
            continue
        except OSError:
            return True
    return False


def _names(root: Root, area: str) -> tuple[str, ...]:
    try:
        found = find_area(root.state, area) if root.state is not None else None
        if found is None:
            return ()
        with found:
            return tuple(sorted(found.names()))
    except OSError as err:
        why = f"cannot be read: {err.strerror}"
        raise UntrustedStateError(f"{STATE}/{area}", why, "check its permissions") from err


def _header(here: Directory) -> tuple[Instant | None, Mapping[str, str]]:
    try:
        with here.open_file(PLAN) as source:
            header = read_header(source)
    except (OSError, PlanFileError):
        return None, {}
    return header.now, header.ask


def _report(here: Directory, run_id: str) -> RunResult | None:
    try:
        return from_report(here.read_file(REPORT, limit=_LARGEST), f"{STATE}/{RUNS}/{run_id}/{REPORT}")
    except (OSError, UntrustedStateError):
        return None


def _lines(here: Directory) -> tuple[OutcomeLine, ...]:
    try:
        return tuple(read_lines(here.read_file(OUTCOMES, limit=_LARGEST))[0])
    except OSError:
        return ()


@dataclass(frozen=True, slots=True)
class PastBatch:
    """One batch of a run, with what became of each entry as far as the run got."""

    batch: Batch
    outcomes: tuple[OutcomeRun | None, ...]
    """In the order of the entries; None for a step that was not reached."""


class RunDetails:
    """An open run: its plan, and its steps as often as somebody goes through them."""

    def __init__(self, plan: Plan, lines: tuple[OutcomeLine, ...]) -> None:
        self.plan = plan
        self._lines: dict[int, list[OutcomeLine]] = {}
        for line in lines:
            self._lines.setdefault(line.batch, []).append(line)

    def batches(self) -> Iterator[PastBatch]:
        """Every batch in the order of the plan."""
        for number, batch in enumerate(self.plan.batches):
            found: list[OutcomeRun | None] = [None] * len(batch.entries)
            for line in reversed(self._lines.get(number, ())):
                # What was recorded twice counts as it was recorded first.
                for place, outcome in enumerate(line.outcomes(), line.first):
                    if place < len(found):
                        found[place] = outcome
            yield PastBatch(batch, tuple(found))


@contextmanager
def open_run_details(root: Root, run_id: str) -> Iterator[RunDetails]:
    """The plan and the outcomes of one run, open while the block runs.

    Raises:
        PlanFileError: when its plan is missing, or not whole.
    """
    with root.require_state().open(RelPath(f"{RUNS}/{run_id}")) as here:
        try:
            source = here.open_file(PLAN)
        except OSError as err:
            raise PlanFileError(f"the plan of run `{run_id}` cannot be read: {err.strerror}") from err
        with source:
            yield RunDetails(read_plan(source), _lines(here))
