"""What lies at or above a directory and speaks of everything in it: pins, markers, damage, what was put back."""

from dataclasses import dataclass

from rules_engine.plan.given import Pin
from rules_engine.plan.model import Kept
from rules_engine.values.quantities import Instant
from rules_engine.values.trail import Trail
from rules_engine.values.vocabulary import JobId


@dataclass(frozen=True, slots=True)
class Shelter:
    """What one directory has from itself and from every directory above it; `plan/protect.py` finds it."""

    special: Kept | None = None
    """It lies below a directory that no rule reaches."""
    own: Kept | None = None
    """It lies in a policy folder."""
    pin: Pin | None = None
    """The nearest pin of a path."""
    place: Pin | None = None
    """The pin of a job that has a place there, the nearest one."""
    marker: Kept | None = None
    """The nearest keep marker."""
    damaged: frozenset[int] = frozenset()
    """The damaged manifests whose intact lines name something around there, by their numbers among the guards."""
    jobs: frozenset[JobId] = frozenset()
    """Jobs with an intact manifest whose workspace it lies in; known only where some manifest is damaged."""
    kept: Kept | None = None
    """Why everything in it is protected: the first of all that."""
    unpinned: Instant | None = None
    """When the last pin that is over ended."""
    restored: Instant | None = None
    """When it was last put back from the trash."""


def no_shelters() -> Trail[Shelter]:
    """Nothing remembered yet."""
    return Trail(Shelter())
