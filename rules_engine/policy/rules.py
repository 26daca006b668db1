"""From the checked shape of a cleanup policy to rules, with what they do not say filled in."""

from collections.abc import Iterable

import msgspec

from rules_engine.policy.contradictions import check_rule
from rules_engine.policy.fields import read_directory_patterns, read_duration, read_patterns, read_size
from rules_engine.policy.findings import Findings
from rules_engine.policy.known import Known
from rules_engine.policy.model import (
    Action,
    After,
    DirectorySelector,
    FileSelector,
    JobSelector,
    Rule,
    Since,
    Tracked,
    Unit,
)
from rules_engine.policy.nodes import Node
from rules_engine.policy.patterns import PatternList, Reading
from rules_engine.values.vocabulary import FileType, JobStatus, JobType, Place, RuleName


class WrittenRule(msgspec.Struct, frozen=True):
    """A rule beside the text that says it."""

    node: Node
    rule: Rule


def read_rules(policies: Iterable[Node], known: Known, findings: Findings) -> tuple[WrittenRule, ...]:
    """The rules of all cleanup policies, ordered by name; faulty ones are findings."""
    first: dict[str, Node] = {}
    found: list[WrittenRule] = []
    for policy in policies:
        for node in policy.each("rules"):
            _note_name(node, first, findings)
            rule = read_rule(node, known, findings)
            if rule is not None:
                found.append(WrittenRule(node, rule))
    return tuple(sorted(found, key=lambda one: one.rule.name))


def _note_name(node: Node, first: dict[str, Node], findings: Findings) -> None:
    name = node.at(("name",))
    earlier = first.setdefault(name.text, name)
    if earlier is not name:
        findings.error(
            "P418",
            f"the rule name `{name.text}` is taken",
            name.span,
            "choose another name: rule names are unique over all policy files",
            ((earlier.span, "the other rule is here"),),
        )


def read_rule(node: Node, known: Known, findings: Findings) -> Rule | None:
    """The rule that is written there; None, with findings, where it is faulty."""
    before = len(findings)
    check_rule(node, findings)
    action = Action(node.text_of("action"))
    after = _read_after(node.get("after"), findings)
    wait = node.get("for")
    keep_for = read_duration(wait, findings) if wait is not None else None
    unit = Unit(node.text_of("unit")) if node.get("unit") is not None else None
    directories = _read_directories(node, findings)
    file_selector = _read_files(node, action, unit, known, findings)
    job_selector = _read_jobs(node, action, after, known, findings)
    if len(findings) > before:
        return None
    since = node.get("since")
    return Rule(
        name=RuleName(node.text_of("name")),
        span=node.span,
        action=action,
        jobs=job_selector,
        files=file_selector,
        description=node.text_of("description"),
        deliverables=node.is_true("deliverables"),
        after=after,
        since=Since(since.text) if since is not None else None,
        keep_for=keep_for,
        otherwise=node.is_true("otherwise"),
        report_only=node.is_true("report_only"),
        unit=unit,
        directories=directories,
    )


def _read_after(node: Node | None, findings: Findings) -> After | None:
    if node is None:
        return None
    if node.entries is None:
        return After(read_duration(node, findings))
    waits = [(JobStatus(pair.key), read_duration(pair.value, findings)) for pair in node.pairs()]
    return After(None, tuple(sorted((status, wait) for status, wait in waits if wait is not None)))


def _read_jobs(node: Node, action: Action, after: After | None, known: Known, findings: Findings) -> JobSelector:
    types = _texts(node, "jobs", "type")
    pairs, per = node.pairs("jobs", "parameters"), node.each("jobs", "per")
    known.check_job_types(node.each("jobs", "type"), findings)
    known.check_workspace(node.get("unit"), findings)
    known.check_parameters(
        [*((one.key, one.span) for one in pairs), *((one.text, one.span) for one in per)], types, findings
    )
    parameters = {pair.key: frozenset(one.text for one in pair.value.each()) for pair in pairs}
    return JobSelector(
        types=frozenset(JobType(one) for one in types) if types else None,
        statuses=_statuses(node, action, after),
        parameters=tuple(sorted(parameters.items())),
        newest=_read_rank(node.get("jobs", "newest")),
        beyond_newest=_read_rank(node.get("jobs", "beyond_newest")),
        per=tuple(sorted(one.text for one in per)),
    )


def _read_rank(node: Node | None) -> int | None:
    return int(node.text) if node is not None else None


def _statuses(node: Node, action: Action, after: After | None) -> frozenset[JobStatus] | None:
    """Silence keeps: a removal that names no status is about completed jobs, a keep rule about any."""
    said = _texts(node, "jobs", "status")
    if said:
        return frozenset(JobStatus(one) for one in said)
    if action is Action.KEEP or _is_without_jobs(node):
        return None
    if after is not None and after.by_status:
        return frozenset(status for status, _ in after.by_status)
    return frozenset({JobStatus.COMPLETED})


def _is_without_jobs(node: Node) -> bool:
    """Whether the rule is about directories that are of no job."""
    return node.get("directories") is not None or node.text_of("unit") == Unit.DIRECTORY


def _read_directories(node: Node, findings: Findings) -> DirectorySelector | None:
    match = read_directory_patterns(node.get("directories", "match"), findings)
    exclude = read_patterns(node.get("directories", "except"), Reading.WIDE, findings)
    return DirectorySelector(match, exclude) if match is not None else None


def _read_match(node: Node, unit: Unit | None, findings: Findings, *, keeps: bool) -> PatternList | None:
    if unit is Unit.DIRECTORY:
        return read_directory_patterns(node.get("files", "match"), findings)
    return read_patterns(node.get("files", "match"), Reading.WIDE if keeps else Reading.NARROW, findings)


def _read_files(node: Node, action: Action, unit: Unit | None, known: Known, findings: Findings) -> FileSelector:
    keeps = action is Action.KEEP
    known.check_file_types(node.each("files", "type"), findings)
    types, place = _texts(node, "files", "type"), node.get("files", "in")
    known.check_place(place, findings)
    return FileSelector(
        match=_read_match(node, unit, findings, keeps=keeps),
        exclude=read_patterns(node.get("files", "except"), Reading.WIDE, findings),
        types=frozenset(FileType(one) for one in types) if types else None,
        place=Place(place.text) if place is not None else None,
        tracked=_tracked(node, keeps=keeps),
        larger_than=read_size(node.get("files", "larger_than"), findings),
        smaller_than=read_size(node.get("files", "smaller_than"), findings),
    )


def _tracked(node: Node, *, keeps: bool) -> Tracked:
    """Silence keeps: a keep rule is about any file, but one that speaks of jobs about theirs."""
    said = node.get("files", "tracked")
    if said is not None:
        return {"true": Tracked.TRACKED, "false": Tracked.UNTRACKED}.get(said.text, Tracked.ANY)
    if _is_without_jobs(node):
        return Tracked.UNTRACKED
    return Tracked.ANY if keeps and node.get("jobs") is None else Tracked.TRACKED


def _texts(node: Node, *keys: str) -> tuple[str, ...]:
    return tuple(one.text for one in node.each(*keys))
