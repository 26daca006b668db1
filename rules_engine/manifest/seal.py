"""The seal of a finished job: its record and a row per entry, one line a directory, checked as a whole."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from sys import intern
from typing import Final, TypeAlias

import msgspec

from rules_engine.errors import InvalidValueError
from rules_engine.manifest.events import CleanupFields, decode_map, decode_path, encode_map
from rules_engine.manifest.lines import check_of, close_line, open_line
from rules_engine.manifest.model import DeclaredDirectory, JobRecord
from rules_engine.manifest.rows import SealedDirectory, SealedRow, encode_directory
from rules_engine.manifest.sealedlines import HeldLines, SealedFiles, SealedLines, check_of_lines
from rules_engine.values.names import EncodedName, encode_name
from rules_engine.values.paths import ROOT, RelPath
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import DirectoryType, FileType, JobId, JobStatus, JobType

__all__ = [
    "CoveredLog",
    "Lay",
    "Seal",
    "SealError",
    "SealedDirectory",
    "SealedRow",
    "decode_seal",
    "encode_seal",
    "hold",
]

FORMAT_VERSION: Final = 1


class CoveredLog(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A log that a seal stands for: it is the same while it has this length."""

    host: str
    length: int
    check: str


class _DeclaredRow(msgspec.Struct, frozen=True, array_like=True):
    path: EncodedName
    directory_type: str | None
    file_type: str | None


class _Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    format_version: int
    kind: str
    job_id: str
    job_type: str
    status: str
    started: int
    ended: int
    last_sign: int
    attempt: int
    workspace: EncodedName
    output: EncodedName
    parameters: dict[str, EncodedName]
    status_link: EncodedName | None
    aliases: list[EncodedName]
    declared: list[_DeclaredRow]
    cleanup: CleanupFields | None
    logs: list[CoveredLog]
    directories: list[tuple[EncodedName, int, bool]]
    """In order; each with the number of its rows that the manifest names, and whether something in it is doubted."""
    check: str
    """The CRC of everything behind the first line."""
    packed: bool = False
    """It stands alone: what is left of its logs may go."""


_HEAD: Final = msgspec.json.Decoder(_Head)
_ENCODER: Final = msgspec.json.Encoder(order="deterministic")


# Most jobs declare no directory and have nothing doubted: ten thousand seals share one of each.
_NO_DIRECTORIES: Final[Mapping[RelPath, DeclaredDirectory]] = {}
_NONE: Final[frozenset[RelPath]] = frozenset()
# A root has a handful of types of jobs, and each of its seals names one.
_job_type: Final = lru_cache(64)(JobType)

Lay: TypeAlias = Callable[[JobId, tuple[RelPath, ...], bytes, str], SealedLines]
"""Takes the directories of a seal of a job, all of its bytes, and the check of what stands behind the first line."""


def hold(_job_id: JobId, paths: tuple[RelPath, ...], data: bytes, _check: str) -> SealedLines:
    """Hold all lines of a seal."""
    return HeldLines(paths, data)


class SealError(Exception):
    """A seal that fails its check; the logs say what it says, so nothing is lost."""


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal that passed its check; the lines of its directories are decoded when they are asked for."""

    record: JobRecord
    logs: tuple[CoveredLog, ...]
    lines: SealedLines
    """Of every directory, in order."""
    doubted: frozenset[RelPath] = frozenset()
    """The directories that have to be looked at again, or an entry of them."""

    def directory(self, path: RelPath) -> SealedDirectory:
        """What the seal says of one directory.

        Raises:
            KeyError: when it says nothing of it.
        """
        return self.lines.told(path).directory

    def directories(self) -> Iterator[tuple[RelPath, SealedDirectory]]:
        """What it says of every directory, in order."""
        return ((path, self.directory(path)) for path in self.lines)


def encode_seal(
    record: JobRecord, logs: Sequence[CoveredLog], directories: Iterable[tuple[RelPath, SealedDirectory]]
) -> bytes:
    """The bytes of a seal; `directories` come in the order of paths."""
    listed: list[tuple[EncodedName, int, bool]] = []
    lines: list[bytes] = []
    for path, directory in directories:
        doubted = directory.look or any(row.look for row in directory.rows)
        listed.append((encode_name(path), sum(1 for row in directory.rows if row.is_declared), doubted))
        lines.append(encode_directory(directory))
    body = b"".join(lines)
    head = _Head(
        format_version=FORMAT_VERSION,
        kind="seal",
        job_id=record.job_id,
        job_type=str(record.job_type),
        status=record.status.value,
        started=record.started,
        ended=record.last_sign if record.ended is None else record.ended,
        last_sign=record.last_sign,
        attempt=record.attempt,
        workspace=encode_name(record.workspace),
        output=encode_name(record.output),
        parameters=encode_map(record.parameters),
        status_link=encode_name(record.status_link) if record.status_link else None,
        aliases=[encode_name(alias) for alias in record.aliases],
        declared=[
            _DeclaredRow(encode_name(path), _text(one.directory_type), _text(one.file_type))
            for path, one in sorted(record.directories.items())
        ],
        cleanup=CleanupFields.from_policy(record.cleanup) if record.cleanup else None,
        logs=list(logs),
        directories=listed,
        check=check_of(body),
        packed=record.packed,
    )
    return close_line(_ENCODER.encode(head)) + body


def _text(word: str | None) -> str | None:
    # msgspec writes text, but no class of ours that is text.
    return str(word) if word else None


def decode_seal(data: bytes, job_id: JobId, lay: Lay = hold) -> Seal:
    """The seal of `job_id` that `data` holds; its lines go where `lay` lays them.

    Raises:
        SealError: when it fails its check, or is not the seal of that job.
    """
    first = data[: data.find(b"\n") + 1]
    opened = open_line(first)
    if opened is None:
        raise SealError("fails the check of its first line")
    try:
        head = _HEAD.decode(opened)
        if head.format_version != FORMAT_VERSION or head.kind != "seal" or head.job_id != job_id:
            raise SealError("is not the seal of this job in a format that this version knows")
        if check_of_lines(data) != head.check:
            raise SealError("fails its check")
        return _seal(head, job_id, lay, data)
    except (msgspec.DecodeError, InvalidValueError, ValueError) as err:
        raise SealError(f"cannot be read: {err}") from err


def _seal(head: _Head, job_id: JobId, lay: Lay, data: bytes) -> Seal:
    # Ten thousand seals are held at once, and each names these two places twice.
    places = (head.workspace, head.output)
    named = [path if path not in places else places[places.index(path)] for path, _, _ in head.directories]
    # The root itself can hold a file that a job declared; its path is empty, which no other path may be.
    paths = tuple([decode_path(path) if path else ROOT for path in named])
    declared = tuple([path for path, (_, count, _) in zip(paths, head.directories, strict=True) if count])
    doubted = [path for path, (_, _, doubt) in zip(paths, head.directories, strict=True) if doubt]
    lines = lay(job_id, paths, data, head.check)
    record = _record(head, job_id, SealedFiles(lines, declared if len(declared) < len(paths) else paths))
    # A host has thousands of them, and one name.
    logs = tuple([CoveredLog(intern(log.host), log.length, log.check) for log in head.logs])
    return Seal(record, logs, lines, frozenset(doubted) if doubted else _NONE)


def _record(head: _Head, job_id: JobId, files: SealedFiles) -> JobRecord:
    return JobRecord(
        job_id=job_id,
        job_type=_job_type(head.job_type),
        status=JobStatus(head.status),
        started=Instant(head.started),
        workspace=decode_path(head.workspace),
        output=decode_path(head.output),
        attempt=head.attempt,
        ended=Instant(head.ended),
        last_sign=Instant(head.last_sign),
        parameters=decode_map(head.parameters),
        status_link=decode_path(head.status_link) if head.status_link else None,
        aliases=tuple(decode_path(alias) for alias in head.aliases),
        files=files,
        directories={
            decode_path(row.path): DeclaredDirectory(
                DirectoryType(row.directory_type) if row.directory_type else None,
                FileType(row.file_type) if row.file_type else None,
            )
            for row in head.declared
        }
        or _NO_DIRECTORIES,
        cleanup=head.cleanup.to_policy() if head.cleanup else None,
        sealed=True,
        packed=head.packed,
    )
