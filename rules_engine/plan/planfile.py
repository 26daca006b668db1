"""The plan file: JSON Lines of a header, batches and a trailer that proves the whole."""

import hashlib
from collections.abc import Iterator
from typing import Any, BinaryIO, Final, TypeVar

import msgspec

from rules_engine.errors import ExitCode, InvalidValueError, RulesError
from rules_engine.plan.model import LARGEST_BATCH, Batch, Header, Plan, Trailer
from rules_engine.plan.trashed import check_trash
from rules_engine.values.names import BYTES, decode_name, encode_name
from rules_engine.values.paths import LONGEST_NAME, are_names, parse_relpath
from rules_engine.values.text import escape

FORMAT_VERSION: Final = "1.0"
_KIND: Final = "plan"
_DIGEST_KEY: Final = b',"sha256":"'
_LINE_END: Final = b'"}\n'
_ODD_NAME: Final = f'{{"{BYTES}":'.encode()
_LONGEST_LINE: Final = 64 * 2**20
_T = TypeVar("_T")


class PlanFileError(RulesError):
    """A file that is no plan, or not a whole one."""

    exit_code = ExitCode.STALE_PLAN

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def __str__(self) -> str:
        return f"this plan cannot be used: {escape(self.why)}\n  help: make it again with `rules plan --out FILE`"


class _HeaderLine(msgspec.Struct, forbid_unknown_fields=True):
    kind: str
    format_version: str
    header: Header


class _TrailerLine(msgspec.Struct, forbid_unknown_fields=True):
    trailer: Trailer
    sha256: str


_ENCODER: Final = msgspec.json.Encoder(order="deterministic")
_PLAIN: Final = msgspec.json.Encoder()
_BATCH: Final = msgspec.json.Decoder(Batch)
_HEADER: Final = msgspec.json.Decoder(_HeaderLine)
_TRAILER: Final = msgspec.json.Decoder(_TrailerLine)


def write_plan(plan: Plan, out: BinaryIO) -> None:
    """Write `plan` to `out`, batch by batch, and set the digest of its trailer."""
    digest = hashlib.sha256()

    def line(data: bytes) -> None:
        digest.update(data)
        out.write(data)

    line(_encode(_HeaderLine(_KIND, FORMAT_VERSION, plan.header)) + b"\n")
    for batch in plan.batches:
        line(encode_batch(batch))
    plan.trailer.digest = ""
    line(_encode({"trailer": plan.trailer})[:-1])
    plan.trailer.digest = digest.hexdigest()
    out.write(_DIGEST_KEY + plan.trailer.digest.encode() + _LINE_END)


def read_plan(source: BinaryIO) -> Plan:
    """The plan that `source` holds, proved whole before anything of it is believed.

    `source` must stay open while the batches are gone through, which can be done again.

    Raises:
        PlanFileError: when a line is cut, edited or missing, or a path in it is no path below a root.
    """
    header, first_batch, trailer = _proved(source)
    return Plan(header, _Batches(source, first_batch), trailer)


def read_header(source: BinaryIO) -> Header:
    """The header that `source` begins with; nothing proves what follows, so it is good for telling only.

    Raises:
        PlanFileError: when that is not the header of a plan.
    """
    source.seek(0)
    return _header(source.readline(_LONGEST_LINE))


def encode_batch(batch: Batch) -> bytes:
    """The line of a plan file that holds `batch`."""
    return _encode(batch) + b"\n"


def decode_batch(line: bytes) -> Batch:
    """The batch that a line of a plan file holds, before anything in it is checked.

    Raises:
        PlanFileError: when it holds none.
    """
    return _decode(line, _BATCH)


class _Batches:
    """The batches of an open plan file."""

    def __init__(self, source: BinaryIO, start: int) -> None:
        self._source = source
        self._start = start

    def __iter__(self) -> Iterator[Batch]:
        place = self._start
        while True:
            # Two readers may take turns, so each keeps its own place.
            self._source.seek(place)
            line = self._source.readline(_LONGEST_LINE)
            if _DIGEST_KEY in line:
                return
            place += len(line)
            yield decode_batch(line)


def _proved(source: BinaryIO) -> tuple[Header, int, Trailer]:
    source.seek(0)
    digest = hashlib.sha256()
    first = source.readline(_LONGEST_LINE)
    digest.update(first)
    header = _header(first)
    while line := source.readline(_LONGEST_LINE):
        if _DIGEST_KEY in line:
            if source.read(1):
                raise PlanFileError("something stands after its last line")
            return header, len(first), _trailer(line, digest)
        digest.update(line)
        _check(decode_batch(line))
    raise PlanFileError("it was cut short: its last line is missing")


def _header(line: bytes) -> Header:
    found = _decode(line, _HEADER)
    if found.kind != _KIND:
        raise PlanFileError(f"it is a `{found.kind}`, not a plan")
    if found.format_version.partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
        raise PlanFileError(f"its format is {found.format_version}; this version reads {FORMAT_VERSION}")
    return found.header


def _trailer(line: bytes, digest: Any) -> Trailer:
    body, _, rest = line.rpartition(_DIGEST_KEY)
    if not rest.endswith(_LINE_END):
        raise PlanFileError("it was cut short in its last line")
    digest.update(body)
    if rest[: -len(_LINE_END)].decode("ascii", "replace") != digest.hexdigest():
        raise PlanFileError("it was edited: its lines do not match its SHA-256")
    trailer = _decode(line, _TRAILER)
    trailer.trailer.digest = trailer.sha256
    return trailer.trailer


def _check(batch: Batch) -> None:
    # The digest proves that nobody edited the plan by accident, not who wrote it: a path that leads out of the
    # root must not get as far as the executor, which checks again.
    try:
        if batch.directory:
            parse_relpath(batch.directory)
        names = [entry.name for entry in batch.entries]
        if not _are_plain(names):
            for name in names:
                if "/" in name:
                    raise PlanFileError(f"the name `{name}` is not one component")
                parse_relpath(name)
        check_trash(batch)
    except InvalidValueError as err:
        raise PlanFileError(str(err)) from err
    if not 0 < len(batch.entries) <= LARGEST_BATCH:
        raise PlanFileError(f"a batch has {len(batch.entries)} entries")


def _are_plain(names: list[str]) -> bool:
    """Whether each is a short name in ASCII: one look at all of them; the others are looked at one by one."""
    return are_names(names) and all(map(str.isascii, names)) and max(map(len, names)) <= LONGEST_NAME


def _encode(value: object) -> bytes:
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError:
        # Not the encoder above: it sorts the keys of plain maps, and a name would change the order of all others.
        return _PLAIN.encode(_written(msgspec.to_builtins(value, order="deterministic")))


def _decode(line: bytes, decoder: "msgspec.json.Decoder[_T]") -> _T:
    if not line.endswith(b"\n"):
        raise PlanFileError("it was cut short in the middle of a line")
    try:
        if _ODD_NAME not in line:
            return decoder.decode(line)
        return msgspec.convert(_read(msgspec.json.decode(line)), decoder.type)
    except (ValueError, RecursionError) as err:
        # Also bytes that are no UTF-8, and lists nested until the reader gives up.
        raise PlanFileError(f"a line is not what a plan holds: {err}") from err


def _written(value: Any) -> Any:
    match value:
        case str():
            return encode_name(value)
        case dict():
            return {key: _written(one) for key, one in value.items()}
        case list() | tuple():
            return [_written(one) for one in value]
        case _:
            return value


def _read(value: Any) -> Any:
    match value:
        case {"bytes": str(), **rest} if not rest:
            return decode_name(value)
        case dict():
            return {key: _read(one) for key, one in value.items()}
        case list():
            return [_read(one) for one in value]
        case _:
            return value
