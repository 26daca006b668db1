"""Seals that a killed run had written aside and not renamed: a later run takes them away."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from apply_world import NOON, FixedClock, apply, batch_of, fill, plan_of

from rules_engine.apply.model import Event, StateRetired
from rules_engine.filesystem.root import Root
from rules_engine.plan.model import Count
from rules_engine.values.quantities import DAY

KILLED = """
import os, signal, sys
from rules_engine.filesystem.directory import Directory
with Directory.open_root(sys.argv[1]) as sealed:
    sealed.write_aside("j.json", b"{}", durable=False)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def left_behind(root: Root) -> Path:
    """The one file that a writer left in the seals which was killed before it gave that its name."""
    sealed = Path(root.path, ".rules/sealed")
    sealed.mkdir(exist_ok=True)
    before = set(sealed.iterdir())
    killed = subprocess.run([sys.executable, "-c", KILLED, str(sealed)], check=False)
    assert killed.returncode == -signal.SIGKILL
    (aside,) = set(sealed.iterdir()) - before
    return aside


def take_one(root: Root) -> list[Event]:
    """What is heard while a run at noon takes a file."""
    heard: list[Event] = []
    fill(root, "d/x")
    plan = plan_of(root, batch_of(root, "d", "x"), steps={"delete": Count(1, 3)})
    apply(plan, root, clock=FixedClock(NOON), listen=heard.append)
    return heard


def test_what_a_killed_writer_left_of_a_seal_goes_a_day_later(root: Root) -> None:
    """A run that is killed while it writes seals leaves as many as it had written."""
    old, young = left_behind(root), left_behind(root)
    os.utime(old, ns=(NOON, NOON - DAY - 1))
    os.utime(young, ns=(NOON, NOON - DAY))
    take_one(root)
    assert (old.exists(), young.exists()) == (False, True)


def test_what_no_writer_leaves_is_not_taken_for_it(root: Root) -> None:
    """Seals, and whatever somebody else put there, have other names."""
    sealed = Path(root.path, ".rules/sealed")
    sealed.mkdir()
    others = [sealed / name for name in (".tmp", ".x.tmp", ".0123456789abcdef.tmp.bak", "0123456789abcdef.tmp")]
    for one in others:
        one.write_bytes(b"")
        os.utime(one, ns=(0, 0))
    take_one(root)
    assert all(one.exists() for one in others)


def test_what_cannot_be_swept_is_a_note(root: Root) -> None:
    """The run that ended is not worse for it."""
    aside = Path(root.path, ".rules/sealed/.0123456789abcdef.tmp")
    aside.mkdir(parents=True)
    os.utime(aside, ns=(0, 0))
    (retired,) = [event for event in take_one(root) if isinstance(event, StateRetired)]
    assert retired.notes == ("what is left of seals in `.rules/sealed` cannot retire: Is a directory",)
