"""Every command that changes a root is killed at every call; the same command again makes it as if nothing had been.

Killed before, after and in the middle of the calls, and once more while it recovers. `./dev faults kill --all` tries
all of it; here it is every call, and a part of the rest.
"""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from killcases import NAMES, Kill, killing, pairs, place, problems, singles, whole
from shim import Case, Fault, Server, built

STEP = 6
SECOND = 9
CHANGING = (
    "write,fsync,fdatasync,syncfs,ftruncate,unlink,unlinkat,rmdir,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,"
    "symlink,symlinkat,chmod,fchmod,fchmodat,chown,fchown,fchownat,utimensat,openat,open,creat,truncate,pwrite64,"
    "writev,fallocate,copy_file_range,sendfile,setxattr,fsetxattr,mknodat"
)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server in which the commands are killed."""
    if built() is None:
        pytest.skip("there is no compiler, and only a preloaded library can kill at a chosen call")
    with killing() as found:
        yield found


def carry_out(server: Server, name: str, kills: Iterator[Kill]) -> int:
    """Kill, and hold that nothing is wrong; how many kills there were."""
    want, done = whole(server, name), 0
    for kill in kills:
        count, wrong = problems(server, kill, want)
        assert not wrong, (kill, wrong)
        done += count
    return done


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_killed_command_is_finished_by_the_same_command(server: Server, name: str) -> None:
    """The tree, the trash, the outcomes, the seals and all other state are those of a run that nobody killed."""
    calls = whole(server, name).calls
    assert carry_out(server, name, singles(name, calls, step=STEP)) > len(calls)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_command_that_is_killed_while_it_recovers_is_finished_all_the_same(server: Server, name: str) -> None:
    """Twice at any two calls."""
    calls = whole(server, name).calls
    tried = list(pairs(name, calls, step=SECOND, each=1))
    assert carry_out(server, name, iter(tried)) >= len(tried)


@pytest.mark.slow
def test_what_was_recorded_is_told_to_the_seals_however_often_it_is_killed(server: Server) -> None:
    """Killed between a record and the seals that it is about, and again between the next record and its seals."""
    name = "apply-recording-each"
    seals = [number for number, call in enumerate(whole(server, name).calls, 1) if call == "renameat"][-5:]
    tried = [Kill(name, Fault.BEFORE, first, second) for first in seals for second in range(17, 21)]
    assert carry_out(server, name, iter(tried)) > len(tried)


def test_the_shim_sees_every_call_that_changes_something(tmp_path: Path) -> None:
    """What strace sees a command change below its root are the very calls that it is killed at."""
    if shutil.which("strace") is None or built() is None:
        pytest.skip("needs strace and a compiler")
    trace = tmp_path / "trace"
    wrapper = ("strace", "-f", "-y", "-s", "0", "-o", str(trace), "-e", f"trace={CHANGING}")
    with killing(wrapper) as server, place() as top:
        assert server.run("make", Case(Fault.COUNT), name="apply", top=top).status == 0
        done = server.run("act", Case(Fault.COUNT), name="apply", top=top)
    # Only now strace has written all of it.
    lines = trace.read_text().splitlines()
    if not lines:
        pytest.skip("strace may not trace here")
    assert done.status == 0
    # From the first call of its process on, also those of its threads, nobody else does anything.
    first = next(number for number, line in enumerate(lines) if line.startswith(f"{done.said} "))
    seen = [line for line in lines[first:] if _changes(line, os.path.dirname(top))]
    assert len(seen) == len(done.calls), "\n".join(seen)


def _changes(line: str, top: str) -> bool:
    """Whether a line of strace is about a file, and changes something."""
    if re.search(r" (openat|open)\(", line):
        return "O_CREAT" in line
    if " write(" in line:
        return f"<{top}" in line
    return "resumed>" not in line and "---" not in line and "+++" not in line
