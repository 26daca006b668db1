"""What was decided in one directory: its files, those that share a judgement together."""

from dataclasses import dataclass

from rules_engine.inventory.model import DirectoryFacts, FileFact
from rules_engine.plan.decide import Judged
from rules_engine.values.vocabulary import JobId


@dataclass(frozen=True, slots=True)
class DecidedFiles:
    """Files of one directory that share a judgement and their owners."""

    judged: Judged
    owners: tuple[JobId, ...]
    """Ordered by id; empty where nobody owns them."""
    files: tuple[FileFact, ...]
    left_out: bool = False
    """They would go with their directory, had the plan not been narrowed to something else."""

    @property
    def tracked(self) -> bool:
        """Whether the files have an owner."""
        return bool(self.owners)


@dataclass(frozen=True, slots=True)
class DecidedDirectory:
    """One directory, and what was decided about each of its files."""

    facts: DirectoryFacts
    whole: tuple[JobId, ...]
    """Jobs that own whatever lies in it, ordered by id."""
    groups: tuple[DecidedFiles, ...]
