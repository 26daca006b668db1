"""Where the layouts of one policy set collide: one place for two purposes, one job type twice."""

import re
from collections.abc import Sequence
from itertools import combinations
from typing import Final

from rules_engine.policy.findings import Findings
from rules_engine.policy.model import Layout
from rules_engine.policy.nodes import Node
from rules_engine.policy.templates import Template
from rules_engine.values.diagnostics import Span

_FIELDS: Final = re.compile(r"(?:\{[^{}]*\})+")


def check_layouts(read: Sequence[tuple[Node, Layout]], findings: Findings) -> None:
    """Note every collision between layouts, and within one."""
    for (_, first), (_, second) in combinations(read, 2):
        if first.job_type == second.job_type:
            _report_twice(first, second, findings)
    for index, (node, layout) in enumerate(read):
        _check_links(node, layout, findings)
        for other_index, (other_node, other) in enumerate(read):
            _check_workspace(node, layout, other_node, other, findings)
            if index < other_index:
                _check_nesting(node, layout, other_node, other, findings)


def _report_twice(first: Layout, second: Layout, findings: Findings) -> None:
    findings.error(
        "P416",
        f"the job type `{second.job_type}` has two layouts",
        second.span,
        "remove one of them, or give it another `job_type`",
        ((first.span, "the other one is here"),),
    )


def _check_workspace(node: Node, layout: Layout, other_node: Node, other: Layout, findings: Findings) -> None:
    if not may_nest(layout.workspace, other.output):
        return
    findings.error(
        "P417",
        f"the workspace `{layout.workspace.text}` and the output `{other.output.text}` can lie in each other",
        _place(node, "workspace"),
        "begin them with different directories, such as `scratch/` and `output/`",
        ((_place(other_node, "output"), "the output is here"),),
    )


def _check_nesting(node: Node, layout: Layout, other_node: Node, other: Layout, findings: Findings) -> None:
    first, second = layout.workspace, other.workspace
    if first.text.count("/") == second.text.count("/") or not may_nest(first, second):
        return
    findings.error(
        "P417",
        f"the workspaces `{second.text}` and `{first.text}` can lie in each other",
        _place(other_node, "workspace"),
        "give both the same number of directories, or begin them with different ones",
        ((_place(node, "workspace"), "the other workspace is here"),),
    )


def _check_links(node: Node, layout: Layout, findings: Findings) -> None:
    if layout.status is not None and may_nest(layout.status, layout.workspace):
        _report_link("the status link", layout.status.text, _place(node, "status"), findings)
    for alias in layout.aliases:
        span = node.at(("aliases",)).key_span(alias.path.text)
        if may_nest(alias.path, layout.workspace):
            _report_link("the alias", alias.path.text, span, findings)
        held = layout.directory(alias.directory)
        if held is not None and alias.path.text == f"{layout.output.text}/{held.name}":
            findings.error("P415", f"the alias `{alias.path.text}` is the directory itself", span, "remove it")


def _report_link(what: str, text: str, span: Span, findings: Findings) -> None:
    message = f"{what} `{text}` can lie in a workspace, or a workspace in it"
    findings.error("P417", message, span, "put links outside the workspaces, which are emptied")


def _place(node: Node, key: str) -> Span:
    return node.at((key,)).span


def may_nest(first: Template, second: Template) -> bool:
    """Whether some filling of one template is equal to, above or below some filling of the other."""
    pairs = zip(first.text.split("/"), second.text.split("/"), strict=False)
    return all(_may_be_equal(_FIELDS.split(one), _FIELDS.split(other)) for one, other in pairs)


def _may_be_equal(first: list[str], second: list[str]) -> bool:
    """Whether two names with gaps can be one name: their fixed beginnings and ends must agree."""
    if len(first) == 1 and len(second) == 1:
        return first == second
    if len(first) == 1 or len(second) == 1:
        fixed, gaps = (first[0], second) if len(first) == 1 else (second[0], first)
        return re.fullmatch(".*".join(re.escape(part) for part in gaps), fixed, re.DOTALL) is not None
    # Both have gaps, and what lies between can be filled to agree: only the beginnings and ends can differ.
    begins = first[0].startswith(second[0]) or second[0].startswith(first[0])
    return begins and (first[-1].endswith(second[-1]) or second[-1].endswith(first[-1]))
