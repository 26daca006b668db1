"""What the data models share: a field is brought to its declared type or refused by name, and written back plainly."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, ClassVar, Final, Self, get_args, get_origin, get_type_hints

from rules_engine.errors import InvalidValueError
from rules_engine.values.vocabulary import DirectoryType, FileType, JobStatus, JobType

_LONGEST_SHOWN: Final = 80


class InvalidModelError(InvalidValueError):
    """A field of a data model has a value that it cannot have; `what` names the field."""


class Model:
    """A dataclass whose fields are conformed to their types when it is made, and that JSON can carry."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def __post_init__(self) -> None:
        """Bring each field to its type, then check what the fields mean together.

        Raises:
            InvalidModelError: for the first field whose value cannot be what it claims to be.
        """
        model: Any = type(self)
        for name, hint in _hints(model).items():
            setattr(self, name, conform(hint, getattr(self, name), name))
        self.check()

    def check(self) -> None:
        """Check what the types do not say; a model overrides it where there is something to check."""

    def to_dict(self) -> dict[str, Any]:
        """The fields in plain values: text, numbers, lists and maps."""
        model: Any = type(self)
        return {name: to_plain(getattr(self, name)) for name in _hints(model)}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The model that `to_dict` wrote; a field that has a default may be missing.

        Raises:
            InvalidModelError: for a key that is no field, a missing one, or a value that does not fit.
        """
        known = {one.name: one for one in fields(cls)}
        for key in plain:
            if key not in known:
                raise InvalidModelError(str(key), cls.__name__, "has no such field")
        for one in known.values():
            if one.name not in plain and one.default is MISSING and one.default_factory is MISSING:
                raise InvalidModelError(one.name, cls.__name__, "has no value for it")
        return cls(**plain)


@cache
def _hints(model: Any) -> Mapping[str, Any]:
    """The declared type of each field, in order."""
    resolved = get_type_hints(model)
    return {one.name: resolved[one.name] for one in fields(model)}


def conform(hint: Any, value: Any, field: str) -> Any:
    """`value` as a value of type `hint`; text is read where the type has a way to be written.

    Raises:
        InvalidModelError: when it cannot be one.
    """
    kind, parts = _shape(hint)
    if kind is UnionType:
        return None if value is None else conform(parts[0], value, field)
    if kind is list:
        return _list(parts[0], value, field)
    if kind is dict:
        return _dict(parts[0], parts[1], value, field)
    if hint in _READ:
        return _READ[hint](value, field)
    if issubclass(hint, Model) and isinstance(value, Mapping):
        return hint.from_dict(value)
    # `True` is an integer to Python, and never one to a person.
    if isinstance(value, hint) and isinstance(value, bool) is (hint is bool):
        return value
    raise _no(field, value, f"is not {_NOUNS.get(hint, f'a {hint.__name__}')}")


@cache
def _shape(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """What a type is made of: its kind, and its parts but for `None`; asked of every value, so found once."""
    return get_origin(hint), tuple(one for one in get_args(hint) if one is not type(None))


def _list(inner: Any, value: Any, field: str) -> list[Any]:
    if isinstance(value, str | bytes | Mapping) or not hasattr(value, "__iter__"):
        raise _no(field, value, "is not a list")
    return [conform(inner, one, field) for one in value]


def _dict(key_hint: Any, inner: Any, value: Any, field: str) -> dict[Any, Any]:
    if not isinstance(value, Mapping):
        raise _no(field, value, "is not a map")
    return {conform(key_hint, key, field): conform(inner, one, field) for key, one in value.items()}


def to_plain(value: Any) -> Any:
    """`value` in text, numbers, lists and maps."""
    if isinstance(value, Model):
        return value.to_dict()
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): to_plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [to_plain(one) for one in value]
    return value if value is None or isinstance(value, bool | int) else str(value)


def _path(value: Any, field: str) -> Path:
    if not isinstance(value, str | Path) or not str(value) or "\0" in str(value):
        raise _no(field, value, "is not a path")
    return value if isinstance(value, Path) else Path(value)


def _moment(value: Any, field: str) -> datetime:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError as err:
        raise _no(field, value, "is not a time in ISO 8601") from err
    if not isinstance(found, datetime):
        raise _no(field, value, "is not a time")
    if found.tzinfo is None:
        raise _no(field, value, "has no time zone")
    return found.astimezone(UTC)


def _word(kind: type[str]) -> Callable[[Any, str], str]:
    def read(value: Any, field: str) -> str:
        if not isinstance(value, str) or not value:
            raise _no(field, value, "is not a word")
        try:
            return kind(value)
        except ValueError as err:
            raise _no(field, value, "is none of the known words") from err

    return read


def _no(field: str, value: Any, why: str) -> InvalidModelError:
    return InvalidModelError(field, str(value)[:_LONGEST_SHOWN], why)


_READ: Final[Mapping[Any, Callable[[Any, str], Any]]] = {
    Path: _path,
    datetime: _moment,
    **{kind: _word(kind) for kind in (JobType, FileType, DirectoryType, JobStatus)},
}
_NOUNS: Final = {bool: "true or false", int: "a whole number", str: "text"}
