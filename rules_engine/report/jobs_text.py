"""Jobs as text and as JSON: one line each, or everything that a manifest says of one."""

from collections.abc import Iterator, Mapping, Sequence

from rules_engine.manifest.model import Damage, JobRecord
from rules_engine.report.documents import Json, document, instant_json, path_json
from rules_engine.report.tables import align
from rules_engine.report.words import moment, name
from rules_engine.values.paths import RelPath, join, sort_key
from rules_engine.values.quantities import Instant, format_duration
from rules_engine.values.text import escape, plural


def job_list_lines(jobs: Sequence[JobRecord], damaged: Sequence[Damage], now: Instant) -> Iterator[str]:
    """One line a job: id, type, status as read now, its start or end, files; then damaged manifests."""
    if not jobs:
        yield "no jobs"
    else:
        yield from align([_row(job, now) for job in jobs], right=(4,), indent="")
    for one in damaged:
        mend = f"--accept-loss {escape(one.job_id)}" if one.mended else escape(one.job_id)
        yield f"DAMAGED {escape(one.job_id)}: {escape(one.why)}; see `rules manifest repair {mend}`"


def _row(job: JobRecord, now: Instant) -> tuple[str, ...]:
    end = job.end(now)
    when = f"started {moment(job.started, now)}" if end is None else f"ended {moment(end, now)}"
    parameters = " ".join(f"{escape(key)}={escape(value)}" for key, value in job.parameters.items())
    return (job.job_id, job.job_type, job.reading(now).value, when, plural(file_count(job), "file"), parameters)


def file_count(job: JobRecord) -> int:
    """How many files the manifest names."""
    return sum(len(names) for names in job.files.values())


def job_lines(job: JobRecord, now: Instant) -> Iterator[str]:
    """Everything that the manifest of one job says."""
    facts = {
        "job": job.job_id,
        "type": job.job_type,
        "status": job.reading(now).value,
        "attempt": str(job.attempt),
        "started": moment(job.started, now),
        "ended": "not yet" if (end := job.end(now)) is None else moment(end, now),
        "workspace": name(job.workspace),
        "output": name(job.output),
    }
    if job.packed:
        facts["manifest"] = "packed: its seal says all that there is to say"
    if job.lease_until is not None:
        facts["lease until"] = moment(job.lease_until, now)
    if job.status_link is not None:
        facts["status link"] = name(job.status_link)
    facts |= {f"parameter {escape(key)}": escape(value) for key, value in job.parameters.items()}
    if job.cleanup is not None:
        facts["own policy"] = f"keeps temporary files for {format_duration(job.cleanup.retention)}"
    yield from align(list(facts.items()), indent="")
    rows = [(escape(kind), name(path)) for path, kind in _files(job.files)]
    yield plural(len(rows), "file declared", "files declared")
    if rows:
        yield from align(rows)


def _files(files: Mapping[RelPath, Mapping[str, str]]) -> Iterator[tuple[RelPath, str]]:
    for directory in sorted(files, key=sort_key):
        for one in sorted(files[directory], key=sort_key):
            yield join(directory, one), files[directory][one]


def jobs_document(jobs: Sequence[JobRecord], damaged: Sequence[Damage], now: Instant) -> str:
    """The JSON document of kind `jobs`."""
    return document(
        "jobs",
        {
            "now": instant_json(now),
            "jobs": [_job(job, now) for job in jobs],
            "damaged": [{"job_id": one.job_id, "why": one.why} for one in damaged],
        },
    )


def job_document(job: JobRecord, now: Instant) -> str:
    """The JSON document of kind `job`: as in `jobs`, with every declared file."""
    files: list[Json] = [{"path": path_json(path), "type": kind} for path, kind in _files(job.files)]
    return document("job", {"now": instant_json(now), **_job(job, now), "declared": files})


def _job(job: JobRecord, now: Instant) -> dict[str, Json]:
    end = job.end(now)
    return {
        "job_id": job.job_id,
        "job_type": str(job.job_type),
        "status": job.reading(now).value,
        "attempt": job.attempt,
        "started": instant_json(job.started),
        "ended": None if end is None else instant_json(end),
        "parameters": dict(job.parameters),
        "workspace": path_json(job.workspace),
        "output": path_json(job.output),
        "status_link": None if job.status_link is None else path_json(job.status_link),
        "lease_until": None if job.lease_until is None else instant_json(job.lease_until),
        "files": file_count(job),
        "packed": job.packed,
    }
