"""A plan says how much a walk left out because no removal rule can concern it."""

import pytest
from makers import NOW, policies, removal

from rules_engine.inventory.model import Inventory, PassedOver, Skipped
from rules_engine.plan.given import Ask, Guards
from rules_engine.plan.planner import make_plan
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import instant_to_datetime

DIRECTORIES = "1 234 directories with all below: no removal rule can select anything there"
FILES = "1 file but for the name: nothing that a removal rule selects"


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (PassedOver(), []),
        (PassedOver(directories=1234, files=1), [DIRECTORIES, FILES]),
        (PassedOver(files=1), [FILES]),
    ],
)
def test_what_was_passed_over_is_told_first_and_only_counted(found: PassedOver, told: list[str]) -> None:
    """One line each, before the places that were not looked at for other reasons."""
    skipped = Skipped(RelPath("mnt"), "another filesystem is mounted there")
    inventory = Inventory((), passed_over=found, skipped=[skipped], walked=True)
    plan = make_plan(policies(removal()), (), inventory, Guards(), now=instant_to_datetime(NOW), ask=Ask())
    trailer = plan.collected().trailer
    assert trailer.skipped == [*(("", line) for line in told), ("mnt", skipped.why)]
    assert (trailer.looked_at.files, trailer.untracked.files) == (0, 0)
