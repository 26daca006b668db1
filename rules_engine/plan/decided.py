"""What was decided in one directory: its files, those that share a judgement together."""

from collections.abc import Iterator
from dataclasses import replace

import msgspec

from rules_engine.inventory.model import DirectoryFacts, FileFact
from rules_engine.plan.decide import Judged
from rules_engine.plan.model import Decision, Kept, Remove
from rules_engine.plan.schedule import Schedule
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import JobId


class DecidedFiles(msgspec.Struct, frozen=True):
    """Files of one directory that share a judgement and their owners."""

    judged: Judged
    owners: tuple[JobId, ...]
    """Ordered by id; empty where nobody owns them."""
    files: tuple[FileFact, ...]
    left_out: bool = False
    """They would go with their directory, had the plan not been narrowed to something else."""
    schedule: Schedule | None = None
    """When each of them falls due; None where that is when the judgement says."""

    @property
    def tracked(self) -> bool:
        """Whether the files have an owner."""
        return bool(self.owners)

    def decisions(self) -> Iterator[tuple[FileFact, Decision]]:
        """Each file with what was decided about it."""
        decision, schedule = self.judged.decision, self.schedule
        if schedule is None or isinstance(decision, Kept):
            yield from ((file, decision) for file in self.files)
            return
        for file, end in zip(self.files, schedule.ends(self.files), strict=True):
            due = Instant(end)
            yield file, replace(decision, due=due) if isinstance(decision, Remove) else replace(decision, until=due)


class DecidedDirectory(msgspec.Struct, frozen=True):
    """One directory, and what was decided about each of its files."""

    facts: DirectoryFacts
    whole: tuple[JobId, ...]
    """Jobs that own whatever lies in it, ordered by id."""
    groups: tuple[DecidedFiles, ...]
