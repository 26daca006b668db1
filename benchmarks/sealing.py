"""Manifests and seals of finished jobs, written by the package's own code but not durably and without a life before.

A job that is really started and finished waits for the disk several times; ten thousand of them would take minutes.
"""

import os
from collections.abc import Mapping

from rules_engine.filesystem.locks import lock_job
from rules_engine.filesystem.machine import this_machine
from rules_engine.filesystem.root import Root, open_area
from rules_engine.inventory.model import FileFact
from rules_engine.inventory.seen import row_from
from rules_engine.jobs.due import hint
from rules_engine.manifest.events import AddFiles, Event, Finish, Line, Start, encode_line
from rules_engine.manifest.fold import Attempt, fold
from rules_engine.manifest.hosts import note_host
from rules_engine.manifest.lines import check_of_line
from rules_engine.manifest.log import Log, log_name
from rules_engine.manifest.model import Liveness
from rules_engine.manifest.request import StartRequest
from rules_engine.manifest.seal import CoveredLog, SealedDirectory, SealedRow, encode_seal
from rules_engine.manifest.shelf import MANIFESTS, SEAL_SUFFIX, SEALED
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY, Instant
from rules_engine.values.vocabulary import EntryKind, FileType, JobId, JobType

FRAME, VIDEO = FileType("temp_frame"), FileType("final_video")


class Sealer:
    """Writes what a job that ended at one moment left in the state of a root."""

    def __init__(self, root: Root, ended: Instant) -> None:
        self._state = root.require_state()
        self._ended = ended
        self._machine = this_machine()
        self._folder = f"{root.path}/.rules"
        with open_area(self._state, MANIFESTS) as manifests, open_area(self._state, SEALED):
            note_host(self._state, self._machine.host, manifests)

    def seal(
        self,
        name: str,
        workspace: str,
        output: str,
        frames: Mapping[str, os.stat_result],
        videos: Mapping[str, os.stat_result],
    ) -> None:
        """Write the log, the seal, the lock and the hint of a job, all of whose files were declared."""
        job_id, host = JobId(name), self._machine.host
        request = StartRequest(
            job_id, JobType("render"), RelPath(workspace), RelPath(output), parameters={"series": "show"}
        )
        declared = [(f"{workspace}/frames/{file}", str(FRAME)) for file in frames]
        declared += [(f"{output}/videos/{file}", str(VIDEO)) for file in videos]
        events: list[Event] = [request.to_event(1, self._machine.boot, ()), AddFiles(declared), Finish("completed")]
        lines = [Line(number, self._ended, event) for number, event in enumerate(events, start=1)]
        written = [encode_line(line) for line in lines]
        covered = CoveredLog(host, sum(map(len, written)), check_of_line(written[-1]))
        # What was declared, the rows say: a seal does not say it twice.
        told = Log(host, tuple(line for line in lines if isinstance(line.event, Start | Finish)))
        record = fold(job_id, [told], _nobody_is_running).record
        assert record is not None
        directories = _directories(workspace, output, self._folder, frames, videos)
        self._write(f"{MANIFESTS}/{log_name(job_id, host)}", b"".join(written))
        self._write(f"{SEALED}/{job_id}{SEAL_SUFFIX}", encode_seal(record, [covered], directories))
        with lock_job(self._state, job_id):
            hint(self._state, job_id, [Instant(self._ended + DAY)])

    def _write(self, name: str, data: bytes) -> None:
        fd = os.open(f"{self._folder}/{name}", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        os.write(fd, data)
        os.close(fd)


def _nobody_is_running(_attempt: Attempt) -> Liveness:
    raise AssertionError("the job was finished")


def _directories(
    workspace: str,
    output: str,
    state: str,
    frames: Mapping[str, os.stat_result],
    videos: Mapping[str, os.stat_result],
) -> list[tuple[RelPath, SealedDirectory]]:
    """What a job has, directory by directory in order; outside its workspace only what it declared."""
    root = os.path.dirname(state)
    own, kept = RelPath(f"{workspace}/frames"), RelPath(f"{output}/videos")
    inodes = {name: os.lstat(f"{root}/{workspace}/{name}").st_ino for name in ("", "frames", "temp")}
    return [
        (kept, SealedDirectory(None, False, [], [_row(kept, *one, VIDEO) for one in videos.items()])),
        (RelPath(workspace), SealedDirectory(inodes[""], True, ["frames", "temp"], [])),
        (own, SealedDirectory(inodes["frames"], True, [], [_row(own, *one, FRAME) for one in frames.items()])),
        (RelPath(f"{workspace}/temp"), SealedDirectory(inodes["temp"], True, [], [])),
    ]


def _row(directory: RelPath, name: str, found: os.stat_result, file_type: FileType) -> SealedRow:
    fact = FileFact(
        directory,
        name,
        EntryKind.FILE,
        found.st_ino,
        found.st_size,
        found.st_mtime_ns,
        found.st_ctime_ns,
        found.st_nlink,
    )
    return row_from(fact, file_type)
