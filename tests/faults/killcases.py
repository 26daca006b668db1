"""The cases of killing every command at every call, for the tests and for `./dev faults kill`."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shim import Case, Fault, Server, serving

NAMES: Final = ("apply", "apply-recording-each", "restore", "trash-empty", "job-finish", "manifest-repair", "pin")
"""As in killing.py, which only its server loads."""
_UNHARMED: Final = Case(Fault.COUNT)
_MEMORY: Final = "/dev/shm"  # noqa: S108 - a filesystem, in which each case has a directory of its own


@dataclass(frozen=True)
class Kill:
    """The command `name` is killed at one call; its repetition, too, where there is a `second`."""

    name: str
    fault: Fault
    at: int
    second: int = 0
    """The call of the repetition before which that is killed; 0 never."""


@dataclass(frozen=True)
class Whole:
    """A run that nobody kills."""

    calls: tuple[str, ...]
    stands: Any
    """What stands afterwards."""


@contextmanager
def killing(wrapper: tuple[str, ...] = ()) -> Iterator[Server]:
    """A server that runs the commands."""
    with serving(Path(__file__).with_name("killing.py"), wrapper) as server:
        yield server


@contextmanager
def place() -> Iterator[str]:
    """Where a scene can be made; in memory if that is possible, for a kill needs no disk."""
    folder = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=folder, prefix="killed-") as top:
        yield f"{top}/scene"


def whole(server: Server, name: str) -> Whole:
    """The command of a scene, carried out to its end."""
    with place() as top:
        done = server.run("act", _UNHARMED, prepare="make", name=name, top=top)
        assert done.status == 0, done.said
        stands = server.run("settled", _UNHARMED, name=name, top=top)
        assert stands.status == 0, stands.said
        return Whole(done.calls, stands.said)


def singles(name: str, calls: tuple[str, ...], *, step: int) -> Iterator[Kill]:
    """A kill before each call; after every `step`-th, and after the last; in the middle of every `step`-th write."""
    writes = [number for number, call in enumerate(calls, 1) if call == "write"]
    yield from (Kill(name, Fault.BEFORE, number) for number in range(1, len(calls) + 1))
    yield from (Kill(name, Fault.AFTER, number) for number in sorted({*range(1, len(calls) + 1, step), len(calls)}))
    yield from (Kill(name, Fault.TORN, number) for number in writes[::step])


def pairs(name: str, calls: tuple[str, ...], *, step: int, each: int) -> Iterator[Kill]:
    """Before every `step`-th call a kill, with `each` second kills at other calls; the same ones every time."""
    for number in range(1, len(calls) + 1, step):
        # The repetition makes about as many calls as were left; what it does not reach is no kill.
        reach = max(len(calls) - number, 8)
        for second in sorted({1 + (number * 7 + turn * reach // each) % reach for turn in range(each)}):
            yield Kill(name, Fault.BEFORE, number, second)


def problems(server: Server, kill: Kill, want: Whole) -> tuple[int, list[str]]:
    """How many kills there were, and what was wrong after them; nothing where all is as if nobody had killed."""
    with place() as top:
        found = server.run("act", Case(kill.fault, kill.at), prepare="make", name=kill.name, top=top)
        if found.status >= 0:
            return 0, [f"was not killed, but ended with {found.status}: {found.said}"]
        kills = 1
        if kill.second:
            again = server.run("act", Case(Fault.BEFORE, kill.second), prepare="hold", name=kill.name, top=top)
            if again.status > 0:
                return kills, [f"the repetition ended with {again.status}: {again.said}"]
            kills += again.status < 0
        last = server.run("finish", _UNHARMED, name=kill.name, top=top)
        if last.status:
            return kills, [f"the last repetition ended with {last.status}: {last.said}"]
        wrong, stands = last.said
        return kills, [*wrong, *differences(want.stands, stands)]


def differences(want: Any, got: Any, place: str = "") -> Iterator[str]:
    """Where two states differ."""
    if isinstance(want, dict) and isinstance(got, dict):
        for key in sorted({*want, *got}):
            yield from differences(want.get(key), got.get(key), f"{place}/{key}")
    elif isinstance(want, list) and isinstance(got, list):
        lacks, has = [one for one in want if one not in got], [one for one in got if one not in want]
        if lacks or has or len(want) != len(got):
            yield f"{place} lacks {lacks}, has {has}"
    elif want != got:
        yield f"{place} is {got}, not {want}"
