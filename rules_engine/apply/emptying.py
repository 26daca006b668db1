"""Emptying the trash: what one run set aside is removed for good."""

from rules_engine.apply.model import Outcome, StepResult
from rules_engine.apply.steps import GONE, changed, difference
from rules_engine.apply.trees import remove_tree
from rules_engine.filesystem.directory import Directory
from rules_engine.plan.model import Entry


def empty(here: Directory, entry: Entry) -> StepResult:
    """Remove all that one run set aside, if it is still the trash that the plan saw; `here` is the trash of all runs.

    Killed in between, the next attempt removes the rest.

    Raises:
        OSError: of the first entry that cannot be removed.
    """
    found = here.stat(entry.name)
    if found is None:
        return GONE
    if differs := difference(entry, found):
        return changed(differs)
    return StepResult(Outcome.DONE, remove_tree(here, entry.name).bytes)
