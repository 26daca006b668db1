"""What a change of policies does to one file, or to one kind of files: what became of its end."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rules_engine.policy.model import Action
from rules_engine.values.vocabulary import RuleName


class Effect(StrEnum):
    """What becomes of the end of a file, in the order in which a reviewer wants to know it."""

    GOES = "goes"
    """It stayed, and goes now or some day."""
    SOONER = "sooner"
    """It goes earlier than it went."""
    FOR_GOOD = "for_good"
    """It was set aside, and is deleted at once."""
    SET_ASIDE = "set_aside"
    """It was deleted at once, and is set aside."""
    LATER = "later"
    """It goes later than it went."""
    STAYS = "stays"
    """It went, and stays."""


REMOVING: Final = frozenset({Effect.GOES, Effect.SOONER})
"""The effects by which something can be removed that could not be removed before."""
LOSING: Final = REMOVING | {Effect.FOR_GOOD}
"""The effects by which something can be lost that could not be lost before, or not so soon."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a file goes by one version of the policies; a file that stays has none."""

    action: Action
    """`trash` or `delete`."""
    since: int
    """From when on it goes: an instant, or the age at which it goes."""
    rules: tuple[RuleName, ...]
    """The rules that remove it, ordered by name."""


def effect_of(before: Ending | None, after: Ending | None) -> Effect | None:
    """What the change from `before` to `after` does; None where the file ends as it did, by whatever rules."""
    if before is None or after is None:
        if before is after:
            return None
        return Effect.GOES if before is None else Effect.STAYS
    if after.since < before.since:
        return Effect.SOONER
    if before.action is not after.action and after.action is Action.DELETE:
        # Even where it goes later: it cannot be put back any more, and that weighs more than the time.
        return Effect.FOR_GOOD
    if after.since > before.since:
        return Effect.LATER
    return None if before.action is after.action else Effect.SET_ASIDE
