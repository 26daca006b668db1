"""The digest of effective policies: the same for texts that say the same, however they are written."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Final

import msgspec

from rules_engine.policy.model import Layout, PolicySet, Rule
from rules_engine.policy.patterns import PatternList
from rules_engine.policy.templates import Template

# Where a policy stands, what it tells readers, and under which keys they ask for paths decides nothing. The root is
# told apart by its id, not by the path that it has on one host.
_NOT_EFFECTIVE: Final = frozenset({"span", "description", "origins", "written", "root", "folders", "digest", "keys"})


def digest_of(policies: PolicySet) -> str:
    """SHA-256, hex, over a canonical form of everything that the policies say."""
    parts = {"rules": policies.rules, "layouts": policies.layouts, "settings": policies.settings}
    text = json.dumps(_canonical(parts), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def same_effect(one: Rule | Layout, other: Rule | Layout) -> bool:
    """Whether two rules, or two layouts, say the same, wherever they stand and whatever they tell readers."""
    return _canonical(one) == _canonical(other)


def _canonical(value: object) -> object:
    """The value in lists, maps and scalars; sets in order, so that no run differs from another."""
    if value is None or isinstance(value, (bool, int, str)):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, PatternList):
        return {"texts": list(value.texts), "reading": value.reading.name}
    if isinstance(value, Template):
        return value.text
    kind: type[Any] = type(value)
    if issubclass(kind, msgspec.Struct) or is_dataclass(kind):
        return {name: _canonical(getattr(value, name)) for name in _names_of(kind)}
    if isinstance(value, Mapping):
        return {str(key): _canonical(inner) for key, inner in value.items()}
    if isinstance(value, frozenset):
        return sorted(str(inner) for inner in value)
    if isinstance(value, tuple):
        return [_canonical(inner) for inner in value]
    return str(value)


@cache
def _names_of(record: type[Any]) -> tuple[str, ...]:
    """The fields of a kind of record that decide anything."""
    names = record.__struct_fields__ if issubclass(record, msgspec.Struct) else [one.name for one in fields(record)]
    return tuple(name for name in names if name not in _NOT_EFFECTIVE)
