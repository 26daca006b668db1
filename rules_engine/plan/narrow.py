"""Narrowing: which of the steps that were decided on a caller asked for; it never changes a decision."""

from rules_engine.plan.decided import DecidedFiles
from rules_engine.plan.given import Ask
from rules_engine.plan.model import Remove


class Narrowing:
    """Tells steps that were asked for from those that the plan leaves out."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def asks_for_jobs(self, owners: tuple[str, ...]) -> bool:
        """Whether something that these jobs own was asked for."""
        return self._ask.jobs is None or not self._ask.jobs.isdisjoint(owners)

    def split(self, group: DecidedFiles, removal: Remove) -> tuple[DecidedFiles | None, DecidedFiles | None]:
        """Of files that go: those that were asked for, and those that the plan leaves out; None where none are."""
        del removal
        return (group, None) if self.asks_for_jobs(group.owners) else (None, group)
