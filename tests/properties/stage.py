"""A stage for the properties: a scratch root, a policy folder, a clock that runs ahead, and the five components."""

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drawn_policies import Asked, Folder

from rules_engine.apply.applying import apply_plan
from rules_engine.apply.model import RunResult
from rules_engine.filesystem.root import Root
from rules_engine.jobs.manager import JobManager
from rules_engine.jobs.models import CleanupPolicy, JobContext
from rules_engine.jobs.planning import survey
from rules_engine.policy.model import PolicySet
from rules_engine.values.quantities import HOUR, Instant, parse_instant
from rules_engine.values.vocabulary import JobId

# In memory where there is such a place: thousands of small runs would else wait for the disk, commit by commit.
SCRATCH: Final = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - the directory below is private


WAYS: Final = ("nightly", "job", "age", "finish")
"""How automatic cleanup is set off."""


class StageClock:
    """A clock that only the test moves; it runs ahead of the machine's, because nobody can set a file's ctime."""

    def __init__(self) -> None:
        self.instant = parse_instant("2100-01-01")

    def now(self) -> Instant:
        """The instant."""
        return Instant(self.instant)

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.instant = Instant(self.instant + int(seconds * 1e9))

    def move_hours(self, hours: float) -> None:
        """Let hours pass."""
        self.instant = Instant(self.instant + int(hours * HOUR))


@dataclass
class Stage:
    """One scratch root and what works on it."""

    scratch: Path
    clock: StageClock
    jobs: JobManager
    said: list[str]
    """Warnings that were logged."""
    sweepers: int = 0

    @property
    def top(self) -> Path:
        """The root."""
        return self.scratch / "media"

    def start(self, job: Asked, own: CleanupPolicy | None = None) -> JobContext:
        """Start a job, its process being this one."""
        return self.jobs.start_job(job.job_id, job.job_type, parameters=job.parameters, cleanup_policy=own)

    def end(self, job_id: str, how: str) -> None:
        """Let a job end well, badly, by the death of its process, or not at all."""
        if how == "died":
            self.die(job_id)
        elif how != "running":
            self.jobs.complete_job(job_id, success=how == "completed")

    def die(self, job_id: str) -> None:
        """Take away the lock that its process held, as the kernel does when it is killed."""
        self.jobs._held.pop(JobId(job_id)).lock.close()

    def clean(self, way: str, *job_ids: str) -> None:
        """Clean automatically: by a nightly run, these jobs one by one, by age, or as another job finishes."""
        match way:
            case "nightly":
                self.nightly()
            case "job":
                for job_id in job_ids:
                    self.jobs.cleanup.cleanup_job(job_id)
            case "age":
                self.jobs.cleanup.cleanup_by_age(0)
            case _:
                self.sweepers += 1
                sweeper = f"sweeper-{self.sweepers}"
                self.jobs.start_job(sweeper, next(iter(self.policies.layouts)))
                self.jobs.complete_job(sweeper, success=True)

    def nightly(self) -> RunResult:
        """Plan and apply everything, as a cron job does."""
        with Root.open(str(self.top)) as root:
            plan = survey(self.policies, root, self.clock).plan(self.clock.now())
            return apply_plan(plan, root, policies=self.policies, clock=self.clock)

    @property
    def policies(self) -> PolicySet:
        """The policies as they are now."""
        return self.jobs.configuration.policies()

    def below(self, path: Path) -> str:
        """A path from the root."""
        return str(path.relative_to(self.top))

    def again(self) -> JobManager:
        """The components of a process that comes later."""
        return _manager(self.scratch, self.clock, [])

    def change(self, folder: Folder) -> None:
        """Write other policies, and let the components take them up."""
        _write_policies(self.scratch, folder)
        self.jobs.configuration.reload()

    def write(self, path: Path, data: bytes = b"123") -> Path:
        """A file with these bytes, written now; the directories above it are made."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, ns=(self.clock.instant, self.clock.instant))
        return path

    def files(self) -> set[Path]:
        """Every file below the root but the state; no link."""
        return {Path(one.path) for one in _entries(str(self.top)) if one.is_file(follow_symlinks=False)}

    def directories(self) -> set[str]:
        """Every directory below the root but the state, from the root; no link."""
        found = (one.path for one in _entries(str(self.top)) if one.is_dir(follow_symlinks=False))
        return {os.path.relpath(path, self.top) for path in found}


def _entries(directory: str) -> Iterator[os.DirEntry[str]]:
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.name != ".rules":
                yield entry
                if entry.is_dir(follow_symlinks=False):
                    yield from _entries(entry.path)


@contextmanager
def stage(folder: Folder) -> Iterator[Stage]:
    """A stage with these policies, gone at the end."""
    with tempfile.TemporaryDirectory(dir=SCRATCH) as scratch:
        place = Path(scratch)
        (place / "media").mkdir()
        _write_policies(place, folder)
        clock = StageClock()
        said: list[str] = []
        with _manager(place, clock, said) as jobs:
            yield Stage(place, clock, jobs, said)


class _Listener(logging.Handler):
    """Hears warnings and worse."""

    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.WARNING)
        self.said = said

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def _manager(scratch: Path, clock: StageClock, said: list[str]) -> JobManager:
    # Not by name: each stage has its own, and none outlives it.
    logger = logging.Logger("stage", logging.WARNING)  # noqa: LOG001 - as said
    logger.addHandler(_Listener(said))
    return JobManager.from_policies(
        scratch / "policies",
        scratch / "media",
        create=True,
        clock=clock,
        logger=logger,
        # The environment of whoever runs the tests must not overrule what they write into settings.
        environment={},
    )


def _write_policies(scratch: Path, folder: Folder) -> None:
    place = scratch / "policies"
    place.mkdir(exist_ok=True)
    texts = folder.texts()
    for old in place.iterdir():
        if old.name not in texts:
            old.unlink()
    for name, text in texts.items():
        (place / name).write_text(text)
