"""A git repository of a test: made by the git of this host, with nobody's settings."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

_NOBODY = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    **{f"GIT_{who}_{what}": "nobody" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


@dataclass(frozen=True)
class Repository:
    """A repository with its working tree."""

    path: Path

    def git(self, *arguments: str) -> str:
        """What one git command says."""
        done = subprocess.run(
            ["git", "-C", str(self.path), *arguments],
            env={key: value for key, value in os.environ.items() if not key.startswith("GIT_")} | _NOBODY,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stdout.strip()

    def commit(self) -> str:
        """Commit everything that lies in the working tree, and return the id."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "change")
        return self.git("rev-parse", "HEAD")

    def write(self, name: str, text: str) -> None:
        """Write a file of the working tree."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def make_repository(path: Path) -> Repository:
    """An empty repository at `path`, on branch `main`."""
    path.mkdir(parents=True, exist_ok=True)
    made = Repository(path)
    made.git("init", "--quiet", "--initial-branch", "main")
    return made
