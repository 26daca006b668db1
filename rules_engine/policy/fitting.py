"""Whether a value plainly fits a JSON Schema, for the little of JSON Schema that our schemas are written in.

It never says yes where jsonschema would find something, and where it says no, jsonschema is asked for what is wrong.
So the library is the judge, and is not even loaded for policies that are in order: loading it takes longer than all
else that `rules check` does with them.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

_Fits: TypeAlias = Callable[[Any, Any, Mapping[str, Any], Mapping[str, Any]], bool]

_SAID_TO_READERS: Final = frozenset({"$schema", "$id", "$defs", "title", "description"})
_TYPES: Final[Mapping[Any, type]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
}


def plainly_fits(value: Any, schema: Mapping[str, Any]) -> bool:
    """Whether the value fits, without a doubt; no where it does not, and where a word of the schema is not known."""
    return _fits(value, schema, schema)


def _fits(value: Any, schema: Any, whole: Mapping[str, Any]) -> bool:
    if not isinstance(schema, dict):
        return False
    for word, said in schema.items():
        if word not in _SAID_TO_READERS:
            check = _WORDS.get(word)
            if check is None or not check(value, said, schema, whole):
                return False
    return True


def _ref(value: Any, said: Any, _schema: Mapping[str, Any], whole: Mapping[str, Any]) -> bool:
    begins, _, name = said.rpartition("/")
    return begins == "#/$defs" and _fits(value, whole["$defs"].get(name), whole)


def _type(value: Any, said: Any, _schema: Mapping[str, Any], _whole: Mapping[str, Any]) -> bool:
    # Not `isinstance`: for Python `true` is a number.
    return any(type(value) is _TYPES.get(name) for name in ([said] if isinstance(said, str) else said))


def _is_one_of(value: Any, said: Any, _schema: Mapping[str, Any], _whole: Mapping[str, Any]) -> bool:
    return any(type(value) is type(one) and value == one for one in said)


def _const(value: Any, said: Any, schema: Mapping[str, Any], whole: Mapping[str, Any]) -> bool:
    return _is_one_of(value, [said], schema, whole)


def _any_of(value: Any, said: Any, _schema: Mapping[str, Any], whole: Mapping[str, Any]) -> bool:
    return any(_fits(value, one, whole) for one in said)


def _pattern(value: Any, said: Any, _schema: Mapping[str, Any], _whole: Mapping[str, Any]) -> bool:
    return not isinstance(value, str) or re.fullmatch(said, value) is not None


def _at_least(kind: type, measure: Callable[[Any], int]) -> _Fits:
    """A lowest bound of what has that type; whatever else is not asked about."""

    def check(value: Any, said: Any, _schema: Mapping[str, Any], _whole: Mapping[str, Any]) -> bool:
        return type(value) is not kind or measure(value) >= said

    return check


def _maximum(value: Any, said: Any, _schema: Mapping[str, Any], _whole: Mapping[str, Any]) -> bool:
    return type(value) is not int or value <= said


def _required(value: Any, said: Any, _schema: Mapping[str, Any], _whole: Mapping[str, Any]) -> bool:
    return not isinstance(value, dict) or all(key in value for key in said)


def _properties(value: Any, said: Any, _schema: Mapping[str, Any], whole: Mapping[str, Any]) -> bool:
    return not isinstance(value, dict) or all(_fits(value[key], said[key], whole) for key in value if key in said)


def _additional(value: Any, said: Any, schema: Mapping[str, Any], whole: Mapping[str, Any]) -> bool:
    named = schema.get("properties", {})
    return not isinstance(value, dict) or all(_fits(value[key], said, whole) for key in value if key not in named)


def _property_names(value: Any, said: Any, _schema: Mapping[str, Any], whole: Mapping[str, Any]) -> bool:
    return not isinstance(value, dict) or all(_fits(key, said, whole) for key in value)


def _items(value: Any, said: Any, _schema: Mapping[str, Any], whole: Mapping[str, Any]) -> bool:
    return not isinstance(value, list) or all(_fits(item, said, whole) for item in value)


def _unique(value: Any, said: Any, _schema: Mapping[str, Any], _whole: Mapping[str, Any]) -> bool:
    if not isinstance(value, list) or said is not True:
        return not isinstance(value, list)
    # What cannot stand in a set is left to the judge.
    return not any(isinstance(item, (dict, list)) for item in value) and len(set(value)) == len(value)


_WORDS: Final[Mapping[str, _Fits]] = {
    "$ref": _ref,
    "type": _type,
    "enum": _is_one_of,
    "const": _const,
    "anyOf": _any_of,
    "pattern": _pattern,
    "minimum": _at_least(int, int),
    "maximum": _maximum,
    "minLength": _at_least(str, len),
    "minItems": _at_least(list, len),
    "minProperties": _at_least(dict, len),
    "required": _required,
    "properties": _properties,
    "additionalProperties": _additional,
    "propertyNames": _property_names,
    "items": _items,
    "uniqueItems": _unique,
}
