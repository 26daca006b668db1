"""What a walk has to look at, by the removal rules and the jobs.

Rules about files with an owner select only what jobs have, so beyond their places patterns alone decide. Where one
removal rule reaches files without an owner and has no pattern, everything has to be looked at.
"""

from collections.abc import Iterable

from rules_engine.inventory.pruning import Extent, Pruning
from rules_engine.manifest.model import JobRecord
from rules_engine.policy.model import PolicySet, Tracked, Unit
from rules_engine.policy.patterns import PatternList


def pruning_of(policies: PolicySet, jobs: Iterable[JobRecord]) -> Pruning | None:
    """What a walk for these policies can leave out; None where a rule reaches everything."""
    selecting: list[PatternList] = []
    units: list[PatternList] = []
    for rule in policies.removal_rules:
        match, _ = rule.lists
        if match is not None:
            # Also of rules that reach only what jobs have: a plan says how many more files match that no job declared.
            (units if rule.unit is Unit.DIRECTORY else selecting).append(match)
        elif rule.unit is not Unit.WORKSPACE and rule.files.tracked is not Tracked.TRACKED:
            return None
    known = tuple(jobs)
    places = frozenset(place for job in known for place in job.places)
    declared = frozenset(directory for job in known for directory in job.files)
    lists = tuple(dict.fromkeys((*units, *selecting)))
    whole = frozenset(number for number, one in enumerate(lists) if one in units)
    return Pruning(Extent(tuple([one.lines for one in lists]), whole, places, declared))
