"""Rounds of planning and applying while another process swaps what lies in the tree; without a test of its own."""

import contextlib
import ctypes
import functools
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rules_engine.apply.applying import apply_plan
from rules_engine.errors import RulesError
from rules_engine.filesystem import landlock
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.jobs import pinning
from rules_engine.jobs.planning import survey
from rules_engine.plan.given import Pin
from rules_engine.policy.load import load_policies
from rules_engine.policy.model import PolicySet
from rules_engine.values.paths import RelPath

RULES: Final = """\
version: 1
kind: cleanup
rules:
  - {name: temps, files: {match: ["temp_*"], tracked: false}, after: 0s, action: delete}
  - {name: parts, files: {match: ["*.part"], tracked: false}, after: 0s, action: trash}
  - {name: caches, unit: directory, files: {match: ["/cache/*/"]}, after: 0s, action: trash}
  - {name: junk, unit: directory, files: {match: ["/junk/*/"]}, after: 0s, action: delete}
  - {name: empties, directories: {match: ["/old/**/"], empty: true}, after: 0s, action: delete}
  - {name: heroes, files: {match: ["/hero/"]}, action: keep}
"""
SETTINGS: Final = """\
version: 1
kind: settings
limits: {untracked_share: 100%}
retry: {attempts: 2, first_wait: 1ms, longest_wait: 1ms}
"""
NAMES: Final = ("a.part", "b.part", "temp_1", "temp_2")
DIRECTORIES: Final = ("d0", "d1", "d2", "deep/x/y")
UNITS: Final = ("cache/a", "cache/b", "junk/a", "junk/b")
UNIT_NAMES: Final = ("one", "sub/two")
SAFE: Final = ("hero", "pinned", "marked")
"""Protected by a keep rule, a pin, and a marker; each holds the names that rules take elsewhere."""
LONGEST_S: Final = 60
"""A round takes a tenth of a second; one that takes so long hangs."""
# In memory where there is such a place: thousands of small runs would else wait for the disk, commit by commit.
SCRATCH: Final = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - the directory below is private
_EXCHANGE: Final = 2
_LINKS: Final = len(DIRECTORIES) + len(UNITS) + 4 + 3 + 2
_ODD: Final = 2
"""So many links, and FIFOs and sockets, a scene has; no rule is about any of them."""
_HERE: Final = Path(__file__).parent


@dataclass(frozen=True)
class Attack:
    """What the other process does: pairs of names below the scene, swapped, or moved there and back."""

    pairs: tuple[tuple[str, str], ...]
    how: str = "exchange"
    before_plan: bool = True
    """Whether it may begin before the plan, which would find a protected file at a place where it is none."""
    odd_may_go: bool = False
    """Whether a FIFO may go that has the name of a file between the look at it and its removal."""


def _media(*pairs: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((f"media/{one}", f"media/spare/{other}") for one, other in pairs)


ATTACKS: Final[Mapping[str, Attack]] = {
    "a directory and a link out of the root": Attack(_media(*((one, one.replace("/", "-")) for one in DIRECTORIES))),
    "a directory far above and a link": Attack(_media(("deep", "deep"))),
    "a directory above and a link": Attack(_media(("deep/x", "deep-x"))),
    "a directory that goes whole and a link": Attack(_media(*((one, one.replace("/", "-")) for one in UNITS))),
    "a directory inside one that goes whole and a link": Attack(
        _media(("cache/a/sub", "cache-a-sub"), ("junk/a/sub", "junk-a-sub"))
    ),
    "a directory and a protected one": Attack(
        tuple((f"media/{one}", f"media/{other}") for one, other in zip(DIRECTORIES, (*SAFE, "hero"), strict=True)),
        before_plan=False,
    ),
    "a directory that goes whole and a protected one": Attack(
        tuple((f"media/{one}", f"media/{other}") for one, other in zip(UNITS, (*SAFE, "hero/sub"), strict=True)),
        before_plan=False,
    ),
    "a directory and a FIFO": Attack(
        _media(("d0", "fifo"), ("deep/x", "fifo"), ("cache/a", "fifo"), ("junk/a", "fifo"))
    ),
    "a file and a FIFO or a socket": Attack(_media(("d0/temp_1", "fifo"), ("d1/a.part", "socket")), odd_may_go=True),
    "a directory and a place outside, moved": Attack(
        tuple((f"media/{one}", f"taken/{one.replace('/', '-')}") for one in (*DIRECTORIES[:3], "deep", *UNITS)), "move"
    ),
    "an empty directory and a full one": Attack(_media(("old/empty", "full"), ("old/hollow", "link"))),
    "the trash and the runs and links": Attack(
        tuple((f"media/.rules/{one}", f"media/spare/state-{one}") for one in ("trash", "runs", "removing"))
    ),
    "the root itself and a link": Attack((("media", "root-link"),)),
}


@functools.cache
def racer() -> Path | None:
    """The compiled attacker; None where there is no compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or sys.platform != "linux":
        return None
    target = Path(tempfile.mkdtemp(prefix="racer-")) / "racer"
    subprocess.run([compiler, "-O1", "-o", str(target), str(_HERE / "racer.c")], check=True)
    return target


@dataclass
class Scene:
    """One tree that is attacked, and what must never change in it."""

    top: Path
    policies: PolicySet
    outside: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    """What lies outside the root: its path, its inode and what it holds."""
    safe: dict[int, bytes] = field(default_factory=dict)
    """By inode, what must be there exactly once, wherever the attacker moved it."""


def load() -> PolicySet:
    """The policies of every scene."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "cleanup.yaml").write_text(RULES)
        (Path(folder) / "settings.yaml").write_text(SETTINGS)
        return load_policies([folder])


def make_scene(top: Path, policies: PolicySet, *, linked: bool = True) -> Scene:
    """The tree: doomed files, of which each has a second name outside the root, protected ones, and what is swapped in.

    The second name is of the very same file: only the directory, never the file, tells the two apart.
    """
    media, outside = top / "media", top / "outside"
    for directory, names in (*((one, NAMES) for one in DIRECTORIES), *((one, UNIT_NAMES) for one in UNITS)):
        for name in names:
            _write(media / directory / name, f"doomed {directory}/{name}")
            (outside / directory / name).parent.mkdir(parents=True, exist_ok=True)
            if linked:
                os.link(media / directory / name, outside / directory / name)
    for safe in SAFE:
        for name in (*NAMES, *UNIT_NAMES):
            _write(media / safe / name, f"protected {safe}/{name}")
    _write(media / "marked/.rules-keep", "")
    for empty in ("empty", "hollow"):
        (media / "old" / empty).mkdir(parents=True)
    _make_spares(media / "spare", top)
    (top / "taken").mkdir()
    with Root.create(str(media)) as root:
        pinning.pin(root, SystemClock(), Pin(RelPath("pinned")))
    scene = Scene(top, policies)
    scene.outside = {path: (found.st_ino, data) for path, found, data in _files(outside)}
    scene.safe = {
        found.st_ino: data for path, found, data in _files(top) if data.startswith(b"protected") or ".part" in path
    }
    return scene


def _make_spares(spare: Path, top: Path) -> None:
    spare.mkdir()
    for one in (*DIRECTORIES, *UNITS, "deep", "deep/x", "cache/a/sub", "junk/a/sub"):
        (spare / one.replace("/", "-")).symlink_to(top / "outside" / one)
    for area in ("trash", "runs", "removing"):
        (top / "outside" / area).mkdir()
        (spare / f"state-{area}").symlink_to(top / "outside" / area)
    (spare / "link").symlink_to(top / "outside")
    (top / "root-link").symlink_to(top / "outside")
    _write(spare / "full/stays.txt", "protected full")
    os.mkfifo(spare / "fifo")
    with socket.socket(socket.AF_UNIX) as bound, contextlib.chdir(spare):
        bound.bind("socket")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _files(top: Path) -> Iterator[tuple[str, os.stat_result, bytes]]:
    for path in top.rglob("*"):
        if path.is_file() and not path.is_symlink():
            yield str(path.relative_to(top)), path.lstat(), path.read_bytes()


@contextlib.contextmanager
def attacked(top: Path, attack: Attack, chance: random.Random) -> Iterator[list[str]]:
    """The other process at work; at its end the list says what it saw that must not be."""
    program = racer()
    assert program is not None
    names = [str(top / name) for pair in attack.pairs for name in pair]
    command = [str(program), attack.how, str(chance.choice([0, 20, 200, 2000])), str(chance.randrange(10_000)), *names]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        saw: list[str] = []
        try:
            yield saw
        finally:
            process.kill()
            lost = process.stdout.read().count(b"L")
            if lost and landlock.abi() >= landlock.OLDEST_ABI:
                saw.append(f"{lost} times something went from a directory that was outside")


def swap(scene: Scene, pairs: Iterable[tuple[str, str]]) -> None:
    """Exchange each pair once, as somebody might between a plan and its apply."""
    for one, other in pairs:
        raw = [os.fsencode(scene.top / name) for name in (one, other)]
        ctypes.CDLL(None).renameat2(-100, raw[0], -100, raw[1], _EXCHANGE)


def plan_and_apply(scene: Scene, attack: Attack, chance: random.Random, saw: list[str]) -> Counter[str]:
    """One round: how it ended, and how its steps did; what must not be goes into `saw`.

    Only errors that the package raises on purpose are caught.
    """
    clock, when = (
        SystemClock(),
        chance.choice(["before the plan", "before the apply", "between them"][not attack.before_plan :]),
    )
    told: list[str] = []
    try:
        with contextlib.ExitStack() as during:
            during.callback(lambda: saw.extend(told))
            if when == "before the plan":
                told = during.enter_context(attacked(scene.top, attack, chance))
            root = during.enter_context(Root.open(str(scene.top / "media")))
            plan = survey(scene.policies, root, clock).plan(clock.now()).collected()
            if when == "before the apply":
                told = during.enter_context(attacked(scene.top, attack, chance))
            elif when == "between them":
                swap(scene, chance.sample(attack.pairs, k=chance.randint(1, len(attack.pairs))))
            result = apply_plan(plan, root, policies=scene.policies, clock=clock)
    except RulesError as err:
        return Counter({type(err).__name__: 1})
    ended = Counter({str(result.state): 1})
    for one in result.counts:
        ended[str(one.outcome)] += one.steps
    return ended


def harm(scene: Scene, attack: Attack) -> list[str]:
    """What changed that must not have; empty where nothing did."""
    now = {path: (found.st_ino, data) for path, found, data in _files(scene.top / "outside")}
    found = [
        f"outside: {path}"
        for path in sorted(scene.outside.keys() | now.keys())
        if scene.outside.get(path) != now.get(path)
    ]
    inside = Counter(
        status.st_ino
        for path, status, data in _files(scene.top)
        if not path.startswith("outside/") and data == scene.safe.get(status.st_ino)
    )
    found += [
        f"{scene.safe[inode].decode()} is there {inside[inode]} times" for inode in scene.safe if inside[inode] != 1
    ]
    links = sum(path.is_symlink() for path in scene.top.rglob("*"))
    if links != _LINKS:
        found.append(f"{links} links, and {_LINKS} before")
    odd = sum(path.is_fifo() or path.is_socket() for path in scene.top.rglob("*"))
    if odd != _ODD and not attack.odd_may_go:
        found.append(f"{odd} FIFOs and sockets, and {_ODD} before")
    return found
