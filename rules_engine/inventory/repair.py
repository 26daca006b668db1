"""Repairing the manifests of a root: each under its job's lock, with a scan of the workspace for what no line names."""

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass

from rules_engine.errors import LockedError, RulesError
from rules_engine.filesystem.locks import lock_job
from rules_engine.filesystem.machine import this_machine
from rules_engine.filesystem.root import Root
from rules_engine.inventory.tracked import observe_job
from rules_engine.manifest.log import is_job_id
from rules_engine.manifest.repair import Repair, accept_loss, note_hosts, plan_repair, set_aside_odd
from rules_engine.manifest.resealing import drop_lone_seal, plan_reseal
from rules_engine.manifest.shelf import list_shelf
from rules_engine.manifest.store import ManifestStore
from rules_engine.manifest.verify import Finding, verify
from rules_engine.values.clock import Clock
from rules_engine.values.vocabulary import JobId


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a repair of one job would do."""

    job_id: str
    repairs: tuple[Repair, ...] = ()
    cannot: str | None = None
    """Why nothing can be done."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was done for one job, and what is still wrong with its manifest."""

    job_id: str
    repairs: tuple[Repair, ...] = ()
    undeclared: int | None = None
    """Files below its workspace that no line names, and that are the job's all the same; None where nobody looked."""
    left: tuple[Finding, ...] = ()
    error: RulesError | None = None


def outlooks(root: Root, clock: Clock, only: Collection[str] = ()) -> tuple[Outlook, ...]:
    """What a repair of each damaged job, or of `only` these, would do; nothing is changed.

    Raises:
        UntrustedStateError: when the listing of manifests or seals cannot be read.
    """
    state = root.require_state()
    found: list[Outlook] = []
    for job_id in dict.fromkeys(finding.job_id for finding in verify(state, only)):
        if not is_job_id(job_id):
            found.append(Outlook(job_id, cannot="it is no manifest: look at it, then rename it, or accept its loss"))
            continue
        try:
            found.append(Outlook(job_id, plan_repair(state, JobId(job_id), now=clock.now())))
        except RulesError as err:
            found.append(Outlook(job_id, cannot=str(err).partition("\n")[0]))
    return (*found, *_cut_short(root, frozenset(one.job_id for one in found), only))


def _cut_short(root: Root, known: Collection[str], only: Collection[str]) -> Iterator[Outlook]:
    """Repairs that were cut short once the logs were whole: nothing is wrong, but plans would read them for ever."""
    state = root.require_state()
    for job_id in sorted(list_shelf(state).seals):
        if job_id not in known and (not only or job_id in only):
            repairs = plan_reseal(state, this_machine(), job_id)
            if repairs:
                yield Outlook(job_id, repairs)


def repair(root: Root, store: ManifestStore, clock: Clock, job_id: str, *, accept: bool = False) -> Repaired:
    """Repair one job under its lock; with `accept`, what its lost lines named need not be protected any more.

    Doing it twice is harmless. What could not be done is told in `left` and `error`.
    """
    state = root.require_state()
    if not is_job_id(job_id):
        odd = (set_aside_odd(state, job_id),) if accept else ()
        return Repaired(job_id, odd, left=tuple(verify(state, {job_id})))
    repairs, error = _mended(root, store, clock, JobId(job_id), accept=accept)
    left = tuple(verify(state, {job_id}))
    return Repaired(job_id, repairs, _undeclared(root, store, job_id) if repairs else None, left, error)


def _mended(
    root: Root, store: ManifestStore, clock: Clock, job_id: JobId, *, accept: bool
) -> tuple[tuple[Repair, ...], RulesError | None]:
    try:
        with lock_job(root.require_state(), job_id, clock=clock):
            # First of all: what the index does not name is not looked at.
            repairs = (*note_hosts(root.require_state(), job_id), *store.mend(job_id))
            accepted = accept_loss(root.require_state(), job_id, now=clock.now()) if accept else ()
            accepted += drop_lone_seal(root.require_state(), job_id) if accept else ()
    except RulesError as err:
        return (), err
    return (*repairs, *accepted), None


def _undeclared(root: Root, store: ManifestStore, job_id: str) -> int | None:
    """How many files lie below the places of a job without a line of their own."""
    record = None
    with suppress(RulesError):
        record = store.find(job_id)
    if record is None:
        return None
    directories = observe_job(root, record)
    return sum(1 for _, directory in directories for row in directory.rows if not row.is_declared)


def is_locked(repaired: Repaired) -> bool:
    """Whether only the job's lock stood in the way."""
    return isinstance(repaired.error, LockedError)
