"""The examples run as they stand, and do what they say."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cliplace import REPOSITORY, Place

from rules_engine.filesystem.root import Root

EXAMPLES = REPOSITORY / "examples"
LONGEST = 30


@pytest.fixture
def project(tmp_path: Path) -> Place:
    """A directory with the shipped policies, the shell examples, and a root; `rules` is found on the path."""
    project = Place(tmp_path)
    shutil.copytree(REPOSITORY / "policies", tmp_path / "policies", ignore=shutil.ignore_patterns("legacy", "cases"))
    shutil.copytree(EXAMPLES / "shell", tmp_path / "shell")
    project.write("bin/rules", f'#!/bin/sh\nexec "{sys.executable}" -m rules_engine "$@"\n').chmod(0o755)
    project.media.mkdir()
    Root.create(str(project.media)).close()
    return project


def run_example(project: Place, *command: str) -> subprocess.CompletedProcess[str]:
    """Run one example in the project."""
    path = f"{project.path}/bin:{os.environ['PATH']}"
    environment = project.environment | {"PATH": path}
    return subprocess.run(
        command, cwd=project.path, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def files_of(project: Place, top: str) -> list[str]:
    """The files below a directory of the root."""
    found = (project.media / top).rglob("*")
    return sorted(str(path.relative_to(project.media / top)) for path in found if path.is_file())


def test_the_pipeline_keeps_its_videos_and_says_what_is_due(project: Place) -> None:
    """Two jobs: a video each in the output, the frames gone, the rest due a day after its job."""
    done = run_example(project, sys.executable, str(EXAMPLES / "pipeline.py"), str(project.media))
    assert (done.returncode, done.stderr) == (0, "")
    videos = [
        f"output/Suits/{episode}/ko/shorts/short-form_Suits.{episode}_001.mkv" for episode in ("S01E01", "S01E02")
    ]
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("published")] == [
        f"published {project.media}/{video}" for video in videos
    ]
    assert [bool(re.fullmatch(r"due \d{4}-\d\d-\d\d \d\d:\d\d .*/temp/list\.txt", line)) for line in lines] == [
        False,
        True,
        False,
        True,
    ]
    assert [f"output/{path}" for path in files_of(project, "output")] == videos
    assert {Path(path).name for path in files_of(project, "scratch")} == {"list.txt"}


@pytest.mark.parametrize("script", ["with_run.sh", "with_start.sh"])
def test_the_shell_examples_keep_their_video(project: Place, script: str) -> None:
    """The video is declared and stays; the rest goes a day later, and the job is completed."""
    done = run_example(project, "sh", f"shell/{script}")
    assert (done.returncode, done.stderr) == (0, "")
    assert files_of(project, "output") == ["Suits/S01E01/ko/shorts/short-form_Suits.S01E01_001.mkv"]
    assert " completed " in project.rules("job", "list").out
    steps = project.rules("plan", "--at", "+25h", "--format", "json").document["steps"]
    files = {Path(step["path"]).name for step in steps if step["action"] == "delete"}
    assert files == {"1.png", "2.png", "3.png", "list.txt"}


@pytest.mark.parametrize("script", ["with_run.sh", "with_start.sh"])
def test_a_shell_example_that_fails_leaves_a_failed_job(project: Place, script: str) -> None:
    """Its scratch can be looked at for as long as the settings say."""
    (project.path / "shell/render.sh").write_text('touch "$TMPDIR/half"\nexit 3\n')
    assert run_example(project, "sh", f"shell/{script}").returncode == 3
    assert " failed " in project.rules("job", "list").out
    assert {Path(path).name for path in files_of(project, "scratch")} == {"half"}


def test_a_job_that_cannot_start_ends_the_script(project: Place) -> None:
    """Nothing runs outside a job."""
    (project.path / "policies/short_form.yaml").unlink()
    for script in ("with_run.sh", "with_start.sh"):
        done = run_example(project, "sh", f"shell/{script}")
        assert done.returncode != 0
        assert "published" not in done.stdout


def test_the_pipeline_is_as_short_as_it_is_shown() -> None:
    """Thirty lines, and the README shows them as they are."""
    text = (EXAMPLES / "pipeline.py").read_text()
    assert len(text.splitlines()) <= LONGEST
    assert f"```python\n{text}```\n" in (REPOSITORY / "README.md").read_text()
