"""The value of `--limit`: which limit of one plan, and how far it is raised."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from rules_engine.errors import InvalidValueError
from rules_engine.values.quantities import parse_duration, parse_size

UNLIMITED: Final = "unlimited"


def parse_limits(texts: Iterable[str]) -> Mapping[str, int | None]:
    """The limits that `NAME=VALUE` texts raise; None is unlimited.

    Raises:
        InvalidValueError: for an unknown name or a value that its limit cannot have.
    """
    found: dict[str, int | None] = {}
    for text in texts:
        name, is_pair, value = text.partition("=")
        if not is_pair or name not in _PARSERS:
            raise InvalidValueError("limit", text, f"is not `NAME=VALUE` with a name of {_names()}")
        found[name] = None if value == UNLIMITED else _PARSERS[name](value)
    return found


def _count(value: str) -> int:
    if not (value.isascii() and value.isdigit()):
        raise InvalidValueError("limit", value, "is not a whole number, such as `200000`")
    return int(value)


def _percent(value: str) -> int:
    share = _count(value.removesuffix("%"))
    if share > 100:  # noqa: PLR2004 - percent
        raise InvalidValueError("limit", value, "is more than 100%")
    return share


_PARSERS: Final[Mapping[str, Callable[[str], int]]] = {
    "files": _count,
    "bytes": parse_size,
    "untracked_share": _percent,
    "plan_age": parse_duration,
}


def _names() -> str:
    return ", ".join(f"`{name}`" for name in _PARSERS)
