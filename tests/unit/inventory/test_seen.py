"""Rows of seals and the facts that they came from."""

import pytest

from rules_engine.inventory.model import FileFact
from rules_engine.inventory.seen import fact_from, row_from
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import EntryKind, FileType

HERE = RelPath("scratch/j1")
TYPE = FileType("temp_video")


def fact(mtime_ns: int | None, ctime_ns: int | None = 7, size: int | None = 5) -> FileFact:
    """A file of that age."""
    return FileFact(HERE, "a", EntryKind.FILE, 3, size, mtime_ns, ctime_ns)


def test_a_row_tells_the_fact_that_it_was_made_from() -> None:
    """What was observed comes back, vouched for."""
    row = row_from(fact(6), TYPE)
    told = fact_from(HERE, row)
    assert (told.size, told.mtime_ns, told.ctime_ns, told.vouched, row.look) == (5, 6, 7, True, False)


@pytest.mark.parametrize("odd", [fact(None), fact(6, None), fact(6, 7, None), fact(2**63), fact(6, -(2**63) - 1)])
def test_what_a_row_cannot_hold_is_looked_at_again(odd: FileFact) -> None:
    """An unknown time is never told as 1970, and the year 9999 does not stop a seal."""
    assert row_from(odd, TYPE).look
