"""What a rule needed and what it saw instead, for each condition that a file does not meet."""

from collections.abc import Iterable
from typing import assert_never

from rules_engine.plan.select import Miss
from rules_engine.plan.standing import NO_RANKS, Placed, Ranks, describe_standing
from rules_engine.plan.subject import Owner, Subject
from rules_engine.policy.built_in import BUILT_IN
from rules_engine.policy.model import Rule
from rules_engine.values.quantities import format_size
from rules_engine.values.text import escape


def near_miss(miss: Miss, rule: Rule) -> str:
    """What the files are that fail this one condition of `rule` alone."""
    if miss is not Miss.RANK:
        return miss.value
    jobs = rule.jobs
    if jobs.newest is not None:
        return f"match but their job is not among the newest {jobs.newest}"
    return f"match but their job is among the newest {jobs.beyond_newest}"


def describe_rank(rule: Rule, owner: Owner | None, ranks: Ranks) -> tuple[str, ...]:
    """Where the job stands for a rule that asks for it; nothing where it has no place."""
    standing = ranks.of(rule, owner.job.job_id) if owner is not None and rule.jobs.ranks else None
    if owner is None or not isinstance(standing, Placed):
        return ()
    return (describe_standing(owner.job.job_id, standing, keeps=not rule.is_removal),)


def describe_miss(miss: Miss, rule: Rule, subject: Subject, ranks: Ranks = NO_RANKS) -> str:
    """One line: the condition of `rule`, and what `subject` has in its place."""
    match miss:
        case Miss.NO_OWNER:
            hint = "" if rule.name == BUILT_IN else " (`tracked: any` includes such files)"
            return f"needs a job that declared it; none did{hint}"
        case Miss.HAS_OWNER:
            return f"needs a file without an owner; {_job(subject)} owns it"
        case Miss.DELIVERABLE:
            return "reaches no deliverable without `deliverables: true`"
        case Miss.RANK:
            jobs = rule.jobs
            wanted = f"among the newest {jobs.newest}" if jobs.newest else f"beyond the newest {jobs.beyond_newest}"
            return "; ".join((f"needs a job {wanted}", *describe_rank(rule, subject.owner, ranks)))
        case Miss.STATUS | Miss.JOB_TYPE | Miss.PARAMETER:
            return _job_miss(miss, rule, subject)
        case Miss.FILE_TYPE | Miss.PLACE | Miss.SIZE:
            return _file_miss(miss, rule, subject)
        case Miss.EXCEPT:
            return f"leaves it out by `except`: {_except(rule, subject)}"
        case Miss.PATTERN:
            return f"matches {_patterns(rule)}; none of them matches its path"
        case _:
            assert_never(miss)


def _job_miss(miss: Miss, rule: Rule, subject: Subject) -> str:
    owner = subject.owner
    if miss is Miss.STATUS:
        wanted = _any(status.value for status in rule.jobs.statuses or ())
        return f"needs a job that is {wanted}; {_job(subject)} is {owner.status.value if owner else 'none'}"
    if miss is Miss.JOB_TYPE:
        wanted = _any(rule.jobs.types or ())
        return f"needs a job of type {wanted}; {_job(subject)} is {owner.job.job_type if owner else 'none'}"
    found = owner.job.parameters if owner else {}
    wanted = ", ".join(f"{name} {_any(values)}" for name, values in rule.jobs.parameters)
    has = ", ".join(f"{name} {found.get(name, 'nothing')}" for name, _ in rule.jobs.parameters)
    return f"needs a job with {wanted}; {_job(subject)} has {has}"


def _file_miss(miss: Miss, rule: Rule, subject: Subject) -> str:
    files = rule.files
    if miss is Miss.FILE_TYPE:
        return f"needs a file of type {_any(files.types or ())}; it is {subject.file_type or 'of no known type'}"
    if miss is Miss.PLACE:
        there = f"in the {subject.place.value}" if subject.place else "in neither workspace nor output"
        return f"needs a file in the {files.place.value if files.place else ''}; it lies {there}"
    bounds: list[str] = []
    if files.larger_than is not None:
        bounds.append(f"larger than {format_size(files.larger_than)}")
    if files.smaller_than is not None:
        bounds.append(f"smaller than {format_size(files.smaller_than)}")
    return f"needs a file {' and '.join(bounds)}; it has {format_size(subject.file.size or 0)}"


def _job(subject: Subject) -> str:
    return f"job `{subject.owner.job.job_id}`" if subject.owner else "no job"


def _any(words: Iterable[str]) -> str:
    return " or ".join(f"`{word}`" for word in sorted(words))


def _patterns(rule: Rule) -> str:
    texts = rule.files.match.texts if rule.files.match else ()
    return ", ".join(f"`{escape(text)}`" for text in texts)


def _except(rule: Rule, subject: Subject) -> str:
    patterns = rule.files.exclude
    place = patterns.match(subject.path) if patterns else None
    return f"`{escape(patterns.texts[place])}`" if patterns and place is not None else "a pattern"
