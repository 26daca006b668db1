"""Where the JSON Schemas are, and the stages that check version, kind and shape of a policy text against them."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from rules_engine.policy.findings import Findings, closest, list_words
from rules_engine.policy.fitting import plainly_fits
from rules_engine.policy.nodes import Node
from rules_engine.policy.shape import report_shape

KINDS: Final = ("cleanup", "guarantees", "layout", "settings")
"""The kinds of policy that can be written."""

CASES: Final = "cases"
"""The kind of a file of cases, which is no policy."""

VERSION: Final = 1


def schema_folder(package: str | None = None) -> str:
    """Where the schemas are: in the package when installed from a wheel, else beside it."""
    package = package or os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    # An editable install has no `_schemas`: the build puts it into wheels only.
    inside = os.path.join(package, "_schemas")
    return inside if os.path.isdir(inside) else os.path.join(os.path.dirname(package), "schemas")


def schema_text(kind: str) -> str:
    """The JSON Schema of one kind of policy, as it is shipped."""
    with open(os.path.join(schema_folder(), f"{kind}.v{VERSION}.json"), encoding="utf-8") as file:
        return file.read()


def check_version_and_kind(node: Node, findings: Findings, kinds: Sequence[str] = KINDS) -> str | None:
    """The kind of a policy; None, with findings, where version or kind are missing or none of `kinds`."""
    if node.entries is None:
        message = f"{'a file of cases' if CASES in kinds else 'a policy'} is a map, and this is not one"
        findings.error("P201", message, node.span, "begin with `version: 1` and `kind:`")
        return None
    version, kind = node.get("version"), node.get("kind")
    if version is None:
        findings.error("P202", "the key `version` is missing", node.key_span("version"), "write `version: 1`")
    elif version.scalar != VERSION or isinstance(version.scalar, bool):
        is_text = isinstance(version.scalar, str) and version.text == str(VERSION)
        written = "text" if is_text else f"`{version.text}`" if version.scalar is not None else "not a number"
        message = f"`version` is {written}, and only the number {VERSION} is known"
        findings.error("P203", message, version.span, "write `version: 1`")
    if kind is None:
        findings.error("P204", "the key `kind` is missing", node.key_span("kind"), _kind_help(node, kinds))
    elif kind.scalar not in kinds:
        _report_kind(node, kind, findings, kinds)
        return None
    return kind.text if kind is not None else None


def _report_kind(node: Node, kind: Node, findings: Findings, kinds: Sequence[str]) -> None:
    if not isinstance(kind.scalar, str):
        findings.error("P205", "`kind` is not one of the known words", kind.span, _kind_help(node, kinds))
        return
    near = closest(kind.text, kinds)
    help_text = f"did you mean `{near}`?" if near else _kind_help(node, kinds)
    if kind.text == CASES:
        help_text = "give the file a name that ends in `.cases.yaml`, and run it with `rules test`"
    elif kind.text in KINDS:
        help_text = "write `kind: cases`, or give the file a name that does not end in `.cases.yaml`"
    what = "what a file of cases is" if CASES in kinds else "a kind of policy"
    findings.error("P205", f"`{kind.text}` is not {what}", kind.span, help_text)


def _kind_help(node: Node, kinds: Sequence[str]) -> str:
    guess = {
        "rules": "cleanup",
        "job_type": "layout",
        "limits": "settings",
        "cleanup": "settings",
        "never_removed": "guarantees",
    }
    meant = next((kind for key, kind in guess.items() if node.get(key) is not None and kind in kinds), None)
    meant = meant or (kinds[0] if len(kinds) == 1 else None)
    return f"write `kind: {meant}`" if meant else f"known are {list_words(kinds)}"


def check_shape(kind: str, node: Node, findings: Findings) -> None:
    """Note every place where a policy is not of the shape that its schema says."""
    value = node.plain()
    if plainly_fits(value, _schema(kind)):
        return
    for error in _validator(kind).iter_errors(value):
        report_shape(error, node, findings)


@cache
def _schema(kind: str) -> Mapping[str, Any]:
    schema: Mapping[str, Any] = json.loads(schema_text(kind))
    return schema


@cache
def _validator(kind: str) -> Any:
    # Imported late: it costs more than all else that loading does, and policies in order need none of it.
    from jsonschema import Draft202012Validator, validators  # noqa: PLC0415 - see above

    extend: Any = validators.extend
    strict = extend(Draft202012Validator, {"pattern": _whole_pattern})
    return strict(_schema(kind))


def _whole_pattern(_validator: Any, pattern: str, instance: Any, _schema: Mapping[str, Any]) -> Iterator[Any]:
    # Python's `$` also matches before a last newline: `"7d\n"` would pass for `7d`.
    if isinstance(instance, str) and re.fullmatch(pattern, instance) is None:
        from jsonschema import ValidationError  # noqa: PLC0415 - see above

        yield ValidationError(f"{instance!r} does not match {pattern!r}")
