"""Group commit: what many steps did is made durable at once, then their outcomes are recorded at once."""

from dataclasses import dataclass, field
from typing import Final

from rules_engine.apply.model import StepResult
from rules_engine.apply.outcomes import OutcomeLine, OutcomeRun, to_runs
from rules_engine.apply.runs import RunFolder
from rules_engine.filesystem.directory import Directory
from rules_engine.plan.model import Batch
from rules_engine.values.clock import Clock
from rules_engine.values.quantities import SECOND, Instant

MOST_STEPS: Final = 4_096
LONGEST: Final = SECOND
AT_ONCE: Final = 32
"""So many steps may be done between two looks at the clock."""


@dataclass(slots=True)
class Part:
    """Results of consecutive steps of one batch."""

    number: int
    """The number of the batch in the plan, from 0."""
    batch: Batch
    first: int
    results: list[StepResult] = field(default_factory=list)
    runs: tuple[OutcomeRun, ...] = ()
    """The results as they are recorded, once they are."""


class Group:
    """The steps that were carried out but are not recorded yet."""

    def __init__(self, root: Directory, folder: RunFolder, clock: Clock, *, commits: int) -> None:
        self._root = root
        self._folder = folder
        self._clock = clock
        self._commits = commits
        self._parts: list[Part] = []
        self._steps = 0
        self._began = Instant(0)
        self._unlooked = 0
        self._slow = False

    def add(self, number: int, batch: Batch, index: int, result: StepResult) -> None:
        """Note the result of the step `index` of a batch, and of those after it that came to the same."""
        if not self._steps:
            self._began = self._clock.now()
        if not self._parts or self._parts[-1].number != number:
            self._parts.append(Part(number, batch, index))
        self._parts[-1].results.append(result)
        self._steps += result.steps
        self._unlooked += result.steps
        # A directory that goes whole may have taken minutes: the clock is asked after each of them.
        self._slow = bool(batch.wholes)

    @property
    def at_once(self) -> int:
        """How many steps may be done before it is asked again whether the group is due."""
        return AT_ONCE

    @property
    def is_due(self) -> bool:
        """Whether so many steps, or so much time, wait that a crash now would leave too much in doubt."""
        if self._unlooked < AT_ONCE and not self._slow:
            return False
        self._unlooked = 0
        return self._steps > MOST_STEPS - AT_ONCE or self._clock.now() - self._began >= LONGEST

    def commit(self) -> tuple[Part, ...]:
        """Make the steps durable, record them, and give them back.

        Raises:
            OSError: when that failed; then none of them counts.
        """
        if not self._parts:
            return ()
        # First the tree, then the record: a power cut in between must not
        # bring a file back that the record calls removed.
        self._root.sync_filesystem()
        for part in self._parts:
            part.runs = to_runs(part.results)
        self._folder.append(self._lines())
        parts, self._parts, self._steps, self._unlooked = tuple(self._parts), [], 0, 0
        self._commits += 1
        return parts

    def _lines(self) -> list[OutcomeLine]:
        return [
            OutcomeLine(seq, self._commits + 1, part.number, part.first, part.runs)
            for seq, part in enumerate(self._parts, self._folder.next_seq)
        ]
