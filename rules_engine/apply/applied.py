"""`.rules/policies/`: the texts of every policy set that was applied, each once, and the order of their application.

docs/reference/formats/policies.md describes the files.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from rules_engine.errors import RefusedError, UntrustedStateError
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.logfile import LogFile, open_log
from rules_engine.filesystem.root import find_area, open_area
from rules_engine.manifest.lines import close_line, open_line, whole_lines
from rules_engine.policy.model import PolicySet
from rules_engine.values.names import EncodedName, decode_name, encode_name
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import RuleName

AREA: Final = "policies"
ORDER: Final = "applied.jsonl"
FORMAT_VERSION: Final = "1.0"
KIND: Final = "applied_policies"
_LARGEST: Final = 2**28
_HELP: Final = "restore it from a backup of the root"


class _Text(msgspec.Struct, frozen=True):
    """One policy file as it was read."""

    file: EncodedName
    text: str


class _Stored(msgspec.Struct, frozen=True):
    """One applied policy set."""

    format_version: str
    kind: str
    digest: str
    folders: tuple[EncodedName, ...]
    sources: tuple[_Text, ...]


class Application(msgspec.Struct, frozen=True, omit_defaults=True):
    """A policy set began to be the one that is applied, or keep rules of earlier sets were released."""

    seq: int
    """1 for the first line of the file."""
    at: Instant
    digest: str
    run_id: str
    """The first run that applied it; of a release the run that carried it out."""
    released: tuple[RuleName, ...] = ()
    """Keep rules of the sets before this line that protect nothing any more, by name."""


class AppliedSet(msgspec.Struct, frozen=True):
    """The texts of one applied policy set, in the order in which they were read."""

    digest: str
    folders: tuple[str, ...]
    sources: Mapping[str, str]


def record_applied(state: Directory, policies: PolicySet, run_id: str, now: Instant) -> None:
    """Note durably that `policies` are applied from now on; nothing is written while they stay the same.

    Only the holder of the root lock calls it, before the run touches anything. A set that was not loaded from texts
    cannot be read again and is not noted.

    Raises:
        UntrustedStateError: when the record of earlier sets is damaged.
        RefusedError: when it cannot be written.
    """
    if not policies.sources:
        return
    try:
        _record(state, policies, run_id, now)
    except OSError as err:
        what = f"the policies cannot be noted in `.rules/{AREA}`: {err.strerror or err}"
        raise RefusedError(what, "make room, or check its permissions; nothing was removed") from err


def record_released(state: Directory, released: tuple[RuleName, ...], run_id: str, now: Instant) -> None:
    """Note durably that a run with `--release` is through: the rules of that name protect nothing any more.

    Only the holder of the root lock calls it. What a run released is noted once, however often it is finished.

    Raises:
        UntrustedStateError: when the record of earlier sets is damaged.
        RefusedError: when it cannot be written; then the rules protect as before.
    """
    try:
        with open_area(state, AREA) as area, open_log(area, ORDER) as log:
            lines, length = _lines(log.read(0, log.size))
            if lines and not any(line.released and line.run_id == run_id for line in lines):
                _append(log, Application(len(lines) + 1, now, lines[-1].digest, run_id, released), length)
    except OSError as err:
        what = f"the run is through, but what it releases cannot be noted in `.rules/{AREA}`: {err.strerror or err}"
        raise RefusedError(what, "make room, or check its permissions, and apply the same plan again") from err


def _record(state: Directory, policies: PolicySet, run_id: str, now: Instant) -> None:
    with open_area(state, AREA) as area:
        if area.stat(_file_of(policies.digest)) is None:
            area.write_file(_file_of(policies.digest), _encode(policies))
        with open_log(area, ORDER) as log:
            lines, length = _lines(log.read(0, log.size))
            if not lines or lines[-1].digest != policies.digest:
                _append(log, Application(len(lines) + 1, now, policies.digest, run_id), length)


def read_applications(state: Directory) -> tuple[Application, ...]:
    """When which policy set began to be the applied one, in that order; the last one is so now.

    Raises:
        UntrustedStateError: when the record cannot be read or is damaged.
    """
    try:
        area = find_area(state, AREA)
    except OSError as err:
        raise UntrustedStateError(f".rules/{AREA}", f"cannot be read: {err.strerror}", _HELP) from err
    if area is None:
        return ()
    with area:
        try:
            data = area.read_file(ORDER, limit=_LARGEST)
        except FileNotFoundError:
            return ()
        except OSError as err:
            raise UntrustedStateError(_where(ORDER), f"cannot be read: {err.strerror}", _HELP) from err
        return _lines(data)[0]


def read_applied(state: Directory, digest: str) -> AppliedSet:
    """The policy set of that digest.

    Raises:
        UntrustedStateError: when it cannot be read or is damaged.
    """
    name = _file_of(digest)
    try:
        with state.open(RelPath(AREA)) as area:
            body = open_line(area.read_file(name, limit=_LARGEST))
    except OSError as err:
        raise UntrustedStateError(_where(name), f"cannot be read: {err.strerror}", _HELP) from err
    try:
        stored = msgspec.json.decode(body, type=_Stored) if body is not None else None
    except ValueError as err:
        raise UntrustedStateError(_where(name), f"is damaged: {err}", _HELP) from err
    if stored is None or stored.digest != digest or stored.kind != KIND:
        raise UntrustedStateError(_where(name), "is damaged: it fails its check", _HELP)
    if stored.format_version != FORMAT_VERSION:
        raise UntrustedStateError(_where(name), "is of a format this version does not know", "use a newer version")
    sources = {decode_name(one.file): one.text for one in stored.sources}
    return AppliedSet(digest, tuple(decode_name(one) for one in stored.folders), sources)


def _encode(policies: PolicySet) -> bytes:
    sources = tuple(_Text(encode_name(file), text) for file, text in policies.sources.items())
    folders = tuple(encode_name(folder) for folder in policies.folders)
    return close_line(msgspec.json.encode(_Stored(FORMAT_VERSION, KIND, policies.digest, folders, sources)))


def _append(log: LogFile, line: Application, length: int) -> None:
    # What a killed writer left behind proves nothing, and goes before the next line.
    log.cut(length)
    log.append(close_line(msgspec.json.encode(line)), durable=True)


def _lines(data: bytes) -> tuple[tuple[Application, ...], int]:
    """The lines, and the bytes that they fill; a torn tail is left out."""
    found, length, whole = whole_lines(data, Application)
    if not whole:
        raise UntrustedStateError(_where(ORDER), f"has a damaged line after line {len(found)}", _HELP)
    return found, length


def _file_of(digest: str) -> str:
    return f"{digest}.json"


def _where(name: str) -> str:
    return f".rules/{AREA}/{name}"
