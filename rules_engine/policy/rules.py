"""From the checked shape of a cleanup policy to rules, with what they do not say filled in."""

from collections.abc import Iterable
from dataclasses import dataclass

from rules_engine.policy.contradictions import check_rule
from rules_engine.policy.fields import read_duration, read_patterns
from rules_engine.policy.findings import Findings
from rules_engine.policy.known import Known
from rules_engine.policy.model import Action, After, FileSelector, JobSelector, Rule, Since, Tracked
from rules_engine.policy.nodes import Node
from rules_engine.policy.patterns import Reading
from rules_engine.values.quantities import parse_size
from rules_engine.values.vocabulary import FileType, JobStatus, JobType, Place, RuleName


@dataclass(frozen=True, slots=True)
class WrittenRule:
    """A rule beside the text that says it."""

    node: Node
    rule: Rule


def read_rules(policies: Iterable[Node], known: Known, findings: Findings) -> tuple[WrittenRule, ...]:
    """The rules of all cleanup policies, ordered by name; faulty ones are findings."""
    first: dict[str, Node] = {}
    found: list[WrittenRule] = []
    for policy in policies:
        rules = policy.get("rules")
        for node in rules.each() if rules is not None else ():
            _note_name(node, first, findings)
            rule = _read_rule(node, known, findings)
            if rule is not None:
                found.append(WrittenRule(node, rule))
    return tuple(sorted(found, key=lambda one: one.rule.name))


def _note_name(node: Node, first: dict[str, Node], findings: Findings) -> None:
    name = node.get("name")
    if name is None:
        return
    earlier = first.setdefault(name.text, name)
    if earlier is not name:
        findings.error(
            "P418",
            f"the rule name `{name.text}` is taken",
            name.span,
            "choose another name: rule names are unique over all policy files",
            ((earlier.span, "the other rule is here"),),
        )


def _read_rule(node: Node, known: Known, findings: Findings) -> Rule | None:
    before = len(findings)
    check_rule(node, findings)
    action = Action(_text(node, "action"))
    jobs, files = node.get("jobs"), node.get("files")
    after = _read_after(node.get("after"), findings)
    wait = node.get("for")
    keep_for = read_duration(wait, findings) if wait is not None else None
    file_selector = _read_files(files, action, known, findings, has_jobs=jobs is not None)
    job_selector = _read_jobs(jobs, action, after, known, findings)
    if len(findings) > before:
        return None
    since = node.get("since")
    return Rule(
        name=RuleName(_text(node, "name")),
        span=node.span,
        action=action,
        jobs=job_selector,
        files=file_selector,
        description=_text(node, "description"),
        deliverables=_flag(node, "deliverables"),
        after=after,
        since=Since(since.text) if since is not None else None,
        keep_for=keep_for,
        otherwise=_flag(node, "otherwise"),
        report_only=_flag(node, "report_only"),
    )


def _read_after(node: Node | None, findings: Findings) -> After | None:
    if node is None:
        return None
    if node.entries is None:
        return After(read_duration(node, findings))
    waits = [(JobStatus(key), read_duration(wait, findings)) for key, wait in node.pairs()]
    return After(None, tuple(sorted((status, wait) for status, wait in waits if wait is not None)))


def _read_jobs(node: Node | None, action: Action, after: After | None, known: Known, findings: Findings) -> JobSelector:
    types = _texts(node, "type")
    if node is not None:
        known.check_job_types(node.get("type"), findings)
        known.check_parameters(node.get("parameters"), types or (), findings)
    statuses = _texts(node, "status")
    given = node.get("parameters") if node is not None else None
    parameters = {key: frozenset(one.text for one in value.each()) for key, value in given.pairs()} if given else {}
    return JobSelector(
        types=frozenset(JobType(one) for one in types) if types else None,
        statuses=_statuses(statuses, action, after),
        parameters=tuple(sorted(parameters.items())),
    )


def _statuses(said: tuple[str, ...], action: Action, after: After | None) -> frozenset[JobStatus] | None:
    """Silence keeps: a removal that names no status is about completed jobs, a keep rule about any."""
    if said:
        return frozenset(JobStatus(one) for one in said)
    if action is Action.KEEP:
        return None
    if after is not None and after.by_status:
        return frozenset(status for status, _ in after.by_status)
    return frozenset({JobStatus.COMPLETED})


def _read_files(node: Node | None, action: Action, known: Known, findings: Findings, *, has_jobs: bool) -> FileSelector:
    keeps = action is Action.KEEP
    # Silence keeps: a keep rule is about any file, but one that speaks of jobs about theirs.
    unsaid = Tracked.ANY if keeps and not has_jobs else Tracked.TRACKED
    if node is None:
        return FileSelector(tracked=unsaid)
    known.check_file_types(node.get("type"), findings)
    types, place = _texts(node, "type"), node.get("in")
    larger, smaller = node.get("larger_than"), node.get("smaller_than")
    return FileSelector(
        match=read_patterns(node.get("match"), Reading.WIDE if keeps else Reading.NARROW, findings),
        exclude=read_patterns(node.get("except"), Reading.WIDE, findings),
        types=frozenset(FileType(one) for one in types) if types else None,
        place=Place(place.text) if place is not None else None,
        tracked=_tracked(node.get("tracked"), unsaid),
        larger_than=parse_size(larger.text) if larger is not None else None,
        smaller_than=parse_size(smaller.text) if smaller is not None else None,
    )


def _tracked(node: Node | None, unsaid: Tracked) -> Tracked:
    if node is None:
        return unsaid
    return {"true": Tracked.TRACKED, "false": Tracked.UNTRACKED}.get(node.text, Tracked.ANY)


def _texts(node: Node | None, key: str) -> tuple[str, ...]:
    found = node.get(key) if node is not None else None
    return tuple(one.text for one in found.each()) if found is not None else ()


def _text(node: Node, key: str) -> str:
    found = node.get(key)
    return found.text if found is not None else ""


def _flag(node: Node, key: str) -> bool:
    found = node.get(key)
    return found is not None and found.scalar is True
