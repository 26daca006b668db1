"""A repair is killed before each system call that changes something; the same repair again ends in the same state."""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from rules_engine.filesystem.machine import Machine
from rules_engine.filesystem.root import Root
from rules_engine.manifest.request import StartRequest
from rules_engine.manifest.store import ManifestStore
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import FileType, JobId, JobType

CALLS = ("mkdirat", "renameat", "renameat2", "unlinkat", "ftruncate", "fsync", "write")
CHECKOUT = Path(__file__).parents[2]
VICTIM = """
import sys
from rules_engine.filesystem.machine import Machine
from rules_engine.filesystem.root import Root
from rules_engine.manifest.store import ManifestStore
from rules_engine.values.quantities import Instant
class Clock:
    def now(self):
        return Instant(1_000)
with Root.open(sys.argv[1]) as root:
    ManifestStore(root, Clock(), machine=Machine("alpha", "boot", Instant(0))).mend("j")
"""


class FixedClock:
    """Always the same moment, so that what is mended twice is the same."""

    def now(self) -> Instant:
        """That moment."""
        return Instant(1_000)

    def sleep(self, seconds: float) -> None:
        """Wait for nothing."""


def make_damage(top: Path, kind: str) -> None:
    """A root with one damaged job: a line is wrong in log and backup, or in a log that a seal covers."""
    (top / "media").mkdir(parents=True)
    with Root.create(str(top / "media")) as root:
        store = ManifestStore(root, FixedClock(), machine=Machine("alpha", "boot", Instant(0)))
        critical = kind == "lost"
        store.start(StartRequest(JobId("j"), JobType("clip"), RelPath("w/j"), RelPath("o"), critical=critical))
        for name in ("a", "b", "c"):
            store.add_files("j", [(RelPath(f"o/{name}"), FileType("final_video"))])
        if kind == "sealed":
            store.finish("j", success=True, directories=[])
    for place in ("manifests", "backups"):
        log = top / "media/.rules" / place / "j@alpha.jsonl"
        if log.exists():
            log.write_bytes(log.read_bytes().replace(b"o/b", b"o/x"))


def run_victim(top: Path, *strace: str) -> int:
    """Repair in a process of its own, under strace; its exit code."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    environment = {**kept, "PYTHONPATH": str(CHECKOUT), "PYTHONDONTWRITEBYTECODE": "1"}
    victim = [sys.executable, "-c", VICTIM, str(top / "media")]
    command = ["strace", "-f", "-qq", "-o", str(top / "trace"), *strace, *victim]
    return subprocess.run(command, check=False, env=environment, capture_output=True).returncode


def calls_of(top: Path) -> Counter[str]:
    """How often the victim made each call."""
    return Counter(re.findall(r"^\d+ +(\w+)\(", (top / "trace").read_text(errors="replace"), re.MULTILINE))


def state_of(top: Path) -> dict[str, bytes]:
    """The state, but for its id and what a killed writer left aside."""
    state = top / "media/.rules"
    files = {str(path.relative_to(state)): path for path in state.rglob("*") if path.is_file()}
    kept = {name: path for name, path in files.items() if not path.name.startswith(".") and name != "root.json"}
    return {name: path.read_bytes() for name, path in sorted(kept.items())}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["lost", "sealed"])
def test_a_repair_killed_before_any_call_is_finished_by_the_next(tmp_path: Path, kind: str) -> None:
    """Log, backup, seal and what was set aside are those of a repair that nobody killed; no line is lost on the way."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed, and only it can stop a process before a chosen call")
    make_damage(tmp_path / "scene", kind)
    whole = tmp_path / "whole"
    shutil.copytree(tmp_path / "scene", whole)
    if run_victim(whole, "-e", f"trace={','.join(CALLS)}"):
        pytest.skip("strace may not trace here")
    counted = calls_of(whole)
    assert {"renameat", "fsync", "write", "mkdirat"} <= counted.keys()
    want = state_of(whole)
    for call, times in sorted(counted.items()):
        for number in range(1, times + 1):
            top = tmp_path / f"{call}-{number}"
            shutil.copytree(tmp_path / "scene", top)
            code = run_victim(top, "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}")
            assert code in {-9, 128 + 9}, top.name
            with Root.open(str(top / "media")) as root:
                store = ManifestStore(root, FixedClock(), machine=Machine("alpha", "boot", Instant(0)))
                # Whoever reads in between sees the job, with every file that the intact lines name.
                (record,) = store.load().jobs
                assert {"a", "c"} <= set(record.files[RelPath("o")]), top.name
                store.mend("j")
            assert state_of(top) == want, top.name
