"""Other processes that read directories while this one decides; in the order of one walk, so plans stay the same."""

import fcntl
import itertools
import os
import select
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, BinaryIO, Final, cast

from rules_engine.errors import ExitCode, RulesError
from rules_engine.filesystem.directory import Directory
from rules_engine.inventory.model import DirectoryFacts, Inventory
from rules_engine.inventory.pruning import Extent
from rules_engine.inventory.wire import Pending, pack_extent, receive, send, unpack_listing, unpack_rest

WORTH_IT: Final = 10_000
"""Files that are read before another process is started: below that it costs more than it takes over."""
_AT_ONCE: Final = 32
"""Directories that a worker is asked for at once, each with all below it."""
_AHEAD: Final = 2
"""Parts that each worker is asked for before the first one is wanted."""
_PIPE: Final = 2**20
_PATIENCE_S: Final = 2.0


class WorkerEndedError(RulesError):
    """A process that reads directories was gone before it had told everything."""

    exit_code = ExitCode.UNEXPECTED

    def __str__(self) -> str:
        return "a process that reads directories ended too early\n  help: try again, with `--jobs 1` in one process"


class Workers:
    """So many processes for one walk; started when the walk has shown to be a long one."""

    def __init__(self, count: int, *, worth_it: int = WORTH_IT) -> None:
        self._count = count
        self._worth_it = worth_it
        self._workers: list[_Worker] = []

    def are_ready(self, root: Directory, files: int) -> bool:
        """Whether they can take over; the first to ask when `files` have been read has them started."""
        if files < self._worth_it or not self._count or not sys.executable:
            return False
        if not self._workers:
            self._workers = [_Worker(root) for _ in range(self._count)]
        return all(one.is_ready() for one in self._workers)

    def walk(
        self, pending: Iterable[Pending], inventory: Inventory, markers: Sequence[str], extent: Extent | None
    ) -> Iterator[DirectoryFacts]:
        """What lies in these directories and below them, in order."""
        packed = pack_extent(extent)
        for one in self._workers:
            one.tell((tuple(markers), packed))
        parts = _parts(pending)
        asked: deque[_Worker] = deque()
        for worker in itertools.islice(itertools.cycle(self._workers), self._count * _AHEAD):
            _ask(worker, parts, asked)
        while asked:
            worker = asked.popleft()
            yield from worker.answers(inventory)
            _ask(worker, parts, asked)

    def end(self) -> None:
        """Let them end, whatever they are at."""
        for worker in self._workers:
            worker.end()
        self._workers = []


def workers_for(processes: int) -> Workers | None:
    """So many processes besides this one; None where this one does it alone."""
    return Workers(processes) if processes > 1 else None


def _parts(pending: Iterable[Pending]) -> Iterator[Pending]:
    for path, names in pending:
        for start in range(0, len(names), _AT_ONCE):
            yield path, names[start : start + _AT_ONCE]


def _ask(worker: "_Worker", parts: Iterator[Pending], asked: "deque[_Worker]") -> None:
    part = next(parts, None)
    if part is not None:
        worker.tell([part])
        asked.append(worker)


class _Worker:
    """One process, and the pipes to and from it."""

    def __init__(self, root: Directory) -> None:
        # The modules of this very program, and nothing that lies in the directory where it was started.
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(one for one in sys.path if one)}
        arguments = [str(root.fd), "portable"] if root.opener.portable else [str(root.fd)]
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "rules_engine.inventory.worker", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=(root.fd,),
            env=environment,
            # Who interrupts this program at a terminal does not interrupt it: it ends when nobody reads it any more.
            process_group=0,
        )
        self._is_ready = False
        with suppress(OSError):
            # A short pipe would make both wait for each other; where it stays short, that only costs time.
            fcntl.fcntl(self._said, fcntl.F_SETPIPE_SZ, _PIPE)

    @property
    def _said(self) -> BinaryIO:
        return cast("BinaryIO", self._process.stdout)

    def is_ready(self) -> bool:
        """Whether it has come up; without waiting."""
        if not self._is_ready and select.select([self._said], [], [], 0)[0]:
            self._is_ready = self._hear() == "ready"
        return self._is_ready

    def tell(self, message: Any) -> None:
        """Say something to it."""
        try:
            send(cast("BinaryIO", self._process.stdin), message)
        except OSError as err:
            raise WorkerEndedError from err

    def answers(self, inventory: Inventory) -> Iterator[DirectoryFacts]:
        """What it found in the part that it was asked for first."""
        rest = None
        while rest is None:
            found, rest = self._hear()
            for packed in found:
                yield unpack_listing(packed, inventory)
        unpack_rest(rest, inventory)

    def _hear(self) -> Any:
        message = receive(self._said)
        if message is None:
            raise WorkerEndedError
        return message

    def end(self) -> None:
        """Let it end, whatever it is at."""
        # It ends when it finds that nobody asks or listens any more; one that hangs in a look at a dead disk does not.
        for pipe in (self._process.stdin, self._said):
            with suppress(OSError):
                cast("BinaryIO", pipe).close()
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
