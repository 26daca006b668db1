"""The folder of one run: its plan, the outcomes of its steps, its report; docs/reference/formats/runs.md."""

import os
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import BinaryIO, Final, Self

import msgspec

from rules_engine.apply.outcomes import OutcomeLine, encode_line, read_lines
from rules_engine.errors import UntrustedStateError
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.root import open_area

RUNS: Final = "runs"
PLAN: Final = "plan.jsonl"
OUTCOMES: Final = "outcomes.jsonl"
REPORT: Final = "report.json"
_ASIDE: Final = ".plan.tmp"
_PIECE: Final = 2**20
_LARGEST: Final = 2**32


class RunFolder:
    """The open folder of one run; a context manager. Only the holder of the root lock writes to it."""

    def __init__(self, here: Directory, run_id: str) -> None:
        self.run_id = run_id
        self._here = here
        self._log = here.append_to(OUTCOMES)
        self._durable = 0
        self._lines = 0
        here.sync()

    @classmethod
    def begin(cls, state: Directory, run_id: str, plan: BinaryIO) -> Self:
        """The folder of the run, with its plan in it durably before anything is touched."""
        runs = open_area(state, RUNS, create=True)
        if runs is None:  # pragma: no cover - it was just made
            raise FileNotFoundError(RUNS)
        with runs:
            here = open_area(runs, run_id, create=True)
        if here is None:  # pragma: no cover - same
            raise FileNotFoundError(run_id)
        try:
            if here.stat(PLAN) is None:
                _write_plan(here, plan)
            return cls(here, run_id)
        except BaseException:
            here.close()
            raise

    def recorded(self) -> tuple[OutcomeLine, ...]:
        """The outcomes that earlier attempts recorded, in order; a torn tail is cut off by the next append.

        Raises:
            UntrustedStateError: when a line is damaged that was whole once.
        """
        lines, self._durable, torn = read_lines(self._here.read_file(OUTCOMES, limit=_LARGEST))
        self._lines = len(lines)
        if not torn:
            raise UntrustedStateError(
                f".rules/{RUNS}/{self.run_id}/{OUTCOMES}",
                f"has a damaged line after line {self._lines}",
                "make a new plan; what this run did is lost from its record, not from the disk",
            )
        return tuple(lines)

    @property
    def next_seq(self) -> int:
        """The number of the next line."""
        return self._lines + 1

    def append(self, lines: Sequence[OutcomeLine]) -> None:
        """Record outcomes durably.

        Raises:
            OSError: when they could not be made durable; then nothing of them counts.
        """
        data = b"".join(encode_line(line) for line in lines)
        # Also after an append that was interrupted half-way: what is not known to be durable is written again.
        os.ftruncate(self._log, self._durable)
        _write_all(self._log, data)
        os.fsync(self._log)
        self._durable += len(data)
        self._lines += len(lines)

    def write_report(self, report: msgspec.Struct) -> None:
        """Write `report.json`, replacing an earlier attempt's."""
        self._here.write_file(REPORT, msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")

    def read_report(self) -> bytes | None:
        """What `report.json` holds; None before the first attempt ended."""
        try:
            return self._here.read_file(REPORT, limit=_LARGEST)
        except FileNotFoundError:
            return None

    def close(self) -> None:
        """Close its handles."""
        log, self._log = self._log, -1
        if log >= 0:
            os.close(log)
        self._here.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _write_plan(here: Directory, plan: BinaryIO) -> None:
    with suppress(FileNotFoundError):
        here.unlink(_ASIDE)
    fd = here.append_to(_ASIDE)
    try:
        while piece := plan.read(_PIECE):
            _write_all(fd, piece)
        os.fsync(fd)
    finally:
        os.close(fd)
    here.replace(_ASIDE, here, PLAN)
    here.sync()


def _write_all(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]
