"""The decision about one file, with all rules of all policies at once; DESIGN "The decision", step by step."""

from collections.abc import Iterable, Sequence

import msgspec

from rules_engine.inventory.model import FileFact
from rules_engine.manifest.model import JobRecord
from rules_engine.plan.ages import SHIELDS, Wait, aged_from, job_waits, never_comes, rule_wait
from rules_engine.plan.model import Because, Decision, Kept, NotDue, Remove
from rules_engine.plan.protect import pins_ended, protection, restored_at
from rules_engine.plan.select import MATCHED, Matched, Unknown, Verdict, select
from rules_engine.plan.subject import Evidence, Owner, Subject, subject_of
from rules_engine.plan.unit_rules import is_taken_whole
from rules_engine.plan.verdicts import Said, Selecting, said_by, still
from rules_engine.policy.model import Action, PolicySet, Rule
from rules_engine.values.quantities import EARLIEST, Instant
from rules_engine.values.vocabulary import FileType, JobStatus, RuleName


class Judged(msgspec.Struct, frozen=True):
    """What was decided for one file, and what the rules said of it as each owner sees it."""

    decision: Decision
    subjects: tuple[Subject, ...] = ()
    """Empty where the file is protected: then no rule was asked."""
    said: tuple[Said, ...] = ()
    """For each subject."""


class Judgement(Judged, frozen=True):
    """The same with the verdict of every rule."""

    verdicts: tuple[tuple[Verdict, ...], ...] = ()
    """For each subject, in the order of the rules that decide about files."""


def decide(file: FileFact, owners: Sequence[JobRecord], policies: PolicySet, seen: Evidence) -> Decision:
    """What happens to `file`, and why."""
    return judge(file, owners, policies, seen).decision


def judge(file: FileFact, owners: Sequence[JobRecord], policies: PolicySet, seen: Evidence) -> Judgement:
    """The decision about `file` with the verdict of every rule behind it."""
    # INVARIANT: the answer does not depend on the order of rules, policy files, jobs or owners.
    views = views_of(owners, seen)
    protected = protection(file, views, seen)
    if protected is not None:
        return Judgement(protected)
    restored = restored_at(file.path, seen)
    subjects = tuple(subject_of(file, owner, policies, restored) for owner in views or (None,))
    verdicts = tuple(tuple(verdict_of(rule, subject, seen) for rule in seen.file_rules) for subject in subjects)
    said = tuple(said_by(zip(seen.file_rules, one, strict=True)) for one in verdicts)
    return Judgement(decide_all(subjects, said, policies, seen), subjects, said, verdicts)


def views_of(owners: Sequence[JobRecord], seen: Evidence) -> tuple[Owner, ...]:
    """The owners as this plan reads them, by id."""
    return tuple(seen.owners[one.job_id] for one in sorted(owners, key=lambda one: one.job_id))


def decide_all(subjects: tuple[Subject, ...], said: tuple[Said, ...], policies: PolicySet, seen: Evidence) -> Decision:
    """The decision about a file that nothing protects, as each owner sees it."""
    each = (_decide_one(one, told, told.removal, policies, seen) for one, told in zip(subjects, said, strict=True))
    return combine(each)


def would_go(judged: Judged, rule: Rule, policies: PolicySet, seen: Evidence) -> bool:
    """Whether the file would go if `rule`, which only reports, took part alone beside all that do."""
    decision = decide_with(judged, rule, policies, seen) if judged.subjects else judged.decision
    return isinstance(decision, Remove) and rule.name in decision.rules


def decide_with(judged: Judged, rule: Rule, policies: PolicySet, seen: Evidence) -> Decision:
    """The decision about a file that nothing protects, if `rule`, which only reports, took part."""
    return combine(
        _decide_one(one, told, (*told.removal, *_of(rule, told.reports)), policies, seen)
        for one, told in zip(judged.subjects, judged.said, strict=True)
    )


def _of(rule: Rule, pairs: tuple[Selecting, ...]) -> tuple[Selecting, ...]:
    return tuple(pair for pair in pairs if pair[0] is rule)


def combine(decisions: Iterable[Decision]) -> Decision:
    """The decision for a file with several owners: it goes only if every one of theirs removes it."""
    every = tuple(decisions)
    if len(every) == 1:
        return every[0]
    kept = [one for one in every if isinstance(one, Kept)]
    if kept:
        return kept[0]
    waiting = [one for one in every if isinstance(one, NotDue)]
    if waiting:
        return max(waiting, key=lambda one: (one.until, one.waits_for))
    return _mildest(one for one in every if isinstance(one, Remove))


def _mildest(removals: Iterable[Remove]) -> Remove:
    every = tuple(removals)
    action = Action.TRASH if any(one.action is Action.TRASH for one in every) else Action.DELETE
    rules = tuple(sorted({name for one in every for name in one.rules}))
    due = max(one.due for one in every)
    return Remove(action, rules, due, any(one.deliverable for one in every))


def verdict_of(rule: Rule, subject: Subject, seen: Evidence) -> Verdict:
    """Whether `rule` selects `subject` at this moment."""
    return still(rule, select(rule, subject, seen.ranks), subject, seen)


def _decide_one(
    subject: Subject, said: Said, selecting: tuple[Selecting, ...], policies: PolicySet, seen: Evidence
) -> Decision:
    kept = _keep_rules(said.keep) or cleanup_off(subject.owner, policies)
    if kept is not None:
        return kept
    removal = _removal_rules(subject, selecting, policies, seen)
    if isinstance(removal, Kept):
        return removal
    unsure = sorted(_why(rule, verdict.why) for rule, verdict in removal if isinstance(verdict, Unknown))
    if unsure:
        return Kept(Because.UNKNOWN, f"unknown: {', '.join(unsure)}", _names(removal))
    return _wait_or_remove(subject, tuple(rule for rule, _ in removal), said.over, policies, seen)


def _keep_rules(keep: tuple[Selecting, ...]) -> Kept | None:
    if not keep:
        return None
    names = _names(keep)
    sure = [rule.name for rule, verdict in keep if isinstance(verdict, Matched)]
    if sure:
        return Kept(Because.KEEP_RULE, _keeps(sure), names)
    why = sorted(_why(rule, verdict.why) for rule, verdict in keep if isinstance(verdict, Unknown))
    return Kept(Because.KEEP_RULE_CANNOT_TELL, f"unknown: {', '.join(why)}", names)


def _keeps(names: list[RuleName]) -> str:
    quoted = ", ".join(f"`{name}`" for name in sorted(names))
    return f"rule {quoted} keeps it" if len(names) == 1 else f"rules {quoted} keep it"


def _why(rule: Rule, why: str) -> str:
    return f"rule `{rule.name}` cannot tell: {why}"


def _names(pairs: Iterable[tuple[Rule, Verdict]]) -> tuple[RuleName, ...]:
    return tuple(sorted(rule.name for rule, _ in pairs))


def cleanup_off(owner: Owner | None, policies: PolicySet) -> Kept | None:
    """Why nothing goes that `owner` has, or nobody: the settings or the job's own policy turn cleanup off."""
    settings = policies.settings
    if not settings.cleanup.enabled:
        return Kept(Because.CLEANUP_OFF, "`cleanup.enabled` is false")
    own = owner.job.cleanup if owner else None
    if own is not None and not own.enabled:
        return Kept(Because.JOB_POLICY, "the job's own policy turns cleanup off")
    if settings.debug and (settings.cleanup.debug_mode_disables or (own is not None and own.debug_mode_disables)):
        return Kept(Because.CLEANUP_OFF, "debug mode turns cleanup off")
    return None


def _removal_rules(
    subject: Subject, removal: tuple[Selecting, ...], policies: PolicySet, seen: Evidence
) -> Kept | tuple[Selecting, ...]:
    specific = tuple((rule, verdict) for rule, verdict in removal if not rule.otherwise)
    chosen = specific or removal or _built_in(subject, seen)
    if not chosen:
        return Kept(Because.NO_RULE, "no rule selects it")
    return type_not_cleaned(subject, policies) or chosen


def _built_in(subject: Subject, seen: Evidence) -> tuple[tuple[Rule, Matched], ...]:
    rule = seen.built_in
    if rule is None or not isinstance(select(rule, subject), Matched):
        return ()
    # A rule of a policy takes the workspace of this job: two clocks for one file would take it before its directory.
    owner = subject.owner
    whole = owner is not None and is_taken_whole(owner, subject.file.directory, seen)
    return () if whole else ((rule, MATCHED),)


def type_not_cleaned(subject: Subject, policies: PolicySet) -> Kept | None:
    """Why automatic cleanup takes nothing of the type of `subject`; None where it does."""
    if subject.owner is None or subject.file_type is None or subject.deliverable:
        return None
    if _leaves_out(policies.settings.cleanup.file_types, subject.file_type):
        return Kept(Because.FILE_TYPE_NOT_CLEANED, f"`cleanup.file_types` leaves out `{subject.file_type}`")
    own = subject.owner.job.cleanup
    if own is not None and _leaves_out(own.file_types, subject.file_type):
        return Kept(Because.JOB_POLICY, f"the job's own policy leaves out `{subject.file_type}`")
    return None


def _leaves_out(types: frozenset[FileType] | None, file_type: FileType) -> bool:
    return types is not None and file_type not in types


def _wait_or_remove(
    subject: Subject, rules: tuple[Rule, ...], over: tuple[Rule, ...], policies: PolicySet, seen: Evidence
) -> Decision:
    names = tuple(sorted(rule.name for rule in rules))
    waits = _waits(subject, rules, policies, seen)
    if isinstance(waits, Unknown):
        return Kept(Because.UNKNOWN, f"unknown: {waits.why}", names)
    last = max(waits, key=lambda wait: (wait.until, wait.name))
    if never_comes(last):
        return Kept(Because.NEVER_DUE, f"never due: {_forever(waits)}", names)
    if seen.now < last.until:
        return NotDue(Instant(last.until), last.name, names)
    return removal_of(subject, rules, Instant(max(last.until, opened(subject, over, seen))))


def removal_of(subject: Subject, rules: Iterable[Rule], due: Instant) -> Remove:
    """What becomes of `subject` by the removal rules that selected it, all of which are due."""
    every = tuple(rules)
    action = Action.TRASH if any(rule.action is Action.TRASH for rule in every) else Action.DELETE
    return Remove(action, tuple(sorted(rule.name for rule in every)), due, subject.deliverable)


def opened(subject: Subject, over: tuple[Rule, ...], seen: Evidence) -> int:
    """Since when nothing else keeps a file that goes: a keep rule's `for`, its pins and the lease of its job are over.

    Without it a forecast would name a day on which the file still stays.
    """
    ends = [
        base + rule.keep_for
        for rule in over
        # Of a rule with a rank nobody knows since when it is over: the place of a job changes with every newer one.
        if rule.keep_for is not None
        and (subject.owner is None or not rule.jobs.ranks)
        and not isinstance(base := aged_from(rule.since, subject, seen.now), Unknown)
    ]
    owner = subject.owner
    lease = owner.job.lease_until if owner is not None and owner.status is JobStatus.ABANDONED else None
    # A job whose process is dead is abandoned before its lease runs out.
    pinned = pins_ended(subject.path, owner.job.job_id if owner is not None else None, seen)
    others = (
        lease if lease is not None and lease <= seen.now else EARLIEST,
        pinned if pinned is not None else EARLIEST,
    )
    return max([*ends, *others])


def _waits(
    subject: Subject, rules: tuple[Rule, ...], policies: PolicySet, seen: Evidence
) -> tuple[Wait, ...] | Unknown:
    # Of several unknowns the first by name is said, so that the order of rules stays out of the answer.
    by_rule = [rule_wait(rule, subject, seen.now) for rule in sorted(rules, key=lambda rule: rule.name)]
    by_job = job_waits(subject.owner, policies.settings, subject.restored) if subject.owner else ()
    unsure = [wait for wait in (*by_rule, by_job) if isinstance(wait, Unknown)]
    if unsure or isinstance(by_job, Unknown):
        return unsure[0]
    return (*(wait for wait in by_rule if isinstance(wait, Wait)), *by_job)


def _forever(waits: tuple[Wait, ...]) -> str:
    names = [wait.name for wait in waits if never_comes(wait)]
    shields = [name for name in names if name in SHIELDS]
    if shields:
        return f"{min(shields)} keeps the files of failed jobs"
    return f"{max(names)} waits longer than any file can be old"
