"""Builds the tree of the demo: real jobs through the real store, their times in the past, their files sparse."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from rules_engine.cli.demo_jobs import (
    EXAMPLE,
    GONE_JOB,
    JOBS,
    KEPT_JOB,
    KIB,
    MIB,
    DemoFile,
    DemoJob,
    deliverables,
    intermediates,
)
from rules_engine.filesystem.root import Root
from rules_engine.jobs import lifecycle
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.store import ManifestStore
from rules_engine.policy.load import load_policies
from rules_engine.policy.model import PolicySet
from rules_engine.policy.shipped import shipped_folder
from rules_engine.values.paths import RelPath, join
from rules_engine.values.quantities import HOUR, MINUTE, SECOND, Duration, Instant
from rules_engine.values.vocabulary import FileType, JobStatus

POLICIES: Final = "policies"
MEDIA: Final = "media"
LIBRARY: Final = "library"
"""Beside the root: what a link in a workspace points to."""
STRAY: Final = (
    ("output/Suits/S01E01/ko/shorts/temp_scaled_call_it_a_day.mkv", 310 * MIB),
    ("output/Suits/S01E01/ko/shorts/temp_concat_list_short-form.txt", 2 * KIB),
    ("output/Money_Heist/S02E05/ko/long/temp_with_credit_long-form_S02E05_001.mkv", 1900 * MIB),
    ("incoming/Suits.S01E05.720p.HDTV.x264.mkv.part", 840 * MIB),
)
"""Temporary names that no job declared."""
LEFT_ALONE: Final = (
    ("incoming/Suits.S01E04.720p.HDTV.x264.mkv", 1400 * MIB),
    ("incoming/temp_keep_reference.wav", 60 * MIB),
    ("incoming/temp_backup/session.prproj", 4 * MIB),
    ("output/Suits/S01E01/ko/hero/court-room.mkv", 220 * MIB),
)
"""What looks as if it could go and stays: a source, an exception, a directory called `temp_…`, an editor's choice."""
_LEASE: Final = Duration(6 * HOUR)
_LENGTH: Final = 90 * MINUTE
"""How long a job of the demo works."""


@dataclass(slots=True)
class PastClock:
    """A clock that says what it is told, so that a job can have ended last week."""

    instant: Instant

    def now(self) -> Instant:
        """The instant that it was set to."""
        return self.instant

    def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        self.instant = Instant(self.instant + round(seconds * SECOND))


@dataclass(slots=True)
class DemoTree:
    """The tree that was built, and the two files that the demo explains."""

    directory: str
    kept: str = ""
    gone: str = ""
    jobs: list[JobRecord] = field(default_factory=list)


def build_tree(directory: str, now: Instant) -> DemoTree:
    """Fill `directory` with policies, a root with jobs and stray files, and a library beside it."""
    tree = DemoTree(directory)
    _copy_policies(os.path.join(directory, POLICIES))
    _write(os.path.join(directory, LIBRARY), [("fonts/NotoSansKR.otf", 16 * MIB)])
    media = os.path.join(directory, MEDIA)
    os.mkdir(media)
    policies = load_policies([os.path.join(directory, POLICIES)])
    with Root.create(media) as root:
        for job in JOBS:
            tree.jobs.append(_Studio(root, policies, PastClock(Instant(now - job.ago))).work(job))
    _write(media, (*STRAY, *LEFT_ALONE))
    workspaces = {str(record.job_id): record.workspace for record in tree.jobs}
    tree.kept, tree.gone = (f"{workspaces[job_id]}/{EXAMPLE}" for job_id in (KEPT_JOB, GONE_JOB))
    return tree


def _copy_policies(folder: str) -> None:
    os.mkdir(folder)
    shipped = shipped_folder()
    for name in sorted(os.listdir(shipped)):
        if name.endswith(".yaml"):
            with open(os.path.join(shipped, name), encoding="utf-8") as source:
                text = source.read()
            with open(os.path.join(folder, name), "x", encoding="utf-8") as copy:
                copy.write(text)


def _write(base: str, files: Iterable[tuple[str, int]], mtime: Instant | None = None) -> None:
    """Write files of these sizes that take no room on the disk: each is one hole."""
    for path, size in files:
        full = os.path.join(base, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "xb") as file:
            file.truncate(size)
        if mtime is not None:
            os.utime(full, ns=(mtime, mtime))


class _Studio:
    """Lets one job work at the time of its clock."""

    def __init__(self, root: Root, policies: PolicySet, clock: PastClock) -> None:
        self._root = root
        self._policies = policies
        self._clock = clock

    def work(self, job: DemoJob) -> JobRecord:
        """Start the job, declare and write its files, and finish it if it ended."""
        end = self._clock.instant
        self._clock.instant = Instant(end - _LENGTH)
        record = self._start(job)
        self._clock.instant = end
        files = (*intermediates(job), *deliverables(job))
        self._declare(record, files)
        # Before sealing: the seal then vouches for the times that the files have now.
        for file in files:
            base = record.output if file.in_output else record.workspace
            _write(os.path.join(self._root.path, base), [(file.path, file.size)], Instant(end - 5 * MINUTE))
        if record.job_id == GONE_JOB:
            self._link_outside(record)
        if job.status not in {JobStatus.COMPLETED, JobStatus.FAILED}:
            return record
        success = job.status is JobStatus.COMPLETED
        return lifecycle.finish(self._root, self._policies, self._clock, record.job_id, success=success)

    def _start(self, job: DemoJob) -> JobRecord:
        parameters = {"series": job.series, "episode": job.episode, "language": job.language}
        lease = _LEASE if job.status is JobStatus.ABANDONED else None
        return lifecycle.start(
            self._root,
            self._policies,
            self._clock,
            job.job_type,
            job_id=job.job_id,
            parameters=parameters,
            lease=lease,
        )

    def _declare(self, record: JobRecord, files: Sequence[DemoFile]) -> None:
        declared: list[tuple[RelPath, FileType]] = [
            (join(record.output if file.in_output else record.workspace, file.path), file.file_type) for file in files
        ]
        ManifestStore(self._root, self._clock).add_files(record.job_id, declared)

    def _link_outside(self, record: JobRecord) -> None:
        link = os.path.join(self._root.path, record.workspace, "slides", "fonts")
        os.symlink(os.path.join("..", "..", "..", "..", LIBRARY, "fonts"), link)
        past = self._clock.instant - 5 * MINUTE
        os.utime(link, ns=(past, past), follow_symlinks=False)
