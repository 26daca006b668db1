"""Each call of a command is refused in turn: it ends as documented, loses nothing, and again it comes to the same.

This is a part of the cases; `./dev faults errors --all` runs all of them.
"""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from refusals import ERRORS, LOOKING_ERRORS, MODULE, Bench, Refusal
from shim import Case, Fault, built, serving

MEMORY = Path("/dev/shm")  # noqa: S108 - a filesystem, in which each case has a directory of its own
pytestmark = pytest.mark.skipif(built() is None, reason="there is no compiler, and only a preloaded library can refuse")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A server with every command loaded."""
    place = MEMORY if os.access(MEMORY, os.W_OK) else tmp_path_factory.mktemp("errors")
    with serving(MODULE) as server:
        yield Bench(server, place)


@pytest.mark.parametrize(
    ("command", "step"), [("apply", 3), ("restore", 5), ("trash-empty", 4), ("job-finish", 8), ("pin", 1), ("unpin", 1)]
)
def test_a_refused_change_is_named_and_again_it_comes_to_the_same(bench: Bench, command: str, step: int) -> None:
    """Nothing is lost, nothing is removed that may not be, and no error is called a defect."""
    found = [problem for one in bench.sample({command: step}, ERRORS, looking=False) for problem in bench.problems(one)]
    assert not found, "\n".join(found)
    assert sum(bench.ended[command, code] for code in (0, 3, 6, 9)) >= 2


@pytest.mark.parametrize(("command", "step"), [("plan", 17), ("apply", 37)])
def test_what_cannot_be_looked_at_stays_and_is_named(bench: Bench, command: str, step: int) -> None:
    """A plan never holds more for it; where it holds less it says why, or the command is refused."""
    errors = LOOKING_ERRORS
    found = [problem for one in bench.sample({command: step}, errors, looking=True) for problem in bench.problems(one)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(("times", "code", "noted"), [(1, 0, ""), (2, 0, ""), (-1, 3, "trash a.part")])
def test_a_busy_file_is_tried_again_for_a_while(bench: Bench, times: int, code: int, noted: str) -> None:
    """EBUSY once or twice costs time and nothing else; for ever, the step has failed and the run goes on."""
    # The first is what comes back from the trash; the second is the first file that goes to it.
    second = [number for number, call in enumerate(bench.calls("apply", looking=False), 1) if call == "renameat2"][1]
    refusal = Refusal("apply", second, "EBUSY", times)
    assert not bench.problems(refusal)
    ended, said = bench.said(refusal)
    assert (ended, noted in said) == (code, True), said


@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
def test_a_record_that_could_not_be_made_durable_stops_the_run(bench: Bench, error: str) -> None:
    """It is not tried again, for the second answer may be yes with the data lost; nothing of the group counts."""
    calls = bench.calls("apply", looking=False)
    # The tree is made durable, then the record: cut, written, made durable.
    fsync = calls.index("fsync", calls.index("syncfs"))
    assert calls[fsync - 3 : fsync] == ("syncfs", "ftruncate64", "write")
    case = Case(Fault.ERROR, fsync + 1, getattr(errno, error), 1)
    with bench.scene() as top:
        answer = bench.server.run("attempt", case, prepare="make", name="apply", top=top)
        record = next(Path(top, "media/.rules/runs").glob(f"{answer.said[1].split()[1].rstrip(':')}/outcomes.jsonl"))
        assert record.read_bytes() == b""
    assert answer.said[0] == 3
    assert "the record of the run could not be written" in answer.said[1]
    # What was written is taken back, the report says why, and nothing else happens.
    assert "unlinkat" not in answer.calls[fsync + 1 :]
    assert answer.calls[fsync + 1] == "ftruncate64"
