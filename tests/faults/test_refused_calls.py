"""Volumes and containers that refuse a kind of call with EPERM, as strace makes the kernel do."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from clips import LAYOUT

from rules_engine.filesystem.root import Root

CHECKOUT = Path(__file__).parents[2]
POLICIES = {
    "clip.yaml": LAYOUT + 'modes: {directories: "775", files: "664"}\n',
    "cleanup.yaml": """\
version: 1
kind: cleanup
rules:
  - {name: parts, files: {match: ["*.part"], tracked: false}, after: 0s, action: trash}
  - {name: temps, files: {match: ["temp_*"], tracked: false}, after: 0s, action: delete}
""",
    "settings.yaml": "version: 1\nkind: settings\nroot: media\n",
}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A root with a part and a temp, and policies."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed, and only it can make the kernel refuse a call")
    (tmp_path / "policies").mkdir()
    for name, text in POLICIES.items():
        (tmp_path / "policies" / name).write_text(text)
    (tmp_path / "media").mkdir()
    (tmp_path / "media/film.part").write_text("123")
    (tmp_path / "media/temp_1").write_text("12345")
    Root.create(str(tmp_path / "media")).close()
    return tmp_path


def rules(place: Path, refused: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one command in a place where some calls are refused."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    strace = ["strace", "-f", "-qq", "-o", str(place / "trace"), "-e", f"trace={refused}"]
    inject = ["-e", f"inject={refused}:error=EPERM"]
    done = subprocess.run(
        [*strace, *inject, sys.executable, "-m", "rules_engine", *arguments],
        cwd=place,
        env={**kept, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    trace = place / "trace"
    if not trace.exists() or "INJECTED" not in trace.read_text():
        pytest.skip("strace may not trace here")
    return done


def test_a_job_lives_where_no_mode_can_be_changed(place: Path) -> None:
    """Some network volumes refuse every chmod; directories are there all the same, and nothing is worth a failure."""
    done = rules(place, "fchmod", "run", "clip", "--id", "j1", "--", "sh", "-c", 'touch "$TMPDIR/x"')
    assert (done.returncode, done.stderr) == (0, "")
    assert (place / "media/scratch/j1/temp/x").exists()
    assert (place / "media/jobs/completed/j1").is_symlink()


def test_a_rename_that_is_refused_is_a_failure_and_nothing_else(place: Path) -> None:
    """The file is not deleted instead, nor copied; the other steps are done, and the exit code says that one is not."""
    done = rules(place, "renameat2", "apply", "--yes", "--format", "json")
    assert done.returncode == 3
    noted = json.loads(done.stdout)["noted"]
    assert [(one["path"], one["action"], one["errno"]) for one in noted] == [("film.part", "trash", 1)]
    assert (place / "media/film.part").read_text() == "123"
    assert not (place / "media/temp_1").exists()
    assert json.loads((place / "media/.rules/handover.jsonl").read_text())["path"] == "film.part"
