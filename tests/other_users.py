"""Real refusals for tests: an ordinary user without rights, a directory that is closed, an entry that is immutable."""

import codecs
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rules_engine.filesystem.root import Root

NOBODY = 65_534
IS_ROOT = os.geteuid() == 0


@contextmanager
def ordinary_user() -> Iterator[int]:
    """A user whom permissions bind, and who owns the tree that `give_away` gave; its uid."""
    if not IS_ROOT:
        yield os.geteuid()
        return
    # Python may lie where that user cannot read: what it loads late is loaded now.
    codecs.lookup("ascii")
    os.seteuid(NOBODY)
    try:
        yield NOBODY
    finally:
        os.seteuid(0)


def give_away(root: Root, *, only: str = "") -> None:
    """Make everything below the root, or below one directory of it, the ordinary user's."""
    if IS_ROOT:
        top = Path(root.path) / only
        for path in (top, *top.rglob("*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


def mode_of(path: Path) -> int:
    """The permission bits."""
    return path.stat().st_mode & 0o7777


@contextmanager
def immutable(path: Path) -> Iterator[None]:
    """The entry with the attribute that refuses every change with EPERM, also to the superuser."""
    if not IS_ROOT or shutil.which("chattr") is None:
        pytest.skip("only the superuser can make an entry immutable, with chattr")
    if subprocess.run(["chattr", "+i", str(path)], check=False, capture_output=True).returncode:
        pytest.skip("this filesystem has no immutable attribute")
    try:
        yield
    finally:
        subprocess.run(["chattr", "-i", str(path)], check=True)
