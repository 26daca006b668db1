"""The events of a manifest and the lines that carry them."""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

import msgspec

from rules_engine.manifest.lines import close_line, open_line
from rules_engine.values.names import EncodedName, decode_name, encode_name
from rules_engine.values.paths import RelPath, parse_relpath
from rules_engine.values.quantities import Duration
from rules_engine.values.vocabulary import CleanupPolicy, FileType

FORMAT_VERSION: Final = 1


class CleanupFields(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A job's own cleanup policy, as a line holds it."""

    enabled: bool
    retention: int
    preserve_on_failure: int
    file_types: list[str] | None
    debug_mode_disables: bool

    @classmethod
    def from_policy(cls, policy: CleanupPolicy) -> "CleanupFields":
        """The fields of `policy`."""
        return cls(
            enabled=policy.enabled,
            retention=policy.retention,
            preserve_on_failure=policy.preserve_on_failure,
            file_types=None if policy.file_types is None else sorted(map(str, policy.file_types)),
            debug_mode_disables=policy.debug_mode_disables,
        )

    def to_policy(self) -> CleanupPolicy:
        """The policy that the fields say."""
        return CleanupPolicy(
            enabled=self.enabled,
            retention=Duration(self.retention),
            preserve_on_failure=Duration(self.preserve_on_failure),
            file_types=None if self.file_types is None else frozenset(map(FileType, self.file_types)),
            debug_mode_disables=self.debug_mode_disables,
        )


class _Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="type"):
    """What every event has in common."""


class Start(_Event, frozen=True, tag="start"):
    """An attempt begins; every path of the job is settled here."""

    format_version: int
    job_type: str
    attempt: int
    workspace: EncodedName
    output: EncodedName
    boot: str = ""
    parameters: dict[str, EncodedName] = {}
    status_links: dict[str, EncodedName] = {}
    """Status → the path of the status link while the job has that status."""
    aliases: list[EncodedName] = []
    cleanup: CleanupFields | None = None
    lease_ns: int | None = None
    critical: bool = False
    """Each line is written a second time, into a backup of the log."""
    abandons: dict[str, int] = {}
    """Host → sequence number of its last event when its attempt was read as abandoned."""


class AddFiles(_Event, frozen=True, tag="add"):
    """Files that the job declares: path and type of each."""

    files: list[tuple[EncodedName, str]]


class AddDirectory(_Event, frozen=True, tag="add_directory"):
    """A directory that the job declares."""

    path: EncodedName
    directory_type: str | None = None
    file_type: str | None = None


class Remove(_Event, frozen=True, tag="remove"):
    """Paths, files or directories, that the job no longer has."""

    paths: list[EncodedName]


class Finish(_Event, frozen=True, tag="finish"):
    """The attempt ends."""

    status: Literal["completed", "failed"]
    finishes: dict[str, int] = {}
    """Another host whose attempt this ends → sequence number of its last event by then."""


class Lease(_Event, frozen=True, tag="lease"):
    """From now on each event keeps the job running for this long."""

    lease_ns: int


class Mended(_Event, frozen=True, tag="mended"):
    """Stands for lines that were damaged, and holds what other evidence tells of them."""

    lines: int
    """How many; the sequence number of this line is that of the last of them."""
    lost: bool = False
    """Nothing tells all that they said."""
    start: Start | None = None
    removed: list[EncodedName] = []
    files: list[tuple[EncodedName, str]] = []
    directories: list[AddDirectory] = []
    finish: Finish | None = None
    filler: str = ""
    """Without meaning: it keeps a mended log longer than the damaged one was, so that no older seal covers it."""


class Accepted(_Event, frozen=True, tag="accepted"):
    """Somebody said that what the lost lines before this one named need not be protected any more."""

    finished: bool = False
    """The attempt was finished by then, as the line before would say."""


Event: TypeAlias = Start | AddFiles | AddDirectory | Remove | Finish | Lease | Mended | Accepted


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line of a log."""

    seq: int
    at: int
    """Instant at which it was written."""
    event: Event
    held: bool = False
    """The job's lock was held: if it is free later, nobody is left to finish the job."""


_ENCODER: Final = msgspec.json.Encoder(order="deterministic")
_DECODER: Final = msgspec.json.Decoder(Line)


def encode_line(line: Line) -> bytes:
    """The bytes of a line, newline included."""
    return close_line(_ENCODER.encode(line))


def decode_line(raw: bytes) -> Line | None:
    """The line that `raw` holds; None where it fails its check or says what this version does not know."""
    body = open_line(raw)
    if body is None:
        return None
    try:
        line = _DECODER.decode(body)
    except ValueError:
        return None
    start = start_in(line.event)
    return line if start is None or start.format_version == FORMAT_VERSION else None


def parts_of(event: Event) -> tuple[Event, ...]:
    """What an event says, in order: itself, or what a mended line holds of those it stands for."""
    if not isinstance(event, Mended):
        return (event,)
    start = (event.start,) if event.start is not None else ()
    removed = (Remove(event.removed),) if event.removed else ()
    files = (AddFiles(event.files),) if event.files else ()
    finish = (event.finish,) if event.finish is not None else ()
    return (*start, *removed, *event.directories, *files, *finish)


def start_in(event: Event) -> Start | None:
    """The start of an attempt that an event tells of."""
    return next((part for part in parts_of(event) if isinstance(part, Start)), None)


def ends_attempt(event: Event) -> bool:
    """Whether nothing may be declared after this event, were it the last of its log."""
    if isinstance(event, Accepted):
        return event.finished
    return any(isinstance(part, Finish) for part in parts_of(event))


def encode_map(values: Mapping[str, str]) -> dict[str, EncodedName]:
    """The values as names, so that those that are not UTF-8 can be written too."""
    return {key: encode_name(value) for key, value in values.items()}


def decode_map(written: Mapping[str, EncodedName]) -> dict[str, str]:
    """What `encode_map` wrote, in the order of the keys."""
    return {key: decode_name(written[key]) for key in sorted(written)}


def decode_path(written: EncodedName) -> RelPath:
    """The path below the root that a line holds.

    Raises:
        InvalidValueError: when it is none.
    """
    return parse_relpath(decode_name(written))
