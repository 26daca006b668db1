"""Durations, sizes and instants: what is said and what is refused, word for word."""

from datetime import UTC, datetime

import pytest

from rules_engine.errors import InvalidValueError
from rules_engine.values.quantities import (
    DAY,
    FOREVER,
    HOUR,
    MINUTE,
    SECOND,
    format_duration,
    format_instant,
    format_size,
    instant_from,
    parse_duration,
    parse_instant,
    parse_size,
)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("0s", 0),
        ("50ms", SECOND // 20),
        ("90m", 90 * MINUTE),
        ("1d12h", 36 * HOUR),
        ("2w", 14 * DAY),
        ("100000d", 100_000 * DAY),
    ],
)
def test_a_duration_is_numbers_with_units(text: str, duration: int) -> None:
    """Units may follow each other and add up."""
    assert parse_duration(text) == duration


@pytest.mark.parametrize("text", ["", "7", "7 d", "-1d", "+1d", "1.5h", "7 dayz", "1y", "3mo", "٣d", "1d ", "1D"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    """A bare number, a sign, a fraction, months and years say nothing exact."""
    with pytest.raises(InvalidValueError) as caught:
        parse_duration(text)
    assert str(caught.value) == (f"duration `{text}` is not numbers with units, such as `90m`, `24h`, `7d` or `2w`")


def test_a_duration_of_centuries_is_refused() -> None:
    """More than 100 000 days is a mistake in a unit."""
    with pytest.raises(InvalidValueError, match="duration `100000d1ms` is longer than 100000d"):
        parse_duration("100000d1ms")


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (FOREVER, "always"),
        (0, "0s"),
        (-5, "0s"),
        (1, "0s"),
        (SECOND // 20, "50ms"),
        (59 * SECOND, "59s"),
        (90 * MINUTE, "1h30m"),
        (6 * DAY + 23 * HOUR + 59 * MINUTE, "6d23h"),
        (DAY + 5 * SECOND, "1d"),
        (14 * DAY, "14d"),
    ],
)
def test_a_duration_is_shown_in_its_largest_two_units(duration: int, text: str) -> None:
    """Two units are enough to read, and a zero between them ends the text."""
    assert format_duration(duration) == text


@pytest.mark.parametrize(
    ("text", "size"),
    [("0B", 0), ("1kB", 1000), ("10GB", 10**10), ("512MiB", 2**29), ("1.5TiB", 3 * 2**39), ("8191PiB", 8191 * 2**50)],
)
def test_a_size_is_a_number_with_a_unit(text: str, size: int) -> None:
    """Decimal and binary units each mean what they say."""
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "10", "10 GB", "-1B", "1K", "1kib", "1.B", "1.2345GB", "1e3B"])
def test_what_is_no_size_is_refused(text: str) -> None:
    """A number without a unit could be anything."""
    with pytest.raises(InvalidValueError) as caught:
        parse_size(text)
    assert str(caught.value) == (f"size `{text}` is not a number with a unit, such as `512MiB`, `10GB` or `1TiB`")


def test_a_size_that_no_plan_can_hold_is_refused() -> None:
    """A limit beyond any disk would break the plan file it is written to."""
    with pytest.raises(InvalidValueError, match=r"size `8191\.001PiB` is larger than 8191PiB"):
        parse_size("8191.001PiB")


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1536, "1.5 KiB"),
        (100 * 2**10, "100 KiB"),
        (12 * 2**30, "12.0 GiB"),
        (3 * 2**40, "3.0 TiB"),
        (5000 * 2**40, "4.9 PiB"),
    ],
)
def test_a_size_is_shown_in_binary_units(size: int, text: str) -> None:
    """At most one decimal, and none where three digits say enough."""
    assert format_size(size) == text


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-03-01", "2026-03-01T00:00:00Z"),
        ("2026-03-01T04:00", "2026-03-01T04:00:00Z"),
        ("2026-03-01T04:00:00+02:00", "2026-03-01T02:00:00Z"),
        ("1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z"),
    ],
)
def test_a_time_without_a_zone_is_utc(text: str, same: str) -> None:
    """A date is its midnight, and an offset is counted away."""
    assert format_instant(parse_instant(text)) == same


def test_what_is_no_time_is_refused() -> None:
    """The message shows what a time looks like."""
    with pytest.raises(InvalidValueError) as caught:
        parse_instant("yesterday")
    assert str(caught.value) == ("time `yesterday` is not ISO 8601, such as `2026-03-01` or `2026-03-01T04:00:00Z`")


@pytest.mark.parametrize("text", ["1600-01-01", "9999-12-31"])
def test_a_time_that_no_plan_can_hold_is_refused(text: str) -> None:
    """An instant is written in 64 bits, so the years 1678 to 2261 are those there are."""
    with pytest.raises(InvalidValueError, match="lies outside the years 1678 to 2261"):
        parse_instant(text)


def test_a_datetime_without_a_zone_is_refused() -> None:
    """A moment without a zone could be any of a day's."""
    with pytest.raises(InvalidValueError, match="time `2026-03-01T00:00:00` has no time zone; add `Z` or an offset"):
        instant_from(datetime(2026, 3, 1))
    assert instant_from(datetime(1970, 1, 1, tzinfo=UTC)) == 0


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (10**30, "far future"),
        (-(10**30), "far past"),
        (-62_135_596_800 * SECOND, "0001-01-01T00:00:00Z"),
        (253_402_300_799 * SECOND, "9999-12-31T23:59:59Z"),
        (SECOND + 999_999_999, "1970-01-01T00:00:01Z"),
    ],
)
def test_any_instant_can_be_shown(instant: int, text: str) -> None:
    """A time that a broken disk claims is shown too, and never stops a report."""
    assert format_instant(instant) == text
