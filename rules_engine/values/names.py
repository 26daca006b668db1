"""How names and paths are written in JSON: text where they are UTF-8, else their bytes in hex."""

from typing import Final, TypeAlias

from rules_engine.errors import InvalidValueError
from rules_engine.values.paths import from_bytes, to_bytes

BYTES: Final = "bytes"
"""The one key of a name that is not UTF-8."""


EncodedName: TypeAlias = str | dict[str, str]
"""A name or path as JSON holds it."""


def encode_name(text: str) -> EncodedName:
    """The name or path as JSON can hold it: itself, or `{"bytes": "<hex>"}` where it is not UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return {BYTES: to_bytes(text).hex()}
    return text


def decode_name(written: object) -> str:
    """The name or path that `encode_name` wrote.

    Raises:
        InvalidValueError: for anything that `encode_name` does not write.
    """
    if isinstance(written, str):
        return written
    match written:
        case {"bytes": str(raw), **rest} if not rest:
            return _from_hex(raw)
        case _:
            raise InvalidValueError("name", repr(written), "is neither text nor bytes in hex")


def _from_hex(raw: str) -> str:
    try:
        text = from_bytes(bytes.fromhex(raw))
    except ValueError as err:
        raise InvalidValueError("name", raw, "is not bytes in hex") from err
    if encode_name(text) != {BYTES: raw}:
        # One name, one spelling: else two lines that name the same file would not compare equal.
        raise InvalidValueError("name", raw, "is UTF-8 and must be written as text")
    return text
