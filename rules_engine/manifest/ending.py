"""An attempt whose end was cut short: its log says that it ended, but it was never sealed."""

from dataclasses import replace

from rules_engine.filesystem.directory import Directory
from rules_engine.manifest.events import decode_path, start_in
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.shelf import find_logs, read_logs
from rules_engine.values.vocabulary import JobStatus


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
