"""What carrying out a plan gives: outcomes, their totals, the result of a run, and what a listener hears."""

import errno
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeAlias

from rules_engine.errors import ExitCode, RulesError
from rules_engine.filesystem.guards import GuardState
from rules_engine.plan.model import Batch, StepAction, Whole
from rules_engine.values.paths import RelPath, join
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import RuleName

if TYPE_CHECKING:
    from rules_engine.apply.outcomes import OutcomeRun

PERMISSIONS: Final = frozenset({errno.EACCES, errno.EPERM})
"""What the system says where another user might."""


class Outcome(StrEnum):
    """What became of one step."""

    DONE = "done"
    """Carried out, or found as it should be."""
    GONE = "gone"
    """The entry was not there any more."""
    CHANGED = "changed"
    """The entry is not the one that the plan saw; left alone."""
    PROTECTED = "protected"
    """The entry may not be removed as things stand now; left alone."""
    FAILED = "failed"
    """The operating system refused; the cause is recorded."""


class RunState(StrEnum):
    """How a run ended; those that were interrupted or stopped are finished by applying the same plan again."""

    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    STOPPED = "stopped"
    """The breaker opened, its time was over, or the log of the run could not be written."""
    CLOSED = "closed"
    """It was cut short, and another run began after it: nothing of it is carried out any more."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """The outcome of one step, or of several in a row, with its cause where it is neither done nor gone."""

    outcome: Outcome
    size: int = 0
    """Bytes of the files that went; zero while another hard link holds them."""
    errno: int = 0
    cause: str = ""
    mode: int = -1
    """Of an empty directory that went: the permission bits that it had, for whoever makes it again."""
    steps: int = 1
    """How many steps in a row came to this."""


@dataclass(frozen=True, slots=True)
class Noted:
    """A step that was not carried out: where, what, and why."""

    path: RelPath
    action: StepAction
    outcome: Outcome
    errno: int
    cause: str


@dataclass(frozen=True, slots=True)
class ActionCount:
    """How many steps with one action had one outcome, and the bytes that went."""

    action: StepAction
    outcome: Outcome
    steps: int
    size: int
    directories: int = 0
    """How many of the steps were about a directory with everything below it."""
    files: int = 0
    """What those directories held when the plan was made, besides directories."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """What one carrying-out of a plan came to; counts only what is durable."""

    run_id: str
    state: RunState
    started: Instant
    ended: Instant
    counts: tuple[ActionCount, ...] = ()
    """Ordered by action, then outcome, as their vocabularies are."""
    noted: tuple[Noted, ...] = ()
    """Every step that was `changed`, `protected` or `failed`, in plan order."""
    stopped_because: str = ""
    guards: tuple[GuardState, ...] = ()
    """What of the system guarded the root; of reports that do not say so, nothing."""

    def count(self, outcome: Outcome) -> int:
        """How many steps had `outcome`."""
        return sum(one.steps for one in self.counts if one.outcome is outcome)

    @property
    def freed(self) -> int:
        """Bytes that the filesystem got back, also from the trash of earlier runs; the trash still holds the others."""
        return sum(one.size for one in self.counts if one.action in {StepAction.DELETE, StepAction.EMPTY_TRASH})

    @property
    def set_aside(self) -> int:
        """Bytes that lie in the trash of this run."""
        return sum(one.size for one in self.counts if one.action is StepAction.TRASH)

    @property
    def put_back(self) -> int:
        """Bytes that came back from the trash of earlier runs."""
        return sum(one.size for one in self.counts if one.action is StepAction.RESTORE)

    @property
    def failures(self) -> tuple[Noted, ...]:
        """The steps that failed, in plan order."""
        return tuple(one for one in self.noted if one.outcome is Outcome.FAILED)

    @property
    def exit_code(self) -> ExitCode:
        """What a command exits with: skipped steps are safe, failed ones and a run cut short are not done."""
        if self.state is RunState.INTERRUPTED:
            return ExitCode.INTERRUPTED
        whole = self.state is RunState.FINISHED and not self.failures
        return ExitCode.DONE if whole else ExitCode.SOME_FAILED


@dataclass(slots=True)
class Tally:
    """Outcomes as they add up during a run."""

    counts: dict[tuple[StepAction, Outcome], ActionCount] = field(default_factory=dict)
    noted: list[Noted] = field(default_factory=list)

    def add(self, action: StepAction, outcome: Outcome, steps: int, size: int, *, wholes: Sequence[Whole] = ()) -> None:
        """Count `steps` more with one outcome, each about one of `wholes` where there are any."""
        have = self.counts.get((action, outcome), ActionCount(action, outcome, 0, 0))
        self.counts[action, outcome] = ActionCount(
            action,
            outcome,
            have.steps + steps,
            have.size + size,
            have.directories + len(wholes),
            have.files + sum(whole.files for whole in wholes),
        )

    def note(self, batch: Batch, first: int, runs: Iterable["OutcomeRun"]) -> list[Noted]:
        """Count what became of the entries of `batch` from `first` on; gives those that were not carried out."""
        noted: list[Noted] = []
        at = first
        for run in runs:
            wholes = batch.wholes[at : at + run.steps]
            self.add(batch.action, run.outcome, run.steps, run.size, wholes=wholes)
            if run.outcome not in {Outcome.DONE, Outcome.GONE}:
                noted += [
                    Noted(join(batch.directory, entry.name), batch.action, run.outcome, run.errno, run.cause)
                    for entry in batch.entries[at : at + run.steps]
                ]
            at += run.steps
        self.noted += noted
        return noted

    def ordered(self) -> tuple[ActionCount, ...]:
        """The counts, ordered by action, then outcome, without those that are zero."""
        return tuple(
            self.counts[action, outcome]
            for action in StepAction
            for outcome in Outcome
            if (action, outcome) in self.counts
        )


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run begins, or goes on after it was cut short."""

    run_id: str
    steps: int
    resumed: bool


@dataclass(frozen=True, slots=True)
class StepNoted:
    """A step was not carried out."""

    noted: Noted


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The user of the run may not carry a step out: another user has to. It is in `.rules/handover.jsonl` too."""

    noted: Noted
    rules: tuple[RuleName, ...]
    uid: int
    """The user who may not."""
    run_id: str


@dataclass(frozen=True, slots=True)
class Committed:
    """Outcomes became durable: how many steps of the run are settled by now."""

    settled: int
    size: int = 0
    """Bytes of all files that they took away, set aside or put back."""


@dataclass(frozen=True, slots=True)
class RunEnded:
    """A run is over, or was cut short."""

    result: RunResult


@dataclass(frozen=True, slots=True)
class StateRetired:
    """After a run that removed something, old state went; see `apply.retire`."""

    runs: int
    """Folders of runs."""
    jobs: int
    """Jobs whose logs went."""
    notes: tuple[str, ...]
    """What could not retire, one line each; the run is not worse for it."""


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """What a run leaves to later ones: the rest of what earlier ones had begun to remove, seals it could not read."""

    notes: tuple[str, ...]
    """One line each; the run is not worse for it."""


Event: TypeAlias = RunStarted | StepNoted | HandedOver | Committed | RunEnded | StateRetired | LeftBehind
"""What a listener of a run hears."""


class StalePlanError(RulesError):
    """This plan no longer applies here."""

    exit_code = ExitCode.STALE_PLAN

    def __init__(self, why: str, help_text: str) -> None:
        super().__init__(why, help_text)
        self.why = why
        self.help_text = help_text

    def __str__(self) -> str:
        return f"this plan no longer applies: {self.why}\n  help: {self.help_text}"


class InterruptedRunError(RulesError):
    """A run was interrupted; what it did is recorded, and applying the same plan again finishes it."""

    exit_code = ExitCode.INTERRUPTED

    def __init__(self, result: RunResult) -> None:
        super().__init__(result)
        self.result = result

    def __str__(self) -> str:
        run_id = self.result.run_id
        return f"run {run_id} was interrupted\n  help: `rules apply {run_id}`, or the same plan again, finishes it"
