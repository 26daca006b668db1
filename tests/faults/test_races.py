"""Another process swaps what lies in the tree while a plan is made and carried out; more by `./dev faults races`."""

import os
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from campaign_races import campaign
from racing import (
    ATTACKS,
    DIRECTORIES,
    NAMES,
    UNIT_NAMES,
    UNITS,
    Attack,
    attacked,
    load,
    make_scene,
    racer,
)

from rules_engine.apply.applying import apply_plan
from rules_engine.apply.model import Outcome
from rules_engine.errors import RefusedError
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.jobs.planning import survey

pytestmark = pytest.mark.skipif(racer() is None, reason="needs Linux and a C compiler")
ROUNDS = 12 * len(ATTACKS)


def test_nothing_outside_the_root_and_nothing_protected_changes_while_others_swap_directories() -> None:
    """Links, directories, FIFOs, the trash, the root itself: no byte outside changes, nothing set aside is lost."""
    ended, wrong = campaign(ROUNDS, seed=1)
    assert wrong == []
    # The attacks hit: some steps found another entry, and most went their way all the same.
    assert ended["changed"] > ROUNDS / 4
    assert ended["done"] > ROUNDS * 4


def test_a_root_that_is_swapped_for_a_link_is_opened_or_refused(tmp_path: Path) -> None:
    """The way to it is looked at more than once, and says something else each time; that is no defect."""
    (tmp_path / "media").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to("elsewhere")
    seen = Counter[str]()
    with attacked(tmp_path, Attack((("media", "link"),)), random.Random(0)):  # noqa: S311 - not a secret
        for _ in range(2_000):
            try:
                with Root.open(str(tmp_path / "media")):
                    seen["opened"] += 1
            except RefusedError as err:
                seen[err.help_text] += 1
    assert seen["opened"]
    assert seen["name the directory itself"]


def _same_size_and_time(path: Path) -> None:
    before = path.stat()
    path.with_name("aside").write_bytes(path.read_bytes())
    path.with_name("aside").replace(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _rewritten(path: Path) -> None:
    before = path.stat()
    path.write_bytes(path.read_bytes()[::-1])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _a_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


def _a_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _a_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


REPLACED: dict[str, Callable[[Path], None]] = {
    "another of its size and time": _same_size_and_time,
    "its content, with its time set back": _rewritten,
    "a link": _a_link,
    "a FIFO": _a_fifo,
    "a directory": _a_directory,
}


@pytest.mark.parametrize("how", sorted(REPLACED))
def test_what_was_replaced_between_plan_and_apply_stays(tmp_path: Path, how: str) -> None:
    """Also below directories that were to go whole: each path has what came there, and nothing else went."""
    scene, clock = make_scene(tmp_path, load(), linked=False), SystemClock()
    doomed = [
        *(tmp_path / "media" / one / name for one in DIRECTORIES for name in NAMES),
        *(tmp_path / "media" / one / UNIT_NAMES[1] for one in UNITS),
    ]
    with Root.open(str(tmp_path / "media")) as root:
        plan = survey(scene.policies, root, clock).plan(clock.now()).collected()
        for path in doomed:
            REPLACED[how](path)
        came = {path: path.lstat() for path in doomed}
        result = apply_plan(plan, root, policies=scene.policies, clock=clock)
    assert {path: (path.lstat().st_ino, path.lstat().st_ctime_ns) for path in doomed} == {
        path: (found.st_ino, found.st_ctime_ns) for path, found in came.items()
    }
    assert all((tmp_path / "media" / one / UNIT_NAMES[0]).exists() for one in UNITS)
    assert (result.count(Outcome.DONE), result.count(Outcome.FAILED)) == (2, 0)
