"""What a plan may do with the trash, whoever made it."""

import io

import pytest
from makers import NOW, written

from rules_engine.plan.model import Batch, Entry, Header, Plan, PlanLimits, StepAction, Trailer
from rules_engine.plan.planfile import PlanFileError, read_plan
from rules_engine.plan.trashed import TRASH
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import EntryKind

RUN = "0123456789abcdef"


def plan_of(batch: Batch) -> Plan:
    """A plan of one batch."""
    return Plan(Header(NOW, "r", "d", PlanLimits(None, None, None, None), {}), (batch,), Trailer())


def emptied(directory: str, name: str, kind: EntryKind = EntryKind.DIRECTORY) -> Batch:
    """A batch that empties the trash of one run."""
    return Batch(RelPath(directory), StepAction.EMPTY_TRASH, (Entry(name, kind),), reason="trash")


def put_back(directory: str, name: str, run: str = RUN) -> Batch:
    """A batch that puts one file back."""
    entry = Entry(name, EntryKind.FILE)
    return Batch(RelPath(directory), StepAction.RESTORE, (entry,), reason="restore", from_run=run)


@pytest.mark.parametrize("batch", [emptied(TRASH, RUN), put_back("", "a"), put_back("out", "a"), put_back(".r", "a")])
def test_a_plan_may_empty_the_trash_of_a_run_and_put_back(batch: Batch) -> None:
    """Such a plan is read as it was written."""
    assert list(read_plan(io.BytesIO(written(plan_of(batch)))).batches) == [batch]


@pytest.mark.parametrize(
    ("batch", "why"),
    [
        (emptied("out", RUN), "`out` is not the trash, and nothing else can be emptied"),
        (emptied("", RUN), "`` is not the trash, and nothing else can be emptied"),
        (emptied(f"{TRASH}/{RUN}", RUN), "is not the trash, and nothing else can be emptied"),
        (emptied(TRASH, "videos"), "`videos` is not the trash of a run"),
        (emptied(TRASH, f"{RUN}0"), "is not the trash of a run"),
        (emptied(TRASH, RUN.upper()), "is not the trash of a run"),
        (emptied(TRASH, RUN, EntryKind.LINK), "is not the trash of a run"),
        (put_back("out", "a", "../../x"), "`../../x` is not the id of a run"),
        (put_back("out", "a", ""), "`` is not the id of a run"),
        (put_back("", ".rules"), "`.rules` lies in the state, where nothing is put back"),
        (put_back(".rules/manifests", "a"), "lies in the state, where nothing is put back"),
    ],
)
def test_a_plan_made_by_hand_empties_and_fills_nothing_else(batch: Batch, why: str) -> None:
    """It is refused when it is read, whole as it may be."""
    with pytest.raises(PlanFileError) as caught:
        read_plan(io.BytesIO(written(plan_of(batch))))
    assert why in str(caught.value)
