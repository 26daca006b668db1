"""What keeps a directory whole whatever its age is: each answer is one line that names the entry and why."""

from collections.abc import Iterable, Sequence

from rules_engine.inventory.model import FileFact
from rules_engine.plan.decide import Judged, cleanup_off, type_not_cleaned
from rules_engine.plan.model import Because, Decision, Kept
from rules_engine.plan.protect import pinned_at_or_below, protection_by_owner, protection_of_directory
from rules_engine.plan.select import Unknown, Verdict
from rules_engine.plan.subject import Evidence, Owner
from rules_engine.plan.unit_rules import keeps_directories, names
from rules_engine.policy.built_in import BUILT_IN
from rules_engine.policy.model import PolicySet, Rule
from rules_engine.values.paths import RelPath, is_at_or_below
from rules_engine.values.vocabulary import JobId


def veto_of_whole(
    path: RelPath, owner: Owner | None, about: Sequence[JobId], policies: PolicySet, seen: Evidence
) -> str | None:
    """What keeps `path` before anything in it was looked at; `about` are the jobs that have to do with it."""
    kept = pinned_at_or_below(path, seen) or cleanup_off(owner, policies)
    if kept is None and owner is not None:
        kept = protection_by_owner(owner, seen)
    if kept is not None:
        return kept.text
    if any(is_at_or_below(own, path) for own in seen.guards.own):
        return "a policy folder or a plan lies in it"
    for damage in seen.guards.damaged:
        if any(is_at_or_below(named, path) for named in damage.below):
            return f"the manifest of job `{damage.job_id}` may name what lies in it: {damage.why}"
    # INVARIANT: whatever below has another owner, or one at all where the unit has none, its job is among `about`.
    mine = owner.job.job_id if owner is not None else None
    other = min((job_id for job_id in about if job_id != mine), default=None)
    return f"job `{other}` has something in it" if other is not None else None


def veto_of_rules(said: Iterable[tuple[Rule, Verdict]]) -> str | None:
    """What keeps a workspace because a rule cannot tell whether it selects the job."""
    unsure = sorted((rule.name, verdict.why) for rule, verdict in said if isinstance(verdict, Unknown))
    return f"unknown: rule `{unsure[0][0]}` cannot tell: {unsure[0][1]}" if unsure else None


def veto_of_directory(path: RelPath, named_by: Iterable[Rule], policies: PolicySet, seen: Evidence) -> str | None:
    """What keeps the unit because of one directory in it; `named_by` are the rules whose patterns take the unit."""
    kept = protection_of_directory(path, seen) or _kept_by_name(path, policies)
    if kept is not None:
        return f"`{path}` is kept: {kept.text}"
    return _left_out(path, named_by, is_directory=True)


def veto_of_file(
    file: FileFact,
    judged: Judged,
    named_by: Sequence[Rule],
    rules: Iterable[Rule],
    policies: PolicySet,
    *,
    reporting: bool,
) -> str | None:
    """What keeps the unit because of a file in it with that judgement; `rules` are all that have to agree."""
    path, decision = file.path, judged.decision
    if isinstance(decision, Kept) and not _is_open(decision, reporting=reporting):
        return f"`{path}` is kept: {decision.text}"
    for subject in judged.subjects:
        if subject.deliverable and not all(rule.deliverables for rule in rules):
            return f"`{path}` is a deliverable"
        kept = type_not_cleaned(subject, policies)
        if kept is not None:
            return f"`{path}` is kept: {kept.text}"
    return _left_out(path, named_by, is_directory=False)


def _is_open(kept: Kept, *, reporting: bool) -> bool:
    """Whether nothing was said about a file that a unit rule would have to wait for."""
    return kept.because is Because.NO_RULE or (reporting and is_built_in(kept))


def is_built_in(decision: Decision) -> bool:
    """Whether the settings alone decided: what they would not do where a rule that only reports took part."""
    return decision.rules == (BUILT_IN,)


def _left_out(path: RelPath, rules: Iterable[Rule], *, is_directory: bool) -> str | None:
    for rule in rules:
        if not names(rule, path, is_directory=is_directory):
            return f"rule `{rule.name}` leaves out `{path}`"
    return None


def _kept_by_name(path: RelPath, policies: PolicySet) -> Kept | None:
    name = min((rule.name for rule in policies.keep_rules if keeps_directories(rule, path)), default=None)
    return Kept(Because.KEEP_RULE, f"rule `{name}` keeps it", (name,)) if name is not None else None
