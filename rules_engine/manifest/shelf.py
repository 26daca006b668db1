"""The manifests and seals of a root as they lie on the disk; reading only."""

import errno
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from rules_engine.errors import UntrustedStateError
from rules_engine.filesystem.content import length_of
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.root import find_area
from rules_engine.manifest.backup import BACKUPS
from rules_engine.manifest.hosts import HOSTS, known_hosts
from rules_engine.manifest.log import Log, is_job_id, log_name, read_log, split_log_name
from rules_engine.manifest.seal import Lay, Seal, SealError, decode_seal, hold
from rules_engine.values.text import escape
from rules_engine.values.vocabulary import JobId

MANIFESTS: Final = "manifests"
SEALED: Final = "sealed"
SEAL_SUFFIX: Final = ".json"
_LARGEST_SEAL: Final = 2**32


@dataclass(frozen=True, slots=True)
class Listing:
    """Which logs and seals there are."""

    logs: Mapping[JobId, Mapping[str, int]] = field(default_factory=dict)
    """Job → host → length of its log; where that cannot be told, the number of the error, negative."""
    seals: frozenset[JobId] = frozenset()
    backups: Mapping[JobId, Mapping[str, int]] = field(default_factory=dict)
    """Job → host → length of the backup of its log, where it has one."""
    odd: tuple[str, ...] = ()
    """Names among the manifests that no manifest can have."""

    def tells_of(self, job_id: JobId) -> bool:
        """Whether anything of the job is there."""
        return job_id in self.logs or job_id in self.seals or job_id in self.backups


def list_shelf(state: Directory) -> Listing:
    """The logs and seals below `state`.

    Raises:
        UntrustedStateError: when a listing cannot be read: what it does not show would look like no job at all.
    """
    # The backups first: what is written meanwhile makes logs longer, and a log shorter than its backup is damaged.
    backups, _ = _list_logs(state, BACKUPS)
    logs, odd = _list_logs(state, MANIFESTS)
    with _area(state, SEALED) as area:
        names = _names(area, SEALED) if area else []
    ids = {name.removesuffix(SEAL_SUFFIX) for name in names if name.endswith(SEAL_SUFFIX)}
    return Listing(logs, frozenset(JobId(job_id) for job_id in ids if is_job_id(job_id)), backups, odd)


def _list_logs(state: Directory, place: str) -> tuple[dict[JobId, dict[str, int]], tuple[str, ...]]:
    """The logs in a directory of the state by job and host, and the names there that no log can have."""
    logs: dict[JobId, dict[str, int]] = {}
    odd: list[str] = []
    with _area(state, place) as area:
        for name in _names(area, place) if area else ():
            found = split_log_name(name)
            if found is None:
                odd.append(name)
            elif area is not None:
                length = _length(area, name)
                logs.setdefault(found[0], {})[found[1]] = -errno.ENOENT if length is None else length
    return logs, tuple(odd)


def find_on_shelf(state: Directory, job_id: JobId) -> Listing:
    """The logs and seal of one job, whatever the number of the others.

    Raises:
        UntrustedStateError: when that cannot be told.
    """
    try:
        hosts = known_hosts(state)
    except OSError as err:
        raise _unreadable(HOSTS, err) from err
    if hosts is None:
        everything = list_shelf(state)
        logs, backups = (
            {job_id: one[job_id]} if job_id in one else {} for one in (everything.logs, everything.backups)
        )
        return Listing(logs, everything.seals & {job_id}, backups)
    # In this order, as above.
    backed = _lengths(state, BACKUPS, job_id, hosts)
    there = _lengths(state, MANIFESTS, job_id, hosts)
    seals = frozenset({job_id} if has_seal(state, job_id) else ())
    return Listing({job_id: there} if there else {}, seals, {job_id: backed} if backed else {})


def find_logs(state: Directory, job_id: JobId) -> Mapping[str, int]:
    """The logs of one job by host, as `find_on_shelf` finds them.

    Raises:
        UntrustedStateError: when that cannot be told.
    """
    try:
        hosts = known_hosts(state)
    except OSError as err:
        raise _unreadable(HOSTS, err) from err
    if hosts is None:
        return list_shelf(state).logs.get(job_id, {})
    return _lengths(state, MANIFESTS, job_id, hosts)


def _lengths(state: Directory, place: str, job_id: JobId, hosts: Iterable[str]) -> dict[str, int]:
    with _area(state, place) as area:
        return lengths_in(area, job_id, hosts) if area else {}


def lengths_in(area: Directory, job_id: JobId, hosts: Iterable[str]) -> dict[str, int]:
    """Host → length of the logs of one job that lie there; where that cannot be told, the error's number, negative."""
    lengths = {host: _length(area, log_name(job_id, host)) for host in hosts}
    return {host: length for host, length in lengths.items() if length is not None}


def read_logs(state: Directory, job_id: JobId, hosts: Mapping[str, int]) -> tuple[Log, ...]:
    """The logs of a job, by host."""
    if not hosts:
        return ()
    with _area(state, MANIFESTS) as area:
        if area is None:
            return tuple(Log(host, damage=f"manifest `{log_name(job_id, host)}` is gone") for host in sorted(hosts))
        return tuple(read_log(area, log_name(job_id, host), host) for host in sorted(hosts))


def read_seal(state: Directory, job_id: JobId) -> Seal:
    """The seal of a job, whether or not its logs have grown since.

    Raises:
        SealError: when it cannot be read or fails its check.
    """
    with _area(state, SEALED) as area:
        return seal_in(area, job_id)


def open_seals(state: Directory) -> Directory | None:
    """Where the seals lie, to read many of them; None where that is not there. The caller closes it.

    Raises:
        UntrustedStateError: when it cannot be opened.
    """
    return _open_area(state, SEALED)


def count_seals(state: Directory) -> int:
    """How many jobs have a seal, whatever is in it.

    Raises:
        UntrustedStateError: when the listing cannot be read.
    """
    with _area(state, SEALED) as area:
        return len(_names(area, SEALED)) if area else 0


def seal_in(area: Directory | None, job_id: JobId, lay: Lay = hold) -> Seal:
    """The seal of a job where the seals lie; its lines go where `lay` lays them.

    Raises:
        SealError: when it cannot be read or fails its check.
    """
    return decode_seal(_read_in(area, job_id), job_id, lay)


def read_again(area: Directory | None, job_id: JobId) -> bytes | None:
    """The bytes of the seal of a job, proved by nothing; None where it cannot be read."""
    try:
        return _read_in(area, job_id)
    except SealError:
        return None


def _read_in(area: Directory | None, job_id: JobId) -> bytes:
    if area is None:
        raise SealError("is gone")
    try:
        return area.read_file(f"{job_id}{SEAL_SUFFIX}", limit=_LARGEST_SEAL)
    except OSError as err:
        raise SealError(f"cannot be read: {err.strerror}") from err


def has_seal(state: Directory, job_id: JobId) -> bool:
    """Whether there is a seal of the job, in whatever state; also where that cannot be told."""
    with _area(state, SEALED) as area:
        return area is not None and _length(area, f"{job_id}{SEAL_SUFFIX}") is not None


def is_current(seal: Seal, hosts: Mapping[str, int]) -> bool:
    """Whether the logs of the job are exactly those that the seal covers; of a packed one, what is left of them."""
    covered = {log.host: log.length for log in seal.logs}
    return hosts.items() <= covered.items() if seal.record.packed else covered == dict(hosts)


def lost_lines(seal: Seal, hosts: Mapping[str, int]) -> str | None:
    """What the seal covers and the logs, which only ever grow, have no more; None where nothing is lost."""
    for log in seal.logs:
        name = log_name(seal.record.job_id, log.host)
        if log.host not in hosts:
            return f"manifest `{name}` is gone"
        if hosts[log.host] < 0:
            return f"manifest `{name}` cannot be looked at: {os.strerror(-hosts[log.host])}"
        if hosts[log.host] < log.length:
            return f"manifest `{name}` is shorter than when the job was sealed"
    return None


def cut_logs(job_id: JobId, listing: Listing, seal: Seal | None) -> str | None:
    """What a backup has and its log, which is written first, has no more; None where nothing is lost."""
    logs = listing.logs.get(job_id, {})
    packed = {log.host: log.length for log in seal.logs} if seal is not None and seal.record.packed else {}
    for host, length in sorted(listing.backups.get(job_id, {}).items()):
        if length <= packed.get(host, -1):
            # Listed before it went with its log: the seal stands for both.
            continue
        if host not in logs:
            return f"manifest `{log_name(job_id, host)}` is gone"
        if 0 <= logs[host] < length:
            return f"manifest `{log_name(job_id, host)}` is shorter than its backup"
    return None


@contextmanager
def _area(state: Directory, name: str) -> Iterator[Directory | None]:
    found = _open_area(state, name)
    if found is None:
        yield None
        return
    with found:
        yield found


def _open_area(state: Directory, name: str) -> Directory | None:
    try:
        return find_area(state, name)
    except OSError as err:
        raise _unreadable(name, err) from err


def _names(area: Directory, name: str) -> list[str]:
    try:
        # What begins with a dot is being written aside, or was when its writer was killed.
        return [found for found in area.names() if not found.startswith(".")]
    except OSError as err:
        raise _unreadable(name, err) from err


def _unreadable(name: str, err: OSError) -> UntrustedStateError:
    return UntrustedStateError(f".rules/{escape(name)}", f"cannot be read: {err.strerror}", "check its permissions")


def _length(area: Directory, name: str) -> int | None:
    """The length of a file; where that cannot be told, the error's number, negative; None where it is not there."""
    try:
        return length_of(area.fd, name)
    except OSError as err:
        return -(err.errno or errno.EIO)
