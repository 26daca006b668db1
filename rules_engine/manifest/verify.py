"""Everything on the shelf looked at, also what no reader looks at: what is wrong, in which file, line and byte."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from rules_engine.errors import UntrustedStateError
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.root import STATE
from rules_engine.manifest.backup import BACKUPS
from rules_engine.manifest.events import start_in
from rules_engine.manifest.hosts import HOSTS, missing_hosts
from rules_engine.manifest.log import log_name, parse_log
from rules_engine.manifest.pieces import Piece, first_seq, has_good_paths, split_pieces
from rules_engine.manifest.repair import read_backup, read_log_bytes
from rules_engine.manifest.seal import Seal, SealError
from rules_engine.manifest.shelf import MANIFESTS, SEAL_SUFFIX, SEALED, Listing, is_current, list_shelf, read_seal
from rules_engine.values.text import escape, plural
from rules_engine.values.vocabulary import JobId


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with the manifest of a job."""

    job_id: str
    """For a file that is no manifest, its name."""
    file: str
    """From the root on."""
    what: str
    line: int | None = None
    byte: int | None = None
    """Where the line begins, counted from 0."""


def verify(state: Directory, only: Collection[str] = ()) -> Iterator[Finding]:
    """What is wrong with the manifests, job by job; of all jobs, or `only` of these.

    Raises:
        UntrustedStateError: when the listing of manifests, backups or seals cannot be read.
    """
    listing = list_shelf(state)
    for job_id in sorted(listing.logs.keys() | listing.seals | listing.backups.keys()):
        if not only or job_id in only:
            yield from _job(state, job_id, listing)
    for name in listing.odd:
        if not only or name in only:
            yield Finding(name, _file(MANIFESTS, name), "is no manifest, and may be one that was renamed")


def _job(state: Directory, job_id: JobId, listing: Listing) -> Iterator[Finding]:
    seal, damaged_seal = _seal(state, job_id, listing)
    for host in missing_hosts(state, listing.logs.get(job_id, {})):
        yield Finding(job_id, f"{STATE}/{HOSTS}", f"does not name host `{host}`, so its manifest may be overlooked")
    backups = listing.backups.get(job_id, {})
    is_packed = seal is not None and seal.record.packed and is_current(seal, listing.logs.get(job_id, {}))
    covered = {log.host: log.length for log in seal.logs} if seal is not None and not is_packed else {}
    is_started, is_readable = is_packed, True
    for host in sorted({*listing.logs.get(job_id, {}), *backups, *covered}):
        name = log_name(job_id, host)
        try:
            backup = read_backup(state, name) if host in backups else b""
            data = read_log_bytes(state, name)
        except UntrustedStateError as err:
            is_readable = False
            yield Finding(job_id, err.path, err.why)
            continue
        yield from _log(job_id, name, data, max(covered.get(host, 0), len(backup)))
        yield from _backup(job_id, name, data, backup)
        lines = parse_log(data, name, host).lines
        is_started = is_started or any(start_in(line.event) is not None for line in lines)
    if is_readable and not is_started:
        yield Finding(job_id, _file(MANIFESTS, f"{job_id}@*"), "no line tells how the job was started")
    if damaged_seal is not None:
        yield Finding(job_id, _file(SEALED, f"{job_id}{SEAL_SUFFIX}"), damaged_seal)


def _seal(state: Directory, job_id: JobId, listing: Listing) -> tuple[Seal | None, str | None]:
    if job_id not in listing.seals:
        return None, None
    try:
        return read_seal(state, job_id), None
    except SealError as err:
        return None, str(err)


def _log(job_id: JobId, name: str, data: bytes, at_least: int) -> Iterator[Finding]:
    file = _file(MANIFESTS, name)
    expected, length = 1, 0
    for piece in split_pieces(data):
        yield from (Finding(job_id, file, what, piece.number, piece.start) for what in _wrong(piece, expected))
        expected = piece.line.seq + 1 if piece.line is not None else expected + 1
        length = piece.end
    if not length:
        yield Finding(job_id, file, "is empty or gone")
    elif length < at_least:
        yield Finding(job_id, file, f"lacks its end: it is {at_least - length} bytes shorter than it was", byte=length)
    lost = parse_log(data, name, "").lost
    if lost is not None:
        yield Finding(job_id, file, f"was mended, but {lost}; see `rules manifest repair --accept-loss {job_id}`")


def _wrong(piece: Piece, expected: int) -> Iterator[str]:
    line = piece.line
    if line is None:
        yield "fails its check"
        return
    missing = first_seq(line) - expected
    if missing > 0:
        yield f"lacks {plural(missing, 'line')} before it"
    elif missing < 0:
        yield f"repeats line number {first_seq(line)}"
    if not has_good_paths(line):
        yield "names a path that cannot be below the root"


def _backup(job_id: JobId, name: str, data: bytes, backup: bytes) -> Iterator[Finding]:
    # What one of the two lacks at its end is told of the log, or made good by its next writer.
    same = min(len(data), len(backup))
    if data[:same] != backup[:same]:
        differs = next(place for place in range(same) if data[place] != backup[place])
        yield Finding(job_id, _file(BACKUPS, name), "differs from the manifest", byte=differs)


def _file(place: str, name: str) -> str:
    return f"{STATE}/{place}/{escape(name)}"
