"""What test_every_error.py refuses a call: the scenes of killing.py, the command of each, and what comes after.

Runs in the server of shim.py. Each function takes the directory of its scene and returns JSON.
"""

import contextlib
import io
import json
import re
import sys
from pathlib import Path
from typing import Any, Final

import killing
from afterwards import look, wrong
from killscenes import remembered

from rules_engine.cli import plan, trash, unpin
from rules_engine.cli.main import run
from rules_engine.filesystem.root import Root
from rules_engine.jobs.runs import recorded_runs

COMMANDS: Final = {
    "apply": ("apply", "plan.jsonl"),
    "restore": ("restore", "{first}", "--yes", "--pin"),
    "trash-empty": ("trash", "empty", "--all", "--yes"),
    "job-finish": ("job", "finish", "j2"),
    "manifest-repair": ("manifest", "repair"),
    "pin": ("pin", "media/keeps", "--reason", "second"),
    "unpin": ("unpin", "media/hero"),
    "plan": ("plan", "--release", "heroes", "--format", "json"),
}
MADE_BY: Final = {"unpin": "pin", "plan": "apply"}
"""The scene of a command, where that is not its own name."""
_LATER: Final = {
    # Before the trash is emptied; and what was released is released once.
    "apply": (("restore", "{back}", "--yes"), ("apply", "--yes", "--release", "heroes"), ("apply", "--yes")),
    "job-finish": (("apply", "--yes"),),
}
"""What anybody does sooner or later after a command of which some steps failed."""
_LEFT: Final = re.compile(r"\b(failed|changed|protected|could not|put off)\b", re.IGNORECASE)
"""The words for a step that was not carried out."""
_FOR_PEOPLE: Final = ("due", "handover", "applied", "policies", "restored", "findings", "manifests")
"""What tells of the fault itself, and is no part of what must be as if there had been none."""

for _command in (plan, trash, unpin):
    _command.load_policies = remembered


def make(name: str, top: str) -> None:
    """Make the scene of a command."""
    killing.make(MADE_BY.get(name, name), top)


def attempt(name: str, top: str) -> Any:
    """Run the command, with a call of it refused: its exit code, and all that it says."""
    return _rules(Path(top), COMMANDS[name])


def judge(name: str, top: str, said: str) -> Any:
    """What is wrong after it, and what stands after the same again without the fault.

    Where that left something undone, of which what was said tells, also what stands when later commands were run.
    """
    place = Path(top)
    wrong_at_once = _wrong(name, place)
    _, more = _rules(place, COMMANDS[name])
    if name == "job-finish":
        # It is finished already: whoever reads `rules runs` ends the run of its cleanup that was cut short.
        _end_what_was_cut_short(place)
    first = _found(place)
    left = bool(_LEFT.search(said + more))
    if left or not said:
        for command in _LATER.get(name, ()):
            _rules(place, command)
    # What a later plan takes may leave the trash again.
    wrong_later = _wrong(name, place) if name != "apply" else []
    return {"wrong": [*wrong_at_once, *wrong_later], "left": left, "first": first, "last": _found(place)}


def _end_what_was_cut_short(top: Path) -> None:
    with Root.open(str(top / "media")) as root:
        plans = [run.plan_path for run in recorded_runs(root) if not run.is_whole and run.planned is not None]
    for one in plans:
        _rules(top, ("apply", f"media/{one}"))


def _wrong(name: str, top: Path) -> list[str]:
    scene = killing.SCENES[MADE_BY.get(name, name)]
    return wrong(top, json.loads((top / "kept.json").read_text()), scene.aside, scene.declared)


def _found(top: Path) -> Any:
    ids = json.loads((top / "ids.json").read_text())
    found = {key: what for key, what in look(top, ids, runs=False).items() if key not in _FOR_PEOPLE}
    # An empty folder among what is being removed goes with the next run.
    found["removing"] = [one for one in found["removing"] if one[1][0] != "directory"]
    return {**found, "pins": sorted(found["pins"], key=str)}


def _rules(top: Path, arguments: tuple[str, ...]) -> tuple[int, str]:
    """Run one command in this process."""
    ids = json.loads((top / "ids.json").read_text())
    named = [one.format(**ids) for one in arguments]
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with contextlib.chdir(top), contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        sys.stdin = io.StringIO()
        code = int(run([*named, "--root", "media"]))
    return code, out.buffer.getvalue().decode()
