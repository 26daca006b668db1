"""Other processes that decide parts of a plan; in the order of one process, so that plans stay the same."""

import fcntl
import itertools
import os
import select
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, Final, cast

from rules_engine.errors import ExitCode, RulesError
from rules_engine.filesystem.root import Root
from rules_engine.inventory.model import Inventory, Part
from rules_engine.jobs.wire import (
    FAILED,
    READY,
    STEPS,
    UP,
    receive,
    send,
    send_task,
    unpack_error,
    unpack_sums,
)
from rules_engine.plan.deciding import Sums
from rules_engine.plan.elsewhere import Task
from rules_engine.plan.model import Batch, Count
from rules_engine.plan.planfile import decode_batch
from rules_engine.plan.staying import Staying

WORTH_IT: Final = 40_000
"""Files that are looked at before another process is started: below that it costs more than it takes over."""
MANY_JOBS: Final = 2_000
"""Finished jobs of which it is known beforehand that they make a long plan."""
_AHEAD: Final = 2
"""Parts that each process is asked for before the first one is wanted."""
_PIPE: Final = 2**20
_PATIENCE_S: Final = 2.0


class DeciderEndedError(RulesError):
    """A process that decides a part of a plan was gone before it had told everything."""

    exit_code = ExitCode.UNEXPECTED

    def __str__(self) -> str:
        return "a process that decides a part of the plan ended too early\n  help: try again, with `--jobs 1` in one"


class Processes:
    """So many processes for one plan; started when it has shown to be a long one."""

    def __init__(self, count: int, *, worth_it: int = WORTH_IT) -> None:
        self._count = count
        self._worth_it = worth_it
        self._root: Root | None = None
        self._task: Task | None = None
        self._deciders: list[_Decider] = []
        self._are_told = False

    @contextmanager
    def coming_up(self, root: Root, *, jobs: int) -> Iterator[None]:
        """Say what they work on; where there are many finished jobs, they come up while these are read."""
        self._root = root
        try:
            if jobs >= MANY_JOBS:
                self._start(root)
            yield
        except BaseException:
            self.end()
            raise

    def prepare(self, task: Task) -> None:
        """Say what they are to be told, once they are wanted."""
        self._task = task

    def is_ready(self, files: int) -> bool:
        """Whether all can go on; the first to ask when so many `files` were looked at has them started."""
        if self._root is None or self._task is None or (files < self._worth_it and not self._deciders):
            return False
        self._start(self._root)
        try:
            return bool(self._deciders) and self._are_all_ready(self._task)
        except (OSError, DeciderEndedError):
            # Nothing was left to them yet, so the plan is made without them.
            self.end()
            self._count = 0
            return False

    def _start(self, root: Root) -> None:
        if self._deciders or not sys.executable:
            return
        try:
            for _ in range(self._count):
                self._deciders.append(_Decider(root))
        except OSError:
            # No more processes, or no memory for them: one is enough.
            self.end()
            self._count = 0

    def _are_all_ready(self, task: Task) -> bool:
        if any(not one.is_up() for one in self._deciders):
            return False
        if not self._are_told:
            send_task([one.asked for one in self._deciders], task)
            self._are_told = True
        return all(one.is_ready() for one in self._deciders)

    def decide(self, inventory: Inventory, staying: Staying) -> Iterator[Batch]:
        """The steps of what was left to them, in order."""
        for one in self._deciders:
            one.tell(inventory.marked)
        parts = iter(inventory.left)
        asked: deque[_Decider] = deque()
        for decider in itertools.islice(itertools.cycle(self._deciders), self._count * _AHEAD):
            _ask(decider, parts, asked)
        while asked:
            decider = asked.popleft()
            yield from decider.steps(inventory, staying)
            _ask(decider, parts, asked)

    def sums(self, inventory: Inventory) -> Iterator[Sums]:
        """What each of them came to in all."""
        for one in self._deciders:
            one.tell(())
        for one in self._deciders:
            yield one.sums(inventory)

    def end(self) -> None:
        """Let them end, whatever they are at."""
        for one in self._deciders:
            one.end()
        self._deciders = []


def processes_for(count: int) -> Processes | None:
    """So many processes besides this one; None where this one does it alone."""
    return Processes(count) if count > 1 else None


def _ask(decider: "_Decider", parts: Iterator[Part], asked: "deque[_Decider]") -> None:
    part = next(parts, None)
    if part is not None:
        decider.tell((part,))
        asked.append(decider)


class _Decider:
    """One process, and the pipes to and from it."""

    def __init__(self, root: Root) -> None:
        # The modules of this very program, and nothing that lies in the directory where it was started.
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(one for one in sys.path if one)}
        fds = [root.directory.fd] if root.state is None else [root.directory.fd, root.state.fd]
        state = "" if root.state is None else str(root.state.fd)
        portable = "portable" if root.directory.opener.portable else ""
        arguments = [str(root.directory.fd), state, portable, root.path, root.root_id or ""]
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "rules_engine.jobs.decider", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=fds,
            env=environment,
            # Who interrupts this program at a terminal does not interrupt it: it ends when nobody reads it any more.
            process_group=0,
        )
        self._is_up = self._is_ready = False
        with suppress(OSError):
            # A short pipe would make both wait for each other; where it stays short, that only costs time.
            fcntl.fcntl(self._said, fcntl.F_SETPIPE_SZ, _PIPE)

    @property
    def asked(self) -> BinaryIO:
        """Where it hears."""
        return cast("BinaryIO", self._process.stdin)

    @property
    def _said(self) -> BinaryIO:
        return cast("BinaryIO", self._process.stdout)

    def is_up(self) -> bool:
        """Whether it can be told its task; without waiting."""
        if not self._is_up and self._has_said_something():
            self._is_up = self._hear() == UP
        return self._is_up

    def is_ready(self) -> bool:
        """Whether it has taken in its task; without waiting."""
        if not self._is_ready and self._has_said_something():
            self._is_ready = self._hear() == READY
        return self._is_ready

    def _has_said_something(self) -> bool:
        return bool(select.select([self._said], [], [], 0)[0])

    def tell(self, message: Any) -> None:
        """Say something to it."""
        try:
            send(self.asked, message)
        except OSError as err:
            raise DeciderEndedError from err

    def steps(self, inventory: Inventory, staying: Staying) -> Iterator[Batch]:
        """The steps of the part that it was asked for first."""
        kind, *said = self._hear()
        while kind == STEPS:
            for line in said[0]:
                yield decode_batch(line)
            kind, *said = self._hear()
        stayed, counts = said
        for directory, files, size in stayed:
            staying.add(directory, Count(files, size))
        inventory.count(*counts)

    def sums(self, inventory: Inventory) -> Sums:
        """What all its parts came to."""
        _, packed = self._hear()
        return unpack_sums(packed, inventory)

    def _hear(self) -> Any:
        message = receive(self._said)
        if message is None:
            raise DeciderEndedError
        if message[0] == FAILED:
            raise unpack_error(message[1])
        return message

    def end(self) -> None:
        """Let it end, whatever it is at."""
        # It ends when it finds that nobody asks or listens any more; one that hangs in a look at a dead disk does not.
        for pipe in (self.asked, self._said):
            with suppress(OSError):
                pipe.close()
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
