import errno

import pytest

from rules_engine.apply.breaker import Breaker, StopRun
from rules_engine.apply.model import Outcome, StepResult
from rules_engine.apply.outcomes import OutcomeLine, OutcomeRun, decode_line, encode_line, read_lines, to_runs
from rules_engine.manifest.lines import close_line

DONE = StepResult(Outcome.DONE, 5)
BUSY = StepResult(Outcome.FAILED, errno=errno.EIO, cause="Input/output error")


def line_of(seq: int) -> OutcomeLine:
    """A line with three steps."""
    return OutcomeLine(seq, 1, seq, 0, to_runs([DONE, DONE, BUSY]))


def test_neighbours_with_one_outcome_are_one_run() -> None:
    """Their bytes add up; another cause begins a run of its own."""
    assert to_runs([DONE, DONE, BUSY, DONE]) == (
        OutcomeRun(Outcome.DONE, 2, 10),
        OutcomeRun(Outcome.FAILED, 1, 0, errno.EIO, "Input/output error"),
        OutcomeRun(Outcome.DONE, 1, 5),
    )


def test_a_line_is_json_that_ends_in_its_check() -> None:
    """The documented example."""
    assert encode_line(OutcomeLine(1, 1, 0, 0, to_runs([DONE]))) == (
        b'{"seq":1,"commit":1,"batch":0,"first":0,"runs":[["done",1,5,0,"",-1]],"crc":"aaca1e61"}\n'
    )


def test_a_line_comes_back_as_it_was() -> None:
    """Reading undoes writing."""
    assert decode_line(encode_line(line_of(1))) == line_of(1)
    assert line_of(1).steps == 3
    assert [one.outcome for one in line_of(1).outcomes()] == [Outcome.DONE, Outcome.DONE, Outcome.FAILED]


def test_a_line_of_something_else_is_no_line() -> None:
    """A check that holds does not make it an outcome."""
    assert decode_line(close_line(b'{"other":1}')) is None


def test_every_cut_is_a_torn_tail() -> None:
    """Cut at any byte, the lines before the cut are read and the rest is torn."""
    whole = encode_line(line_of(1)) + encode_line(line_of(2))
    first = len(encode_line(line_of(1)))
    for cut in range(first, len(whole)):
        lines, length, torn = read_lines(whole[:cut])
        assert (len(lines), length, torn) == (1, first, True)
    assert read_lines(whole) == ([line_of(1), line_of(2)], len(whole), True)


@pytest.mark.parametrize("tail", [b"\0" * 100, b"\n\n", b"{}\n", b"garbage\nmore"])
def test_what_a_power_cut_left_is_a_torn_tail(tail: bytes) -> None:
    """Zeros and stale blocks prove nothing."""
    whole = encode_line(line_of(1))
    assert read_lines(whole + tail) == ([line_of(1)], len(whole), True)


def test_a_damaged_line_before_a_whole_one_is_no_torn_tail() -> None:
    """It was durable once; somebody edited it or the disk lost it."""
    damaged = encode_line(line_of(1)).replace(b"done", b"gone", 1) + encode_line(line_of(2))
    assert read_lines(damaged) == ([], 0, False)


def test_a_missing_line_is_no_torn_tail() -> None:
    """The numbers have no gap."""
    assert read_lines(encode_line(line_of(1)) + encode_line(line_of(3))) == (
        [line_of(1)],
        len(encode_line(line_of(1))),
        False,
    )


def fail(code: int) -> StepResult:
    """A fresh failure."""
    return StepResult(Outcome.FAILED, errno=code, cause="no")


def test_ten_failures_in_a_row_open_the_breaker() -> None:
    """The tenth stops the run and is named."""
    breaker = Breaker()
    for _ in range(9):
        breaker.note(fail(errno.EIO))
    with pytest.raises(StopRun, match="10 steps in a row failed, the last one with: no"):
        breaker.note(fail(errno.EIO))


def test_a_success_closes_the_breaker() -> None:
    """Nine failures, one success, nine failures: the run goes on."""
    breaker = Breaker()
    for _ in range(2):
        for _ in range(9):
            breaker.note(fail(errno.EIO))
        breaker.note(DONE)


@pytest.mark.parametrize("code", [errno.EACCES, errno.EPERM])
def test_permissions_never_open_the_breaker(code: int) -> None:
    """Files of another user are no sign of a broken disk."""
    breaker = Breaker()
    for _ in range(100):
        breaker.note(fail(code))


def test_one_directory_that_cannot_be_opened_is_one_failure() -> None:
    """All its steps share one result."""
    breaker = Breaker()
    same = fail(errno.EIO)
    for _ in range(100):
        breaker.note(same)
