"""A process that reads directories for another: `python -m rules_engine.inventory.worker DESCRIPTOR`.

It says that it is there, is told once what to look at, and then walks what it is asked for, one part after another.
"""

import os
import sys
from collections.abc import Callable
from typing import Any, BinaryIO, Final

from rules_engine.filesystem.beneath import Opener
from rules_engine.filesystem.directory import Directory
from rules_engine.inventory.model import Inventory
from rules_engine.inventory.pruning import Pruning
from rules_engine.inventory.walking import Walk
from rules_engine.inventory.wire import Pending, pack_listing, pack_rest, receive, row, send, unpack_extent

ENTRIES_AT_ONCE: Final = 1_000
"""Of files and directories, before they are sent: a message costs more than a file."""


def serve(root: Directory, source: BinaryIO, out: BinaryIO) -> None:
    """Walk below `root` what `source` asks for, until it ends."""
    send(out, "ready")
    told = receive(source)
    if told is None:
        return
    markers, extent = told[0], unpack_extent(told[1])
    pruning = Pruning(extent) if extent is not None else None
    while (pending := receive(source)) is not None:
        inventory = Inventory(())
        _walk(Walk(root, inventory, markers, pruning, row), pending, lambda message: send(out, message))


def _walk(walk: Walk[tuple[Any, ...]], pending: list[Pending], say: Callable[[object], None]) -> None:
    found: list[object] = []
    entries = 0
    for listing in walk.go_on(pending):
        found.append(pack_listing(listing, walk.inventory.marked.get(listing.path)))
        entries += 1 + len(listing.files)
        if entries >= ENTRIES_AT_ONCE:
            say((found, None))
            found, entries = [], 0
    say((found, pack_rest(walk.inventory)))


def main() -> None:
    """Serve who started this process, until it asks no more or is gone."""
    root = int(sys.argv[1])
    try:
        serve(Directory(root, Opener(root, portable=len(sys.argv) > 2)), sys.stdin.buffer, sys.stdout.buffer)  # noqa: PLR2004 - one more argument
    except BrokenPipeError:
        # Nobody wants to know the rest; nothing is left to say at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
