"""The command line as a process, in a directory of its own; without a test of its own."""

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from rules_engine.cli.main import run

REPOSITORY = Path(__file__).parents[2]

CLEANUP = """\
version: 1
kind: cleanup
rules:
  - name: stray-temps
    files: {match: ["temp_*"], tracked: false}
    after: 0s
    action: delete
  - name: parts
    files: {match: ["*.part"], tracked: false}
    after: 0s
    action: trash
  - name: heroes
    files: {match: ["/hero/"]}
    action: keep
"""
SETTINGS = """\
version: 1
kind: settings
root: media
limits: {files: 100}
"""

LAYOUT = """\
version: 1
kind: layout
job_type: clip
parameters: {series: {default: none}}
workspace: "scratch/{job_id}"
output: "out/{series}/{job_id}"
status: "jobs/{status}/{job_id}"
directories:
  temp: {in: workspace}
  clips: {in: workspace, holds: [temp_video]}
  videos: {in: output, holds: [final_video]}
"""


@dataclass(frozen=True)
class Answer:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The JSON document on stdout."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Place:
    """A directory with a policy folder and a root, and the command line in it."""

    path: Path

    @property
    def media(self) -> Path:
        """The root."""
        return self.path / "media"

    def rules(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Answer:
        """Run one command in this process, which is much faster; nobody can be asked."""
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
        variables = self.environment | dict(environment or {})
        with (
            contextlib.chdir(self.path),
            mock.patch.dict(os.environ, variables, clear=True),
            mock.patch.object(sys, "stdin", io.StringIO()),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = run(list(arguments))
        return Answer(int(code), *(one.buffer.getvalue().decode() for one in (out, err)))

    def process(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Answer:
        """Run one command as a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "rules_engine", *arguments],
            cwd=self.path,
            env=self.environment | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the commands: this repository's package, no colour to ask for, no settings of its own."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("RULES_") and key != "NO_COLOR"}
        return kept | {"PYTHONPATH": str(REPOSITORY)}

    def write(self, name: str, text: str = "x") -> Path:
        """Write a file below the place, with the directories above it."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def tree(self) -> dict[str, bytes]:
        """Every file below the place and what it holds."""
        files = sorted(path for path in self.path.rglob("*") if path.is_file() and not path.is_symlink())
        return {str(path.relative_to(self.path)): path.read_bytes() for path in files}
