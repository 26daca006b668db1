"""Somebody who may write to `.rules` puts links in the place of what the tool has there: none is followed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

RULE = """
version: 1
kind: cleanup
rules:
  - name: tmp
    action: trash
    files: {match: ["**/*.tmp"], tracked: false}
    after: 1ms
"""
FILES = ("lock", "pins.jsonl", "root.json")
DIRECTORIES = ("manifests", "sealed", "runs", "trash", "removing", "locks", "policies")


def rules(top: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What the command does."""
    program = "import sys; from rules_engine.cli.main import main; sys.exit(main())"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("RULES_")}
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=top, env=clean, check=False, capture_output=True, text=True
    )


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A root with one file that is due, its policy, and a job, made with the program itself."""
    (tmp_path / "media/a").mkdir(parents=True)
    (tmp_path / "media/a/x.tmp").write_bytes(b"123")
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies/cleanup.yaml").write_text(RULE)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/file").write_bytes(b"")
    assert rules(tmp_path, "init", "--root", "media").returncode == 0
    return tmp_path


def test_a_link_in_the_state_is_refused_and_never_followed(top: Path) -> None:
    """Exit code 9 each time; nothing is written where the link leads, and nothing is removed."""
    planned = rules(top, "plan", "--root", "media", "--policies", "policies", "--out", "plan.jsonl")
    assert planned.returncode == 0, planned.stderr
    for name in (".", *FILES, *DIRECTORIES):
        place = top / "media/.rules" if name == "." else top / "media/.rules" / name
        there = place.exists()
        if there:
            place.rename(top / "before")
        place.symlink_to(top / ("outside/file" if name in FILES else "outside"))
        done = rules(top, "apply", "plan.jsonl", "--root", "media", "--policies", "policies")
        assert done.returncode == 9, (name, done.stderr)
        assert "Traceback" not in done.stderr
        assert sorted(os.listdir(top / "outside")) == ["file"]
        assert (top / "outside/file").read_bytes() == b""
        assert (top / "media/a/x.tmp").exists()
        place.unlink()
        if there:
            (top / "before").rename(place)
    assert rules(top, "apply", "plan.jsonl", "--root", "media", "--policies", "policies").returncode == 0
    assert not (top / "media/a/x.tmp").exists()
