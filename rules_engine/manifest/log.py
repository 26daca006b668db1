"""The log of one job on one host: read whole, appended to in one write under its lock."""

import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from rules_engine.errors import InvalidValueError, UntrustedStateError
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.logfile import LogFile, open_log
from rules_engine.manifest.backup import Backup
from rules_engine.manifest.events import Event, Line, Start, decode_line, encode_line, start_in
from rules_engine.manifest.lines import check_of_line
from rules_engine.manifest.pieces import first_seq, is_whole_but_newline, lost_after, salvage, split_pieces
from rules_engine.values.quantities import Instant
from rules_engine.values.text import plural
from rules_engine.values.vocabulary import JobId

SUFFIX: Final = ".jsonl"
_LARGEST_LOG: Final = 2**32
_HEAD: Final = 65_536
_FIRST_LOOK: Final = 4_096
_REPAIR: Final = "run `rules manifest repair`"
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)
_HOST: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Log:
    """What a log says: its intact lines in order, and what is wrong with it."""

    host: str
    lines: tuple[Line, ...] = ()
    length: int = 0
    """Bytes up to the end of the last whole line; a torn tail behind it does not count."""
    check: str = ""
    """The CRC that the last line ends in."""
    damage: str | None = None
    lost: str | None = None
    """That lines were lost before it was mended, and nobody has accepted that yet."""


def is_job_id(text: str) -> bool:
    """Whether `text` can be the id of a job."""
    return _ID.fullmatch(text) is not None


@lru_cache(4096)
def check_job_id(text: str) -> JobId:
    """The job id that `text` writes.

    Raises:
        InvalidValueError: when it is none; nothing is sanitised silently.
    """
    if not is_job_id(text):
        raise InvalidValueError(
            "job id", text, "must begin with a letter or digit and hold at most 128 letters, digits, `.`, `_` or `-`"
        )
    return JobId(text)


def is_host(text: str) -> bool:
    """Whether `text` can be the name of a host in the name of a log."""
    return _HOST.fullmatch(text) is not None


@lru_cache(64)
def check_host(text: str) -> str:
    """The host name that `text` writes.

    Raises:
        InvalidValueError: when it cannot stand in the name of a log.
    """
    if not is_host(text):
        raise InvalidValueError("host name", text, "cannot stand in the name of a manifest; give the host another name")
    return text


def log_name(job_id: JobId, host: str) -> str:
    """The file name of a log."""
    return f"{job_id}@{host}{SUFFIX}"


def split_log_name(name: str) -> tuple[JobId, str] | None:
    """The job and host of a log by its file name; None where it is not the name of a log."""
    job_id, at, host = name.removesuffix(SUFFIX).partition("@")
    if not at or not name.endswith(SUFFIX) or not _ID.fullmatch(job_id) or not _HOST.fullmatch(host):
        return None
    return JobId(job_id), host


def read_log(directory: Directory, name: str, host: str) -> Log:
    """The log `name`, as far as it can be read: every intact line, whatever stands between them."""
    try:
        data = directory.read_file(name, limit=_LARGEST_LOG)
    except OSError as err:
        return Log(host, damage=f"manifest `{name}` cannot be read: {err.strerror}")
    return parse_log(data, name, host)


def parse_log(data: bytes, name: str, host: str) -> Log:
    """What the bytes of a log say."""
    lines: list[Line] = []
    damage: str | None = None
    lost = 0
    expected = 1
    length, last = 0, 0
    for piece in split_pieces(data):
        length, last = piece.end, piece.start
        if piece.line is None:
            damage = damage or f"manifest `{name}` is damaged in line {piece.number}"
            lines += salvage(data[piece.start : piece.end])
            expected = lines[-1].seq + 1 if lines else expected
            continue
        if first_seq(piece.line) != expected:
            damage = damage or f"manifest `{name}` lacks what came before line {piece.number}"
        lost = lost_after(lost, piece.line.event)
        lines.append(piece.line)
        expected = piece.line.seq + 1
    why = f"{plural(lost, 'line')} of manifest `{name}` {'is' if lost == 1 else 'are'} lost" if lost else None
    return Log(host, tuple(lines), length, check_of_line(data[last:length]), damage, why)


Guard: TypeAlias = Callable[[Start | None, Line | None], None]
"""Looks at the first start and the last line of a log before anything is appended, and raises where it must not be."""


def append(
    directory: Directory,
    name: str,
    events: Iterable[Event],
    *,
    at: Instant,
    held: bool,
    durable: bool,
    guard: Guard | None = None,
    backup: Backup | None = None,
) -> None:
    """Append events, each as one line, in one write after what was written last; a torn tail is cut off first.

    Raises:
        UntrustedStateError: when the last line is damaged, or the log lacks what its backup has.
    """
    with open_log(directory, name) as log:
        last, first = last_line(log, name), first_start(log)
        keeps = backup if backup is not None and backup.is_due(first) else None
        if keeps is not None and keeps.is_ahead(log.size):
            raise lacks_lines(name)
        if guard is not None:
            guard(first, last)
        seq = last.seq if last is not None else 0
        lines = [
            encode_line(Line(seq=number, at=at, event=event, held=held)) for number, event in enumerate(events, seq + 1)
        ]
        log.append(b"".join(lines), durable=durable)
        if keeps is not None:
            keeps.keep_up(log, durable=durable)


def begin(
    directory: Directory,
    name: str,
    event: Event,
    *,
    at: Instant,
    held: bool,
    earlier: Sequence[tuple[Instant, Event]] = (),
) -> bool:
    """Make the log `name` with its first event in it, durably, after `earlier` ones; False where it is there already.

    An empty log is a damaged one, so there must be no moment at which a log is empty.
    """
    aside = f".{secrets.token_hex(8)}.tmp"
    lines = [Line(seq=number, at=when, event=before) for number, (when, before) in enumerate(earlier, 1)]
    lines.append(Line(seq=len(lines) + 1, at=at, event=event, held=held))
    directory.create_file(aside, b"".join(map(encode_line, lines)))
    try:
        directory.rename_new(aside, directory, name)
    except FileExistsError:
        directory.unlink(aside)
        return False
    directory.sync()
    return True


def first_start(log: LogFile) -> Start | None:
    """The event that the log begins with, where that is the start of an attempt."""
    line = decode_line(log.read(0, _HEAD).partition(b"\n")[0])
    return start_in(line.event) if line is not None else None


def last_line(log: LogFile, name: str) -> Line | None:
    """The last whole line, once what was torn off behind it is cut; None in an empty log."""
    look = _FIRST_LOOK
    while True:
        tail = log.read(max(0, log.size - look), look)
        whole = tail[: tail.rfind(b"\n") + 1]
        begin = whole.rfind(b"\n", 0, -1) + 1
        if look >= log.size or (whole and begin):
            break
        look *= 16
    torn = len(tail) - len(whole)
    if is_whole_but_newline(tail[len(whole) :]):
        raise _damaged_end(name)
    if torn:
        log.cut(log.size - torn)
    if not whole:
        return None
    line = decode_line(whole[begin:])
    if line is None:
        raise _damaged_end(name)
    return line


def lacks_lines(name: str) -> UntrustedStateError:
    """What stops a writer whose log was cut: appending would make it long enough again, and nobody would notice."""
    return UntrustedStateError(f".rules/manifests/{name}", "is shorter than its backup", _REPAIR)


def _damaged_end(name: str) -> UntrustedStateError:
    return UntrustedStateError(f".rules/manifests/{name}", "is damaged in its last line", _REPAIR)
