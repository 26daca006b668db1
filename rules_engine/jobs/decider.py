"""A process that decides parts of a plan for another: `python -m rules_engine.jobs.decider ROOT STATE`.

It says that it is up, is told its task, and then decides what it is asked for, one part after another; in the end it is
asked what all of that adds up to.
"""

import gc
import os
import sys
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

from rules_engine.errors import RulesError
from rules_engine.filesystem.beneath import Opener
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.machine import this_machine
from rules_engine.filesystem.root import Root
from rules_engine.inventory.model import DirectoryFacts, Inventory, Part
from rules_engine.jobs.wire import (
    FAILED,
    PART,
    READY,
    STEPS,
    SUMS,
    UP,
    pack_error,
    pack_sums,
    receive,
    receive_task,
    send,
)
from rules_engine.manifest.reading import open_shelf
from rules_engine.plan.elsewhere import Task
from rules_engine.plan.model import Batch
from rules_engine.plan.planfile import encode_batch
from rules_engine.plan.staying import StayingInOrder

ENTRIES_AT_ONCE: Final = 1_000
"""Of a plan, before they are sent: a message costs more than a file."""


def serve(root: Root, source: BinaryIO, out: BinaryIO) -> None:
    """Decide below `root` what `source` asks for, until it ends."""
    send(out, UP)
    task = receive_task(source, open_shelf(root.state, this_machine()) if root.state is not None else None)
    if task is None:
        return
    serving = _Serving(root, task, out)
    # All of it stays as long as this process: nothing of it is looked through again and again.
    gc.freeze()
    gc.enable()
    send(out, READY)
    marked = receive(source)
    if marked is None:
        return
    serving.inventory.marked.update(marked)
    try:
        while part := receive(source):
            serving.decide(part[0])
        if part is not None:
            send(out, (SUMS, serving.sums()))
    except RulesError as err:
        send(out, (FAILED, pack_error(err)))


class _Serving:
    """Decides one part after another, and tells what came of it."""

    def __init__(self, root: Root, task: Task, out: BinaryIO) -> None:
        self.inventory = Inventory(())
        self._staying = StayingInOrder()
        self._deciding = task.deciding(self.inventory, self._staying)
        self._go_on = task.source.begin(root, self.inventory)
        self._out = out
        self._directories = 0

    def decide(self, part: Part) -> None:
        """Tell the steps of a part, and what stays in it."""
        looked_at = self._deciding.summary.trailer.looked_at
        directories, files, size = self._directories, looked_at.files, looked_at.bytes
        self._tell(self._deciding.steps(self._counted(self._go_on(part))))
        counts = (self._directories - directories, looked_at.files - files, looked_at.bytes - size)
        send(self._out, (PART, self._staying.taken(), counts))

    def _counted(self, directories: Iterable[DirectoryFacts]) -> Iterator[DirectoryFacts]:
        for facts in directories:
            self._directories += bool(facts.files)
            yield facts

    def _tell(self, batches: Iterable[Batch]) -> None:
        lines: list[bytes] = []
        entries = 0
        for batch in batches:
            lines.append(encode_batch(batch))
            entries += len(batch.entries)
            if entries >= ENTRIES_AT_ONCE:
                send(self._out, (STEPS, lines))
                lines, entries = [], 0
        if lines:
            send(self._out, (STEPS, lines))

    def sums(self) -> bytes:
        """What all parts came to."""
        return pack_sums(self._deciding.sums(), self.inventory)


def main() -> None:
    """Serve who started this process, until it asks no more or is gone."""
    gc.disable()
    directory, state, portable, path, root_id = sys.argv[1:]
    opener = Opener(int(directory), portable=bool(portable))
    opened = Directory(int(state), opener) if state else None
    root = Root(path, Directory(int(directory), opener), opened, root_id or None)
    try:
        serve(root, sys.stdin.buffer, sys.stdout.buffer)
    except BrokenPipeError:
        # Nobody wants to know the rest; nothing is left to say at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
