"""The page about the plan file is exact: its example is a plan, and its tables name every key."""

import io
import os
import re
from dataclasses import fields

import pytest
from makers import written

from rules_engine.plan.model import Batch, Entry, Header, StepAction, Trailer
from rules_engine.plan.planfile import PlanFileError, read_plan

HERE = os.path.dirname(__file__)
with open(os.path.join(HERE, "../../../docs/reference/formats/plan.md"), encoding="utf-8") as page:
    PAGE = page.read()
EXAMPLE = PAGE.split("```jsonl\n")[1].split("```")[0].encode()


def first_column(heading: str) -> list[str]:
    """The words of the first column of the table with that heading."""
    rows = PAGE.split(f"| {heading} |")[1].split("\n\n")[0].splitlines()[2:]
    return [re.fullmatch(r"\| `(\w+)` \|.*", row)[1] for row in rows]


def test_the_example_is_a_plan() -> None:
    """The example is read, and written again it is the same bytes."""
    plan = read_plan(io.BytesIO(EXAMPLE))
    assert written(plan) == EXAMPLE
    actions = [batch.action for batch in plan.batches]
    assert actions == [StepAction.TRASH, StepAction.DELETE, StepAction.REMOVE_DIRECTORY]
    assert next(iter(plan.batches)).entries[0].name == "temp_b\udcff.mkv"


def test_the_example_proves_itself() -> None:
    """A step that is taken out of the example is missed."""
    lines = EXAMPLE.splitlines(keepends=True)
    with pytest.raises(PlanFileError, match="it was edited"):
        read_plan(io.BytesIO(b"".join([*lines[:2], *lines[3:]])))


def test_the_tables_name_every_key_in_order() -> None:
    """A key that is added to the format is added to its page."""
    assert first_column("key of `header` | holds") == [one.name for one in fields(Header)]
    assert first_column("key of a batch | holds") == [one.name for one in fields(Batch)]
    assert first_column("place in an entry | holds") == list(Entry.__struct_fields__)
    assert first_column("key of `trailer` | holds") == [one.name for one in fields(Trailer)]
