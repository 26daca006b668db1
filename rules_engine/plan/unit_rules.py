"""Which directories a unit rule is about: the workspaces of some jobs, or directories that nobody owns."""

from rules_engine.plan.select import NotMatched, Verdict, select_job
from rules_engine.plan.subject import Evidence, Owner
from rules_engine.policy.model import FileSelector, JobSelector, Rule, Tracked, Unit
from rules_engine.values.paths import RelPath, ancestors, is_at_or_below


def workspace_verdicts(owner: Owner, seen: Evidence) -> tuple[tuple[Rule, Verdict], ...]:
    """What each rule about workspaces says of the one of `owner`: those that select its job, or cannot tell."""
    rules = (rule for rule in seen.unit_rules if rule.unit is Unit.WORKSPACE)
    said = ((rule, select_job(rule, owner, seen.ranks)) for rule in rules)
    return tuple((rule, verdict) for rule, verdict in said if not isinstance(verdict, NotMatched))


def is_taken_whole(owner: Owner, directory: RelPath, seen: Evidence) -> bool:
    """Whether `directory` lies in a workspace that a rule takes whole, now or some day, or may take."""
    if not seen.unit_rules or not is_at_or_below(directory, owner.job.workspace):
        return False
    job_id = owner.job.job_id
    if job_id not in seen.taken_whole:
        acting = any(not rule.report_only for rule, _ in workspace_verdicts(owner, seen))
        seen.taken_whole[job_id] = acting and seen.workspaces[owner.job.workspace] == (job_id,)
    return seen.taken_whole[job_id]


def keeps_directories(rule: Rule, path: RelPath) -> bool:
    """Whether a keep rule keeps the directory `path` itself, not only the files in it that it selects.

    Files answer for themselves; a keep rule that says nothing but where speaks of directories as well.
    """
    files = rule.files
    if files.match is None or files.match.match(path, is_directory=True) is None or rule.keep_for is not None:
        return False
    return rule.jobs == JobSelector() and files == FileSelector(match=files.match, tracked=Tracked.ANY)


def names(rule: Rule, path: RelPath, *, is_directory: bool = False) -> bool:
    """Whether the patterns of a rule about directories without an owner select `path`."""
    match, exclude = rule.files.match, rule.files.exclude
    if match is None or match.match(path, is_directory=is_directory) is None:
        return False
    return exclude is None or exclude.match(path, is_directory=is_directory) is None


def is_outermost(rule: Rule, directory: RelPath) -> bool:
    """Whether `directory` is one that the patterns of `rule` select, and none above it is."""
    if not names(rule, directory, is_directory=True):
        return False
    return not any(names(rule, above, is_directory=True) for above in ancestors(directory))
