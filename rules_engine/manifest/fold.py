"""From events to the record of a job: all its logs together, the newest attempt of every host."""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from rules_engine.errors import InvalidValueError
from rules_engine.manifest.events import (
    Accepted,
    AddDirectory,
    AddFiles,
    Event,
    Finish,
    Lease,
    Line,
    Mended,
    Remove,
    Start,
    decode_map,
    decode_path,
    parts_of,
)
from rules_engine.manifest.log import Log
from rules_engine.manifest.model import DeclaredDirectory, JobRecord, Liveness
from rules_engine.values.paths import RelPath, is_at_or_below, name_of, parent
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import DirectoryType, FileType, JobId, JobStatus, JobType


@dataclass(slots=True)
class Attempt:
    """Where the newest attempt of one host stands."""

    host: str
    number: int
    boot: str
    status: JobStatus = JobStatus.RUNNING
    ended: Instant | None = None
    last_seq: int = 0
    last_at: Instant = Instant(0)  # noqa: RUF009 - a NewType is the integer itself
    held: bool = False
    """The job's lock was held when its newest event was written."""
    lease_ns: int | None = None


@dataclass(slots=True)
class _Folding:
    files: dict[RelPath, dict[str, FileType]] = field(default_factory=dict)
    directories: dict[RelPath, DeclaredDirectory] = field(default_factory=dict)
    attempts: dict[str, Attempt] = field(default_factory=dict)
    starts: list[tuple[int, Instant, str, Start]] = field(default_factory=list)
    finishes: list[tuple[Instant, Finish]] = field(default_factory=list)
    last_sign: Instant = Instant(0)  # noqa: RUF009 - same
    bad_path: bool = False


@dataclass(frozen=True, slots=True)
class Folded:
    """A record, and what its logs say beyond it."""

    record: JobRecord | None
    """None where no log tells how the job was started."""
    running: tuple[Attempt, ...] = ()
    """The attempts that nobody finished, by host."""
    directories: tuple[RelPath, ...] = ()
    """Every directory that an intact line names, sorted."""
    damage: str | None = None
    """What has to be mended before the job can go on."""
    lost: str | None = None
    """What was mended and may have named more; nobody has accepted the loss yet."""
    status: JobStatus = JobStatus.UNTRUSTED
    """As the lines say it, also where something is wrong with them."""

    @property
    def doubt(self) -> str | None:
        """Why the job is not to be trusted; None where it is."""
        return self.damage or self.lost

    @property
    def as_written(self) -> JobRecord | None:
        """The record with the status that the lines say: what its own next writer goes by."""
        return replace(self.record, status=self.status) if self.record is not None else None


Observe = Callable[[Attempt], Liveness]


def fold(job_id: JobId, logs: Sequence[Log], observe: Observe) -> Folded:
    """The record that the logs of a job add up to; `observe` says whether somebody is left to finish an attempt."""
    state = _Folding()
    for at, host, line in _in_order(logs):
        _apply(state, at, host, line)
    damage = next((log.damage for log in logs if log.damage), None)
    if state.bad_path and damage is None:
        damage = f"the manifest of job `{job_id}` names a path that cannot be below the root"
    lost = next((log.lost for log in logs if log.lost), None)
    if not state.starts:
        unstarted = f"no manifest tells how job `{job_id}` was started"
        return Folded(None, (), _named(state, None), damage or unstarted, lost)
    record, running = _record(job_id, state, observe)
    status = record.status if record is not None else JobStatus.UNTRUSTED
    if record is not None and (damage or lost):
        record = replace(record, status=JobStatus.UNTRUSTED)
    return Folded(record, running, _named(state, record), damage, lost, status)


def _in_order(logs: Sequence[Log]) -> Iterator[tuple[Instant, str, Line]]:
    """The lines of all logs by time; those of one log keep their order, also where its clock went back."""
    return heapq.merge(*map(_timed, logs), key=lambda timed: (timed[0], timed[1], timed[2].seq))


def _timed(log: Log) -> Iterator[tuple[Instant, str, Line]]:
    newest = Instant(0)
    for line in log.lines:
        newest = max(newest, Instant(line.at))
        yield newest, log.host, line


def _apply(state: _Folding, at: Instant, host: str, line: Line) -> None:
    if isinstance(line.event, Accepted):
        # Said about the job, not by it: no sign of life.
        return
    state.last_sign = max(state.last_sign, at)
    for event in parts_of(line.event):
        _apply_event(state, at, host, event)
    attempt = state.attempts.get(host)
    if attempt is None:
        return
    attempt.last_seq, attempt.last_at, attempt.held = line.seq, at, line.held
    if isinstance(line.event, Mended) and line.event.lost and line.event.finish is None:
        # One of the lost lines may have begun another attempt: whoever works on it must be able to finish it.
        attempt.status, attempt.ended = JobStatus.RUNNING, None


def _apply_event(state: _Folding, at: Instant, host: str, event: Event) -> None:
    try:
        _apply_paths(state, event)
    except InvalidValueError:
        state.bad_path = True
    if isinstance(event, Start):
        state.starts.append((event.attempt, at, host, event))
        state.attempts[host] = Attempt(host, event.attempt, event.boot, lease_ns=event.lease_ns)
    if isinstance(event, Finish):
        state.finishes.append((at, event))
    attempt = state.attempts.get(host)
    match event:
        case Finish(status=status) if attempt is not None:
            attempt.status, attempt.ended = JobStatus(status), at
        case Lease(lease_ns=lease_ns) if attempt is not None:
            attempt.lease_ns = lease_ns
        case _:
            pass


def _apply_paths(state: _Folding, event: Event) -> None:
    match event:
        case AddFiles(files=files):
            for written, file_type in files:
                path = decode_path(written)
                state.files.setdefault(parent(path), {})[name_of(path)] = FileType(file_type)
        case AddDirectory():
            state.directories[decode_path(event.path)] = DeclaredDirectory(
                DirectoryType(event.directory_type) if event.directory_type else None,
                FileType(event.file_type) if event.file_type else None,
            )
        case Remove(paths=paths):
            for written in paths:
                _forget(state, decode_path(written))
        case Start():
            decode_path(event.workspace)
            decode_path(event.output)
        case _:
            pass


def _forget(state: _Folding, path: RelPath) -> None:
    names = state.files.get(parent(path), {})
    if names.pop(name_of(path), None) is not None:
        if not names:
            del state.files[parent(path)]
        return
    # Not a file, so a directory: it goes with all in it, whether it was declared or only its files were.
    for directory in [one for one in state.directories if is_at_or_below(one, path)]:
        del state.directories[directory]
    for directory in [one for one in state.files if is_at_or_below(one, path)]:
        del state.files[directory]


def _record(job_id: JobId, state: _Folding, observe: Observe) -> tuple[JobRecord | None, tuple[Attempt, ...]]:
    state.starts.sort(key=lambda one: one[:3])
    _settle(state)
    number, _, newest_host, start = state.starts[-1]
    running = tuple(one for _, one in sorted(state.attempts.items()) if one.status is JobStatus.RUNNING)
    newest = state.attempts[newest_host]
    status = JobStatus.RUNNING if running else newest.status
    liveness, lease_until = _evidence(running, observe)
    try:
        workspace, output = decode_path(start.workspace), decode_path(start.output)
        link = start.status_links.get(JobStatus.RUNNING if running else newest.status)
        record = JobRecord(
            job_id=job_id,
            job_type=JobType(start.job_type),
            status=status,
            started=min(at for attempt, at, _, _ in state.starts if attempt == number),
            workspace=workspace,
            output=output,
            attempt=number,
            ended=None if running else max((one.ended for one in state.attempts.values() if one.ended), default=None),
            last_sign=state.last_sign,
            parameters=decode_map(start.parameters),
            status_link=decode_path(link) if link else None,
            aliases=tuple(decode_path(alias) for alias in start.aliases),
            files=state.files,
            directories=_directories(state, workspace),
            cleanup=start.cleanup.to_policy() if start.cleanup else None,
            lease_until=lease_until,
            liveness=liveness,
        )
    except InvalidValueError:
        return None, running
    return record, running


def _settle(state: _Folding) -> None:
    """End the attempts that another host ended: by finishing the job, or by starting anew what it read as abandoned.

    An event that the other host had not seen makes the attempt running again.
    """
    for attempt in state.attempts.values():
        if attempt.status is not JobStatus.RUNNING:
            continue
        for number, _, _, start in state.starts:
            if number > attempt.number and start.abandons.get(attempt.host, 0) >= attempt.last_seq:
                attempt.status, attempt.ended = JobStatus.FAILED, attempt.last_at
        for at, finish in state.finishes:
            if finish.finishes.get(attempt.host, 0) >= attempt.last_seq:
                attempt.status, attempt.ended = JobStatus(finish.status), at


def _evidence(running: Sequence[Attempt], observe: Observe) -> tuple[Liveness, Instant | None]:
    """Whether somebody is left to finish any attempt, and when the last lease of the others runs out."""
    seen = [(attempt, observe(attempt)) for attempt in running]
    if not seen:
        return Liveness.UNKNOWN, None
    if any(liveness is Liveness.ALIVE for _, liveness in seen):
        return Liveness.ALIVE, None
    undecided = [attempt for attempt, liveness in seen if liveness is Liveness.UNKNOWN]
    if not undecided:
        return Liveness.DEAD, None
    # A host without a lease never says that it is gone: then no lease of another can say it either.
    if any(attempt.lease_ns is None for attempt in undecided):
        return Liveness.UNKNOWN, None
    return Liveness.UNKNOWN, Instant(max(attempt.last_at + (attempt.lease_ns or 0) for attempt in undecided))


def _directories(state: _Folding, workspace: RelPath) -> dict[RelPath, DeclaredDirectory]:
    """The declared directories; a workspace of an earlier attempt that lay elsewhere stays the job's."""
    found = dict(state.directories)
    for _, _, _, start in state.starts:
        earlier = decode_path(start.workspace)
        if earlier != workspace:
            found.setdefault(earlier, DeclaredDirectory(None, FileType.UNDECLARED))
    return found


def _named(state: _Folding, record: JobRecord | None) -> tuple[RelPath, ...]:
    found = {*state.files, *state.directories}
    if record is not None:
        found |= {record.workspace, *record.directories}
    return tuple(sorted(found))
