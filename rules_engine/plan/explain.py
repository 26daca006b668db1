"""Why a file stays or goes: for every rule what it needed, what it saw, and who decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from rules_engine.inventory.model import FileFact
from rules_engine.manifest.model import JobRecord
from rules_engine.plan.ages import Wait, aged_from, job_waits, never_comes, rule_wait
from rules_engine.plan.decide import judge
from rules_engine.plan.misses import describe_miss, describe_rank
from rules_engine.plan.model import Decision, Kept
from rules_engine.plan.select import OF_JOBS, Matched, Miss, NotMatched, Unknown, Verdict, select
from rules_engine.plan.subject import Evidence, Subject
from rules_engine.policy.built_in import BUILT_IN
from rules_engine.policy.model import PolicySet, Rule
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import format_duration, format_instant
from rules_engine.values.vocabulary import JobId, RuleName


@dataclass(frozen=True, slots=True)
class RuleTrace:
    """What one rule says of one file, as one owner sees it."""

    rule: RuleName
    place: str
    """`file:line`; empty for the built-in rule."""
    action: str
    selects: bool
    decides: bool
    """Whether the rule is a reason of the decision."""
    lines: tuple[str, ...]
    """Each condition that is not met with what was seen, or when it is due."""


@dataclass(frozen=True, slots=True)
class OwnerTrace:
    """What every rule says as one owner sees the file."""

    job: JobId | None
    facts: tuple[str, ...]
    """What the owner makes of the file: status and end of the job, type, place."""
    rules: tuple[RuleTrace, ...]
    """Those that decide first, then those that select, then the others, each in name order."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The decision about one file and everything behind it."""

    path: RelPath
    decision: Decision
    owners: tuple[OwnerTrace, ...]
    """Empty where the file is protected: then no rule was asked."""
    unit: str = ""
    """One line on the directory that a unit rule takes whole with it; empty where none does."""


def explain(file: FileFact, owners: Sequence[JobRecord], policies: PolicySet, seen: Evidence) -> Explanation:
    """Every rule for `file`: what it needed, what it saw, who decided."""
    judged = judge(file, owners, policies, seen)
    traces = tuple(
        _owner_trace(subject, said, judged.decision, policies, seen)
        for subject, said in zip(judged.subjects, judged.verdicts, strict=True)
    )
    return Explanation(file.path, judged.decision, traces)


def _owner_trace(
    subject: Subject, said: tuple[Verdict, ...], decision: Decision, policies: PolicySet, seen: Evidence
) -> OwnerTrace:
    pairs = list(zip(seen.file_rules, said, strict=True))
    if seen.built_in is not None:
        pairs.append((seen.built_in, select(seen.built_in, subject)))
    traces = [_rule_trace(rule, verdict, subject, decision, seen) for rule, verdict in pairs]
    traces.sort(key=lambda trace: (not trace.decides, not trace.selects, trace.rule))
    job = subject.owner.job.job_id if subject.owner else None
    return OwnerTrace(job, _facts(subject, policies), tuple(traces))


def _facts(subject: Subject, policies: PolicySet) -> tuple[str, ...]:
    kind = "deliverable" if subject.deliverable else "temporary"
    place = f"in the {subject.place.value}" if subject.place else "outside workspace and output"
    owner = subject.owner
    if owner is None:
        return ("no job declared it", "its name is an output name: a deliverable" if subject.deliverable else place)
    ended = f", ended {format_instant(owner.end)}" if owner.end is not None else ""
    return (
        f"job `{owner.job.job_id}` ({owner.job.job_type}) is {owner.status.value}{ended}",
        f"`{subject.file_type}`, {kind}, {place}",
        *_held_back(job_waits(owner, policies.settings, subject.restored)),
    )


def _held_back(waits: tuple[Wait, ...] | Unknown) -> tuple[str, ...]:
    if isinstance(waits, Unknown):
        return (f"held back: {waits.why}",)
    return tuple(
        f"held back by {wait.name}, always"
        if never_comes(wait)
        else f"held back by {wait.name} until {format_instant(wait.until)}"
        for wait in waits
    )


def _rule_trace(rule: Rule, verdict: Verdict, subject: Subject, decision: Decision, seen: Evidence) -> RuleTrace:
    place = f"{rule.span.file}:{rule.span.line}" if rule.span.file else ""
    decides = not isinstance(verdict, NotMatched) and rule.name in decision.rules
    action = f"{rule.action.value}, report only" if rule.report_only else rule.action.value
    lines = _lines(rule, verdict, subject, seen)
    if isinstance(verdict, Matched) and not decides and rule.is_removal:
        lines = (*lines, _passed_over(rule, decision))
    return RuleTrace(rule.name, place, action, not isinstance(verdict, NotMatched), decides, lines)


def _passed_over(rule: Rule, decision: Decision) -> str:
    if rule.report_only:
        return "only reports"
    if rule.name == BUILT_IN:
        return "acts only where no rule of a policy selects"
    if isinstance(decision, Kept):
        return f"but the file is kept: {decision.text}"
    return "waits for the rules without `otherwise`" if rule.otherwise else "another owner decides"


def _lines(rule: Rule, verdict: Verdict, subject: Subject, seen: Evidence) -> tuple[str, ...]:
    match verdict:
        case Unknown(why=why):
            return (f"cannot tell: {why}",)
        case NotMatched(misses=()):
            return (f"its `for` is over: {format_duration(rule.keep_for or 0)} have passed",)
        case NotMatched(misses=misses):
            # A rule about files without an owner says nothing of jobs: what silence fills in would only confuse.
            told = misses if Miss.HAS_OWNER not in misses else [one for one in misses if one not in OF_JOBS]
            return tuple(describe_miss(miss, rule, subject, seen.ranks) for miss in told)
        case Matched():
            return (_matched_line(rule, subject, seen), *describe_rank(rule, subject.owner, seen.ranks))
        case _:
            assert_never(verdict)


def _matched_line(rule: Rule, subject: Subject, seen: Evidence) -> str:
    if not rule.is_removal:
        return _kept_until(rule, subject, seen)
    wait = rule_wait(rule, subject, seen.now)
    if isinstance(wait, Unknown):
        return f"selects it, but {wait.why}"
    if never_comes(wait):
        return "selects it, never due"
    verb = "due since" if wait.until <= seen.now else "due at"
    return f"selects it, {verb} {format_instant(wait.until)}"


def _kept_until(rule: Rule, subject: Subject, seen: Evidence) -> str:
    base = aged_from(rule.since, subject, seen.now)
    if rule.keep_for is None or isinstance(base, Unknown):
        return "keeps it"
    return f"keeps it until {format_instant(base + rule.keep_for)}"
