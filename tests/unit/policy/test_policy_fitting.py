"""A quick yes to the shape of a policy: never where jsonschema finds something, always where it finds nothing."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from rules_engine.policy.findings import Findings
from rules_engine.policy.fitting import _SAID_TO_READERS, _WORDS, plainly_fits
from rules_engine.policy.schema import CASES, KINDS, check_shape, schema_text
from rules_engine.policy.yamltext import parse_text

REPOSITORY = Path(__file__).parents[3]
SCHEMAS = {kind: json.loads(schema_text(kind)) for kind in (*KINDS, CASES)}
SHIPPED = sorted((REPOSITORY / "policies").glob("*.yaml"))
STRANGE: Any = st.sampled_from(
    [None, True, False, 0, 1, -1, 2, "", "a", "7d", "3GB", "delete", "a b", [], ["a"], ["a", "a"], [1, True], [[]], {}]
)


def _plain(text: str) -> Any:
    node = parse_text("p.yaml", text, Findings())
    return node.plain() if node is not None else None


def _written() -> Iterator[tuple[str, Any]]:
    """Every policy that a case of diagnostics shows, and the shipped ones, with its kind."""
    texts = [path.read_text() for path in SHIPPED]
    for path in sorted((REPOSITORY / "tests" / "cases" / "diagnostics").glob("*.yaml")):
        texts += yaml.load(path.read_text(), yaml.CSafeLoader)["files"].values()
    for text in texts:
        value = _plain(text) if isinstance(text, str) else None
        if isinstance(value, dict) and value.get("kind") in KINDS:
            yield value["kind"], value


WRITTEN = list(_written())


def _judges(kind: str, value: Any) -> bool:
    """What jsonschema says of a value whose texts have no line end, where both read patterns alike."""
    return bool(Draft202012Validator(SCHEMAS[kind]).is_valid(value))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every map and list in a value, with each of its keys."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(pairs):
        yield value, key
        yield from _places(inner)


def test_policies_fit_exactly_where_the_library_finds_nothing() -> None:
    """Over every policy of the cases of diagnostics: each yes is the library's, and none is missing."""
    fitting = [plainly_fits(value, SCHEMAS[kind]) for kind, value in WRITTEN]
    assert fitting == [_judges(kind, value) for kind, value in WRITTEN]
    assert {True, False} == set(fitting)


@given(st.sampled_from(WRITTEN), STRANGE, st.randoms(use_true_random=False))
def test_a_policy_with_one_value_replaced_fits_only_where_the_library_finds_nothing(
    written: tuple[str, Any], strange: Any, random: Any
) -> None:
    """Wherever something strange stands."""
    kind, value = written[0], json.loads(json.dumps(written[1]))
    holder, key = random.choice(list(_places(value)))
    holder[key] = strange
    assert not plainly_fits(value, SCHEMAS[kind]) or _judges(kind, value)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.stem))
def test_shipped_policies_fit_plainly(path: Path) -> None:
    """So the library is not loaded for them."""
    value = _plain(path.read_text())
    assert plainly_fits(value, SCHEMAS[value["kind"]])


@pytest.mark.parametrize("kind", SCHEMAS)
def test_no_schema_has_a_word_that_is_not_known(kind: str) -> None:
    """A word that only the library knows would be a no to every policy."""
    assert set(_words(SCHEMAS[kind])) <= {*_WORDS, *_SAID_TO_READERS}


def _words(schema: Any) -> Iterator[str]:
    if not isinstance(schema, dict):
        return
    yield from schema
    for word, said in schema.items():
        if word in {"properties", "$defs"}:
            for inner in said.values():
                yield from _words(inner)
        elif word in {"items", "additionalProperties", "propertyNames"}:
            yield from _words(said)
        elif word == "anyOf":
            for inner in said:
                yield from _words(inner)


@pytest.mark.parametrize(
    "schema",
    [
        {"oneOf": [{}]},
        {"$ref": "#/$defs/elsewhere"},
        {"$ref": "other.json"},
        {"type": ["string", "null"]},
        {"items": True},
        {"uniqueItems": False},
    ],
    ids=str,
)
def test_what_is_not_known_is_no_yes(schema: dict[str, Any]) -> None:
    """A schema that grows is judged by the library until this grows with it."""
    assert not plainly_fits(["a"], {"$defs": {}, **schema})


def test_a_line_end_is_no_part_of_a_word() -> None:
    """Python's `$` would pass over it, here as there."""
    findings = Findings()
    node = parse_text("p.yaml", 'version: 1\nkind: cleanup\nrules: [{name: "a\\n", action: keep}]\n', findings)
    assert node is not None
    assert not plainly_fits(node.plain(), SCHEMAS["cleanup"])
    check_shape("cleanup", node, findings)
    assert len(findings) == 1
