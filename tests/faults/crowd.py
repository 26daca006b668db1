"""Processes that start and finish jobs, plan, apply, pin and restore on one root at once; crowdlaws.py judges them.

`python crowd.py TOP WORKERS SECONDS SEED` works on a tree that `make` made. Every file that a worker makes has a path
of its own, which is its content, so that each can be found wherever it was taken.
"""

import contextlib
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from clips import HEROES, LAYOUT, RULES

from rules_engine.cli import apply, job, manifest, pin, plan, restore, runs, unpin  # noqa: F401 - before the forks
from rules_engine.cli.main import run
from rules_engine.filesystem.root import Root
from rules_engine.jobs.runs import recorded_runs

SETTINGS: Final = """\
version: 1
kind: settings
root: media
cleanup: {at_finish: due, retention: 0s, preserve_on_failure: 0s}
limits: {untracked_share: 100%}
"""
ALLOWED: Final[Mapping[str, frozenset[int]]] = {
    "start": frozenset({0}),
    "add": frozenset({0}),
    "finish": frozenset({0}),
    "plan": frozenset({0}),
    "apply": frozenset({0, 7}),
    "apply-file": frozenset({0, 7}),
    "pin": frozenset({0}),
    "unpin": frozenset({0}),
    "restore": frozenset({0, 6, 7}),
}
"""The exit codes that each command may end with: done, nothing to put back, or another run holds the lock."""
_CHECKOUT: Final = Path(__file__).parents[2]
_END_S: Final = 120
"""How long the last command of a process may take, on a slow machine, with its start."""
_SEEN_AFTER_S: Final = 3
"""A run that is under way sees a pin within a second; a slow machine gets more."""


def make(top: Path) -> None:
    """The policies, the root, and what nobody may take."""
    for name, text in (("clip", LAYOUT), ("cleanup", RULES + HEROES), ("settings", SETTINGS)):
        (top / "policies").mkdir(exist_ok=True)
        (top / "policies" / f"{name}.yaml").write_text(text)
    for number in range(8):
        _write(top / "media", f"hero/temp_{number}")
    with Root.create(str(top / "media")):
        pass


def _write(media: Path, name: str) -> None:
    (media / name).parent.mkdir(parents=True, exist_ok=True)
    (media / name).write_text(name)


@dataclass
class Worker:
    """One process, and what it knows to have made."""

    top: Path
    number: int
    chance: random.Random
    said: list[tuple[str, int, str]] = field(default_factory=list)
    """Each command, how it ended, and what it complained of where it must not have."""
    made: list[str] = field(default_factory=list)
    running: dict[str, list[str]] = field(default_factory=dict)
    finished: list[str] = field(default_factory=list)
    pinned: dict[str, float] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    """What was there long after it was pinned, and so must stay."""
    names: int = 0

    @property
    def media(self) -> Path:
        """The root."""
        return self.top / "media"

    def rules(self, name: str, *arguments: str) -> int:
        """Run one command in this process."""
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            code = int(run([*arguments, "--quiet"]))
        said = out.buffer.getvalue().decode()
        is_fine = code in ALLOWED[name] and "Traceback" not in said
        self.said.append((name, code, "" if is_fine else said))
        return code

    def write(self, directory: str, name: str, *, of: str | None = None) -> str:
        """Make a file with a name that no other has."""
        self.names += 1
        path = f"{directory}/{name.format(f'{self.number}-{self.names}')}"
        _write(self.media, path)
        self.made.append(path)
        if of is not None:
            self.running[of].append(path)
        return path

    def start(self) -> None:
        """A new job, or another attempt at one that ended; it makes slides, something undeclared, and a video."""
        again = [one for one in self.finished if one not in self.running]
        job_id = self.chance.choice(again) if again and self.chance.random() < 0.3 else f"w{self.number}-{self.names}"
        if self.rules("start", "job", "start", "clip", "--id", job_id):
            return
        self.running[job_id] = []
        frames = [self.write(f"scratch/{job_id}/frames", "{}.png", of=job_id) for _ in range(3)]
        self.rules("add", "job", "add", job_id, *(f"media/{one}" for one in frames), "--type", "temp_slide")
        video = self.write(f"out/{job_id}/videos", "{}.mkv", of=job_id)
        self.rules("add", "job", "add", job_id, f"media/{video}", "--type", "final_video")
        self.write(f"scratch/{job_id}/temp", "{}.log", of=job_id)

    def finish(self) -> None:
        """One of its jobs ends, and cleans what is due."""
        if self.running:
            job_id = self.chance.choice(sorted(self.running))
            del self.running[job_id]
            self.rules("finish", "job", "finish", job_id, *self.chance.choice([(), ("--failed",)]))
            self.finished.append(job_id)

    def stray(self) -> None:
        """Files and directories without an owner."""
        self.write("stray", "temp_{}")
        self.write(f"stray/{self.number}", "{}.part")
        self.names += 1
        for top in ("cache", "junk"):
            self.write(f"{top}/{self.number}-{self.names}", "{}")

    def plan_first(self) -> None:
        """A plan file, applied a while later."""
        plan_file = f"plan-{self.number}.jsonl"
        if self.rules("plan", "plan", "--out", plan_file) == 0:
            self.stray()
            self.rules("apply-file", "apply", plan_file)

    def apply(self) -> None:
        """Plan and apply in one."""
        self.rules("apply", "apply", "--yes")

    def pin(self) -> None:
        """Protect one of its files."""
        if self.made:
            path = self.chance.choice(self.made)
            self.rules("pin", "pin", f"media/{path}")
            self.pinned.setdefault(path, time.monotonic())

    def unpin(self) -> None:
        """Take a pin away."""
        if self.pinned:
            path = self.chance.choice(sorted(self.pinned))
            del self.pinned[path]
            self.held.discard(path)
            self.rules("unpin", "unpin", f"media/{path}")

    def restore(self) -> None:
        """Put back what some run set aside."""
        with Root.open(str(self.media)) as root:
            ids = [one.run_id for one in recorded_runs(root)]
        if ids:
            self.rules("restore", "restore", self.chance.choice(ids), "--yes")

    def look(self) -> None:
        """What is there long after it was pinned is held from now on."""
        for path, since in self.pinned.items():
            if time.monotonic() - since > _SEEN_AFTER_S and (self.media / path).exists():
                self.held.add(path)

    def work(self, seconds: float) -> None:
        """Do one thing after another until the time is over."""
        acts: list[Callable[[], None]] = [
            *[self.start, self.finish, self.stray, self.apply] * 2,
            *[self.plan_first, self.pin, self.unpin, self.restore, self.look],
        ]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.chance.choice(acts)()

    def told(self) -> dict[str, Any]:
        """What it knows, as JSON."""
        return {
            "said": self.said,
            "made": self.made,
            "running": [path for paths in self.running.values() for path in paths],
            "held": sorted(self.held),
        }


def crowd(top: Path, workers: int, seconds: float, seed: int) -> None:
    """Let so many processes work at once; each writes what it knows into a file of its own."""
    os.chdir(top)
    sys.stdin = io.StringIO()
    children = []
    for number in range(workers):
        child = os.fork()
        if not child:
            worker = Worker(top, number, random.Random(f"{seed} {number}"))  # noqa: S311 - not a secret
            try:
                worker.work(seconds)
            except BaseException:  # noqa: BLE001 - whatever it is, the test wants to see it
                worker.said.append(("worker", 1, traceback.format_exc()))
            (top / f"told-{number}.json").write_text(json.dumps(worker.told()))
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)


def let_work(top: Path, workers: int, seconds: float, seed: int) -> None:
    """Let so many processes work at once; whoever waits for another for ever does not end in time."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE", "COV_", "RULES_"))
    }
    environment["PYTHONPATH"] = str(_CHECKOUT)
    command = [sys.executable, __file__, str(top), str(workers), str(seconds), str(seed)]
    with subprocess.Popen(command, env=environment, start_new_session=True) as process:
        try:
            assert process.wait(timeout=seconds + _END_S) == 0
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise


if __name__ == "__main__":
    crowd(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
