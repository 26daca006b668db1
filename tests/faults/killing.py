"""What test_killed_everywhere.py kills: scenes, the command of each, and what stands after it.

Runs in the server of shim.py. Each function takes the directory of its scene and returns JSON.
"""

import contextlib
import gc
import io
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from afterwards import look, wrong
from killscenes import (
    ASIDE,
    make_apply,
    make_empty,
    make_finish,
    make_pin,
    make_repair,
    make_restore,
    remembered,
    slides,
)

from rules_engine.apply import group
from rules_engine.cli import apply, job, manifest, pin, restore, trash  # noqa: F401 - loaded before the forks
from rules_engine.cli.main import run
from rules_engine.filesystem.root import Root
from rules_engine.jobs.runs import recorded_runs

for _command in (apply, job, manifest, pin, restore):
    _command.load_policies = remembered


def _rules(top: Path, *arguments: str) -> int:
    """Run one command in this process."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with contextlib.chdir(top), contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        before, sys.stdin = sys.stdin, io.StringIO()
        # Named, for the policies that are remembered name the root of another scene.
        code = int(run([*arguments, "--root", "media"]))
        sys.stdin = before
    if code not in {0, 130}:
        raise RuntimeError(f"`rules {' '.join(arguments)}` ended with {code}: {out.buffer.getvalue().decode()}")
    return code


def run_apply(top: Path) -> None:
    """Carry the plan out."""
    _rules(top, "apply", "plan.jsonl", "--quiet")


def run_apply_recording_each(top: Path) -> None:
    """Carry the plan out, each step made durable and recorded for itself, as in a run whose steps take long."""
    # As if a second went by with every step; a clock that says so would also make all files a second older.
    group.LONGEST, group.AT_ONCE = 0, 1
    run_apply(top)


def run_restore(top: Path) -> None:
    """Put back what the run set aside, and pin it."""
    run_id = json.loads((top / "ids.json").read_text())["first"]
    _rules(top, "restore", run_id, "--yes", "--pin", "--quiet")


def run_empty(top: Path) -> None:
    """Empty all of the trash."""
    _rules(top, "trash", "empty", "--all", "--yes", "--quiet")


def run_finish(top: Path) -> None:
    """Finish the job, which cleans what is due of both."""
    try:
        _rules(top, "job", "finish", "j2")
    except RuntimeError as err:
        # Killed after its seal was written: the job is finished, and what is due goes with the next run.
        if "is finished" not in str(err):
            raise


def settle_finish(top: Path) -> None:
    """Whoever reads `rules runs` finishes the run that was cut short; then comes the run of the night."""
    with Root.open(str(top / "media")) as root:
        plans = [run.plan_path for run in recorded_runs(root) if not run.is_whole and run.planned is not None]
    for plan in plans:
        _rules(top, "apply", f"media/{plan}", "--quiet")
    _rules(top, "apply", "--yes", "--quiet")


def run_repair(top: Path) -> None:
    """Mend what can be mended."""
    with contextlib.suppress(RuntimeError):
        _rules(top, "manifest", "repair", "--quiet")


def run_pin(top: Path) -> None:
    """Pin something, and take the other pin away."""
    _rules(top, "pin", "media/keeps", "--reason", "second")
    with contextlib.suppress(RuntimeError):
        # Killed after the word, there is nothing to take away any more.
        _rules(top, "unpin", "media/hero")


@dataclass(frozen=True)
class Scene:
    """What is made, the command that is killed, and what anybody does sooner or later after it."""

    make: Callable[[Path], None]
    run: Callable[[Path], None]
    settle: Callable[[Path], None] = lambda _top: None
    aside: tuple[str, ...] = ()
    """What always lies at its place or in the trash."""
    declared: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What a job is always known to have."""
    hints: bool = True
    """Whether a kill leaves the hints at what falls due as they would be; they are never evidence."""
    same_plan: bool = False
    """Whether the command again carries out the plan of the one that was killed."""


SCENES: Final = {
    "apply": Scene(make_apply, run_apply, aside=ASIDE, same_plan=True),
    "apply-recording-each": Scene(make_apply, run_apply_recording_each, aside=ASIDE, same_plan=True),
    "restore": Scene(make_restore, run_restore, aside=("a.part", "old/deep/b.part", "cache/a/f0", *slides("j1"))),
    "trash-empty": Scene(make_empty, run_empty),
    "job-finish": Scene(make_finish, run_finish, settle_finish, aside=(*slides("j1"), *slides("j2")), hints=False),
    "manifest-repair": Scene(
        make_repair, run_repair, declared={one: (slides(one)[0], f"out/{one}/videos/final.mkv") for one in ("j1", "j2")}
    ),
    "pin": Scene(make_pin, run_pin),
}


def make(name: str, top: str) -> None:
    """Make the scene."""
    SCENES[name].make(Path(top))


def act(name: str, top: str) -> int:
    """Run the command of the scene: what is killed. Gives the process that it ran in."""
    SCENES[name].run(Path(top))
    return os.getpid()


def between(name: str, top: str) -> list[str]:
    """What is wrong after a kill."""
    scene = SCENES[name]
    kept = json.loads((Path(top) / "kept.json").read_text())
    return wrong(Path(top), kept, scene.aside, scene.declared)


def hold(name: str, top: str) -> None:
    """Hold that nothing is wrong after a kill."""
    wrong = between(name, top)
    if wrong:
        raise AssertionError(wrong)


def finish(name: str, top: str) -> Any:
    """See what is wrong, run the command again, to its end, and see what stands then."""
    wrong = between(name, top)
    SCENES[name].run(Path(top))
    return [wrong, settled(name, top)]


def settled(name: str, top: str) -> Any:
    """What stands after the command."""
    scene, ids = SCENES[name], json.loads((Path(top) / "ids.json").read_text())
    scene.settle(Path(top))
    found = look(Path(top), ids, runs=scene.same_plan)
    return found if scene.hints else {**found, "due": []}


def _warm_up() -> None:
    """Load and compile in the server what each fork would otherwise load for itself."""
    with tempfile.TemporaryDirectory() as folder:
        for name in SCENES:
            if not name.endswith("-each"):
                make(name, f"{folder}/{name}")
                act(name, f"{folder}/{name}")
    gc.collect()
    gc.freeze()


_warm_up()
