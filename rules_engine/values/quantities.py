"""Instants, durations and sizes: one unit inside (nanoseconds, bytes), one grammar outside."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final, NewType

from rules_engine.errors import InvalidValueError

Instant = NewType("Instant", int)
"""Nanoseconds since 1970-01-01T00:00:00Z."""

Duration = NewType("Duration", int)
"""Nanoseconds, never negative."""

ByteCount = NewType("ByteCount", int)
"""A size in bytes, never negative."""

SECOND: Final = 1_000_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY

FOREVER: Final = Duration(2**63 - 1)
"""A wait that never ends, longer than any age a file can have; as an instant, later than any that is read."""

EARLIEST: Final = Instant(-(2**63))
"""No instant before it can be written to a plan or a manifest; a file that claims one cannot be aged."""

_LONGEST: Final = 100_000 * DAY
_LARGEST: Final = 8191 * 2**50
_DURATION_UNITS: Final = {"ms": SECOND // 1000, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": WEEK}
_DURATION_PART: Final = re.compile(r"(\d{1,9})(ms|s|m|h|d|w)", re.ASCII)
_DURATION: Final = re.compile(r"(?:\d{1,9}(?:ms|s|m|h|d|w))+", re.ASCII)
_SIZE: Final = re.compile(r"(\d{1,12})(?:\.(\d{1,3}))?([A-Za-z]{1,3})", re.ASCII)
_SIZE_UNITS: Final = {
    "B": 1,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "PB": 10**15,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
    "PiB": 2**50,
}


def parse_duration(text: str) -> Duration:
    """The duration that `text` writes, such as `90m`, `24h` or `1d12h`.

    Raises:
        InvalidValueError: for a bare number, a sign, months or years, or more than 100 000 days.
    """
    if not _DURATION.fullmatch(text):
        raise InvalidValueError("duration", text, "is not numbers with units, such as `90m`, `24h`, `7d` or `2w`")
    total = sum(int(count) * _DURATION_UNITS[unit] for count, unit in _DURATION_PART.findall(text))
    if total > _LONGEST:
        raise InvalidValueError("duration", text, "is longer than 100000d")
    return Duration(total)


def format_duration(duration: int) -> str:
    """The largest two units of a duration, such as `6d23h`; `always` for one that never ends."""
    if duration >= FOREVER:
        return "always"
    if duration < SECOND:
        thousandths = duration // (SECOND // 1000)
        return f"{thousandths}ms" if thousandths > 0 else "0s"
    parts: list[str] = []
    for unit, size in (("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND)):
        count, duration = divmod(duration, size)
        if count:
            parts.append(f"{count}{unit}")
        if len(parts) == 2 or (parts and not count):  # noqa: PLR2004 - two units are enough to read
            break
    return "".join(parts)


def parse_size(text: str) -> ByteCount:
    """The size that `text` writes, such as `512MiB`, `10GB` or `1.5TiB`.

    Raises:
        InvalidValueError: for a number without a unit, an unknown unit, or more than a plan file can hold.
    """
    found = _SIZE.fullmatch(text)
    if found is None or found[3] not in _SIZE_UNITS:
        raise InvalidValueError("size", text, "is not a number with a unit, such as `512MiB`, `10GB` or `1TiB`")
    unit = _SIZE_UNITS[found[3]]
    fraction = found[2] or ""
    size = int(found[1]) * unit + int(fraction or "0") * unit // 10 ** len(fraction)
    if size > _LARGEST:
        raise InvalidValueError("size", text, "is larger than 8191PiB")
    return ByteCount(size)


def format_size(size: int) -> str:
    """A size for people, in binary units with at most one decimal: `0 B`, `1.5 KiB`, `12 GiB`."""
    amount = float(size)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if amount < 1024:  # noqa: PLR2004 - the step between binary units
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"  # noqa: PLR2004
        amount /= 1024
    return f"{amount:.1f} PiB"


def instant_from(moment: datetime) -> Instant:
    """The instant of an aware datetime.

    Raises:
        InvalidValueError: when the datetime has no time zone, or lies outside the years 1678 to 2261.
    """
    if moment.tzinfo is None:
        raise InvalidValueError("time", moment.isoformat(), "has no time zone; add `Z` or an offset")
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    instant = Instant((delta.days * 86_400 + delta.seconds) * SECOND + delta.microseconds * 1000)
    if not EARLIEST <= instant < FOREVER:
        raise InvalidValueError("time", moment.isoformat(), "lies outside the years 1678 to 2261")
    return instant


def instant_to_datetime(instant: Instant) -> datetime:
    """The aware UTC datetime of an instant, cut to microseconds."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant // 1000)


def parse_instant(text: str) -> Instant:
    """The instant that an ISO 8601 date or time writes; a date is its midnight in UTC, no zone means UTC.

    Raises:
        InvalidValueError: when `text` is not ISO 8601, or lies outside the years 1678 to 2261.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as err:
        raise InvalidValueError(
            "time", text, "is not ISO 8601, such as `2026-03-01` or `2026-03-01T04:00:00Z`"
        ) from err
    return instant_from(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def format_instant(instant: int) -> str:
    """An instant in ISO 8601, UTC, to the second; the years that datetime cannot hold as `far past` or `far future`."""
    if not -62_135_596_800 * SECOND <= instant <= 253_402_300_799 * SECOND:
        return "far past" if instant < 0 else "far future"
    # Not `strftime`: it writes the year 999 in three digits, which is no ISO 8601.
    return instant_to_datetime(Instant(instant)).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
