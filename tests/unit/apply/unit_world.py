"""What tests of directories that go whole are made of: one step carried out, and what it leaves in the state."""

from pathlib import Path

import pytest

from rules_engine.apply.model import StepResult
from rules_engine.apply.units import Units
from rules_engine.filesystem.root import Root
from rules_engine.plan.model import Batch, StepAction

DELETE, TRASH = StepAction.DELETE, StepAction.TRASH
BOTH = pytest.mark.parametrize("action", [DELETE, TRASH])
RUN = "r1"


def take(root: Root, batch: Batch, run_id: str = RUN) -> StepResult:
    """Carry out the first step of a batch."""
    step = Units(root.require_state(), run_id, (".rules-keep",))
    with root.directory.open(batch.directory) as here:
        return step.take(here, batch, batch.entries[0])


def state_of(root: Root) -> list[str]:
    """What lies in the trash and among what is being removed, but for the two folders themselves."""
    top = Path(root.path) / ".rules"
    found = [str(path.relative_to(top)) for area in ("trash", "removing") for path in (top / area).rglob("*")]
    return sorted(found)
