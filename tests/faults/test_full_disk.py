"""A disk that is full to the last byte: nothing is touched that cannot be recorded, and all is said in one line."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
SCRIPT = """
mount -t tmpfs -o size=256k tmpfs media || exit 77
rules() {{ "{python}" -m rules_engine "$@"; echo "$1 $2: $?"; }}
rules init --root media >/dev/null
for number in 1 2 3; do echo 1234 >media/temp_$number; done
dd if=/dev/zero of=media/fill bs=1k 2>/dev/null
{steps}
"""
LAYOUT = """\
version: 1
kind: layout
job_type: clip
workspace: "scratch/{job_id}"
output: "out/{job_id}"
directories:
  temp: {in: workspace}
"""
CLEANUP = """\
version: 1
kind: cleanup
rules:
  - {name: temps, files: {match: ["temp_*"], tracked: false}, after: 0s, action: delete}
"""


def on_a_full_disk(place: Path, steps: str) -> str:
    """What the steps say, all of it, below a root on a small disk of its own that is full."""
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not installed, and a disk of our own needs it")
    (place / "policies").mkdir()
    (place / "policies/clip.yaml").write_text(LAYOUT)
    (place / "policies/cleanup.yaml").write_text(CLEANUP)
    (place / "policies/settings.yaml").write_text("version: 1\nkind: settings\nroot: media\n")
    (place / "media").mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    own = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
    done = subprocess.run(
        [*own, "sh", "-c", SCRIPT.format(python=sys.executable, steps=steps)],
        cwd=place,
        env={**kept, "PYTHONPATH": str(CHECKOUT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    if done.returncode == 77 or "unshare" in done.stdout:
        pytest.skip("no disk of our own can be mounted here")
    return done.stdout


def test_a_run_that_cannot_be_recorded_touches_nothing(tmp_path: Path) -> None:
    """It is refused; once there is room, the same command does its work."""
    apply = "rules apply --yes --quiet | tail -1"
    said = on_a_full_disk(tmp_path, f"{apply}; ls media; rm media/fill; {apply}; ls media")
    assert "error: the run cannot be recorded below `.rules`: No space left on device\n" in said
    assert "apply --yes: 6\nfill\ntemp_1\ntemp_2\ntemp_3\napply --yes: 0\n" in said


def test_a_job_that_cannot_be_recorded_does_not_start(tmp_path: Path) -> None:
    """No command runs whose files would have no owner; it is the disk's fault and no defect."""
    said = on_a_full_disk(tmp_path, "rules run clip -- touch ran; rules job start clip; ls")
    assert said.count("error: the system refuses: No space left on device\n  help: make room") == 2
    assert "try again\nrun clip: 125\n" in said
    assert "job start: 1\nmedia\npolicies\n" in said
