import pytest

from rules_engine.errors import InvalidValueError
from rules_engine.values.names import decode_name, encode_name


@pytest.mark.parametrize("name", ["a", "ü", "a\nb", "\udcff", "clip\udcfe\udc80.mkv", ""])
def test_every_name_comes_back_from_json(name: str) -> None:
    """A name round-trips, whether it is UTF-8 or not."""
    assert decode_name(encode_name(name)) == name


def test_a_name_that_is_not_utf8_is_written_as_its_bytes() -> None:
    """The bytes stand in hex under the one key `bytes`."""
    assert encode_name("a\udcff") == {"bytes": "61ff"}


@pytest.mark.parametrize(
    "written",
    [
        None,
        7,
        ["a"],
        {},
        {"bytes": 1},
        {"bytes": "zz"},
        {"bytes": "ff", "more": 1},
        {"text": "a"},
        {"bytes": "FF"},
        {"bytes": "61"},
    ],
)
def test_what_is_no_name_is_refused(written: object) -> None:
    """Anything that `encode_name` does not write is refused, also a second spelling of the same name."""
    with pytest.raises(InvalidValueError):
        decode_name(written)
