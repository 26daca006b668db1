"""What the shape stage says: one message of our own for each way in which a value misses its schema."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from rules_engine.policy.findings import Findings, list_words, suggest
from rules_engine.policy.nodes import Node

_BARE_NUMBER: Final = {"a duration": ("d", "24h"), "a size": ("MiB", "10GB")}
_FORM_HELP: Final = {
    "a duration": "write numbers with units, such as `90m`, `24h`, `7d` or `1d12h`",
    "a size": "write a number with a unit, such as `512MiB` or `10GB`",
    "a share": "write a whole percentage, such as `50%`",
    "a rule name": "use at most 64 letters, digits, `-` and `_`",
    "a job id": "use at most 128 letters, digits, `.`, `_` and `-`, and begin with a letter or digit",
    "a moment": "write `3d ago`, `in 2d`, `now`, a date such as `2026-03-01`, or a time in ISO 8601",
    "a parameter name": "use lower-case letters, digits and `_`, and begin with a letter",
    "a directory mode": 'write octal digits in quotes, such as `"775"`; the owner needs all three bits',
    "a file mode": 'write octal digits in quotes, such as `"664"`; the owner needs to read and write',
}
_NAME_HELP: Final = "use letters, digits, `-` and `_`; types are in lower case and begin with a letter"
_STATUS_HELP: Final = {
    "abandoned": "an abandoned job counts as failed: write `failed`",
    "untrusted": "files of an untrusted job are never touched, so no rule can select them",
    "running": "files of a running job are never removed: write `completed` or `failed`",
}
_EMPTY_HELP: Final = (
    "write `empty: true`: only an empty directory goes so; `unit: directory` takes one with all below it"
)
_NAMED: Final = {"rules": "rule", "never_removed": "guarantee", "cases": "case"}
_WHOLE: Final = {"cases": "the file of cases"}
_WHOLE_FILES: Final = frozenset({"a list of rules", "a list of guarantees", "a list of cases"})
_LONGEST_SHOWN: Final = 60


def report_shape(error: Any, root: Node, findings: Findings) -> None:
    """Note what a schema error means for the reader of the policy."""
    path = list(error.absolute_path)
    node = root.at(path)
    label = _label(path, node) if path else _WHOLE.get(root.text_of("kind"), "the policy")
    if "propertyNames" in error.absolute_schema_path:
        _report_key(error, node, findings)
    elif node.is_empty:
        findings.error("P306", f"{label} has no value", node.span, "write a value, or remove the key")
    elif error.validator == "anyOf":
        _report_choice(error, root, node, label, findings)
    elif error.validator == "additionalProperties":
        _report_unknown_keys(error, node, label, findings)
    elif error.validator == "required":
        _report_missing_key(error, node, label, findings)
    elif error.validator == "type":
        _report_type(node, label, [error.schema], findings)
    elif error.validator in {"enum", "const"}:
        _report_word(error, node, label, findings)
    elif error.validator == "pattern":
        title = _title(error.schema)
        help_text = _FORM_HELP.get(title, _NAME_HELP)
        findings.error("P305", f"{label} is {_shown(node)}, which is not {title}", node.span, help_text)
    else:
        _report_bound(error, node, label, findings)


def _report_choice(error: Any, root: Node, node: Node, label: str, findings: Findings) -> None:
    """Speak of the one alternative that was meant, if the kind of value tells; else of all."""
    branches: dict[Any, list[Any]] = {}
    for child in error.context:
        branches.setdefault(child.relative_schema_path[0], []).append(child)
    meant = [found for found in branches.values() if not any(_is_other_kind(child, error) for child in found)]
    if len(meant) == 1:
        for child in meant[0]:
            report_shape(child, root, findings)
    elif isinstance(node.scalar, str):
        titles = [_title(found[0].schema) for found in branches.values()]
        units = next((_FORM_HELP[title] for title in titles if title in _FORM_HELP), None)
        findings.error("P304", f"{label} is {_shown(node)}, which is not {_either(titles)}", node.span, units)
    else:
        schemas = [found[0].schema for found in branches.values()]
        _report_type(node, label, schemas, findings)


def _is_other_kind(child: Any, parent: Any) -> bool:
    if len(child.absolute_path) != len(parent.absolute_path):
        return False
    if child.validator in {"const", "enum"}:
        words = child.schema.get("enum", [child.schema.get("const")])
        # Of numbers only `0` is a word, and who writes another one means a quantity.
        return not isinstance(child.instance, str) or not any(isinstance(word, str) for word in words)
    return bool(child.validator == "type")


def _report_unknown_keys(error: Any, node: Node, label: str, findings: Findings) -> None:
    known = error.schema["properties"]
    for key, _, span in node.pairs():
        if key not in known:
            help_text = _STATUS_HELP.get(key) if "completed" in known else None
            help_text = help_text or suggest(key, known, "remove it")
            findings.error("P301", f"{label} has no key `{key}`", span, help_text)


def _report_missing_key(error: Any, node: Node, label: str, findings: Findings) -> None:
    # One error a key comes from jsonschema; the key is the one part of it that is not in a field.
    missing = next(key for key in error.validator_value if error.message.startswith(f"{key!r} "))
    title = _title(error.schema["properties"].get(missing, {}))
    help_text = _EMPTY_HELP if missing == "empty" else f"add `{missing}:` with {title}"
    findings.error("P302", f"{label} needs the key `{missing}`", node.span, help_text)


def _report_type(node: Node, label: str, schemas: Sequence[Mapping[str, Any]], findings: Findings) -> None:
    titles = [_title(schema) for schema in schemas]
    unit = next((_BARE_NUMBER[title] for title in titles if title in _BARE_NUMBER), None)
    if unit is not None and isinstance(node.scalar, int) and not isinstance(node.scalar, bool):
        message = f"{label} is {node.text}, a number without a unit"
        findings.error("P303", message, node.span, f"write a unit, such as `{node.text}{unit[0]}` or `{unit[1]}`")
        return
    findings.error("P303", f"{label} is {_kind(node)}, and not {_either(titles)}", node.span, _type_help(node, schemas))


def _type_help(node: Node, schemas: Sequence[Mapping[str, Any]]) -> str:
    wants = {kind for schema in schemas for kind in _types(schema)}
    if "boolean" in wants and isinstance(node.scalar, str):
        return "write `true` or `false`, without quotes"
    if "string" in wants and node.scalar is not None:
        return f'put it in quotes: `"{node.text}"`'
    if "integer" in wants and isinstance(node.scalar, str):
        return "write digits, without quotes and without a leading zero"
    words = [_word(one) for schema in schemas for one in schema.get("enum", ())]
    return f"write one of {list_words(words)}" if words else f"write {_either([_title(one) for one in schemas])}"


def _types(schema: Mapping[str, Any]) -> Iterable[str]:
    kinds = schema.get("type", ())
    return (kinds,) if isinstance(kinds, str) else tuple(kinds)


def _report_word(error: Any, node: Node, label: str, findings: Findings) -> None:
    words = [_word(one) for one in error.schema.get("enum", [error.schema.get("const")])]
    if node.scalar is None:
        _report_type(node, label, [error.schema], findings)
        return
    help_text = _STATUS_HELP.get(node.text) if "completed" in words else None
    help_text = help_text or suggest(node.text, words, "remove it")
    if label == "`empty`":
        help_text = _EMPTY_HELP
    elif node.text in words:
        help_text = f"write {list_words([node.text])} {'without' if node.quoted else 'in'} quotes"
    findings.error("P304", f"{label} is {_shown(node)}, which is not {_title(error.schema)}", node.span, help_text)


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _report_key(error: Any, node: Node, findings: Findings) -> None:
    key, title = str(error.instance), _title(error.schema)
    findings.error("P305", f"`{key}` is not {title}", node.key_span(key), _FORM_HELP.get(title, _NAME_HELP))


def _report_bound(error: Any, node: Node, label: str, findings: Findings) -> None:
    if error.validator == "uniqueItems":
        seen: set[str] = set()
        for item in node.each():
            if item.text in seen:
                findings.error("P308", f"{label} names `{item.text}` twice", item.span, "remove one of them")
            seen.add(item.text)
    elif error.validator in {"minItems", "minProperties", "minLength"}:
        what = "file" if error.schema.get("title") in _WHOLE_FILES else "key"
        findings.error("P306", f"{label} is empty", node.span, f"write {_title(error.schema)}, or remove the {what}")
    else:
        bound = "at least" if error.validator == "minimum" else "at most"
        message = f"{label} is {node.text}, and must be {bound} {error.validator_value}"
        findings.error("P307", message, node.span, f"write {bound} `{error.validator_value}`")


def _label(path: Sequence[str | int], node: Node) -> str:
    last = path[-1]
    if isinstance(last, str):
        return f"`{last}`"
    holder = next(step for step in reversed(path) if isinstance(step, str))
    name = node.get("name")
    if holder in _NAMED:
        what = _NAMED[holder]
        return f"{what} {_shown(name)}" if name is not None and name.scalar is not None else f"this {what}"
    return f"an entry of `{holder}`"


def _title(schema: Mapping[str, Any]) -> str:
    return str(schema.get("title", "a value"))


def _either(titles: Sequence[str]) -> str:
    return " or ".join((", ".join(titles[:-1]), titles[-1])) if len(titles) > 1 else titles[0]


def _shown(node: Node) -> str:
    text = node.text
    return f"`{text[:_LONGEST_SHOWN]}…`" if len(text) > _LONGEST_SHOWN else f"`{text}`"


def _kind(node: Node) -> str:
    if node.items is not None:
        return "a list"
    if node.entries is not None:
        return "a map"
    if isinstance(node.scalar, bool):
        return f"`{node.text.lower()}`"
    return f"the number {node.text}" if isinstance(node.scalar, int) else f"the text {_shown(node)}"
