"""Lines of `outcomes.jsonl`: what became of consecutive steps of one batch, each line proving itself."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final, TypeAlias

import msgspec

from rules_engine.apply.model import Outcome, StepResult
from rules_engine.manifest.lines import close_line, open_line


class OutcomeRun(msgspec.Struct, frozen=True, array_like=True):
    """Consecutive steps with the same outcome and cause."""

    outcome: Outcome
    steps: int
    size: int = 0
    """Bytes of all of them."""
    errno: int = 0
    cause: str = ""
    mode: int = -1
    """Permission bits of each of them, where they are directories that went; else -1."""


Result: TypeAlias = StepResult | OutcomeRun
"""What became of consecutive steps, fresh or as it is recorded."""


class OutcomeLine(msgspec.Struct, frozen=True):
    """The outcomes of consecutive steps of one batch, made durable together."""

    seq: int
    """1 for the first line of the file."""
    commit: int
    """Lines of one group commit share it."""
    batch: int
    """The number of the batch in the plan, from 0."""
    first: int
    """The number of the first entry in the batch, from 0."""
    runs: tuple[OutcomeRun, ...]

    @property
    def steps(self) -> int:
        """How many steps the line settles."""
        return sum(run.steps for run in self.runs)

    def outcomes(self) -> Iterator[OutcomeRun]:
        """One run of a single step for each step, without its bytes."""
        for run in self.runs:
            yield from [OutcomeRun(run.outcome, 1, 0, run.errno, run.cause, run.mode)] * run.steps


_decoder: Final = msgspec.json.Decoder(OutcomeLine)


def to_runs(results: Iterable[StepResult]) -> tuple[OutcomeRun, ...]:
    """The results in order, neighbours with one outcome and cause as one."""
    return tuple(
        OutcomeRun(outcome, sum(one.steps for one in same), sum(one.size for one in same), code, cause, mode)
        for (outcome, code, cause, mode), group in groupby(results, key=_sameness)
        for same in [list(group)]
    )


def _sameness(result: StepResult) -> tuple[Outcome, int, str, int]:
    return result.outcome, result.errno, result.cause, result.mode


def encode_line(line: OutcomeLine) -> bytes:
    """The line with its check and a newline."""
    return close_line(msgspec.json.encode(line))


def decode_line(raw: bytes) -> OutcomeLine | None:
    """The line that `raw` holds; None where its check fails."""
    body = open_line(raw)
    if body is None:
        return None
    try:
        return _decoder.decode(body)
    except ValueError:
        return None


def read_lines(data: bytes) -> tuple[Sequence[OutcomeLine], int, bool]:
    """The intact lines from the start, the length in bytes that they fill, and whether what follows is torn."""
    lines: list[OutcomeLine] = []
    length = 0
    for raw in data.split(b"\n")[:-1]:
        line = decode_line(raw)
        if line is None or line.seq != len(lines) + 1:
            break
        lines.append(line)
        length += len(raw) + 1
    # Whatever a killed write left holds no line that proves itself; a line that does, after one that does not, was
    # durable once, so what stands before it was damaged later.
    torn = all(decode_line(raw) is None for raw in data[length:].split(b"\n")[:-1])
    return lines, length, torn
