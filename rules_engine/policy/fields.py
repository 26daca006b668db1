"""Single values of the meaning stage: durations, sizes, patterns and templates, each read with its finding."""

import re
from collections.abc import Mapping
from typing import Final

from rules_engine.errors import InvalidValueError
from rules_engine.policy.findings import Findings, suggest
from rules_engine.policy.nodes import Node
from rules_engine.policy.patterns import PatternError, PatternList, Reading, parse_patterns
from rules_engine.policy.templates import Template, parse_template
from rules_engine.values.paths import InvalidPathError, parse_relpath
from rules_engine.values.quantities import ByteCount, Duration, parse_duration, parse_size

_FIELD: Final = re.compile(r"\{[^{}]*\}")
_FORMAT: Final = re.compile(r"\{([a-z0-9_]+):")

# Directories that no rule and no command ever touches: a layout there could never be cleaned.
_NEVER_TOUCHED: Final = frozenset({".rules", ".git", "lost+found", ".snapshot"})


def read_duration(node: Node, findings: Findings) -> Duration | None:
    """The duration that stands there."""
    try:
        return parse_duration(node.text)
    except InvalidValueError as err:
        findings.error("P401", str(err), node.span, "write a shorter one; a keep rule without `for` keeps always")
        return None


def read_size(node: Node | None, findings: Findings) -> ByteCount | None:
    """The size that stands there; None where nothing does."""
    if node is None:
        return None
    try:
        return parse_size(node.text)
    except InvalidValueError as err:
        findings.error("P401", str(err), node.span, "write a smaller one")
        return None


def read_patterns(node: Node | None, reading: Reading, findings: Findings) -> PatternList | None:
    """The patterns that stand there; every one that cannot be a pattern is a finding of its own."""
    if node is None:
        return None
    before = len(findings)
    for item in node.each():
        try:
            parse_patterns([item.text], reading)
        except PatternError as err:
            findings.error("P403", str(err), item.span, err.help_text)
    if len(findings) > before:
        return None
    if all(item.text.startswith("!") for item in node.each()):
        message = "every pattern begins with `!`, so the list selects nothing"
        findings.error("P403", message, node.span, 'begin with what is selected, such as `"/scratch/**"`')
        return None
    return parse_patterns([item.text for item in node.each()], reading)


def read_directory_patterns(node: Node | None, findings: Findings) -> PatternList | None:
    """The narrow patterns of directories that stand there; one that could also match a file is a finding."""
    for item in node.each() if node is not None else ():
        if not item.text.startswith("!") and not item.text.endswith("/"):
            findings.error("P430", f"pattern `{item.text}` does not end in `/`", item.span, _directory_help(item.text))
            return None
    return read_patterns(node, Reading.NARROW, findings)


def _directory_help(text: str) -> str:
    if not text.endswith("/**"):
        return f"write `{text}/`: only a directory goes so, and a pattern of directories ends in `/`"
    above = text.removesuffix("**")
    return f"write `{above}` for the directory itself, or `{above}*/` for each directory directly in it"


def read_template(node: Node, allowed: Mapping[str, str], findings: Findings) -> Template | None:
    """The template that stands there; each of its fields is one of `allowed` (name → what may follow a colon)."""
    place = node.span
    try:
        template = parse_template(node.text)
    except InvalidValueError as err:
        findings.error("P404", str(err), place, "write fields as `{series}`; numbers as `{index:03d}`")
        return None
    unknown = [name for name in dict.fromkeys(template.fields) if name not in allowed]
    for name in unknown:
        findings.error("P405", f"`{{{name}}}` is not a field here", place, suggest(name, allowed, "remove it"))
    formatted = [name for name in _FORMAT.findall(node.text) if name in allowed and allowed[name] != "d"]
    for name in formatted:
        findings.error("P405", f"`{name}` is text and takes no format", place, f"write `{{{name}}}`")
    return None if unknown or formatted else template


def read_path_template(node: Node, allowed: Mapping[str, str], findings: Findings) -> Template | None:
    """A template whose every filling is a path below the root, outside what is never touched."""
    template = read_template(node, allowed, findings)
    if template is None:
        return None
    return template if check_path(node, findings) else None


def check_path(node: Node, findings: Findings) -> bool:
    """Whether the text, each field filled with a name, is a path below the root that rules may touch."""
    try:
        parse_relpath(_FIELD.sub("x", node.text))
    except InvalidPathError as err:
        help_text = "write it relative to the root, without `.`, `..` and empty parts"
        findings.error("P406", f"path `{node.text}` {err.why}", node.span, help_text)
        return False
    for part in node.text.split("/"):
        if part in _NEVER_TOUCHED:
            findings.error("P406", f"`{part}` is never touched", node.span, "choose another directory")
            return False
    return True
