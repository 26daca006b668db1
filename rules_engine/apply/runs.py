"""The folder of one run: its plan, the outcomes of its steps, its report; docs/reference/formats/runs.md."""

import errno
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import BinaryIO, Final

import msgspec

from rules_engine.apply.outcomes import OutcomeLine, encode_line, read_lines
from rules_engine.errors import RefusedError, UntrustedStateError
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.logfile import LogFile, open_log
from rules_engine.filesystem.root import open_area

RUNS: Final = "runs"
PLAN: Final = "plan.jsonl"
OUTCOMES: Final = "outcomes.jsonl"
REPORT: Final = "report.json"
_ASIDE: Final = ".plan.tmp"
_PIECE: Final = 2**20
_LARGEST: Final = 2**32


class RunFolder:
    """The open folder of one run. Only the holder of the root lock writes to it."""

    def __init__(self, here: Directory, log: LogFile, run_id: str) -> None:
        self.run_id = run_id
        self._here = here
        self._log = log
        self._durable = 0
        self._lines = 0

    def recorded(self) -> tuple[OutcomeLine, ...]:
        """The outcomes that earlier attempts recorded, in order; a torn tail is cut off by the next append.

        Raises:
            UntrustedStateError: when a line is damaged that was whole once, or they cannot be read.
        """
        try:
            data = self._log.read(0, self._log.size)
        except OSError as err:
            raise self._unreadable(OUTCOMES, err) from err
        lines, self._durable, torn = read_lines(data)
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
        self._log.cut(self._durable)
        self._log.append(data, durable=True)
        self._durable += len(data)
        self._lines += len(lines)

    def write_report(self, report: msgspec.Struct) -> None:
        """Write `report.json`, replacing an earlier attempt's."""
        store_report(self._here, report)

    def read_report(self) -> bytes | None:
        """What `report.json` holds; None before the first attempt ended.

        Raises:
            UntrustedStateError: when it cannot be read: it may say that a newer run closed this one.
        """
        try:
            return self._here.read_file(REPORT, limit=_LARGEST)
        except FileNotFoundError:
            return None
        except OSError as err:
            raise self._unreadable(REPORT, err) from err

    def _unreadable(self, name: str, err: OSError) -> UntrustedStateError:
        why = f"cannot be read: {err.strerror or err}"
        return UntrustedStateError(f".rules/{RUNS}/{self.run_id}/{name}", why, "mend its disk or its permissions")


def store_report(here: Directory, report: msgspec.Struct) -> None:
    """Write `report.json` into the folder of a run."""
    here.write_file(REPORT, msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")


@contextmanager
def open_run(state: Directory, run_id: str, plan: BinaryIO) -> Iterator[RunFolder]:
    """The folder of the run, with its plan in it durably before anything is touched.

    Raises:
        RefusedError: when the disk has no room for it, or refuses to write.
    """
    with ExitStack() as stack:
        with recording():
            runs = stack.enter_context(open_area(state, RUNS))
            here = stack.enter_context(open_area(runs, run_id))
            if here.stat(PLAN) is None:
                _write_plan(here, plan)
            log = stack.enter_context(open_log(here, OUTCOMES))
        yield RunFolder(here, log, run_id)


@contextmanager
def recording() -> Iterator[None]:
    """Write what a run needs before its first step.

    Raises:
        RefusedError: when the disk has no room for it, or refuses to write.
    """
    try:
        yield
    except OSError as err:
        if err.errno in {errno.ELOOP, errno.ENOTDIR}:
            # Somebody else would decide where the record goes.
            where, why = f".rules/{RUNS}", f"or a part of it is a link or no directory: {err.strerror}"
            raise UntrustedStateError(where, why, "look who put it there") from err
        what = f"the run cannot be recorded below `.rules`: {err.strerror or err}"
        raise RefusedError(
            what, "make room on the disk of the root, or mend its permissions; nothing was touched"
        ) from err


def _write_plan(here: Directory, plan: BinaryIO) -> None:
    with suppress(FileNotFoundError):
        here.unlink(_ASIDE)
    with open_log(here, _ASIDE) as aside:
        while piece := plan.read(_PIECE):
            aside.append(piece, durable=False)
        aside.append(b"", durable=True)
    here.replace(_ASIDE, here, PLAN)
    here.sync()
