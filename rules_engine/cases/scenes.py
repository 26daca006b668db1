"""From the checked shape of a case to its scene: jobs with the paths of their layouts, files with owners and ages."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from rules_engine.cases.model import Scene
from rules_engine.cases.moments import is_moment, read_moment
from rules_engine.errors import InvalidValueError
from rules_engine.inventory.model import FileFact
from rules_engine.manifest.log import check_job_id
from rules_engine.manifest.model import JobRecord, Liveness
from rules_engine.plan.given import Pin
from rules_engine.policy.findings import Findings, suggest
from rules_engine.policy.known import Known
from rules_engine.policy.model import PolicySet
from rules_engine.policy.nodes import Node, Pair
from rules_engine.policy.settling import settle
from rules_engine.values.diagnostics import Span
from rules_engine.values.paths import InvalidPathError, RelPath, ancestors, is_below, name_of, parent, parse_relpath
from rules_engine.values.quantities import HOUR, Instant, instant_to_datetime, parse_instant, parse_size
from rules_engine.values.vocabulary import EntryKind, FileType, JobId, JobStatus, JobType

NOW: Final = "2026-01-01T00:00:00Z"
"""The moment of a case that does not say its own."""

_SIZE: Final = "1MiB"
_JOB: Final = "job "


def read_path(text: str, span: Span, findings: Findings) -> RelPath | None:
    """The path that is written there; None, with a finding, where it cannot be one below the root."""
    try:
        return parse_relpath(text.removesuffix("/"))
    except InvalidPathError as err:
        findings.error("P503", f"path `{text}` {err.why}", span, "write it relative to the root, such as `scratch/a/x`")
        return None


def known_of(policies: PolicySet) -> Known:
    """The names that the layouts of these policies give."""
    types = {str(one) for layout in policies.layouts.values() for each in layout.directories for one in each.holds}
    parameters = {
        str(job_type): frozenset(name for name, _ in layout.parameters) for job_type, layout in policies.layouts.items()
    }
    return Known(parameters, frozenset({*types, str(FileType.UNDECLARED)}))


def read_scene(case: Node, policies: PolicySet, findings: Findings) -> Scene | None:
    """The scene of a case; None, with findings, where it means nothing."""
    before = len(findings)
    now = _read_now(case.get("now"), findings)
    if now is None:
        return None
    reader = _Reader(policies, now, findings)
    reader.read_jobs(case)
    reader.read_files(case)
    reader.read_directories(case)
    pins = reader.read_pins(case)
    return reader.scene(pins) if len(findings) == before else None


def _read_now(node: Node | None, findings: Findings) -> Instant | None:
    try:
        return parse_instant(node.text if node is not None else NOW)
    except InvalidValueError as err:
        span = node.span if node is not None else None
        findings.error("P502", str(err), span, "write a date such as `2026-03-01`, or a time in ISO 8601")
        return None


class _Reader:
    """One reading of a scene: jobs first, then the files that they may own."""

    def __init__(self, policies: PolicySet, now: Instant, findings: Findings) -> None:
        self._policies = policies
        self._known = known_of(policies)
        self._now = now
        self._findings = findings
        self._jobs: dict[JobId, JobRecord] = {}
        self._declared: dict[JobId, dict[RelPath, dict[str, FileType]]] = {}
        self._files: dict[RelPath, tuple[FileFact, Span]] = {}
        self._directories: dict[RelPath, Instant] = {}

    def scene(self, pins: tuple[Pin, ...]) -> Scene:
        jobs = (replace(job, files=self._declared[job_id]) for job_id, job in sorted(self._jobs.items()))
        moment: datetime = instant_to_datetime(self._now)
        return Scene(moment, tuple(jobs), tuple(file for file, _ in self._files.values()), self._directories, pins)

    def read_jobs(self, case: Node) -> None:
        for job_id, node, span in case.pairs("jobs"):
            job = self._job(job_id, node, span)
            if job is not None:
                self._jobs[job.job_id] = job
                self._declared[job.job_id] = {}

    def _job(self, job_id: str, node: Node, span: Span) -> JobRecord | None:
        kind = node.at(("type",))
        self._known.check_job_types((kind,), self._findings)
        layout = self._policies.layouts.get(JobType(kind.text))
        status = node.text_of("status") or "completed"
        ended = self._end(job_id, status, node, span)
        given = {name: value.text for name, value, _ in node.pairs("parameters")}
        if layout is None or ended is None:
            return None
        try:
            settled = settle(layout, check_job_id(job_id), given)
        except InvalidValueError as err:
            help_text = "give it what `rules job start` would be given"
            self._findings.error("P504", str(err), node.key_span("parameters"), help_text)
            return None
        abandoned = status == JobStatus.ABANDONED
        recorded = JobStatus.RUNNING if abandoned else JobStatus(status)
        started = node.get("started")
        begin = read_moment(started, self._now, self._findings) if started is not None else Instant(ended - HOUR)
        return JobRecord(
            job_id=JobId(job_id),
            job_type=layout.job_type,
            status=recorded,
            started=begin if begin is not None else ended,
            workspace=settled.workspace,
            output=settled.output,
            ended=None if recorded is JobStatus.RUNNING else ended,
            last_sign=ended,
            parameters=settled.parameters,
            status_link=settled.status_links.get(recorded),
            aliases=settled.aliases,
            liveness=Liveness.DEAD if abandoned else Liveness.UNKNOWN,
        )

    def _end(self, job_id: str, status: str, node: Node, span: Span) -> Instant | None:
        """When the job ended; of one that is running, now."""
        ended = node.get("ended")
        if status == JobStatus.RUNNING:
            if ended is not None:
                message = f"job `{job_id}` is running, and has not ended"
                self._findings.error("P502", message, node.key_span("ended"), "remove it, or give another `status`")
            return self._now
        if ended is None:
            help_text = "add `ended:`, such as `ended: 25h ago`, or `status: running`"
            self._findings.error("P502", f"job `{job_id}` does not say when it ended", span, help_text)
            return None
        return read_moment(ended, self._now, self._findings)

    def read_files(self, case: Node) -> None:
        for pair in case.pairs("files"):
            path = read_path(pair.key, pair.span, self._findings)
            if path is not None:
                self._file(path, pair)
        for path, (_, span) in self._files.items():
            above = next((one for one in ancestors(path) if one in self._files), None)
            if above is not None:
                self._findings.error("P503", f"`{above}` is a file, and no file lies below it", span, "remove one")

    def _file(self, path: RelPath, pair: Pair) -> None:
        node = pair.value
        said = node if node.scalar is not None else None
        file_type = said if said is not None and not is_moment(said.text) else node.get("type")
        owners = self._owners(path, node, file_type, pair.span)
        changed = said if said is not None and file_type is None else node.get("changed")
        written = node.get("written")
        unsaid = self._end_of_jobs(path, owners)
        if unsaid is None and not (changed or written or file_type or node.get("job")):
            help_text = "write `changed: 8d ago`, or for a file with nothing else to say `8d ago` alone"
            message = f"no job has `{path}`, and it does not say how old it is"
            self._findings.error("P502", message, pair.span, help_text)
        mtime = self._time(written or changed, unsaid)
        ctime = self._time(changed or written, unsaid) if changed is not written else mtime
        for job_id in owners:
            if file_type is not None and file_type.text != FileType.UNDECLARED:
                self._declared[job_id].setdefault(parent(path), {})[name_of(path)] = FileType(file_type.text)
        fact = FileFact(
            directory=parent(path),
            name=name_of(path),
            kind=EntryKind.FILE,
            inode=len(self._files) + 1,
            size=parse_size(node.text_of("size") or _SIZE),
            mtime_ns=mtime,
            ctime_ns=ctime,
        )
        self._files[path] = (fact, pair.span)

    def _owners(self, path: RelPath, node: Node, file_type: Node | None, span: Span) -> tuple[JobId, ...]:
        """The jobs that declared the file."""
        named = node.each("job")
        if file_type is None:
            if named:
                message = f"`{path}` has a job and no type"
                self._findings.error("P505", message, named[0].span, "add `type:`; a job declares a file with its type")
            return ()
        self._known.check_file_types((file_type,), self._findings)
        return self._named((one.text, one.span) for one in named) if named else self._declaring(path, span)

    def _named(self, names: Iterable[tuple[str, Span]]) -> tuple[JobId, ...]:
        """Those of these jobs that the case has."""
        found: list[JobId] = []
        for job_id, span in names:
            if job_id in self._jobs:
                found.append(JobId(job_id))
            else:
                help_text = suggest(job_id, self._jobs, "add it under `jobs`")
                self._findings.error("P504", f"this case has no job `{job_id}`", span, help_text)
        return tuple(found)

    def _declaring(self, path: RelPath, span: Span) -> tuple[JobId, ...]:
        """The one job in whose workspace, or else in whose output, the file lies."""
        at_work = [job.job_id for job in self._jobs.values() if is_below(path, job.workspace)]
        found = at_work or [job.job_id for job in self._jobs.values() if is_below(path, job.output)]
        if len(found) != 1:
            several = f"lies in the output of {' and '.join(f'`{one}`' for one in sorted(found))}"
            where = several if found else "lies in the workspace and output of no job"
            help_text = "say which declared it: `{type: …, job: ID}`"
            self._findings.error("P504", f"`{path}` {where}", span, help_text)
            return ()
        return tuple(found)

    def _end_of_jobs(self, path: RelPath, owners: tuple[JobId, ...]) -> Instant | None:
        """When the last of the jobs ended that have the file; None where none has."""
        jobs = [job for job in self._jobs.values() if job.job_id in owners or is_below(path, job.workspace)]
        return max((job.last_sign for job in jobs), default=None)

    def _time(self, node: Node | None, unsaid: Instant | None) -> Instant | None:
        return read_moment(node, self._now, self._findings) if node is not None else unsaid

    def read_directories(self, case: Node) -> None:
        for text, node, span in case.pairs("directories"):
            path = read_path(text, span, self._findings)
            changed = read_moment(node, self._now, self._findings)
            if path is None or changed is None:
                continue
            if path in self._files or any(is_below(file, path) for file in self._files):
                what = "is a file" if path in self._files else "holds a file, and is there without being named"
                self._findings.error("P503", f"`{path}` {what}", span, "name only directories without files")
            self._directories[path] = changed

    def read_pins(self, case: Node) -> tuple[Pin, ...]:
        found: list[Pin] = []
        for node in case.each("pins"):
            if node.text.startswith(_JOB):
                found += [Pin(job=one) for one in self._named([(node.text.removeprefix(_JOB), node.span)])]
                continue
            path = read_path(node.text, node.span, self._findings)
            found += [Pin(path=path)] if path is not None else []
        return tuple(found)
