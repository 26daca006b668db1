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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from afterwards import CONTENT, look, wrong

from rules_engine.apply import group
from rules_engine.apply.applying import apply_plan
from rules_engine.cli import apply, job, manifest, pin, restore, trash  # noqa: F401 - loaded before the forks
from rules_engine.cli.main import run
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.jobs import lifecycle, pinning
from rules_engine.jobs.planning import survey
from rules_engine.jobs.restoring import restoring
from rules_engine.jobs.runs import find_run, recorded_runs
from rules_engine.plan.given import Ask, Pin
from rules_engine.plan.model import Batch, Count, Entry, Plan, StepAction
from rules_engine.plan.planfile import write_plan
from rules_engine.policy.load import load_policies
from rules_engine.policy.model import PolicySet
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import EntryKind, FileType, RuleName

LAYOUT: Final = """\
version: 1
kind: layout
job_type: clip
workspace: "scratch/{job_id}"
output: "out/{job_id}"
status: "jobs/{status}/{job_id}"
directories:
  temp: {in: workspace}
  frames: {in: workspace, holds: [temp_slide]}
  videos: {in: output, holds: [final_video]}
critical: true
"""
RULES: Final = """\
version: 1
kind: cleanup
rules:
  - {name: slides, files: {type: temp_slide}, after: 0s, action: trash}
  - {name: rest, files: {in: workspace, tracked: any}, otherwise: true, after: 0s, action: delete}
  - {name: parts, files: {match: ["*.part"], tracked: false}, after: 0s, action: trash}
  - {name: temps, files: {match: ["temp_*"], tracked: false}, after: 0s, action: delete}
  - {name: caches, unit: directory, files: {match: ["/cache/*/"]}, after: 0s, action: trash}
  - {name: junk, unit: directory, files: {match: ["/junk/*/"]}, after: 0s, action: delete}
  - {name: empties, directories: {match: ["/old/**/"], empty: true}, after: 0s, action: delete}
"""
HEROES: Final = '  - {name: heroes, files: {match: ["/hero/"]}, action: keep}\n'
SETTINGS: Final = """\
version: 1
kind: settings
root: media
cleanup: {at_finish: AT_FINISH, retention: 0s, preserve_on_failure: 0s}
trash: {keep: KEEP, empty: with_apply}
"""
KEPT: Final = ("out/j1/videos/final.mkv", "keeps/film.mkv", "hero/still.png")
UNITS: Final = ("cache/a", "junk/a")
UNIT_FILES: Final = ("f0", "sub/f1", "sub/deep/f2")
_LOADED: Final[dict[tuple[str, ...], PolicySet]] = {}


def slides(job_id: str) -> tuple[str, ...]:
    """The files of a job that go to the trash."""
    return tuple(f"scratch/{job_id}/frames/{number}.png" for number in range(2))


ASIDE: Final = ("a.part", "many/b.part", *(f"cache/a/{name}" for name in UNIT_FILES), *slides("j1"))


def _policies(top: Path, *, heroes: bool, keep: str, at_finish: str = "nothing") -> PolicySet:
    folder = top / "policies"
    folder.mkdir(exist_ok=True)
    (folder / "clip.yaml").write_text(LAYOUT)
    (folder / "cleanup.yaml").write_text(RULES + (HEROES if heroes else ""))
    (folder / "settings.yaml").write_text(SETTINGS.replace("KEEP", keep).replace("AT_FINISH", at_finish))
    with contextlib.chdir(top):
        return _remembered(["policies"])


def _remembered(folders: Sequence[str], **more: Any) -> PolicySet:
    """The policies of a scene, loaded once for all commands: to read them changes nothing and takes long."""
    texts = tuple(path.read_text() for folder in folders for path in sorted(Path(folder).iterdir()))
    if texts not in _LOADED:
        _LOADED[texts] = load_policies(folders, **more)
    return _LOADED[texts]


for _command in (apply, job, manifest, pin, restore):
    _command.load_policies = _remembered


def _write(top: Path, *names: str, text: str = CONTENT) -> None:
    for name in names:
        path = top / "media" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


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


def _apply(root: Root, policies: PolicySet) -> str:
    """Plan, and carry the plan out; the id of the run."""
    clock = SystemClock()
    return apply_plan(
        survey(policies, root, clock).plan(clock.now()).collected(), root, policies=policies, clock=clock
    ).run_id


def _set_aside(top: Path, root: Root, policies: PolicySet, name: str) -> str:
    """The id of a run that set that file aside."""
    _write(top, name)
    return _apply(root, policies)


def _job(top: Path, root: Root, policies: PolicySet, job_id: str, *, finish: bool = True) -> None:
    clock = SystemClock()
    video = f"out/{job_id}/videos/final.mkv"
    lifecycle.start(root, policies, clock, "clip", job_id=job_id)
    for slide in slides(job_id):
        lifecycle.add(root, policies, clock, job_id, [RelPath(slide)], file_type=FileType("temp_slide"))
    lifecycle.add(root, policies, clock, job_id, [RelPath(video)], file_type=FileType("final_video"))
    _write(top, *slides(job_id), video, f"scratch/{job_id}/temp/log.txt")
    if finish:
        lifecycle.finish(root, policies, clock, job_id, success=True)


@contextlib.contextmanager
def _begun(top: Path) -> Iterator[tuple[Root, PolicySet]]:
    (top / "media").mkdir(parents=True)
    policies = _policies(top, heroes=True, keep="7d")
    with Root.create(str(top / "media")) as root:
        _write(top, *KEPT[1:])
        yield root, policies


def make_apply(top: Path) -> None:
    """A plan with every kind of step, also such as only a restore or a layout makes."""
    with _begun(top) as (root, before):
        early, back = (_set_aside(top, root, before, name) for name in ("early.part", "gone/back.part"))
        (top / "media/gone").rmdir()
        _job(top, root, before, "j1")
        _write(top, "a.part", "many/b.part", "many/temp_1", "many/temp_2", "many/stays.txt", "hero/temp_hero")
        _write(top, *(f"{unit}/{name}" for unit in UNITS for name in UNIT_FILES))
        (top / "media/old/deep/deeper").mkdir(parents=True)
        (top / "media/links").mkdir()
        (top / "media/links/old").symlink_to("../keeps")
        policies, clock = _policies(top, heroes=False, keep="0s"), SystemClock()
        with restoring(root, clock, find_run(root, back), (), policies) as way:
            undone = way.plan.collected()
        ask = Ask(release=frozenset({RuleName("heroes")}))
        _write_plan(top, undone, survey(policies, root, clock).plan(clock.now(), ask).collected())
    _name(top, early=early, back=back)


def _write_plan(top: Path, undone: Plan, planned: Plan) -> None:
    by_hand = (
        Batch(RelPath("links"), StepAction.CREATE_LINK, (Entry("new", EntryKind.LINK, target="../keeps"),)),
        Batch(RelPath("links"), StepAction.REMOVE_LINK, (Entry("old", EntryKind.LINK, target="../keeps"),)),
    )
    counts = {"create_link": Count(1), "remove_link": Count(1)}
    steps = {**undone.trailer.steps, **counts, **planned.trailer.steps}
    batches = (*undone.batches, *by_hand, *planned.batches)
    assert {one.action for one in batches} == {*StepAction}, sorted({one.action for one in batches})
    assert sum(one.reason == "unit" for one in batches) == len(UNITS)
    assert not planned.trailer.refusals
    with (top / "plan.jsonl").open("wb") as out:
        write_plan(Plan(planned.header, batches, replace(planned.trailer, steps=steps)), out)


def _name(top: Path, **ids: str) -> None:
    (top / "ids.json").write_text(json.dumps(ids))
    (top / "kept.json").write_text(json.dumps([name for name in KEPT if (top / "media" / name).exists()]))


def run_apply(top: Path) -> None:
    """Carry the plan out."""
    _rules(top, "apply", "plan.jsonl", "--quiet")


def run_apply_recording_each(top: Path) -> None:
    """Carry the plan out, each step made durable and recorded for itself, as in a run whose steps take long."""
    # As if a second went by with every step; a clock that says so would also make all files a second older.
    group.LONGEST, group._LOOK_AT_CLOCK = 0, 1
    run_apply(top)


def make_restore(top: Path) -> None:
    """A run that set aside files, files of a job and a directory, and removed the directories around them."""
    with _begun(top) as (root, policies):
        _job(top, root, policies, "j1")
        _write(top, "a.part", "old/deep/b.part", "cache/a/f0", "cache/a/sub/f1")
        run_id = _apply(root, policies)
    # Gone by other means: what is to come back needs the directories made again.
    (top / "media/old/deep").rmdir()
    (top / "media/old").rmdir()
    _name(top, first=run_id)


def run_restore(top: Path) -> None:
    """Put back what the run set aside, and pin it."""
    run_id = json.loads((top / "ids.json").read_text())["first"]
    _rules(top, "restore", run_id, "--yes", "--pin", "--quiet")


def make_empty(top: Path) -> None:
    """A trash with files and a directory of two runs."""
    with _begun(top) as (root, policies):
        first = _set_aside(top, root, policies, "early.part")
        _write(top, "a.part", "cache/a/f0", "cache/a/sub/f1", "cache/a/sub/deep/f2")
        _name(top, first=first, second=_set_aside(top, root, policies, "b.part"))


def run_empty(top: Path) -> None:
    """Empty all of the trash."""
    _rules(top, "trash", "empty", "--all", "--yes", "--quiet")


def make_finish(top: Path) -> None:
    """A finished job of which everything is due, and one that is about to finish."""
    with _begun(top) as (root, policies):
        _job(top, root, policies, "j1")
        _job(top, root, policies, "j2", finish=False)
    _policies(top, heroes=True, keep="7d", at_finish="due")
    _name(top)


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


def make_repair(top: Path) -> None:
    """Damage of both kinds: a line that is wrong in log and backup, and one in a log that a seal covers."""
    with _begun(top) as (root, policies):
        _job(top, root, policies, "j1")
        _job(top, root, policies, "j2", finish=False)
    for place in ("manifests", "backups"):
        for log in sorted((top / "media/.rules" / place).glob("j*.jsonl")):
            log.write_bytes(log.read_bytes().replace(b"frames/1", b"frames/x", 1))
    _name(top)


def run_repair(top: Path) -> None:
    """Mend what can be mended."""
    with contextlib.suppress(RuntimeError):
        _rules(top, "manifest", "repair", "--quiet")


def make_pin(top: Path) -> None:
    """A root with one pin."""
    with _begun(top) as (root, _):
        pinning.pin(root, SystemClock(), Pin(RelPath("hero"), reason="first"))
    _name(top)


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
