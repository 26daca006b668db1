"""Loading in stages: syntax, version and kind, shape, meaning; nothing later runs when a stage fails."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

import msgspec

from rules_engine.errors import ExitCode, RulesError
from rules_engine.policy.digest import digest_of
from rules_engine.policy.environment import Overrides, read_environment
from rules_engine.policy.findings import Findings
from rules_engine.policy.guarantees import read_guarantees
from rules_engine.policy.known import Known, names_of
from rules_engine.policy.layouts import read_layout
from rules_engine.policy.model import Layout, PolicySet, Settings
from rules_engine.policy.nodes import Node
from rules_engine.policy.overlaps import check_layouts
from rules_engine.policy.render import render_all
from rules_engine.policy.rules import read_rules
from rules_engine.policy.schema import KINDS, check_shape, check_version_and_kind
from rules_engine.policy.settings import read_settings
from rules_engine.policy.sources import Source, read_folders
from rules_engine.policy.veto import check_vetoes
from rules_engine.policy.yamltext import parse_text
from rules_engine.values.diagnostics import Diagnostic, Span

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class PolicyError(RulesError):
    """The policies are invalid; the text shows every finding with its place."""

    exit_code = ExitCode.INVALID_POLICY

    def __init__(self, diagnostics: tuple[Diagnostic, ...], sources: Mapping[str, str]) -> None:
        super().__init__(diagnostics, dict(sources))
        self.diagnostics = diagnostics
        self.sources = dict(sources)

    def __str__(self) -> str:
        return render_all(self.diagnostics, self.sources)


class Checked(msgspec.Struct, frozen=True):
    """What loading found: the policies unless there is an error, every finding, and the texts to show them in."""

    policies: PolicySet | None
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, str]


class Reading(msgspec.Struct, frozen=True):
    """What stood in policy folders at one moment; of two that are equal, nobody was writing in between."""

    folders: tuple[str, ...]
    sources: tuple[Source, ...]
    unread: tuple[Diagnostic, ...]
    """What could not be read, and why."""


def load_policies(folders: Sequence[str], *, environment: Mapping[str, str] = _NOTHING) -> PolicySet:
    """The policies of these folders.

    Raises:
        PolicyError: when they cannot be read or are invalid, with every finding of the stage that failed.
    """
    return _or_raise(check_folders(folders, environment=environment))


def load_texts(files: Mapping[str, str], *, base: str = "/") -> PolicySet:
    """The policies of these texts, by file name; `base` stands for the directory that holds the policy folder.

    Raises:
        PolicyError: when they are invalid.
    """
    return _or_raise(check_texts(files, base=base))


def check_policies(folders: Sequence[str]) -> tuple[PolicySet | None, tuple[Diagnostic, ...]]:
    """The policies of these folders, unless there is an error, and every finding."""
    checked = check_folders(folders)
    return checked.policies, checked.diagnostics


def check_folders(folders: Sequence[str], *, environment: Mapping[str, str] = _NOTHING) -> Checked:
    """What loading these folders finds, with the texts that `render` and `lint` need."""
    return check_reading(read_policies(folders), environment=environment)


def read_policies(folders: Sequence[str]) -> Reading:
    """What stands in these folders now; nothing is understood yet."""
    findings = Findings()
    sources = read_folders(folders, findings)
    return Reading(tuple(os.path.abspath(folder) for folder in folders), sources, findings.in_order())


def check_reading(reading: Reading, *, environment: Mapping[str, str] = _NOTHING) -> Checked:
    """What loading that reading finds."""
    return _check(reading.sources, reading.folders, Findings(reading.unread), environment)


def check_texts(files: Mapping[str, str], *, base: str = "/", environment: Mapping[str, str] = _NOTHING) -> Checked:
    """What loading these texts finds."""
    sources = tuple(
        Source(file, os.path.join(base, os.path.dirname(file) or "policies"), text) for file, text in files.items()
    )
    findings = Findings()
    if not sources:
        findings.error("P003", "there is no policy", None, "write one of kind `cleanup`, `layout` or `settings`")
    return _check(sources, tuple(dict.fromkeys(one.folder for one in sources)), findings, environment)


def _or_raise(checked: Checked) -> PolicySet:
    if checked.policies is None:
        raise PolicyError(checked.diagnostics, checked.sources)
    return checked.policies


class _Policy(msgspec.Struct, frozen=True):
    """One policy text that passed the syntax stage."""

    source: Source
    node: Node
    kind: str = ""


def _check(
    sources: tuple[Source, ...], folders: tuple[str, ...], findings: Findings, environment: Mapping[str, str]
) -> Checked:
    texts = {source.file: source.text for source in sources}
    policies = _shaped(sources, findings)
    overrides = read_environment(environment, findings)
    loaded = replace(_mean(policies, folders, findings, overrides), sources=texts) if not findings else None
    return Checked(None if findings else loaded, findings.in_order(), {**overrides.texts, **texts})


def _shaped(sources: Iterable[Source], findings: Findings) -> list[_Policy]:
    """The policies after syntax, version and kind, and shape; empty where one of these stages failed."""
    parsed = [(source, parse_text(source.file, source.text, findings)) for source in sources]
    if findings:
        return []
    kinds = [
        _Policy(source, node, check_version_and_kind(node, findings) or "")
        for source, node in parsed
        if node is not None
    ]
    if findings:
        return []
    for one in kinds:
        check_shape(one.kind, one.node, findings)
    return kinds


def _mean(policies: Sequence[_Policy], folders: tuple[str, ...], findings: Findings, overrides: Overrides) -> PolicySet:
    """What the policies say; findings where they contradict themselves or each other."""
    by_kind = {kind: [one for one in policies if one.kind == kind] for kind in KINDS}
    known = names_of(one.node for one in by_kind["layout"])
    read = [(one.node, read_layout(one.node, findings)) for one in by_kind["layout"]]
    layouts = [(node, layout) for node, layout in read if layout is not None]
    check_layouts(layouts, findings)
    written = read_rules((one.node for one in by_kind["cleanup"]), known, findings)
    _check_one_a_folder(by_kind["settings"], findings)
    guarantees = read_guarantees((one.node for one in by_kind["guarantees"]), known, findings)
    settings = _read_settings(by_kind["settings"], known, findings, overrides)
    check_vetoes(written, [layout for _, layout in layouts], settings, findings)
    found = PolicySet(
        rules=tuple(one.rule for one in written),
        layouts={one.job_type: one for one in sorted((layout for _, layout in layouts), key=_job_type)},
        settings=settings,
        guarantees=guarantees,
        folders=folders,
    )
    return replace(found, digest=digest_of(found))


def _job_type(layout: Layout) -> str:
    return layout.job_type


def _check_one_a_folder(policies: Iterable[_Policy], findings: Findings) -> None:
    first: dict[str, Span] = {}
    for one in policies:
        span = one.node.key_span("kind")
        earlier = first.setdefault(one.source.folder, span)
        if earlier is not span:
            findings.error(
                "P425",
                "a second settings policy in one folder",
                span,
                "put all settings of a folder into one file",
                ((earlier, "the first is here"),),
            )


def _read_settings(policies: Sequence[_Policy], known: Known, findings: Findings, overrides: Overrides) -> Settings:
    written = [one.node for one in policies]
    # Last, so that the environment wins key by key.
    settings, root = read_settings([*written, *([overrides.node] if overrides.node else [])], known, findings)
    if root is None:
        return settings
    folder = next((one.source.folder for one in policies if one.source.file == root.span.file), "/")
    # From the directory that holds the policy folder: a plan must not depend on where somebody stands.
    return replace(settings, root=os.path.normpath(os.path.join(os.path.dirname(folder), root.text)))
