"""The scenes that killing.py kills a command in: how each is made; no test itself."""

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from afterwards import CONTENT
from clips import HEROES, LAYOUT, RULES

from rules_engine.apply.applying import apply_plan
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.jobs import lifecycle, pinning
from rules_engine.jobs.planning import survey
from rules_engine.jobs.restoring import restoring
from rules_engine.jobs.runs import find_run
from rules_engine.plan.given import Ask, Pin
from rules_engine.plan.model import Batch, Count, Entry, Plan, StepAction
from rules_engine.plan.planfile import write_plan
from rules_engine.policy.load import load_policies
from rules_engine.policy.model import PolicySet
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import EntryKind, FileType, RuleName

EMPTIES: Final = '  - {name: empties, directories: {match: ["/old/**/"], empty: true}, after: 0s, action: delete}\n'
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
    (folder / "clip.yaml").write_text(LAYOUT + "critical: true\n")
    (folder / "cleanup.yaml").write_text(RULES + EMPTIES + (HEROES if heroes else ""))
    (folder / "settings.yaml").write_text(SETTINGS.replace("KEEP", keep).replace("AT_FINISH", at_finish))
    with contextlib.chdir(top):
        return remembered(["policies"])


def remembered(folders: Sequence[str], **more: Any) -> PolicySet:
    """The policies of a scene, loaded once for all commands: to read them changes nothing and takes long."""
    texts = tuple(path.read_text() for folder in folders for path in sorted(Path(folder).iterdir()))
    if texts not in _LOADED:
        _LOADED[texts] = load_policies(folders, **more)
    return _LOADED[texts]


def _write(top: Path, *names: str, text: str = CONTENT) -> None:
    for name in names:
        path = top / "media" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


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


def make_empty(top: Path) -> None:
    """A trash with files and a directory of two runs."""
    with _begun(top) as (root, policies):
        first = _set_aside(top, root, policies, "early.part")
        _write(top, "a.part", "cache/a/f0", "cache/a/sub/f1", "cache/a/sub/deep/f2")
        _name(top, first=first, second=_set_aside(top, root, policies, "b.part"))


def make_finish(top: Path) -> None:
    """A finished job of which everything is due, and one that is about to finish."""
    with _begun(top) as (root, policies):
        _job(top, root, policies, "j1")
        _job(top, root, policies, "j2", finish=False)
    _policies(top, heroes=True, keep="7d", at_finish="due")
    _name(top)


def make_repair(top: Path) -> None:
    """Damage of both kinds: a line that is wrong in log and backup, and one in a log that a seal covers."""
    with _begun(top) as (root, policies):
        _job(top, root, policies, "j1")
        _job(top, root, policies, "j2", finish=False)
    for place in ("manifests", "backups"):
        for log in sorted((top / "media/.rules" / place).glob("j*.jsonl")):
            log.write_bytes(log.read_bytes().replace(b"frames/1", b"frames/x", 1))
    _name(top)


def make_pin(top: Path) -> None:
    """A root with one pin."""
    with _begun(top) as (root, _):
        pinning.pin(root, SystemClock(), Pin(RelPath("hero"), reason="first"))
    _name(top)
