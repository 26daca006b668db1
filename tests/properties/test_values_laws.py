"""The laws of quantities, paths, names and escaping."""

import unicodedata
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import LAW

from rules_engine.errors import InvalidValueError
from rules_engine.values.names import decode_name, encode_name
from rules_engine.values.paths import (
    RelPath,
    ancestors,
    are_names,
    from_bytes,
    is_at_or_below,
    is_below,
    join,
    name_of,
    parent,
    parse_relpath,
    relative,
    sort_key,
    to_bytes,
)
from rules_engine.values.quantities import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    WEEK,
    format_duration,
    format_instant,
    format_size,
    instant_from,
    instant_to_datetime,
    parse_duration,
    parse_instant,
    parse_size,
)
from rules_engine.values.text import escape

UNITS = {"ms": SECOND // 1000, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": WEEK}
raw_names = st.binary(min_size=1, max_size=20).filter(
    lambda raw: not set(raw) & {0, ord("/")} and raw not in {b".", b".."}
)
disk_names = raw_names.map(from_bytes)
disk_paths = st.lists(disk_names, min_size=1, max_size=5).map("/".join)
anything = st.one_of(st.text(), st.binary().map(from_bytes))


@LAW
@given(st.lists(st.tuples(st.integers(0, 20_000), st.sampled_from(sorted(UNITS))), min_size=1, max_size=4))
def test_a_duration_is_the_sum_of_its_parts(parts: list[tuple[int, str]]) -> None:
    """Each number counts in its unit, and what is over 100 000 days is refused."""
    text = "".join(f"{count}{unit}" for count, unit in parts)
    total = sum(count * UNITS[unit] for count, unit in parts)
    if total > 100_000 * DAY:
        with pytest.raises(InvalidValueError):
            parse_duration(text)
    else:
        assert parse_duration(text) == total


@LAW
@given(st.integers(0, 100_000 * DAY))
def test_a_duration_is_shown_cut_to_two_units(duration: int) -> None:
    """What is shown can be read, is never more than the duration, and less by under one of its smaller units."""
    shown = parse_duration(format_duration(duration))
    assert shown <= duration
    assert format_duration(shown) == format_duration(duration)
    steps = ((DAY, HOUR), (HOUR, MINUTE), (SECOND, SECOND), (0, SECOND // 1000))
    assert duration - shown < next(unit for least, unit in steps if duration >= least)


@LAW
@given(st.integers(0, 10**11), st.integers(0, 999), st.sampled_from(("kB", "MB", "GB", "KiB", "MiB", "GiB", "TiB")))
def test_a_size_is_its_number_in_its_unit(whole: int, thousandths: int, unit: str) -> None:
    """A size with up to three decimals is exact to the byte, cut down."""
    if (whole + 1) * 1024**4 > 2**63:
        whole %= 2**20
    size = (1024 if "i" in unit else 1000) ** ("kMGT".index(unit[0]) + 1 if unit[0] != "K" else 1)
    assert parse_size(f"{whole}{unit}") == whole * size
    assert parse_size(f"{whole}.{thousandths:03d}{unit}") == (whole * 1000 + thousandths) * size // 1000


@LAW
@given(st.integers(0, 2**53))
def test_a_size_is_shown_to_within_five_percent(size: int) -> None:
    """What is shown can be read and is nearly the size; of bytes it is the size itself."""
    shown = parse_size(format_size(size).replace(" ", ""))
    assert abs(shown - size) <= size * 0.05
    assert size >= 1024 or shown == size


@LAW
@given(st.datetimes(datetime(1678, 1, 1), datetime(2261, 12, 31), timezones=st.just(UTC)), st.integers(-14, 14))
def test_an_instant_survives_each_of_its_forms(moment: datetime, hours: int) -> None:
    """An instant is the same from any zone, as a datetime, and as text to the second."""
    instant = instant_from(moment)
    assert instant_to_datetime(instant) == moment
    assert parse_instant(format_instant(instant)) == instant - instant % SECOND
    elsewhere = moment.astimezone(timezone(timedelta(hours=hours)))
    assert instant_from(elsewhere) == parse_instant(elsewhere.isoformat()) == instant


@LAW
@given(st.text(max_size=12))
def test_what_is_no_quantity_is_refused_in_one_way(text: str) -> None:
    """Any text is a value that a plan file can hold, or an `InvalidValueError`; never another failure."""
    for parse in (parse_duration, parse_size, parse_instant):
        with suppress(InvalidValueError):
            assert -(2**63) <= parse(text) < 2**63


@LAW
@given(anything)
def test_an_escaped_text_has_nothing_that_a_terminal_obeys(text: str) -> None:
    """No control, format, separator or surrogate character is left, and the text stands in one line."""
    shown = escape(text)
    bad = {"Cc", "Cs", "Zl", "Zp"}
    assert not [char for char in shown if unicodedata.category(char) in bad]
    assert not [char for char in shown if unicodedata.bidirectional(char) in BIDI]
    assert len(shown.splitlines()) <= 1
    assert shown.encode().decode() == shown
    assert escape(shown) == shown


BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@LAW
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_a_plain_text_is_shown_as_it_is(text: str) -> None:
    """Escaping leaves printable ASCII alone."""
    assert escape(text) == text


@LAW
@given(disk_paths, disk_paths)
def test_paths_are_ordered_component_by_component_as_bytes(one: str, other: str) -> None:
    """The order of paths is that of their components' bytes, so a directory stands right before what lies in it."""

    def parts(path: str) -> list[bytes]:
        return [to_bytes(part) for part in path.split("/")]

    assert (sort_key(one) < sort_key(other)) == (parts(one) < parts(other))
    assert (sort_key(one) == sort_key(other)) == (one == other)


@LAW
@given(disk_paths, disk_names)
def test_a_path_is_its_directory_and_its_name(path: str, name: str) -> None:
    """Joining, splitting and climbing agree with each other."""
    directory = parse_relpath(path)
    inside = join(directory, name)
    assert (parent(inside), name_of(inside)) == (directory, name)
    assert ancestors(inside)[0] == directory
    assert ancestors(inside) == (directory, *ancestors(directory))
    assert all(is_below(inside, above) and not is_below(above, inside) for above in ancestors(inside))
    assert is_at_or_below(inside, inside)
    assert not is_below(inside, inside)
    assert is_below(inside, RelPath(""))
    assert join(RelPath(""), name) == name


@LAW
@given(disk_paths, disk_paths)
def test_a_relative_link_leads_to_its_target(there: str, here: str) -> None:
    """Followed from its directory, the text of a link ends at the path that it was made for."""
    at = here.split("/")
    for part in relative(RelPath(there), RelPath(here)).split("/"):
        at = at[:-1] if part == ".." else [*at, part]
    assert "/".join(at) == there
    assert relative(RelPath(there), RelPath("")) == there


@LAW
@given(st.lists(st.one_of(st.sampled_from(("a", ".b", "", ".", "..", "a/b", "/", "a\0b", "\0")), st.text(max_size=3))))
def test_many_names_are_judged_as_each_of_them(texts: list[str]) -> None:
    """One look at all of them says what a look at each says: none is empty, `.` or `..`, or has a slash or a NUL."""
    fit = [not {"/", "\0"} & set(text) and text not in {"", ".", ".."} for text in texts]
    assert not texts or are_names(texts) == all(fit)


@LAW
@given(anything)
def test_a_text_is_a_path_below_the_root_or_refused(text: str) -> None:
    """A path is taken exactly where the disk could have it below the root."""
    parts = text.split("/")
    fits = all(part not in {"", ".", ".."} and "\0" not in part for part in parts)
    try:
        long = any(len(to_bytes(part)) > 255 for part in parts)
    except UnicodeEncodeError:
        fits = False
        long = False
    if fits and not long:
        assert parse_relpath(text) == text
    else:
        with pytest.raises(InvalidValueError):
            parse_relpath(text)


@LAW
@given(st.binary())
def test_a_name_survives_json(raw: bytes) -> None:
    """Every name that the disk can hold is written in one way, and read back as it was."""
    name = from_bytes(raw)
    assert to_bytes(name) == raw
    assert decode_name(encode_name(name)) == name
    assert isinstance(encode_name(name), str) == (raw.decode("utf-8", "ignore").encode() == raw)


@LAW
@given(st.one_of(st.integers(), st.none(), st.lists(st.text()), st.dictionaries(st.text(), st.text(), max_size=2)))
def test_what_is_no_name_is_refused(written: object) -> None:
    """Only a text, or the bytes in hex of what is none, is a name."""
    with pytest.raises(InvalidValueError):
        decode_name(written)


@LAW
@given(st.text(max_size=8))
def test_a_name_has_one_spelling(name: str) -> None:
    """The bytes in hex of a name that is UTF-8 are refused, and so are capital letters."""
    with pytest.raises(InvalidValueError):
        decode_name({"bytes": name.encode("utf-8", "replace").hex()})
    with pytest.raises(InvalidValueError):
        decode_name({"bytes": (name.encode("utf-8", "replace") + b"\xff").hex().upper()})
