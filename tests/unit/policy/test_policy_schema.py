"""The schemas: where they are found, that they are closed and described, and that they agree with the parsers."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from rules_engine.errors import InvalidValueError
from rules_engine.policy.findings import Findings
from rules_engine.policy.schema import CASES, KINDS, check_shape, schema_folder, schema_text
from rules_engine.policy.yamltext import parse_text
from rules_engine.values.quantities import parse_duration, parse_size

REPOSITORY = Path(__file__).parents[3]


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema in a schema."""
    if isinstance(schema, dict):
        yield schema
        for inner in schema.values():
            yield from _parts(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _parts(inner)


def test_the_schemas_of_a_checkout_lie_beside_the_package() -> None:
    """An editable install has no copy in the package."""
    assert schema_folder() == str(REPOSITORY / "schemas")


def test_the_schemas_of_a_wheel_lie_in_the_package(tmp_path: Path) -> None:
    """The build puts them into `_schemas`, and that folder is preferred."""
    package = tmp_path / "site-packages" / "rules_engine"
    (package / "_schemas").mkdir(parents=True)
    assert schema_folder(str(package)) == str(package / "_schemas")


@pytest.mark.parametrize("kind", [*KINDS, CASES])
def test_a_schema_is_a_valid_one(kind: str) -> None:
    """Each is JSON Schema 2020-12."""
    Draft202012Validator.check_schema(json.loads(schema_text(kind)))


@pytest.mark.parametrize("kind", [*KINDS, CASES])
def test_every_map_is_closed_and_every_key_described(kind: str) -> None:
    """A misspelt key is never accepted, and an editor has something to show."""
    for part in _parts(json.loads(schema_text(kind))):
        if part.get("type") == "object":
            assert "additionalProperties" in part
        for key, value in part.get("properties", {}).items():
            assert "description" in value or "$ref" in value, key


@pytest.mark.parametrize("kind", [*KINDS, CASES])
def test_every_pattern_is_anchored(kind: str) -> None:
    """The check matches whole texts, and an editor searches: both must agree."""
    patterns = [
        part["pattern"] for part in _parts(json.loads(schema_text(kind))) if isinstance(part.get("pattern"), str)
    ]
    assert patterns
    assert all(pattern.startswith("^") and pattern.endswith("$") for pattern in patterns)


def test_a_line_end_after_a_value_is_not_passed_over() -> None:
    """Python's `$` would accept it."""
    findings = Findings()
    node = parse_text("p.yaml", 'version: 1\nkind: cleanup\nrules: [{name: "a\\n", action: keep}]\n', findings)
    assert node is not None
    check_shape("cleanup", node, findings)
    assert [one.code for one in findings.in_order()] == ["P305"]


DEFS = json.loads(schema_text("cleanup"))["$defs"]
NOISE = st.text(alphabet="0123456789.mshdwkKMGTPiB \n", max_size=12)


def _is_size(text: str) -> bool:
    try:
        parse_size(text)
    except InvalidValueError as err:
        return err.why == "is larger than 8191PiB"
    return True


def _is_duration(text: str) -> bool:
    try:
        parse_duration(text)
    except InvalidValueError as err:
        return err.why == "is longer than 100000d"
    return True


@given(NOISE | st.from_regex(DEFS["size"]["pattern"], fullmatch=True))
def test_what_the_schema_calls_a_size_is_one_or_too_large(text: str) -> None:
    """The form in the schema and the parser agree but for the largest size."""
    assert _is_size(text) == bool(re.fullmatch(DEFS["size"]["pattern"], text))


@given(NOISE | st.from_regex(DEFS["duration"]["pattern"], fullmatch=True))
def test_what_the_schema_calls_a_duration_is_one_or_too_long(text: str) -> None:
    """The form in the schema and the parser agree but for the longest duration."""
    assert _is_duration(text) == bool(re.fullmatch(DEFS["duration"]["pattern"], text))


def test_all_schemas_write_quantities_alike() -> None:
    """Durations and sizes of settings are those of rules, and so are those of cases."""
    settings = json.loads(schema_text("settings"))["$defs"]
    assert {key: settings[key] for key in ("duration", "size")} == {key: DEFS[key] for key in ("duration", "size")}
    cases = json.loads(schema_text(CASES))["$defs"]
    size = cases["file"]["anyOf"][1]["properties"]["size"]
    assert size["pattern"] == DEFS["size"]["pattern"]
    assert f"{DEFS['duration']['pattern'].strip('^$')} ago" in cases["moment"]["pattern"]
