"""Settings from the environment: `RULES_CLEANUP_RETENTION=12h` is `cleanup: {retention: 12h}`, over every policy."""

import json
import os
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

import msgspec

from rules_engine.policy.findings import Findings, suggest
from rules_engine.policy.nodes import Node, Scalar
from rules_engine.policy.schema import check_shape, schema_text
from rules_engine.values.diagnostics import Span

_PREFIX: Final = "RULES_"
_KIND: Final = "settings"
_NOT_SETTINGS: Final = frozenset({"version", "kind", "description"})
_WORDS: Final = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}


class Overrides(msgspec.Struct, frozen=True):
    """The settings policy that the environment stands for, and its texts by the names of the variables."""

    node: Node | None = None
    texts: Mapping[str, str] = msgspec.field(default_factory=dict)


def variables() -> Mapping[str, str]:
    """The variable of each setting: its name → the dotted key that it sets."""
    return {name: ".".join(keys) for name, (keys, _) in _known().items()}


def read_environment(environment: Mapping[str, str], findings: Findings) -> Overrides:
    """What the variables set, checked as a settings policy is; one that is empty says nothing.

    A variable that looks like a setting and is none is a finding: a misspelt limit must not be no limit.
    """
    texts = {name: value for name, value in sorted(environment.items()) if name.startswith(_PREFIX) and value}
    if not texts:
        return Overrides()
    known = _known()
    root: dict[str, Node] = {}
    for name, text in texts.items():
        if name in known:
            keys, schema = known[name]
            _put(root, keys, _node(name, text, schema))
        elif name.startswith(_groups()):
            help_text = suggest(name, known, "unset it")
            findings.error("P301", f"`{name}` sets nothing", _span(name, text), help_text)
    if not root:
        return Overrides(None, texts)
    node = _map({"version": Node(_NOWHERE, 1), "kind": Node(_NOWHERE, _KIND), **root})
    check_shape(_KIND, node, findings)
    _check_root(root.get("root"), findings)
    return Overrides(node, texts)


_NOWHERE: Final = Span("", 1, 1, 1, 1)


def _check_root(root: Node | None, findings: Findings) -> None:
    if root is not None and not os.path.isabs(root.text):
        # There is no policy folder that it could be relative to, and the current directory is nobody's choice.
        findings.error(
            "P426", f"the root `{root.text}` is not absolute", root.span, "write the whole path, from `/` on"
        )


def _span(name: str, text: str) -> Span:
    return Span(name, 1, 1, 1, len(text) + 1)


def _node(name: str, text: str, schema: Mapping[str, Any]) -> Node:
    """The value of a variable as the policy text would hold it."""
    span = _span(name, text)
    if schema.get("type") == "array":
        return Node(span, items=tuple(Node(span, one.strip()) for one in text.split(",")))
    return Node(span, _scalar(text, schema))


def _scalar(text: str, schema: Mapping[str, Any]) -> Scalar:
    choices = schema.get("anyOf", [schema])
    if any(one.get("type") == "boolean" for one in choices) and text.casefold() in _WORDS:
        return _WORDS[text.casefold()]
    is_path = schema.get("title") == "a path"
    return int(text) if text.isascii() and text.isdigit() and not is_path else text


def _put(root: dict[str, Node], keys: tuple[str, ...], value: Node) -> None:
    if len(keys) == 1:
        root[keys[0]] = value
        return
    inner = dict(root[keys[0]].entries or {}) if keys[0] in root else {}
    _put(inner, keys[1:], value)
    root[keys[0]] = _map(inner)


def _map(entries: dict[str, Node]) -> Node:
    spans = {key: node.span for key, node in entries.items()}
    return Node(next(iter(spans.values())), entries=entries, key_spans=spans)


@cache
def _known() -> Mapping[str, tuple[tuple[str, ...], Mapping[str, Any]]]:
    """The variable of each setting, with its keys and its schema."""
    schema = json.loads(schema_text(_KIND))
    return {_PREFIX + "_".join(keys).upper(): (keys, leaf) for keys, leaf in _leaves(schema, ())}


def _leaves(schema: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    for key, inner in schema["properties"].items():
        if above or key not in _NOT_SETTINGS:
            if "properties" in inner:
                yield from _leaves(inner, (*above, key))
            else:
                yield (*above, key), inner


@cache
def _groups() -> tuple[str, ...]:
    """What the variables of settings with a group begin with."""
    return tuple(sorted({f"{_PREFIX}{keys[0].upper()}_" for keys, _ in _known().values() if len(keys) > 1}))
