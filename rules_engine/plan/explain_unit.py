"""What a unit rule makes of the directory that a file lies in; about the file itself it decides nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from rules_engine.manifest.model import JobRecord
from rules_engine.plan.model import Plan, Remove
from rules_engine.plan.subject import Evidence
from rules_engine.plan.unit_rules import is_outermost, names, workspace_verdicts
from rules_engine.policy.model import Action, Unit
from rules_engine.values.paths import RelPath, ancestors, is_below, join
from rules_engine.values.quantities import Instant, format_instant
from rules_engine.values.vocabulary import RuleName


@dataclass(frozen=True, slots=True)
class UnitAbove:
    """A directory above a file that rules take whole, those that only report aside."""

    path: RelPath
    rules: tuple[RuleName, ...]


def unit_above(path: RelPath, owners: Sequence[JobRecord], seen: Evidence) -> UnitAbove | None:
    """The directory that goes whole with `path` in it, if it goes; None where no rule takes one."""
    for job in owners:
        said = workspace_verdicts(seen.owners[job.job_id], seen) if is_below(path, job.workspace) else ()
        rules = tuple(sorted(rule.name for rule, _ in said if not rule.report_only))
        if rules:
            return UnitAbove(job.workspace, rules)
    acting = [rule for rule in seen.unit_rules if rule.unit is Unit.DIRECTORY and not rule.report_only]
    for above in reversed(ancestors(path)):
        if any(is_outermost(rule, above) for rule in acting):
            return UnitAbove(
                above, tuple(sorted(rule.name for rule in acting if names(rule, above, is_directory=True)))
            )
    return None


def removal_of_unit(unit: UnitAbove, plan: Plan) -> Remove | None:
    """The step that takes the directory with all in it, as `plan` has it; None where it stays."""
    for batch in plan.batches:
        for entry in batch.entries if batch.wholes else ():
            if join(batch.directory, entry.name) == unit.path:
                return Remove(Action(batch.action.value), batch.rules, Instant(entry.due), batch.deliverable)
    return None


def describe_unit(unit: UnitAbove, plan: Plan) -> str:
    """One line: what `plan`, which looked at all of the directory, does with it, and why."""
    quoted = ", ".join(f"`{name}`" for name in unit.rules)
    takes = f"rule {quoted} takes" if len(unit.rules) == 1 else f"rules {quoted} take"
    going = removal_of_unit(unit, plan)
    if going is not None:
        return f"{takes} its directory `{unit.path}` whole: {going.action.value}"
    why = dict(plan.trailer.units_kept).get(unit.path)
    if why is not None:
        return f"{takes} directories whole; `{unit.path}` stays: {why}"
    waiting = [one.next_due for one in plan.trailer.rules if one.name in unit.rules and one.next_due is not None]
    until = f", due at {format_instant(max(waiting))}" if waiting else ", once every entry of it was looked at"
    return f"{takes} its directory `{unit.path}` whole{until}"
