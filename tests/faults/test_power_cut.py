"""The power is cut at calls of a command on ext4 and xfs: nothing is lost, what was said to be gone stays gone.

This is a part of the cases; `./dev faults power --all` runs all of them, also those of the other commands.
"""

from collections.abc import Iterator

import pytest
from power import FLAGS, SIZES, Bench, Cut, bench, missing


@pytest.fixture(scope="module")
def cutting() -> Iterator[Bench]:
    """A server, and filesystems to cut."""
    why = missing()
    if why:
        pytest.skip(why)
    with bench() as one:
        yield one


@pytest.mark.parametrize("flags", FLAGS, ids=["not-synced", "journal-only"])
@pytest.mark.parametrize("kind", SIZES)
def test_a_power_cut_loses_nothing_and_brings_nothing_back(cutting: Bench, kind: str, flags: int) -> None:
    """What stays is there, what is set aside is there once, and the same plan again comes to the same tree."""
    first = 1 + 2 * [*SIZES].index(kind) + flags
    cuts = [Cut(kind, flags, "apply", at) for at in range(first, cutting.calls("apply") + 1, 11)]
    assert len(cuts) >= 10
    assert [problem for cut in cuts for problem in cutting.problems(cut)] == []


def test_a_power_cut_brings_nothing_back_that_was_recorded(cutting: Bench) -> None:
    """Where each step is recorded for itself, each record that is there tells of what is so."""
    calls = cutting.calls("apply-recording-each")
    cuts = [Cut("ext4", 2, "apply-recording-each", at) for at in range(40, calls + 1, 23)]
    assert len(cuts) >= 8
    assert [problem for cut in cuts for problem in cutting.problems(cut)] == []
