"""Kill every command at every call, as tests/faults/test_killed_everywhere.py does for a part: `./dev faults kill`."""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from queue import SimpleQueue
from typing import Final

from killcases import NAMES, Kill, Whole, killing, pairs, problems, singles, whole
from shim import Server, built

_PART: Final = 6


def kills_of(name: str, calls: tuple[str, ...], *, everything: bool, seconds: int) -> Iterator[Kill]:
    """The kills of one command."""
    step = 1 if everything else _PART
    yield from singles(name, calls, step=step)
    yield from pairs(name, calls, step=step, each=seconds)


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Kill, print the counts and what was wrong; 1 where anything was."""
    parser = argparse.ArgumentParser(prog="./dev faults kill", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="COMMAND", help=f"of {', '.join(NAMES)}; all unless given")
    parser.add_argument("--all", action="store_true", help="at every call in every way, instead of a part of the rest")
    parser.add_argument("--seconds", type=int, default=2, metavar="N", help="second kills for each first kill (2)")
    asked = parser.parse_args()
    if built() is None:
        parser.error("there is no compiler, and only a preloaded library can kill at a chosen call")
    began = time.monotonic()
    with ExitStack() as stack:
        servers: SimpleQueue[Server] = SimpleQueue()
        for _ in range(os.cpu_count() or 1):
            servers.put(stack.enter_context(killing()))
        failed = sum(_campaign(servers, name, asked) for name in asked.names or NAMES)
    say(f"{'FAILED' if failed else 'all pass'}, {time.monotonic() - began:.0f} s")
    return 1 if failed else 0


def _campaign(servers: "SimpleQueue[Server]", name: str, asked: argparse.Namespace) -> int:
    first = servers.get()
    want = whole(first, name)
    servers.put(first)
    tried = list(kills_of(name, want.calls, everything=asked.all, seconds=asked.seconds))
    cases, kills, failed = Counter(one.fault.name.lower() for one in tried), 0, 0
    with ThreadPoolExecutor(servers.qsize()) as pool:
        for kill, (count, wrong) in zip(tried, pool.map(lambda one: _one(servers, one, want), tried), strict=True):
            kills += count
            failed += bool(wrong)
            if wrong:
                say(f"{kill}: {wrong}")
    how = ", ".join(f"{count} {fault}" for fault, count in cases.items())
    say(f"{name}: {len(want.calls)} calls, {len(tried)} cases ({how}), {kills} kills, {failed} failed")
    return failed


def _one(servers: "SimpleQueue[Server]", kill: Kill, want: Whole) -> tuple[int, list[str]]:
    server = servers.get()
    try:
        return problems(server, kill, want)
    finally:
        servers.put(server)


if __name__ == "__main__":
    sys.exit(main())
