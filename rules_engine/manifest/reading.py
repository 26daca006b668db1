"""From what lies on the shelf to the records of jobs: by their seals where those are current, else by their logs."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias
from weakref import finalize

from rules_engine.errors import UntrustedStateError
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.locks import is_job_locked
from rules_engine.filesystem.machine import Machine
from rules_engine.manifest.fold import Attempt, Folded, Observe, fold
from rules_engine.manifest.model import Damage, JobRecord, Liveness
from rules_engine.manifest.seal import Seal, SealError
from rules_engine.manifest.sealedlines import SealedLines, lines_to_look_at
from rules_engine.manifest.shelf import (
    SEAL_SUFFIX,
    SEALED,
    Listing,
    cut_logs,
    find_on_shelf,
    is_current,
    list_shelf,
    lost_lines,
    open_seals,
    read_again,
    read_logs,
    read_seal,
    seal_in,
)
from rules_engine.manifest.shelved import HELD, SealShelf
from rules_engine.values.paths import RelPath
from rules_engine.values.text import escape
from rules_engine.values.vocabulary import JobId, JobStatus

Workspaces: TypeAlias = Callable[[str], tuple[RelPath, ...]]
"""The workspace that a job id would have, in every layout."""
ReadSeal: TypeAlias = Callable[[JobId], Seal]
"""Reads the seal of a job; raises `SealError` where there is none to rely on."""


@dataclass(frozen=True, slots=True)
class LoadedJobs:
    """Every job that manifests tell of."""

    jobs: tuple[JobRecord, ...] = ()
    """Sorted by id; those whose manifest is damaged have the status untrusted."""
    damaged: tuple[Damage, ...] = ()
    """Sorted by id."""
    notes: tuple[str, ...] = ()
    """Seals that could not be used, one line each; their logs were read instead."""


@dataclass(frozen=True, slots=True)
class Found:
    """One job: its record, its seal where that is current, and what is wrong with it."""

    folded: Folded
    seal: Seal | None = None
    note: str | None = None


def no_layouts(_job_id: str) -> tuple[RelPath, ...]:
    """Where no layout is known, no workspace is."""
    return ()


def load_all(
    state: Directory, machine: Machine, workspaces: Workspaces, *, held: int = HELD
) -> tuple[LoadedJobs, Mapping[JobId, Seal]]:
    """Every job below `state`, and the seals that are current; of their lines about `held` bytes are held.

    Raises:
        UntrustedStateError: when the listing of manifests or seals cannot be read.
    """
    listing = list_shelf(state)
    jobs: list[JobRecord] = []
    notes: list[str] = []
    seals: dict[JobId, Seal] = {}
    damaged = [
        Damage(name, f"`{escape(name)}` among the manifests is no manifest", (), anywhere=True) for name in listing.odd
    ]
    for job_id, found in _read_each(state, machine, listing, held):
        jobs += [found.folded.record] if found.folded.record else []
        notes += [found.note] if found.note else []
        if found.seal is not None:
            seals[job_id] = found.seal
        doubt = found.folded.doubt
        if doubt is not None:
            below = tuple(sorted({*found.folded.directories, *workspaces(job_id)}))
            damaged.append(Damage(job_id, doubt, below, anywhere=True, mended=found.folded.damage is None))
    return LoadedJobs(tuple(jobs), tuple(sorted(damaged, key=lambda one: one.job_id)), tuple(notes)), seals


def _read_each(state: Directory, machine: Machine, listing: Listing, held: int) -> Iterator[tuple[JobId, Found]]:
    """Every job of `listing`, by id; the lines of their seals stay on the shelf, but for `held` bytes."""
    area = open_seals(state)
    shelf = _shelf(state, machine, area, held)
    for job_id in sorted(listing.logs.keys() | listing.seals | listing.backups.keys()):
        yield job_id, read_job(state, machine, job_id, listing, read=partial(seal_in, area, lay=shelf.lay))


def open_shelf(state: Directory, machine: Machine) -> SealShelf:
    """A shelf for seals that another process has read."""
    return _shelf(state, machine, open_seals(state), HELD)


def _shelf(state: Directory, machine: Machine, area: Directory | None, held: int) -> SealShelf:
    shelf = SealShelf(partial(read_again, area), partial(_replaced, state, machine), held=held)
    if area is not None:
        # Nobody says when the last seal was asked about: the handle goes with the last record that may ask.
        finalize(shelf, area.close)
    return shelf


def _replaced(state: Directory, machine: Machine, job_id: JobId) -> SealedLines:
    """What the manifest of a job says by now: its new seal, else its logs, and then the disk is asked for each file.

    Raises:
        UntrustedStateError: when neither can be trusted: what the seal named would be nobody's.
    """
    found = read_one(state, machine, job_id)
    if found.seal is not None:
        return found.seal.lines
    record = found.folded.record
    if record is None or found.folded.doubt is not None:
        raise UntrustedStateError(
            f".rules/{SEALED}/{job_id}{SEAL_SUFFIX}", "was lost while it was read", "run `rules manifest verify`"
        )
    return lines_to_look_at(record.files)


def read_one(state: Directory | None, machine: Machine, job_id: JobId, *, locked: bool | None = None) -> Found:
    """One job, whatever the number of the others; `locked` as for `observer`.

    Raises:
        UntrustedStateError: when it cannot be told what is there.
    """
    listing = find_on_shelf(state, job_id) if state is not None else None
    if state is None or listing is None or not listing.tells_of(job_id):
        return Found(Folded(None))
    return read_job(state, machine, job_id, listing, locked=locked)


def read_log_of(state: Directory, machine: Machine, job_id: JobId, *, locked: bool | None = None) -> Folded:
    """What the log of this host alone says of a job; `locked` as for `observer`."""
    return fold(job_id, read_logs(state, job_id, {machine.host: 0}), observer(state, machine, job_id, locked=locked))


def read_job(
    state: Directory,
    machine: Machine,
    job_id: JobId,
    listing: Listing,
    *,
    locked: bool | None = None,
    read: ReadSeal | None = None,
) -> Found:
    """One job of `listing`; `locked` as for `observer`, and `read` for who reads many seals."""
    hosts = listing.logs.get(job_id, {})
    seal, note = _seal(read or partial(read_seal, state), job_id, listing)
    lost = cut_logs(job_id, listing, seal)
    if seal is not None and lost is None and is_current(seal, hosts):
        return Found(Folded(seal.record, status=seal.record.status), seal)
    folded = fold(job_id, read_logs(state, job_id, hosts), observer(state, machine, job_id, locked=locked))
    lost = lost or (lost_lines(seal, hosts) if seal is not None else None)
    if lost is None:
        return Found(folded, note=note)
    told = folded.record or (seal.record if seal is not None else None)
    record = replace(told, status=JobStatus.UNTRUSTED, sealed=False) if told is not None else None
    places = {record.workspace} if record is not None else set()
    directories = tuple(sorted({*folded.directories, *(seal.lines if seal is not None else ()), *places}))
    return Found(Folded(record, folded.running, directories, lost))


def _seal(read: ReadSeal, job_id: JobId, listing: Listing) -> tuple[Seal | None, str | None]:
    if job_id not in listing.seals:
        return None, None
    try:
        return read(job_id), None
    except SealError as err:
        return None, f"the seal of job `{job_id}` {err}; its manifest was read instead"


def observer(state: Directory, machine: Machine, job_id: JobId, *, locked: bool | None = None) -> Observe:
    """What tells whether somebody is left to finish an attempt; `locked` for who holds the job's lock and knows."""

    def observe(attempt: Attempt) -> Liveness:
        if is_job_locked(state, job_id) if locked is None else locked:
            return Liveness.ALIVE
        if not attempt.held or attempt.host != machine.host:
            return Liveness.UNKNOWN
        if attempt.boot == machine.boot:
            return Liveness.DEAD
        # Another boot of this host, if it is the same host: one that was up when the attempt still gave a sign of
        # life is another machine of the same name, whose locks are not seen from here.
        later = machine.booted is not None and machine.booted > attempt.last_at
        return Liveness.DEAD if later else Liveness.UNKNOWN

    return observe
