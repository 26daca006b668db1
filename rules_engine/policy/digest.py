"""The digest of effective policies: the same for texts that say the same, however they are written."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Final

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
    if isinstance(value, PatternList):
        return {"texts": list(value.texts), "reading": value.reading.name}
    if isinstance(value, Template):
        return value.text
    if isinstance(value, msgspec.Struct):
        return _said(value, value.__struct_fields__)
    if is_dataclass(value):
        return _said(value, [field.name for field in fields(value)])
    if isinstance(value, Mapping):
        return {str(key): _canonical(inner) for key, inner in value.items()}
    if isinstance(value, frozenset):
        return sorted(str(inner) for inner in value)
    if isinstance(value, tuple):
        return [_canonical(inner) for inner in value]
    return value if value is None or isinstance(value, (bool, int)) else str(value)


def _said(value: object, names: Iterable[str]) -> dict[str, object]:
    """What these fields of a value say, as far as they decide anything."""
    return {name: _canonical(getattr(value, name)) for name in names if name not in _NOT_EFFECTIVE}
