"""Another process uses a file while a plan is carried out: it is left alone, however the process uses it."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rules_engine.apply.applying import apply_plan
from rules_engine.apply.model import Outcome, RunResult
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.plan.model import Batch, Entry, Header, Plan, PlanLimits, StepAction, Trailer
from rules_engine.policy.model import PolicySet
from rules_engine.values.paths import RelPath

USES = {
    "reads": "held = open(path)",
    "writes": "held = open(path, 'r+b')",
    "mapped": "source = open(path); held = mmap.mmap(source.fileno(), 0, prot=mmap.PROT_READ); source.close()",
    "flock_shared": "held = open(path); fcntl.flock(held, fcntl.LOCK_SH)",
    "lease": "held = open(path); fcntl.fcntl(held, fcntl.F_SETSIG, signal.SIGURG); "
    "fcntl.fcntl(held, fcntl.F_SETLEASE, fcntl.F_WRLCK)",
}
PROGRAM = "import fcntl, mmap, signal, sys\npath = sys.argv[1]\n{}\nprint(flush=True)\nsys.stdin.read()"
OPENER = "import sys\npath = sys.argv[1]\nprint(flush=True)\nwhile True:\n    open(path).close()"
ASKER = """
import sys
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.leases import Asker
with Directory.open_root(sys.argv[1]) as here:
    asker, inode = Asker(here), here.stat("f0").inode
    print(*sorted({asker.use_of(here, "f0", inode).name for _ in range(50_000)}))
"""

pytestmark = pytest.mark.skipif(not hasattr(fcntl, "F_SETLEASE"), reason="this system has no leases")


@contextmanager
def process(program: str, path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that runs the program on a path, once it said that it is there."""
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as started:
        assert started.stdout is not None
        started.stdout.readline()
        try:
            yield started
        finally:
            started.kill()


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Root]:
    """A root with three untracked files in `a/b`."""
    (tmp_path / "media/a/b").mkdir(parents=True)
    for name in ("f0", "f1", "f2"):
        (tmp_path / "media/a/b" / name).write_bytes(b"123")
    with Root.create(str(tmp_path / "media")) as found:
        yield found


def carry_out(root: Root, *names: str, action: StepAction = StepAction.DELETE) -> RunResult:
    """Remove files of `a/b` as they are now."""
    entries = []
    with root.directory.open(RelPath("a/b")) as here:
        for name in names or here.names():
            found = here.stat(name)
            assert found is not None
            identity = (found.inode, found.size, found.mtime_ns, found.ctime_ns, found.nlink)
            entries.append(Entry(name, found.kind, *identity))
    header = Header(SystemClock().now(), root.root_id, "d", PlanLimits(None, None, None, None), {})
    plan = Plan(header, (Batch(RelPath("a/b"), action, tuple(entries)),), Trailer())
    return apply_plan(plan, root, policies=PolicySet(digest="d"), clock=SystemClock())


def protected(result: RunResult) -> list[tuple[str, str]]:
    """What was protected, and why."""
    return [(one.path, one.cause) for one in result.noted if one.outcome is Outcome.PROTECTED]


@pytest.mark.parametrize("action", [StepAction.DELETE, StepAction.TRASH])
@pytest.mark.parametrize("use", USES)
def test_a_file_that_a_process_uses_stays_and_the_others_go(root: Root, use: str, action: StepAction) -> None:
    """Read, written, mapped after it was closed, locked, or leased: one of three stays."""
    path = Path(root.path) / "a/b/f1"
    with process(PROGRAM.format(USES[use]), path):
        result = carry_out(root, action=action)
    why = "a process holds a lock on it" if use == "flock_shared" else "a process has it open"
    assert protected(result) == [("a/b/f1", why)]
    assert result.count(Outcome.DONE) == 2
    assert path.read_bytes() == b"123"


def test_a_file_that_is_open_under_another_name_stays(root: Root) -> None:
    """A hard link outside the root is opened, and the name below the root is not removed meanwhile."""
    other = Path(root.path).parent / "other"
    os.link(Path(root.path) / "a/b/f0", other)
    with process(PROGRAM.format(USES["reads"]), other):
        assert protected(carry_out(root, "f0")) == [("a/b/f0", "a process has it open")]


def test_a_file_goes_once_nobody_uses_it_any_more(root: Root) -> None:
    """The next plan takes what the last one had to leave."""
    with process(PROGRAM.format(USES["mapped"]), Path(root.path) / "a/b/f0"):
        assert carry_out(root).count(Outcome.DONE) == 2
    assert carry_out(root).count(Outcome.DONE) == 1


@pytest.mark.parametrize("locked", ["", "a", "a/b"])
def test_a_lock_on_a_directory_protects_everything_below_it(root: Root, locked: str) -> None:
    """Also one on the root itself, as cleaners agreed on."""
    program = "import os\nheld = os.open(path, os.O_RDONLY); fcntl.flock(held, fcntl.LOCK_SH)"
    with process(PROGRAM.format(program), Path(root.path) / locked):
        result = carry_out(root)
    what = f"the directory `{locked}`" if locked else "the root"
    assert {cause for _, cause in protected(result)} == {f"a process holds a lock on {what}"}
    assert len(protected(result)) == 3


def test_a_process_that_asks_is_not_killed_by_one_that_opens_the_file(tmp_path: Path) -> None:
    """The system signals whoever has a lease that another process opens the file; by default that signal kills."""
    (tmp_path / "f0").write_bytes(b"123")
    with process(OPENER, tmp_path / "f0") as opener:
        done = subprocess.run([sys.executable, "-c", ASKER, str(tmp_path)], check=False, capture_output=True, text=True)
        assert opener.poll() is None
    assert done.returncode == 0
    assert done.stdout.split() == ["FREE", "OPEN"]


def test_a_locked_empty_directory_stays(root: Root) -> None:
    """A lock on an empty directory protects that directory too."""
    (Path(root.path) / "a/b/empty").mkdir()
    program = "import os\nheld = os.open(path, os.O_RDONLY); fcntl.flock(held, fcntl.LOCK_EX)"
    with process(PROGRAM.format(program), Path(root.path) / "a/b/empty"):
        result = carry_out(root, "empty", action=StepAction.REMOVE_DIRECTORY)
    assert protected(result) == [("a/b/empty", "a process holds a lock on it")]
