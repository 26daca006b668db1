"""Mending what lies on the shelf: under the locks of the logs, with every damaged file set aside, never deleted."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from rules_engine.errors import UntrustedStateError
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.logfile import LogFile, open_log
from rules_engine.filesystem.root import STATE, find_area, open_area
from rules_engine.manifest.backup import BACKUPS, Backup
from rules_engine.manifest.events import Accepted, Line, encode_line, ends_attempt
from rules_engine.manifest.hosts import HOSTS, missing_hosts, note_host
from rules_engine.manifest.lines import check_of
from rules_engine.manifest.log import Log, log_name, parse_log
from rules_engine.manifest.mending import Draft, piece_together
from rules_engine.manifest.pieces import has_good_paths
from rules_engine.manifest.recovery import recover
from rules_engine.manifest.seal import Seal, SealError
from rules_engine.manifest.shelf import MANIFESTS, SEAL_SUFFIX, SEALED, find_on_shelf, is_current, list_shelf, read_seal
from rules_engine.values.quantities import Instant
from rules_engine.values.text import escape, plural
from rules_engine.values.vocabulary import JobId

DAMAGED: Final = "damaged"
LARGEST: Final = 2**32


@dataclass(frozen=True, slots=True)
class Repair:
    """What mending one file of the state means."""

    file: str
    """Below the state."""
    what: str
    lost: int = 0
    """Lines of which nothing tells what they said."""


def plan_repair(state: Directory, job_id: JobId, *, now: Instant) -> tuple[Repair, ...]:
    """What `mend` would do for a job, file by file; nothing is changed.

    Raises:
        UntrustedStateError: when a file cannot be read.
    """
    found = _Remains.read(state, job_id)
    repairs = _repairs(found, found.drafts(now))
    if found.seal is None and job_id in find_on_shelf(state, job_id).seals:
        return (
            *repairs,
            Repair(f"{SEALED}/{job_id}{SEAL_SUFFIX}", "is damaged, and not needed once the manifest is whole"),
        )
    return repairs


def mend(state: Directory, job_id: JobId, *, now: Instant) -> tuple[Repair, ...]:
    """Make the logs of a job whole again as far as anything tells what they said; doing it twice is harmless.

    INVARIANT: killed anywhere, doing it again ends in the same logs, and no intact line is lost on the way.

    Raises:
        UntrustedStateError: when a file cannot be read; nothing is changed then.
        OSError: when one cannot be written.
    """
    with open_area(state, MANIFESTS) as area, ExitStack() as locks:
        before = _Remains.read(state, job_id)
        hosts = sorted({*before.drafts(now), *before.odd_backups()})
        for host in hosts:
            locks.enter_context(open_log(area, log_name(job_id, host)))
        # Read again: another writer may have mended them while we waited for the locks.
        found = _Remains.read(state, job_id)
        drafts = {host: draft for host, draft in found.drafts(now).items() if host in hosts}
        for host, draft in drafts.items():
            _write(state, found, host, draft)
        for host, data in found.odd_backups().items():
            if host in hosts:
                _write_backup(state, found, host, data)
        return _repairs(found, drafts)


def note_hosts(state: Directory, job_id: JobId) -> tuple[Repair, ...]:
    """Have every host of a job in the index of hosts: a log that it does not name is overlooked by writers."""
    noted: list[Repair] = []
    with open_area(state, MANIFESTS) as area:
        for host in missing_hosts(state, list_shelf(state).logs.get(job_id, {})):
            note_host(state, host, area)
            noted.append(Repair(HOSTS, f"names host `{host}` again"))
    return tuple(noted)


def accept_loss(state: Directory, job_id: JobId, *, now: Instant) -> tuple[Repair, ...]:
    """Note in each log of a job that what its lost lines named need not be protected any more.

    Raises:
        UntrustedStateError: when a log is damaged: what is lost is only known once it was mended.
    """
    accepted: list[Repair] = []
    with open_area(state, MANIFESTS) as area:
        for host in sorted(find_on_shelf(state, job_id).logs.get(job_id, {})):
            name = log_name(job_id, host)
            with open_log(area, name) as log:
                found = parse_log(log.read(0, log.size), name, host)
                if found.damage is not None:
                    raise UntrustedStateError(f"{STATE}/{MANIFESTS}/{name}", found.damage, "repair it first")
                if found.lost is not None:
                    _accept(log, found, Backup(state, name), now)
                    accepted.append(Repair(f"{MANIFESTS}/{name}", f"accepted: {found.lost}"))
    return tuple(accepted)


def set_aside_odd(state: Directory, name: str) -> Repair:
    """Move what is no manifest out of the manifests; from then on it protects nothing.

    Raises:
        FileExistsError: when one of that name lies there already.
    """
    with open_area(state, MANIFESTS) as area, open_area(state, DAMAGED) as aside:
        area.rename_new(name, aside, name)
        aside.sync()
        area.sync()
    return Repair(f"{MANIFESTS}/{escape(name)}", f"set aside in `{STATE}/{DAMAGED}`")


def _accept(log: LogFile, found: Log, backup: Backup, now: Instant) -> None:
    last = found.lines[-1]
    log.cut(found.length)
    line = Line(seq=last.seq + 1, at=now, event=Accepted(finished=ends_attempt(last.event)))
    log.append(encode_line(line), durable=True)
    if backup.length() is not None:
        backup.keep_up(log, durable=True)


@dataclass(frozen=True, slots=True)
class _Remains:
    """Everything that is left of the manifest of one job."""

    job_id: JobId
    logs: Mapping[str, bytes]
    """Of every host that has a log, or had one as its backup or the seal says."""
    backups: Mapping[str, bytes]
    seal: Seal | None

    @classmethod
    def read(cls, state: Directory, job_id: JobId) -> "_Remains":
        """Read them.

        Raises:
            UntrustedStateError: when a file is there and cannot be read.
        """
        listing = find_on_shelf(state, job_id)
        seal = find_seal(state, job_id)
        is_packed = seal is not None and seal.record.packed and is_current(seal, listing.logs.get(job_id, {}))
        told = {log.host for log in seal.logs} if seal is not None and not is_packed else set()
        backups = {host: read_backup(state, log_name(job_id, host)) for host in listing.backups.get(job_id, {})}
        hosts = sorted({*listing.logs.get(job_id, {}), *backups, *told})
        return cls(job_id, {host: read_log_bytes(state, log_name(job_id, host)) for host in hosts}, backups, seal)

    def drafts(self, now: Instant) -> dict[str, Draft]:
        """What each log that is damaged becomes."""
        covered = {log.host: log.length for log in self.seal.logs} if self.seal is not None else {}
        drafts = {
            host: piece_together(data, self.backups.get(host, b""), now=now, at_least=covered.get(host, 0))
            for host, data in self.logs.items()
        }
        if self.seal is not None and any(draft.holes for draft in drafts.values()):
            drafts = recover(drafts, self.seal, critical=bool(self.backups))
        return {host: draft for host, draft in drafts.items() if not self._is_sound(host, covered.get(host, 0))}

    def encode(self, host: str, draft: Draft) -> bytes:
        """The bytes of a mended log, longer than what any seal covers unless it is what it was."""
        covered = [log.length for log in self.seal.logs if log.host == host] if self.seal is not None else []
        return draft.encode(max(covered, default=0))

    def _is_sound(self, host: str, covered: int) -> bool:
        log = parse_log(self.logs[host], "", host)
        long_enough = log.length >= max(covered, len(self.backups.get(host, b"")), 1)
        return log.damage is None and long_enough and all(map(has_good_paths, log.lines))

    def odd_backups(self) -> dict[str, bytes]:
        """What the backups that are not the beginning of their sound log have to become."""
        return {
            host: self.logs[host][: parse_log(self.logs[host], "", host).length]
            for host, backup in self.backups.items()
            if not self.logs[host].startswith(backup) and self._is_sound(host, 0)
        }


def find_seal(state: Directory, job_id: JobId) -> Seal | None:
    """The seal of a job, current or not; None where there is none, or none that could be relied on."""
    try:
        return read_seal(state, job_id)
    except SealError:
        return None


def read_log_bytes(state: Directory, name: str) -> bytes:
    """The bytes of a log; none where there is none.

    Raises:
        UntrustedStateError: when it cannot be read.
    """
    area = find_area(state, MANIFESTS)
    if area is None:
        return b""
    with area:
        try:
            return area.read_file(name, limit=LARGEST)
        except FileNotFoundError:
            return b""
        except OSError as err:
            raise _unreadable(MANIFESTS, name, err) from err


def read_backup(state: Directory, name: str) -> bytes:
    """The bytes of the backup of a log; none where there is none.

    Raises:
        UntrustedStateError: when it cannot be read.
    """
    try:
        return Backup(state, name).read()
    except OSError as err:
        raise _unreadable(BACKUPS, name, err) from err


def _unreadable(place: str, name: str, err: OSError) -> UntrustedStateError:
    why = f"cannot be read: {err.strerror}"
    return UntrustedStateError(
        f"{STATE}/{place}/{escape(name)}", why, "check its permissions and what kind of file it is"
    )


def _write(state: Directory, found: _Remains, host: str, draft: Draft) -> None:
    name, data = log_name(found.job_id, host), found.encode(host, draft)
    keep_copy(state, name, found.logs[host])
    if host in found.backups:
        # Before the log: if we are killed in between, it is the longer one, and the log is mended from it.
        _write_backup(state, found, host, data)
    with open_area(state, MANIFESTS) as area:
        area.write_file(name, data)


def _write_backup(state: Directory, found: _Remains, host: str, data: bytes) -> None:
    name = log_name(found.job_id, host)
    if found.backups[host] != data:
        keep_copy(state, f"backup-{name}", found.backups[host])
        Backup(state, name).write(data)


def keep_copy(state: Directory, name: str, data: bytes) -> None:
    """Set damaged bytes aside; those of the same content only once."""
    if not data:
        return
    with open_area(state, DAMAGED) as aside:
        kept = f"{name}.{check_of(data)}"
        if aside.stat(kept) is None:
            aside.write_file(kept, data)


def _repairs(found: _Remains, drafts: Mapping[str, Draft]) -> tuple[Repair, ...]:
    logs = [_repair(found, host, draft) for host, draft in drafts.items()]
    odd = [host for host in found.odd_backups() if host not in drafts]
    return (
        *logs,
        *(Repair(f"{BACKUPS}/{log_name(found.job_id, host)}", "written anew from the manifest") for host in odd),
    )


def _repair(found: _Remains, host: str, draft: Draft) -> Repair:
    file = f"{MANIFESTS}/{log_name(found.job_id, host)}"
    if draft.lost:
        return Repair(file, f"{plural(draft.lost, 'line')} cannot be restored", draft.lost)
    if draft.holes:
        return Repair(file, "restored from the seal: it says the same as what is damaged said")
    return Repair(file, "restored line by line")
