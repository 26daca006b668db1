"""Loads files of cases in the stages of policies: syntax, version and kind, shape, meaning."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rules_engine.cases.expectations import read_expectations
from rules_engine.cases.model import Case
from rules_engine.cases.scenes import read_scene
from rules_engine.cases.sources import read_sources
from rules_engine.policy.findings import Findings
from rules_engine.policy.model import PolicySet
from rules_engine.policy.nodes import Node
from rules_engine.policy.schema import CASES, check_shape, check_version_and_kind
from rules_engine.policy.sources import Source
from rules_engine.policy.yamltext import parse_text
from rules_engine.values.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True)
class CheckedCases:
    """What loading found: the cases unless there is an error, every finding, and the texts to show them in."""

    cases: tuple[Case, ...]
    """In the order of their files and of the text."""
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, str]


def check_cases(paths: Sequence[str], policies: PolicySet) -> CheckedCases:
    """What loading the files of cases at these paths finds; a path is a file, or a folder with some."""
    findings = Findings()
    return _check(read_sources(paths, findings), policies, findings)


def check_case_texts(files: Mapping[str, str], policies: PolicySet) -> CheckedCases:
    """What loading these texts finds, by file name."""
    sources = tuple(Source(file, os.path.dirname(file), text) for file, text in files.items())
    return _check(sources, policies, Findings())


def _check(sources: tuple[Source, ...], policies: PolicySet, findings: Findings) -> CheckedCases:
    cases = tuple(_mean(_shaped(sources, findings), policies, findings)) if not findings else ()
    texts = {source.file: source.text for source in sources}
    return CheckedCases(() if findings else cases, findings.in_order(), texts)


def _shaped(sources: Iterable[Source], findings: Findings) -> list[Node]:
    """The files after syntax, version and kind, and shape; empty where one of these stages failed."""
    parsed = [parse_text(source.file, source.text, findings) for source in sources]
    nodes = [node for node in parsed if node is not None]
    if findings:
        return []
    for node in nodes:
        check_version_and_kind(node, findings, (CASES,))
    if findings:
        return []
    for node in nodes:
        check_shape(CASES, node, findings)
    return [] if findings else nodes


def _mean(files: Iterable[Node], policies: PolicySet, findings: Findings) -> list[Case]:
    first: dict[str, Node] = {}
    found: list[Case] = []
    for node in (case for file in files for case in file.each("cases")):
        name = node.at(("name",))
        earlier = first.setdefault(name.text, name)
        if earlier is not name:
            related = ((earlier.span, "the other case is here"),)
            message = f"the name `{name.text}` is taken by another case"
            findings.error("P501", message, name.span, "choose another name: a report tells cases apart by it", related)
        scene = read_scene(node, policies, findings)
        if scene is not None:
            expected = read_expectations(node.at(("expect",)), scene, policies, findings)
            found.append(Case(name.text, name.span, scene, expected))
    return found
