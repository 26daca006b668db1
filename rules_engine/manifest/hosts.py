"""Which hosts ever wrote a manifest, so that the logs of one job are found by their names and not by listing all."""

import secrets
from collections.abc import Iterable
from typing import Final

from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.logfile import open_log
from rules_engine.manifest.log import check_host, is_host, split_log_name

HOSTS: Final = "hosts"
_LARGEST: Final = 2**24


def known_hosts(state: Directory) -> tuple[str, ...] | None:
    """The hosts that may have logs, in order; None where the root has no index of them yet.

    Raises:
        OSError: when it cannot be read.
    """
    try:
        data = state.read_file(HOSTS, limit=_LARGEST)
    except FileNotFoundError:
        return None
    # What was torn off a line names no host that has a log: the line is durable before the log begins.
    return tuple(sorted({name for name in data.decode("ascii", "replace").split("\n") if is_host(name)}))


def missing_hosts(state: Directory, hosts: Iterable[str]) -> tuple[str, ...]:
    """Those of `hosts` that the index should name and does not.

    Raises:
        OSError: when it cannot be read.
    """
    known = known_hosts(state)
    return tuple(sorted(host for host in hosts if known is not None and host not in known))


def note_host(state: Directory, host: str, manifests: Directory) -> None:
    """Have `host` in the index, durably; to be called before its first log appears, so that no reader misses that.

    Raises:
        OSError: when it could not be written.
    """
    known = known_hosts(state)
    if known is None:
        _begin(state, [host, *(found[1] for name in manifests.names() if (found := split_log_name(name)))])
        known = known_hosts(state) or ()
    if host not in known:
        with open_log(state, HOSTS) as index:
            index.append(_lines([host]), durable=True)


def _begin(state: Directory, hosts: Iterable[str]) -> None:
    """Make the index whole from its first moment: half of it would hide manifests."""
    aside = f".{secrets.token_hex(8)}.tmp"
    state.create_file(aside, _lines(sorted(set(hosts))))
    try:
        state.rename_new(aside, state, HOSTS)
    except FileExistsError:
        # Another process made it meanwhile; its listing was as good.
        state.unlink(aside)
    state.sync()


def _lines(hosts: Iterable[str]) -> bytes:
    # A newline before each as well: what a killed writer left of a line must not swallow the next.
    return b"".join(b"\n%b\n" % check_host(host).encode() for host in hosts)
