"""The disk that a recipe begins with, and its blocks carried out as a reader would; without a test of its own."""

import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cliplace import REPOSITORY, Place
from other_users import immutable
from recipepages import Block, Command

from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.jobs.manager import JobManager
from rules_engine.values.quantities import Instant, parse_duration, parse_size

_SETUP_KEYS: Final = {"bare", "jobs", "files", "empty", "programs", "before", "immutable"}
_JOB_KEYS: Final = {"type", "ended", "took", "status", "has", "series", "episode", "language"}
_PARAMETERS: Final = ("series", "episode", "language")
_QUIET: Final = {"RULES_CLEANUP_AT_FINISH": "nothing"}
"""Jobs of a setup end one after another in the past; no end may clean what the next recipe line is about."""
_END: Final = re.compile(r"^@@end (\d+)@@\n", re.MULTILINE)


@dataclass
class _Past:
    """A clock that stands where a setup puts it."""

    at: Instant

    def now(self) -> Instant:
        """The moment of the past."""
        return self.at

    def sleep(self, seconds: float) -> None:
        """Do not wait: nothing of a setup is tried twice."""


@contextmanager
def staged(path: Path, setup: Mapping[str, Any]) -> Iterator[Place]:
    """A directory with `policies`, `media` and what `setup` says, as it is while the recipe runs."""
    assert set(setup) <= _SETUP_KEYS
    place = Place(path)
    write_program(place, "rules", f'exec "{sys.executable}" -m rules_engine "$@"')
    write_program(place, "python", f'exec "{sys.executable}" "$@"')
    for name, text in setup.get("programs", {}).items():
        write_program(place, name, text)
    place.media.mkdir()
    if not setup.get("bare"):
        for policy in REPOSITORY.glob("policies/*.yaml"):
            if not policy.name.startswith("cleanup."):
                place.write(f"policies/{policy.name}", policy.read_text("utf-8"))
        Root.create(str(place.media)).close()
        make_jobs(place, setup.get("jobs", {}))
    make_files(place, setup)
    if "before" in setup:
        done = session(place, [Command(setup["before"], 0, ())])
        assert done[0][0] == 0, done
    with ExitStack() as closed:
        for one in setup.get("immutable", ()):
            # Skips with the reason where no directory can be made to refuse every change.
            closed.enter_context(immutable(place.media / one))
        yield place


def write_program(place: Place, name: str, text: str) -> None:
    """A program that the blocks find on their path."""
    file = place.write(f"bin/{name}", text if text.startswith("#!") else f"#!/bin/sh\n{text}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


def make_files(place: Place, setup: Mapping[str, Any]) -> None:
    """Files without an owner: path to age, and perhaps a size after it; empty directories, from the root on."""
    for path, said in setup.get("files", {}).items():
        age, _, size = str(said).partition(", ")
        file = place.write(f"media/{path}")
        if size:
            os.truncate(file, parse_size(size))
        _date(file, Instant(SystemClock().now() - parse_duration(age)))
    for path in setup.get("empty", ()):
        (place.media / path).mkdir(parents=True)


def make_jobs(place: Place, jobs: Mapping[str, Mapping[str, Any]]) -> None:
    """Jobs that ended so long ago (`ended`), or that crashed then, with the files that each has; or that run now."""
    clock = _Past(Instant(0))
    # A process that is gone leaves a job whose lock is free: closing the manager is what a crash looks like.
    with JobManager.from_policies(place.path / "policies", place.media, clock=clock, environment=_QUIET) as manager:
        for job_id, said in jobs.items():
            assert set(said) <= _JOB_KEYS
            _make_job(place, manager, clock, job_id, said)


def _make_job(place: Place, manager: JobManager, clock: _Past, job_id: str, said: Mapping[str, Any]) -> None:
    kind, status = said.get("type", "short_form"), said.get("status", "completed")
    parameters = {name: said[name] for name in _PARAMETERS if name in said}
    end = SystemClock().now() - parse_duration(said.get("ended", "0s"))
    clock.at = Instant(end - parse_duration(said.get("took", "1h")))
    if status == "running":
        values = [f"{name}={value}" for name, value in parameters.items()]
        assert place.rules("job", "start", kind, "--id", job_id, *values).code == 0
    else:
        manager.start_job(job_id, kind, parameters=parameters)
    for name, file_type in said.get("has", {}).items():
        path = place.media / name[1:] if name.startswith("/") else place.media / "scratch" / job_id / name
        if file_type is not None:
            manager.tracker.add_file(job_id, path, file_type)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x" * 1000)
        _date(path, Instant(end - parse_duration("1m")))
    clock.at = Instant(end)
    if status in {"completed", "failed"}:
        manager.complete_job(job_id, success=status == "completed")
    else:
        assert status in {"running", "crashed"}


def _date(path: Path, when: Instant) -> None:
    """Set mtime; nobody can set ctime, which is why recipes about files without an owner ask `--at`."""
    os.utime(path, ns=(when, when))


def write_block(place: Place, block: Block) -> None:
    """Put a block where a reader would: rules into the cleanup policy, a script or policy into the file it names."""
    if block.file is not None:
        place.write(block.file, block.text)
        return
    assert block.language == "yaml", f"a block of {block.language} names no file in its first line"
    if block.text.startswith("- "):
        place.write("policies/cleanup.yaml", f"version: 1\nkind: cleanup\nrules:\n{block.text}")
        return
    kind = re.search(r"^(?:kind: (settings|cleanup)|job_type: (\w+))$", block.text, re.MULTILINE)
    assert kind is not None
    place.write(f"policies/{kind[1] or kind[2]}.yaml", block.text)


def session(place: Place, commands: list[Command]) -> list[tuple[int, str]]:
    """Run commands in one shell, one after another; the exit status of each, and what it printed."""
    script = "exec 2>&1\n" + "".join(f"{one.line}\nprintf '\\n@@end %d@@\\n' $?\n" for one in commands)
    environment = place.environment | {"PATH": f"{place.path}/bin:{os.environ['PATH']}", "HOME": f"{place.path}/home"}
    bash = shutil.which("bash")
    assert bash is not None
    done = subprocess.run(
        [bash, "-c", script],
        cwd=place.path,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    parts = _END.split(done.stdout)
    texts, codes = parts[0::2], parts[1::2]
    assert len(codes) == len(commands), done.stdout + done.stderr
    # The marker begins a line of its own; that newline is not the command's.
    return [(int(code), text.removesuffix("\n")) for text, code in zip(texts, codes, strict=False)]
