"""What is legal but odd about ranks, and about rules that take directories whole."""

from collections.abc import Iterator, Mapping

from rules_engine.policy.lint_patterns import find_text, warning
from rules_engine.policy.model import PolicySet, Rule, Since, Tracked, Unit
from rules_engine.policy.reach import layouts_of
from rules_engine.policy.wildmatch import ANY_NAME
from rules_engine.values.diagnostics import Diagnostic
from rules_engine.values.quantities import Duration, format_duration
from rules_engine.values.text import escape
from rules_engine.values.vocabulary import FileType, Place


def lint_whole(rule: Rule, policies: PolicySet, sources: Mapping[str, str]) -> Iterator[Diagnostic]:
    """Warnings about the ranks and the unit of one rule."""
    yield from _without_place(rule, policies, sources)
    if rule.unit is Unit.DIRECTORY:
        yield from _takes_everything(rule)
    if rule.unit is Unit.WORKSPACE:
        yield from _is_not_cleaned(rule, policies, sources)
        for other in policies.file_rules:
            yield from _meets(rule, other, sources)


def _without_place(rule: Rule, policies: PolicySet, sources: Mapping[str, str]) -> Iterator[Diagnostic]:
    """A parameter of `per` that some of the job types do not have."""
    for name in rule.jobs.per:
        without = [one.job_type for one in layouts_of(rule, policies) if name not in dict(one.parameters)]
        if without:
            named = ", ".join(f"`{escape(one)}`" for one in without)
            message = f"jobs of type {named} have no `{name}`, so rule `{rule.name}` gives them no place: they stay"
            yield warning("W513", message, find_text(rule, "per:", sources), "name the types that have it in `type`")


def _takes_everything(rule: Rule) -> Iterator[Diagnostic]:
    lines = rule.files.match.lines if rule.files.match is not None else ()
    ways = [[one for one in way if one is not None] for line in lines for way in line.alternatives]
    if any(line.negated for line in lines) or rule.files.exclude is not None or [ANY_NAME] not in ways:
        return
    message = f"rule `{rule.name}` takes every directory whole in which no file has an owner"
    yield warning("W501", message, rule.span, 'narrow it, such as by `match: ["/renders/*/"]`')


def _is_not_cleaned(rule: Rule, policies: PolicySet, sources: Mapping[str, str]) -> Iterator[Diagnostic]:
    """`cleanup.file_types` keeps the files of all other types, and a file that is kept keeps the workspace."""
    taken = policies.settings.cleanup.file_types
    if taken is None:
        return
    types = {FileType.UNDECLARED, *_temporary(rule, policies)}
    left = ", ".join(f"`{escape(one)}`" for one in sorted(types - taken))
    if left:
        message = (
            f"rule `{rule.name}` leaves a workspace whole that holds {left}: `cleanup.file_types` keeps such files"
        )
        origin = policies.settings.origins.get("cleanup.file_types")
        span = find_text(rule, "unit:", sources)
        yield warning("W512", message, span, "add them to `cleanup.file_types`", (origin, "`file_types` is set here"))


def _temporary(rule: Rule, policies: PolicySet) -> Iterator[FileType]:
    for layout in layouts_of(rule, policies):
        for directory in layout.directories:
            if directory.place is Place.WORKSPACE:
                yield from directory.holds


def _meets(unit: Rule, other: Rule, sources: Mapping[str, str]) -> Iterator[Diagnostic]:
    """A file rule that selects every temporary file of the same workspaces, and does not wait as long as the unit."""
    pairs = _waits(unit, other)
    longer = max((pair for pair in pairs if pair[1] > pair[0]), default=None, key=lambda one: one[1])
    related = (other.span, "this rule is about the files")
    span = find_text(unit, "after:", sources)
    if longer is not None:
        message = (
            f"rule `{other.name}` delays rule `{unit.name}`: a unit waits for every file rule that selects "
            f"something in it, here {format_duration(longer[1])}"
        )
        help_text = f"let rule `{unit.name}` wait as long, or narrow rule `{other.name}`"
        yield warning("W505", message, span, help_text, related)
    elif pairs and all(own > files for own, files in pairs):
        message = (
            f"rule `{unit.name}` finds no workspace with files: "
            f"rule `{other.name}` takes all that is temporary in it after {format_duration(pairs[0][1])}"
        )
        help_text = f"let rule `{unit.name}` wait no longer than rule `{other.name}`, or remove one of them"
        yield warning("W512", message, span, help_text, related)


def _waits(unit: Rule, other: Rule) -> list[tuple[Duration, Duration]]:
    """What the unit and the file rule wait, status by status; empty unless the file rule selects all in it."""
    if not _is_about_all_of(unit, other) or unit.after is None or other.after is None:
        return []
    statuses = sorted(unit.jobs.statuses or ())
    if other.jobs.statuses is None or not other.jobs.statuses.issuperset(statuses):
        return []
    pairs = [(unit.after.of(status), other.after.of(status)) for status in statuses]
    return [(own, files) for own, files in pairs if own is not None and files is not None]


def _is_about_all_of(unit: Rule, other: Rule) -> bool:
    """Whether the file rule acts on every temporary file of each job whose workspace the unit rule takes."""
    files, jobs = other.files, other.jobs
    acts = other.is_removal and not other.report_only and not other.otherwise and not unit.report_only
    every_job = not jobs.ranks and not jobs.parameters
    every_type = jobs.types is None or (unit.jobs.types is not None and unit.jobs.types <= jobs.types)
    every_file = (files.match, files.exclude, files.types, files.larger_than, files.smaller_than) == (None,) * 5
    same_clock = other.since in {None, Since.FINISHED}
    in_workspace = files.place is not Place.OUTPUT and files.tracked is not Tracked.UNTRACKED
    return acts and every_job and every_type and every_file and same_clock and in_workspace
