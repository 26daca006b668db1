"""What a rule about directories cannot say: units go whole or not at all, and directories go when they are empty."""

from collections.abc import Mapping
from typing import Final

from rules_engine.policy.findings import Findings
from rules_engine.policy.nodes import Node

_FIRST: Final = ("unit", "directories")

_UNIT: Final = {
    "since": "a unit is aged by its newest entry, and a workspace by the end of its job too; remove `since`",
    "otherwise": "a unit rule waits for every file rule that selects something below the directory; remove `otherwise`",
}
_DIRECTORIES: Final = {
    "jobs": "an empty directory has no job; the workspace of a job goes when it has become empty; remove `jobs`",
    "files": "an empty directory holds no file; write a second rule with `files`",
    "since": "an empty directory is aged by its own last change; remove `since`",
    "otherwise": "a rule with `directories` never meets a rule about files; remove `otherwise`",
    "deliverables": "an empty directory holds no deliverable; remove it",
}
_FILES: Final = {
    "in": "a workspace or an output is never such a unit; say where by `match`",
    "type": "a file without an owner has no type; say which directories by `match`",
    "larger_than": "a directory goes whole, whatever its size; remove it",
    "smaller_than": "a directory goes whole, whatever its size; remove it",
}


def is_about_directories(node: Node) -> bool:
    """Whether the rule decides about directories and not about single files."""
    return any(node.get(key) is not None for key in _FIRST)


def check_whole(node: Node, findings: Findings) -> None:
    """Note everything in a rule with `unit` or `directories` that has no meaning there."""
    unit, directories = node.get("unit"), node.get("directories")
    if unit is None:
        _check_empty(node, findings)
    elif directories is None:
        _check_unit(node, unit, findings)
    else:
        findings.error(
            "P429",
            "`unit` and `directories` in one rule: a directory goes with all below it, or only when it is empty",
            node.key_span("directories"),
            "write two rules",
            ((node.key_span("unit"), "`unit` is here"),),
        )


def _check_unit(node: Node, unit: Node, findings: Findings) -> None:
    said = f"unit: {unit.text}"
    _refuse(node, node, _UNIT, said, findings)
    if node.text_of("action") == "keep":
        help_text = "write a keep rule with `files`: a unit with one file that is kept stays whole"
        findings.error("P429", f"`action: keep` has no meaning beside `{said}`", node.at(("action",)).span, help_text)
    if unit.text == "workspace":
        files = "the workspace goes whole; to take some of its files write a rule without `unit`"
        _refuse(node, node, {"files": files}, said, findings)
        return
    jobs = "no job owns a file in such a unit; remove `jobs`, or write `unit: workspace`"
    _refuse(node, node, {"jobs": jobs}, said, findings)
    _check_no_status(node, said, findings)
    files_node = node.get("files")
    if files_node is None or files_node.get("match") is None:
        message = "`unit: directory` needs `files` with `match`"
        help_text = 'say which directories, such as `files: {match: ["/renders/*/"]}`'
        findings.error("P429", message, unit.span, help_text)
    if files_node is not None:
        _refuse(node, files_node, _FILES, said, findings)
        _check_tracked(files_node, findings)


def _check_tracked(files: Node, findings: Findings) -> None:
    tracked = files.get("tracked")
    if tracked is not None and tracked.scalar is not False:
        message = f"`tracked: {tracked.text}` beside `unit: directory`: a file with an owner keeps the directory whole"
        findings.error("P429", message, tracked.span, "write `tracked: false`, or remove it")


def _check_empty(node: Node, findings: Findings) -> None:
    _refuse(node, node, _DIRECTORIES, "directories", findings)
    _check_no_status(node, "directories", findings)
    action = node.at(("action",))
    if action.text == "trash":
        help_text = "write `action: delete`: an empty directory holds nothing to set aside; it is removed with rmdir"
        findings.error("P429", "`action: trash` has no meaning beside `directories`", action.span, help_text)
    elif action.text == "keep":
        help_text = 'write a keep rule with `files`, such as `files: {match: ["/output/drafts/"]}`'
        findings.error("P429", "`action: keep` has no meaning beside `directories`", action.span, help_text)


def _check_no_status(node: Node, said: str, findings: Findings) -> None:
    after = node.get("after")
    if after is not None and after.entries is not None:
        message = f"an `after` by status says nothing beside `{said}`: such a directory has no job"
        findings.error("P429", message, after.span, "write one duration, such as `after: 7d`")


def _refuse(node: Node, holder: Node, helps: Mapping[str, str], said: str, findings: Findings) -> None:
    """Note each of these keys that `holder` has; the key that makes it meaningless is shown too."""
    for key, help_text in helps.items():
        if holder.get(key) is not None:
            first = said.partition(":")[0]
            related = ((node.key_span(first), f"`{said}` is here"),)
            message = f"`{key}` has no meaning beside `{said}`"
            findings.error("P429", message, holder.key_span(key), help_text, related)
