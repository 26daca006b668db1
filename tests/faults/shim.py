"""Makes the n-th call of a process that changes a filesystem fail: the process dies there, or the call is refused.

`shim.c` is compiled once and preloaded into a server process, which imports the package once and forks for each case.
"""

import ctypes
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

CHECKOUT: Final = Path(__file__).parents[2]
HERE: Final = Path(__file__).parent


class Fault(IntEnum):
    """What happens at the call; the numbers are those of `enum mode` in shim.c."""

    COUNT = 1
    """Nothing: the calls are only counted."""
    BEFORE = 2
    """The process is killed before the call."""
    AFTER = 3
    """The process is killed after the call."""
    TORN = 4
    """As `AFTER`, but of a write only half of the bytes are written."""
    CUT = 5
    """The filesystem is shut down before the call, as if the power was cut; then the process is killed."""
    ERROR = 6
    """The call, and the next ones of its name, are refused."""
    LOOK = 7
    """As `ERROR`, but of the calls that look at what lies below a directory `media`; with 0 none is refused."""


@dataclass(frozen=True)
class Case:
    """One run of a scenario with one fault."""

    fault: Fault
    at: int = 0
    """The number of the call, from 1."""
    error: int = 0
    times: int = 1
    """How often the call is refused; -1 is always."""
    filesystem: str = ""
    """Where the filesystem to shut down is mounted."""
    flags: int = 2
    """2 loses what was not synced; 1 writes the journal out, and loses the data that it speaks of."""


@dataclass(frozen=True)
class Answer:
    """How the run of a case ended."""

    status: int
    """As waitpid gives it, decoded: an exit code, or minus the signal."""
    calls: tuple[str, ...] = ()
    """The calls that were made, by name; of a process that was killed they are not known."""
    said: Any = None
    """What the scenario returned."""


@functools.cache
def built() -> Path | None:
    """The compiled shim; None where there is no compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or sys.platform != "linux":
        return None
    target = Path(tempfile.mkdtemp(prefix="shim-")) / "shim.so"
    source = HERE / "shim.c"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(target), str(source), "-ldl"], check=True)
    return target


class Server:
    """A process with the shim in it that forks for each case."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, scenario: str, case: Case, *, prepare: str = "", **arguments: Any) -> Answer:
        """Run the function of that name with the fault armed, after the function `prepare` without it."""
        asked = {"scenario": scenario, "case": [*vars(case).values()], "prepare": prepare, "arguments": arguments}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the server is gone"
        status, calls, said = json.loads(line)
        return Answer(status, tuple(calls), said)


@contextmanager
def serving(module: Path, wrapper: tuple[str, ...] = ()) -> Iterator[Server]:
    """A server of the scenarios in `module`: its functions take their arguments and return JSON.

    It is started by the command `wrapper`, such as strace.
    """
    shim = built()
    assert shim is not None
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE", "COV_"))}
    environment = {
        **kept,
        "LD_PRELOAD": str(shim),
        "PYTHONPATH": os.pathsep.join([str(CHECKOUT), str(HERE), str(HERE.parent)]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    # The interpreter itself: a wrapper script would be counted too.
    command = [*wrapper, sys.executable, "-c", f"import shim; shim.serve({module.stem!r})"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
    ) as process:
        try:
            yield Server(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(timeout=30)


def serve(module: str) -> None:
    """In the server: take cases from standard input until it ends."""
    scenarios: Mapping[str, Callable[..., Any]] = vars(__import__(module))
    out = os.dup(1)
    os.dup2(2, 1)
    for line in sys.stdin:
        asked = json.loads(line)
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            os.close(reader)
            _one(scenarios, asked, writer)
        os.close(writer)
        with os.fdopen(reader) as source:
            said = source.read()
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        calls, answer = json.loads(said) if said else ([], None)
        os.write(out, (json.dumps([code, calls, answer]) + "\n").encode())


def _one(scenarios: Mapping[str, Callable[..., Any]], asked: Mapping[str, Any], writer: int) -> None:
    """In the child: run the scenario with the fault armed, say what came of it, and end."""
    shim, case, arguments = ctypes.CDLL(None), Case(*asked["case"]), asked["arguments"]
    shim.fault_name.restype = ctypes.c_char_p
    filesystem = os.open(case.filesystem, os.O_RDONLY) if case.filesystem else -1
    code = 0
    said: Any = None
    try:
        if asked["prepare"]:
            scenarios[asked["prepare"]](**arguments)
        shim.fault_arm(int(case.fault), case.at, case.error, case.times, filesystem, case.flags)
        said = scenarios[asked["scenario"]](**arguments)
    except BaseException as err:  # noqa: BLE001 - whatever it is, the test wants to see it
        said, code = f"{type(err).__name__}: {err}", int(getattr(err, "exit_code", 99))
    calls = [shim.fault_name(number).decode() for number in range(1, shim.fault_count() + 1)]
    shim.fault_arm(0, 0, 0, 0, -1, 0)
    os.write(writer, json.dumps([calls, said]).encode())
    os._exit(code)
