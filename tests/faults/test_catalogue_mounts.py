"""A mount that appears between plan and apply, from the catalogue in docs/safety.md; needs somebody who may mount."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from racing import RULES, SETTINGS

from rules_engine.apply.applying import apply_plan
from rules_engine.apply.model import RunResult
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.jobs.planning import survey
from rules_engine.policy.load import load_policies


@contextmanager
def _mounted(source: Path, place: Path) -> Iterator[None]:
    """`source` at `place` too: another mount of the same filesystem, with the same device number."""
    if (
        os.geteuid()
        or subprocess.run(
            ["mount", "--bind", str(source), str(place)],
            check=False,
            capture_output=True,
        ).returncode
    ):
        pytest.skip("this user, or this machine, mounts nothing")
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)


def _apply_with_mount(tmp_path: Path, source: Path, place: str) -> RunResult:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies/cleanup.yaml").write_text(RULES)
    (tmp_path / "policies/settings.yaml").write_text(SETTINGS)
    policies, clock = load_policies([str(tmp_path / "policies")]), SystemClock()
    with Root.open(str(tmp_path / "media")) as root:
        plan = survey(policies, root, clock).plan(clock.now()).collected()
        with _mounted(source, tmp_path / "media" / place):
            return apply_plan(plan, root, policies=policies, clock=clock)


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """What is mounted: its entries are the very files that the plan names."""
    for name in ("d/temp_1", "d/a.part", "junk/a/sub/one", "e/temp_9"):
        (tmp_path / "media" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "media" / name).write_text(name)
    (tmp_path / "media/old/empty").mkdir(parents=True)
    Root.create(str(tmp_path / "media")).close()
    (tmp_path / "other").mkdir()
    for path in [one for one in (tmp_path / "media").rglob("*") if one.is_file() and ".rules" not in one.parts]:
        os.link(path, tmp_path / "other" / path.name)
    return tmp_path / "other"


@pytest.mark.parametrize("place", ["d", "junk/a", "junk/a/sub", "old/empty"])
def test_what_is_mounted_between_plan_and_apply_is_not_entered(tmp_path: Path, other: Path, place: str) -> None:
    """Neither through the directory of a step, nor in one that goes whole, nor as an empty one; the rest goes on."""
    before = sorted(os.listdir(other))
    result = _apply_with_mount(tmp_path, other, place)
    assert sorted(os.listdir(other)) == before
    assert (tmp_path / "media" / place).is_dir()
    assert not (tmp_path / "media/e/temp_9").exists()
    assert all(one.path.startswith(place[:6].rstrip("/")) for one in result.noted)
    assert result.noted


def test_a_trash_on_another_mount_takes_nothing_and_loses_nothing(tmp_path: Path, other: Path) -> None:
    """A rename cannot go there, and nothing is copied or deleted instead."""
    (tmp_path / "media/.rules/trash").mkdir()
    (tmp_path / "trash").mkdir()
    result = _apply_with_mount(tmp_path, tmp_path / "trash", ".rules/trash")
    assert (tmp_path / "media/d/a.part").read_text() == "d/a.part"
    assert os.listdir(tmp_path / "trash") == []
    assert "d/a.part" in [one.path for one in result.noted]
