"""What a rule cannot say: keys without a meaning beside its action, and selectors that select nothing."""

from typing import Final

from rules_engine.policy.fields import read_size
from rules_engine.policy.findings import Findings
from rules_engine.policy.nodes import Node
from rules_engine.policy.ranks import check_ranks
from rules_engine.policy.whole import check_whole, is_about_directories

_REMOVAL_ONLY: Final = {
    "after": "a keep rule protects at once; how long it protects is `for`",
    "deliverables": "a keep rule reaches deliverables without the word; remove it",
    "otherwise": "a keep rule is never a last resort; remove it",
    "report_only": "a keep rule that only reports would protect nothing; remove it",
}


def check_rule(node: Node, findings: Findings) -> None:
    """Note everything in a rule that has no meaning or can never hold."""
    action = node.at(("action",))
    about_directories = is_about_directories(node)
    if about_directories:
        check_whole(node, findings)
    if action.text != "keep":
        _check_removal(node, action, findings)
    elif not about_directories:
        _check_keep(node, findings)
    if not about_directories:
        _check_tracked(node, findings)
        _check_sizes(node, findings)
    check_ranks(node, findings)
    _check_parameters(node, findings)


def _check_keep(node: Node, findings: Findings) -> None:
    for key, help_text in _REMOVAL_ONLY.items():
        if node.get(key) is not None:
            findings.error("P420", f"`{key}` has no meaning in a keep rule", node.key_span(key), help_text)
    if node.get("since") is not None and node.get("for") is None:
        message = "`since` has no meaning without `for`"
        findings.error(
            "P420", message, node.key_span("since"), "it is the clock of `for`: add `for`, or remove `since`"
        )


def _check_removal(node: Node, action: Node, findings: Findings) -> None:
    if node.get("for") is not None:
        message = f"`for` has no meaning in a rule with `action: {action.text}`"
        findings.error("P420", message, node.key_span("for"), "how old a file must be is `after`")
    after, status = node.get("after"), node.get("jobs", "status")
    if after is None:
        message = f"a rule with `action: {action.text}` needs the key `after`"
        findings.error("P419", message, action.span, "write how old a file must be, such as `after: 7d`")
    elif after.entries is not None and status is not None:
        findings.error(
            "P421",
            "`status` beside an `after` that names statuses says the same thing twice",
            status.span,
            "remove `status`: statuses that `after` does not name are not selected",
            ((after.span, "`after` names them here"),),
        )
    for item in node.each("jobs", "status"):
        if item.text == "running":
            message = "files of a running job are never removed, so `running` selects nothing"
            findings.error("P422", message, item.span, "write `completed` or `failed`")


def _check_tracked(node: Node, findings: Findings) -> None:
    tracked = node.get("files", "tracked")
    if tracked is None or tracked.scalar is True:
        return
    related = ((tracked.span, f"`tracked: {tracked.text}` is here"),)
    for key, holder in (("jobs", node), ("type", node.get("files"))) if tracked.scalar is False else ():
        if holder is not None and holder.get(key) is not None:
            message = f"`{key}` and `tracked: false`: a file without an owner has no job and no type"
            findings.error("P422", message, holder.key_span(key), f"remove `{key}` or `tracked`", related)
    after, since = node.get("after"), node.get("since")
    if after is not None and after.entries is not None:
        message = f"an `after` by status says nothing about the files without an owner of `tracked: {tracked.text}`"
        findings.error("P422", message, after.span, "write one duration, and one rule for each kind of file", related)
    if since is not None and since.text == "finished":
        message = f"`since: finished` and `tracked: {tracked.text}`: a file without an owner has no job that finished"
        findings.error("P422", message, since.span, "write `since: changed`, or remove `since`", related)


def _check_sizes(node: Node, findings: Findings) -> None:
    larger, smaller = node.get("files", "larger_than"), node.get("files", "smaller_than")
    if larger is None or smaller is None:
        return
    sizes = read_size(larger, findings), read_size(smaller, findings)
    if sizes[0] is not None and sizes[1] is not None and sizes[0] + 1 >= sizes[1]:
        findings.error(
            "P422",
            f"no file is larger than {larger.text} and smaller than {smaller.text}",
            larger.span,
            "swap them, or remove one",
            ((smaller.span, "`smaller_than` is here"),),
        )


def _check_parameters(node: Node, findings: Findings) -> None:
    for pair in node.pairs("jobs", "parameters"):
        for item in pair.value.each():
            if "/" in item.text or item.text in {"", ".", ".."}:
                message = f"no job has `{item.text}` as `{pair.key}`: a parameter is one name in a path"
                findings.error("P422", message, item.span, "write one name, without `/`")
