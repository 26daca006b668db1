"""What a file costs does not grow with the number of rules."""

import time

from makers import NOW, file, narrow, policies, removal

from rules_engine.inventory.model import DirectoryFacts, Inventory
from rules_engine.plan.given import Ask, Guards
from rules_engine.plan.planner import make_plan
from rules_engine.policy.model import FileSelector, PolicySet, Tracked
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import instant_to_datetime

_LARGEST_RATIO = 4


def _rules(count: int) -> PolicySet:
    """Rules about files without an owner, each with patterns of its own; the first one selects."""
    texts = [("/media/**/*.tmp", "*.old")] + [(f"/media/**/other_{at}_*.x", f"*.part{at}") for at in range(1, count)]
    named = [
        removal(f"rule-{at:04d}", files=FileSelector(match=narrow(*some), tracked=Tracked.UNTRACKED))
        for at, some in enumerate(texts)
    ]
    return policies(*named)


def _inventory() -> Inventory:
    """Two thousand files of two directories, of which half go."""
    directories = []
    for at in ("media/a", "media/b"):
        files = [file(f"{at}/clip_{number:04d}.{'tmp' if number % 2 else 'mkv'}") for number in range(1000)]
        directories.append(DirectoryFacts(RelPath(at), tuple(files), complete=True))
    return Inventory(directories, walked=True)


def _seconds(said: PolicySet) -> float:
    """The least time of the processor that a plan takes once its patterns are compiled."""
    taken: list[float] = []
    for _ in range(3):
        plan = make_plan(said, (), _inventory(), Guards(), now=instant_to_datetime(NOW), ask=Ask())
        began = time.process_time()
        removed = sum(len(batch.entries) for batch in plan.batches)
        taken.append(time.process_time() - began)
        assert removed == 1000
    return min(taken)


def test_a_thousand_rules_make_a_plan_about_as_fast_as_one() -> None:
    """Each path is matched once for all of them, and only those with something to say are asked."""
    assert _seconds(_rules(1000)) < _LARGEST_RATIO * _seconds(_rules(1))
