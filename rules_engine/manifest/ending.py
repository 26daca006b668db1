"""An attempt whose end was cut short: its log says that it ended, but it was never sealed."""

from dataclasses import replace

from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.logfile import open_log
from rules_engine.filesystem.root import open_area
from rules_engine.manifest.backup import Backup
from rules_engine.manifest.events import decode_path, start_in
from rules_engine.manifest.log import log_name
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.shelf import MANIFESTS, find_logs, read_logs
from rules_engine.values.vocabulary import JobId, JobStatus


def cut_short(state: Directory, record: JobRecord, *, success: bool) -> JobRecord | None:
    """The job as it was before that end, where the same end once more makes good what is missing; else None.

    INVARIANT: the seal comes last of all that an end makes, so one without a seal may lack any of it.
    """
    status = JobStatus.COMPLETED if success else JobStatus.FAILED
    if record.sealed or record.status is not status:
        return None
    logs = read_logs(state, record.job_id, find_logs(state, record.job_id))
    starts = [start for log in logs for line in log.lines if (start := start_in(line.event)) is not None]
    newest = max(starts, key=lambda start: start.attempt)
    link = newest.status_links.get(JobStatus.RUNNING)
    return replace(record, status=JobStatus.RUNNING, status_link=decode_path(link) if link else None)


def make_durable(state: Directory, job_id: JobId) -> None:
    """Make durable what a killed writer said last, and bring the backups up to it: a seal is about to cover it."""
    with open_area(state, MANIFESTS) as area:
        for host in sorted(find_logs(state, job_id)):
            name = log_name(job_id, host)
            backup = Backup(state, name)
            with open_log(area, name) as log:
                log.append(b"", durable=True)
                if backup.length() is not None:
                    backup.keep_up(log, durable=True)
