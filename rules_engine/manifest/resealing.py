"""Seals after a repair: a damaged one is set aside, and one whose logs were mended covers them again."""

from dataclasses import replace

from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.machine import Machine
from rules_engine.filesystem.root import open_area
from rules_engine.manifest.amend import completed
from rules_engine.manifest.fold import Folded
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.reading import read_one
from rules_engine.manifest.repair import LARGEST, Repair, find_seal, keep_copy
from rules_engine.manifest.seal import CoveredLog, encode_seal
from rules_engine.manifest.shelf import SEAL_SUFFIX, SEALED, Listing, find_on_shelf, read_logs
from rules_engine.values.vocabulary import JobId


def mend_seal(state: Directory, machine: Machine, job_id: JobId) -> tuple[Repair, ...]:
    """Set a damaged seal aside, or let one that was outdated by a repair cover the mended logs.

    Raises:
        OSError: when that cannot be written.
    """
    listing = find_on_shelf(state, job_id)
    if not _is_outdated(state, machine, job_id, listing):
        return ()
    seal = find_seal(state, job_id)
    if seal is None:
        return (_set_aside(state, job_id),)
    logs = read_logs(state, job_id, listing.logs.get(job_id, {}))
    covered = [CoveredLog(log.host, log.length, log.check) for log in logs]
    with open_area(state, SEALED) as area:
        data = encode_seal(replace(seal.record, packed=False), covered, completed(seal.record, seal.directories()))
        area.write_file(f"{job_id}{SEAL_SUFFIX}", data)
    return (_covers_again(job_id),)


def plan_reseal(state: Directory, machine: Machine, job_id: JobId) -> tuple[Repair, ...]:
    """What `mend_seal` would do for a job in whose logs nothing is wrong: their repair was cut short before it."""
    is_outdated = _is_outdated(state, machine, job_id, find_on_shelf(state, job_id))
    return (_covers_again(job_id),) if is_outdated and find_seal(state, job_id) is not None else ()


def _is_outdated(state: Directory, machine: Machine, job_id: JobId, listing: Listing) -> bool:
    """Whether a seal is damaged, or was outdated by a repair."""
    if job_id not in listing.seals:
        return False
    found = read_one(state, machine, job_id)
    # While a manifest is damaged its seal, damaged or not, is the only sign that there was one.
    if found.seal is not None or found.folded.doubt is not None:
        return False
    seal = find_seal(state, job_id)
    return seal is None or _says_the_same(found.folded, seal.record)


def _covers_again(job_id: JobId) -> Repair:
    return Repair(f"{SEALED}/{job_id}{SEAL_SUFFIX}", "covers the mended manifest again")


def drop_lone_seal(state: Directory, job_id: JobId) -> tuple[Repair, ...]:
    """Set a damaged seal aside that was packed, so that nothing tells of the job any more."""
    listing = find_on_shelf(state, job_id)
    is_alone = job_id in listing.seals and job_id not in listing.logs and job_id not in listing.backups
    if not is_alone or find_seal(state, job_id) is not None:
        return ()
    return (replace(_set_aside(state, job_id), what="set aside: nothing tells any more what the job had"),)


def _set_aside(state: Directory, job_id: JobId) -> Repair:
    name = f"{job_id}{SEAL_SUFFIX}"
    with open_area(state, SEALED) as area:
        keep_copy(state, name, area.read_file(name, limit=LARGEST))
        area.unlink(name)
        area.sync()
    return Repair(f"{SEALED}/{name}", "set aside: the manifest says what it said")


def _says_the_same(folded: Folded, sealed: JobRecord) -> bool:
    record = folded.record
    if record is None or folded.running:
        return False
    if (record.status, record.attempt, record.ended) != (sealed.status, sealed.attempt, sealed.ended):
        return False
    return dict(record.directories) == dict(sealed.directories) and _files(record) == _files(sealed)


def _files(record: JobRecord) -> dict[str, dict[str, str]]:
    return {path: dict(names) for path, names in record.files.items()}
