"""Sealing: what a job that ended declared and has, as one file that stands for its logs."""

import os
from collections.abc import Collection, Iterable, Mapping

from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.machine import Machine
from rules_engine.filesystem.root import open_area
from rules_engine.manifest.amend import completed
from rules_engine.manifest.attempts import Ended, Settle, nothing
from rules_engine.manifest.fold import fold
from rules_engine.manifest.log import log_name
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.reading import observer, read_one
from rules_engine.manifest.returning import returned
from rules_engine.manifest.seal import CoveredLog, Seal, SealedDirectory, SealedRow, decode_seal, encode_seal
from rules_engine.manifest.shelf import MANIFESTS, SEAL_SUFFIX, SEALED, find_logs, read_logs
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import JobId


def seal_attempt(
    state: Directory,
    machine: Machine,
    job_id: JobId,
    before: JobRecord,
    directories: Iterable[tuple[RelPath, SealedDirectory]],
    *,
    settle: Settle = nothing,
) -> Ended:
    """Seal a job whose attempt just ended, with what was observed of it in `directories`; first `settle` it."""
    logs = read_logs(state, job_id, find_logs(state, job_id))
    folded = fold(job_id, logs, observer(state, machine, job_id))
    # Lines that are lost are told by the log alone: a seal must not stand for it until that is accepted.
    if folded.record is None or folded.doubt is not None or folded.running:
        told = read_one(state, machine, job_id).folded.record or before
        settle(before, told)
        return Ended(before, told)
    settle(before, folded.record)
    covered = [CoveredLog(log.host, log.length, log.check) for log in logs]
    data = encode_seal(folded.record, covered, completed(folded.record, directories))
    # The logs are durable and say the same: a seal that is lost or cannot be written makes plans slower, not wrong.
    try:
        write_seal(state, job_id, data, durable=False)
    except OSError:
        return Ended(before, folded.record)
    seal = decode_seal(data, job_id)
    return Ended(before, seal.record, seal)


def seal_returned(
    state: Directory,
    machine: Machine,
    seal: Seal,
    files: Mapping[RelPath, SealedRow],
    directories: Collection[RelPath],
) -> None:
    """Write a seal again with what was put back from the trash.

    Raises:
        OSError: when it cannot be written; then the earlier one stands.
    """
    job_id = seal.record.job_id
    # What went had no row any more, and of what it was to the job only the logs tell.
    logs = read_logs(state, job_id, find_logs(state, job_id))
    declared = fold(job_id, logs, observer(state, machine, job_id)).record if logs else None
    again = returned(seal, declared, files, directories)
    write_seal(state, job_id, encode_seal(seal.record, seal.logs, again))


def write_seal(state: Directory, job_id: JobId, data: bytes, *, durable: bool = True) -> None:
    """Write the seal of a job, replacing an earlier one.

    Raises:
        OSError: when it cannot be written; then the earlier one stands.
    """
    with open_area(state, SEALED) as area:
        name = f"{job_id}{SEAL_SUFFIX}"
        fresh = os.geteuid() == 0 and area.stat(name) is None
        area.write_file(name, data, durable=durable)
        if fresh:
            _give_to_writer(state, area, job_id)


def _give_to_writer(state: Directory, area: Directory, job_id: JobId) -> None:
    """Give a seal that the superuser made to whoever wrote the logs: one day it stands for them alone."""
    hosts = find_logs(state, job_id)
    with open_area(state, MANIFESTS) as logs:
        found = [logs.stat(log_name(job_id, host)) for host in sorted(hosts)]
    writer = next((one for one in found if one is not None and one.uid != 0), None)
    if writer is not None:
        area.give(f"{job_id}{SEAL_SUFFIX}", writer.uid, writer.gid)
