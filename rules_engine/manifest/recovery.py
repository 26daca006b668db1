"""What the seal of a job tells of lines that its logs have no more; values only."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from msgspec.structs import replace as with_fields

from rules_engine.manifest.events import (
    FORMAT_VERSION,
    AddDirectory,
    CleanupFields,
    Finish,
    Line,
    Mended,
    Start,
    encode_line,
    encode_map,
)
from rules_engine.manifest.fold import Attempt, Folded, fold
from rules_engine.manifest.lines import check_of_line
from rules_engine.manifest.log import Log
from rules_engine.manifest.mending import Draft
from rules_engine.manifest.model import DeclaredDirectory, JobRecord, Liveness
from rules_engine.manifest.seal import CoveredLog, Seal
from rules_engine.values.names import EncodedName, encode_name
from rules_engine.values.paths import RelPath, join
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import FileType, JobStatus


@dataclass(frozen=True, slots=True)
class _Reach:
    """How much of a draft the seal covers."""

    last: int
    """The sequence number of the last line that it covers."""
    certain: bool
    """Nothing behind that line can be lost unseen."""


@dataclass(frozen=True, slots=True)
class _Missing:
    """What the seal says and the lines do not."""

    removed: list[EncodedName]
    """What the lines name and the seal does not."""
    files: list[tuple[EncodedName, str]]
    directories: list[AddDirectory]
    finish: Finish | None


_NOTHING: Final = _Missing([], [], [], None)


def recover(drafts: Mapping[str, Draft], seal: Seal, *, critical: bool) -> dict[str, Draft]:
    """The drafts of all logs of a job, by host, their holes filled from the seal; `critical` if it keeps backups.

    A hole that the seal surely covers is not lost any more, if the whole then says exactly what the seal says.
    """
    reach = {log.host: _reach(drafts[log.host], log) for log in seal.logs if log.host in drafts}
    filled = dict(drafts)
    before = _fold(seal, filled, reach).record
    if before is None or not _began_alike(before, seal.record):
        filled = {
            host: _begin(draft, reach.get(host), seal.record, critical=critical) for host, draft in filled.items()
        }
    missing = _missing(_fold(seal, filled, reach), seal.record)
    whole = {host: _fill(draft, reach.get(host), missing, seal.record) for host, draft in filled.items()}
    if all(one.certain for one in reach.values()) and _says(_fold(seal, whole, reach), seal.record):
        return {host: _found(draft, reach[host]) if host in reach else draft for host, draft in whole.items()}
    # Something else may have come after: what the lines name stays named, though the seal says that it went.
    added = replace(missing, removed=[])
    return {host: _fill(draft, reach.get(host), added, seal.record) for host, draft in filled.items()}


def _reach(draft: Draft, log: CoveredLog) -> _Reach:
    for line in draft.lines:
        if check_of_line(encode_line(line)) == log.check:
            return _Reach(line.seq, certain=True)
    # The last line that it covers is damaged itself. If the log grew since, or was cut, nobody knows by how much.
    return _Reach(draft.lines[-1].seq, certain=draft.longest == log.length)


def _fold(seal: Seal, drafts: Mapping[str, Draft], reach: Mapping[str, _Reach]) -> Folded:
    """What the lines that the seal covers add up to."""
    logs = [
        Log(host, tuple(line for line in drafts[host].lines if line.seq <= one.last))
        for host, one in sorted(reach.items())
    ]
    return fold(seal.record.job_id, logs, _nobody_knows)


def _nobody_knows(_attempt: Attempt) -> Liveness:
    return Liveness.UNKNOWN


def _missing(folded: Folded, sealed: JobRecord) -> _Missing:
    found = folded.record
    files = found.files if found is not None else {}
    directories = found.directories if found is not None else {}
    return _Missing(
        removed=[
            encode_name(join(path, name))
            for path, names in files.items()
            for name in names
            if name not in sealed.files.get(path, {})
        ]
        + [encode_name(path) for path in directories if path not in sealed.directories],
        files=[
            (encode_name(join(path, name)), str(file_type))
            for path, names in sealed.files.items()
            for name, file_type in names.items()
            if files.get(path, {}).get(name) != file_type
        ],
        directories=[
            directory_of(path, one) for path, one in sealed.directories.items() if directories.get(path) != one
        ],
        finish=None
        if folded.status is sealed.status
        else finish_of(sealed.status, {one.host: one.last_seq for one in folded.running}),
    )


def _began_alike(found: JobRecord, sealed: JobRecord) -> bool:
    same = (found.job_type, found.workspace, found.output, found.attempt)
    return same == (sealed.job_type, sealed.workspace, sealed.output, sealed.attempt)


def start_of(sealed: JobRecord, *, critical: bool) -> Start:
    """The event that began the newest attempt of a sealed job, as far as its seal tells."""
    links = {sealed.status.value: encode_name(sealed.status_link)} if sealed.status_link else {}
    return Start(
        format_version=FORMAT_VERSION,
        job_type=str(sealed.job_type),
        attempt=sealed.attempt,
        workspace=encode_name(sealed.workspace),
        output=encode_name(sealed.output),
        parameters=encode_map(sealed.parameters),
        status_links=links,
        aliases=[encode_name(alias) for alias in sealed.aliases],
        cleanup=CleanupFields.from_policy(sealed.cleanup) if sealed.cleanup else None,
        critical=critical,
    )


def directory_of(path: RelPath, declared: DeclaredDirectory) -> AddDirectory:
    """The event that declared a directory."""
    kind, file_type = declared.directory_type, declared.file_type
    return AddDirectory(encode_name(path), str(kind) if kind else None, str(file_type) if file_type else None)


def finish_of(status: JobStatus, others: dict[str, int]) -> Finish:
    """The event that ended an attempt with that status."""
    return Finish("completed" if status is JobStatus.COMPLETED else "failed", others)


def _holes(draft: Draft, reach: _Reach | None) -> list[int]:
    """The holes of a draft that a seal may know something of."""
    return sorted(seq for seq in draft.holes if reach is not None and seq <= reach.last)


def _begin(draft: Draft, reach: _Reach | None, sealed: JobRecord, *, critical: bool) -> Draft:
    """The draft with the start of the sealed attempt in its first hole."""
    first = next(iter(_holes(draft, reach)), None)
    return _with(draft, first, at=sealed.started, start=start_of(sealed, critical=critical))


def _fill(draft: Draft, reach: _Reach | None, missing: _Missing, sealed: JobRecord) -> Draft:
    """The draft with all that is missing in its last hole: what was intact behind that has its say."""
    last = next(reversed(_holes(draft, reach)), None)
    ended = sealed.last_sign if sealed.ended is None else sealed.ended
    at = ended if missing.finish is not None else None
    return _with(draft, last, at=at, missing=missing)


def _with(
    draft: Draft, seq: int | None, *, at: Instant | None, start: Start | None = None, missing: _Missing = _NOTHING
) -> Draft:
    lines: list[Line] = []
    for line in draft.lines:
        event = line.event
        if line.seq != seq or not isinstance(event, Mended):
            lines.append(line)
            continue
        filled = with_fields(
            event,
            start=start or event.start,
            removed=[*event.removed, *missing.removed],
            files=[*event.files, *missing.files],
            directories=[*event.directories, *missing.directories],
            finish=missing.finish or event.finish,
        )
        lines.append(with_fields(line, event=filled, at=line.at if at is None else at))
    return replace(draft, lines=tuple(lines))


def _found(draft: Draft, reach: _Reach) -> Draft:
    """The draft in which the holes that the seal covers have lost nothing."""
    lines = [
        with_fields(line, event=with_fields(line.event, lost=False))
        if line.seq in draft.holes and line.seq <= reach.last
        else line
        for line in draft.lines
    ]
    return replace(draft, lines=tuple(lines))


def _says(folded: Folded, sealed: JobRecord) -> bool:
    """Whether the lines say all that the seal says."""
    found = folded.record
    if found is None or folded.status is not sealed.status or not _began_alike(found, sealed):
        return False
    if found.ended != sealed.ended or dict(found.parameters) != dict(sealed.parameters):
        return False
    return dict(found.directories) == dict(sealed.directories) and _names(found) == _names(sealed)


def _names(record: JobRecord) -> dict[RelPath, dict[str, FileType]]:
    return {path: dict(names) for path, names in record.files.items()}
