"""Packing: the seal of a job that ended long ago stands alone, and its logs and their backups go.

docs/reference/formats/seal.md says what a packed seal is.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import Final

from msgspec.structs import replace as with_fields

from rules_engine.errors import UntrustedStateError
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.locks import lock_job
from rules_engine.filesystem.logfile import open_log
from rules_engine.filesystem.machine import Machine
from rules_engine.filesystem.root import STATE, Root, open_area
from rules_engine.manifest.backup import BACKUPS
from rules_engine.manifest.events import AddFiles, Event
from rules_engine.manifest.log import log_name
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.reading import read_one
from rules_engine.manifest.recovery import directory_of, finish_of, start_of
from rules_engine.manifest.seal import Seal, SealedDirectory, SealError, encode_seal
from rules_engine.manifest.sealing import write_seal
from rules_engine.manifest.shelf import (
    MANIFESTS,
    SEAL_SUFFIX,
    SEALED,
    find_logs,
    find_on_shelf,
    has_seal,
    is_current,
    read_seal,
)
from rules_engine.values.clock import Clock
from rules_engine.values.names import decode_name, encode_name
from rules_engine.values.paths import RelPath, join
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import JobId

_FILES_A_LINE: Final = 1_000


def pack(
    root: Root, machine: Machine, clock: Clock, job_id: JobId, listed: Mapping[str, int], *, ended_before: Instant
) -> bool:
    """Let the seal of a job that ended by then stand alone, under the job's lock; False where it has to stay.

    `listed` are its logs by host as a listing shows them, also those of hosts that the index does not name.

    INVARIANT: killed anywhere, every reader sees the job once, with the same files, and packing again ends the same.

    Raises:
        LockedError: when somebody works on the job.
        UntrustedStateError, OSError: when its files cannot be read or written.
    """
    with lock_job(root.require_state(), job_id, clock=clock):
        return _pack(root, machine, job_id, listed, ended_before)


def _pack(root: Root, machine: Machine, job_id: JobId, listed: Mapping[str, int], ended_before: Instant) -> bool:
    state = root.require_state()
    seal = read_one(state, machine, job_id, locked=False).seal
    if seal is None or seal.record.ended is None or seal.record.ended > ended_before:
        return False
    if not is_current(seal, {**listed, **find_logs(state, job_id)}):
        return False
    packed = replace(seal, record=replace(seal.record, packed=True))
    if not seal.record.packed:
        # First the seal: from here on it covers whatever is left of the logs.
        write_seal(state, job_id, encode_seal(packed.record, seal.logs, _present(root.directory, seal)))
    return _remove_logs(state, job_id, packed)


def unpack(state: Directory, job_id: JobId, *, critical: bool = False) -> tuple[tuple[Instant, Event], ...]:
    """What the next log of a packed job has to say first, so that it forgets nothing; nothing where none is packed.

    From then on a log outweighs the packed seal.

    Raises:
        UntrustedStateError: when there is only a seal, and it is damaged.
    """
    if not has_seal(state, job_id):
        return ()
    hosts = find_logs(state, job_id)
    try:
        seal = read_seal(state, job_id)
    except SealError as err:
        # A directory of that name never was a seal; whatever else cannot be read may be all that is left of the job.
        if not hosts and not isinstance(err.__cause__, IsADirectoryError):
            why = f"{err}, and it alone tells what the job has"
            help_text = f"restore it from a backup, or run `rules manifest repair --accept-loss {job_id}`"
            raise UntrustedStateError(f"{STATE}/{SEALED}/{job_id}{SEAL_SUFFIX}", why, help_text) from err
        return ()
    if not seal.record.packed or not is_current(seal, hosts):
        return ()
    if seal.logs:
        # A log that begins now could become as long as one that the seal covers: it must not be taken for that.
        if not _remove_logs(state, job_id, seal):
            return ()
        write_seal(state, job_id, encode_seal(seal.record, (), seal.directories()))
    return tuple(_events(seal.record, critical=critical))


def _remove_logs(state: Directory, job_id: JobId, packed: Seal) -> bool:
    """Remove the logs that a packed seal covers, and their backups; False where one of them goes on."""
    with open_area(state, MANIFESTS) as area, ExitStack() as locks:
        for host in sorted(find_logs(state, job_id)):
            locks.enter_context(open_log(area, log_name(job_id, host)))
        # Looked at under their locks: nobody appends to them any more.
        there = find_on_shelf(state, job_id)
        logs = there.logs.get(job_id, {})
        if not is_current(packed, logs):
            return False
        # A log without its backup is whole, a backup without its log is damage.
        if backups := there.backups.get(job_id, {}):
            with open_area(state, BACKUPS) as backed:
                _unlink(backed, job_id, backups)
        _unlink(area, job_id, logs)
    return True


def _unlink(area: Directory, job_id: JobId, hosts: Mapping[str, int]) -> None:
    for host in sorted(hosts):
        with suppress(FileNotFoundError):
            area.unlink(log_name(job_id, host))
    area.sync()


def _present(top: Directory, seal: Seal) -> Iterator[tuple[RelPath, SealedDirectory]]:
    """The directories of a seal without rows of files that were never made, and are not there now either."""
    for path, directory in seal.directories():
        absent = frozenset(decode_name(row.name) for row in directory.rows if row.absent)
        there = _there(top, path, absent) if absent else frozenset()
        if there is None and len(absent) == len(directory.rows) and directory.inode is None:
            continue
        missing = absent - (there or frozenset())
        rows = [row for row in directory.rows if decode_name(row.name) not in missing]
        yield path, with_fields(directory, rows=rows)


def _there(top: Directory, path: RelPath, names: frozenset[str]) -> frozenset[str] | None:
    """Those of `names` that may be in the directory at `path`; None where not even that is there."""
    try:
        with top.open(path) as here:
            return frozenset(name for name in names if here.stat(name) is not None)
    except FileNotFoundError:
        return None
    except OSError:
        return names


def _events(record: JobRecord, *, critical: bool) -> Iterator[tuple[Instant, Event]]:
    ended = record.last_sign if record.ended is None else record.ended
    yield record.started, start_of(record, critical=critical)
    for path, declared in sorted(record.directories.items()):
        yield ended, directory_of(path, declared)
    files = [
        (encode_name(join(path, name)), str(kind))
        for path, names in record.files.items()
        for name, kind in names.items()
    ]
    for first in range(0, len(files), _FILES_A_LINE):
        yield ended, AddFiles(files=files[first : first + _FILES_A_LINE])
    yield ended, finish_of(record.status, {})
