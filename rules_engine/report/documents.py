"""What every JSON document shares: the version, names that need not be UTF-8, instants, counts."""

import json
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from rules_engine.plan.model import Count
from rules_engine.values.names import encode_name
from rules_engine.values.quantities import format_instant

FORMAT_VERSION: Final = "1.0"
"""A reader may rely on every key of this major version; keys are added, never changed."""

Json: TypeAlias = str | int | bool | Sequence["Json"] | Mapping[str, "Json"] | None
"""Anything that a JSON document holds; there are no fractions in ours."""


def document(kind: str, content: Mapping[str, Json]) -> str:
    """A whole document of that kind, indented, ending without a newline."""
    return json.dumps({"format_version": FORMAT_VERSION, "kind": kind, **content}, indent=2, ensure_ascii=True)


def to_text(value: Json) -> str:
    """A value on one line; ASCII only, so that no name can move a terminal's cursor."""
    return json.dumps(value, ensure_ascii=True)


def path_json(path: str) -> Json:
    """A path as a string; where it is not UTF-8, its bytes in hex."""
    return encode_name(path)


def instant_json(instant: int) -> Json:
    """An instant in ISO 8601."""
    return format_instant(instant)


def count_json(count: Count) -> dict[str, Json]:
    """Files and bytes."""
    return {"files": count.files, "bytes": count.bytes}
