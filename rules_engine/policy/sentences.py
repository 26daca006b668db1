"""Each rule in English, with what it does not say filled in."""

from collections.abc import Iterable, Sequence

from rules_engine.policy.model import (
    Action,
    After,
    FileSelector,
    Guarantee,
    JobSelector,
    PolicySet,
    Rule,
    Since,
    Tracked,
    Unit,
)
from rules_engine.policy.patterns import PatternList
from rules_engine.values.quantities import FOREVER, Duration, format_duration, format_size
from rules_engine.values.text import escape
from rules_engine.values.vocabulary import CleanupPolicy, JobStatus, Place

_VERBS = {Action.KEEP: "keeps", Action.TRASH: "moves to the trash", Action.DELETE: "deletes"}
_WOULD = {Action.KEEP: "would keep", Action.TRASH: "would move to the trash", Action.DELETE: "would delete"}


def sentence(rule: Rule) -> str:
    """One sentence on what the rule does, to which files, and when; it ends in a full stop."""
    verb = f"only reports what it {_WOULD[rule.action]}:" if rule.report_only else _VERBS[rule.action]
    begin = f"`{rule.name}` {verb}"
    if rule.after is not None and not rule.decides_files:
        return f"{begin} {_directories(rule, rule.after)}."
    parts = [f"{begin} {_subject(rule)}"]
    parts += _where(rule.files)
    text = " ".join(parts).removesuffix(",")
    if rule.after is None:
        return f"{text}, {_how_long(rule)}."
    if rule.files.tracked is not Tracked.TRACKED and not rule.deliverables:
        text += ", unless named like a deliverable"
    ending = _when(rule, rule.after)
    if rule.otherwise:
        ending += ", where no removal rule without `otherwise` selects the file"
    return f"{text}, {ending}."


def promise(guarantee: Guarantee) -> str:
    """One sentence on what no rule removes; it ends in a full stop."""
    rule = guarantee.rule
    which = " ".join([_subject(rule).removeprefix("all "), *_where(rule.files)]).removesuffix(",")
    if rule.keep_for is None:
        return f"Guarantee `{guarantee.name}`: no rule ever removes {which}."
    until = f"{format_duration(rule.keep_for)} after {_clock(rule)}"
    return f"Guarantee `{guarantee.name}`: no rule removes {which} until {until}."


def sentences(policies: PolicySet) -> tuple[str, ...]:
    """A sentence a rule, in the order of their names, then what the settings say of every rule, then the guarantees."""
    cleanup = policies.settings.cleanup
    said = [sentence(rule) for rule in policies.rules]
    said += [_built_in(cleanup), _shield(cleanup)]
    if not cleanup.enabled:
        said.append("Nothing is removed while `cleanup.enabled` is false: every plan keeps everything.")
    if cleanup.debug_mode_disables:
        now = " It is on now." if policies.settings.debug else ""
        said.append(f"Nothing is removed in debug mode: every plan keeps everything.{now}")
    said += [promise(guarantee) for guarantee in policies.guarantees]
    return tuple(one for one in said if one)


def _directories(rule: Rule, after: After) -> str:
    """Which directories go, when, and what keeps them."""
    wait = format_duration(after.always) if after.always is not None else _by_status(after)
    if rule.directories is not None:
        parts = _patterns_of(rule.directories.match, rule.directories.exclude)
        return f"{' '.join(['empty directories', *parts])}, the deepest first, {wait} after their last change"
    if rule.unit is Unit.WORKSPACE:
        which = f"the whole workspaces of {_jobs(rule.jobs)}"
        when = "the end of the job or, if later, the last change of a file in it"
        holds = [] if rule.deliverables else ["a deliverable"]
    else:
        which = " ".join(["whole directories", *_patterns_of(rule.files.match, rule.files.exclude)])
        when = "the last change of a file in it"
        holds = ["a file with an owner", *([] if rule.deliverables else ["a file named like a deliverable"])]
    holds.append("anything that is kept or waits")
    return f"{which}, {wait} after {when}; one that holds {_join(holds, 'or')} stays whole"


def _patterns_of(match: PatternList | None, exclude: PatternList | None) -> list[str]:
    parts = [f"that match {_patterns(match)}"] if match is not None else []
    return [*parts, f"but not {_patterns(exclude)}"] if exclude is not None else parts


def _subject(rule: Rule) -> str:
    """What kind of files, of whom."""
    owned = f"{_kind(rule)} of {_jobs(rule.jobs)}"
    files = rule.files
    if files.tracked is Tracked.UNTRACKED:
        return "files without an owner"
    # A file without an owner has no type.
    if files.tracked is Tracked.TRACKED or files.types is not None:
        return owned
    if rule.jobs == JobSelector() and not rule.is_removal:
        return "all files, with an owner or without,"
    return f"{owned}, and files without an owner,"


def _kind(rule: Rule) -> str:
    if rule.files.types is not None:
        kind = f"files of type {_either(sorted(rule.files.types))}"
        return kind if rule.deliverables or not rule.is_removal else f"temporary {kind}"
    if not rule.is_removal:
        return "all files"
    return "temporary files and deliverables" if rule.deliverables else "temporary files"


def _jobs(jobs: JobSelector) -> str:
    statuses = "" if jobs.statuses is None else f"{_join(_status_order(jobs.statuses), 'or')} "
    types = f"{_either(sorted(jobs.types))} " if jobs.types is not None else ""
    text = f"{statuses}{types}{'job' if jobs.newest == 1 or jobs.beyond_newest == 1 else 'jobs'}"
    if jobs.statuses is None and jobs.types is None and not jobs.ranks:
        text = "any job"
    values = [f"`{name}` is {_either(sorted(allowed))}" for name, allowed in jobs.parameters]
    text = f"{text} whose {_join(values, 'and')}" if values else text
    number = jobs.newest or jobs.beyond_newest
    if number is None:
        return text
    newest = f"the newest {f'{number} ' if number > 1 else ''}{text}{_groups(jobs)}"
    return newest if jobs.newest is not None else f"all but {newest}"


def _groups(jobs: JobSelector) -> str:
    """What is counted together: the job type is always said, unless there is only one."""
    one_type = jobs.types is not None and len(jobs.types) == 1
    groups = [*([] if one_type else ["type"]), *(f"`{name}`" for name in jobs.per)]
    return f" for each {_join(groups, 'and')}" if groups else ""


def _status_order(statuses: Iterable[JobStatus]) -> list[str]:
    return [status.value for status in JobStatus if status in frozenset(statuses)]


def _where(files: FileSelector) -> list[str]:
    """Where the files lie, what they are called, and how large they are."""
    parts: list[str] = []
    if files.place is not None:
        parts.append("in a workspace" if files.place is Place.WORKSPACE else "in an output")
    parts += _patterns_of(files.match, files.exclude)
    if files.larger_than is not None:
        parts.append(f"larger than {format_size(files.larger_than)}")
    if files.smaller_than is not None:
        parts.append(f"smaller than {format_size(files.smaller_than)}")
    return parts


def _patterns(patterns: PatternList) -> str:
    if any(line.negated for line in patterns.lines):
        return f"{_join([f'`{escape(text)}`' for text in patterns.texts], 'then')} (the last one that matches decides)"
    return _either(patterns.texts)


def _when(rule: Rule, after: After) -> str:
    """From when on a removal is due."""
    if after.always is not None:
        return f"{format_duration(after.always)} after {_clock(rule)}"
    return f"{_by_status(after)}, counted from {_clock(rule)}"


def _by_status(after: After) -> str:
    waits = sorted(after.by_status, key=lambda one: [*JobStatus].index(one[0]))
    return _join([f"{format_duration(wait)} for a {status} job" for status, wait in waits], "and")


def _clock(rule: Rule) -> str:
    match rule.since, rule.files.tracked:
        case Since.WRITTEN, _:
            return "the time that the file carries (mtime alone)"
        case (Since.CHANGED, _) | (None, Tracked.UNTRACKED):
            return "the last change of the file"
        case None, Tracked.ANY:
            return "the end of the job (a file without an owner: its last change)"
        case _:
            return "the end of the job, or the change of the file after it"


def _how_long(rule: Rule) -> str:
    if rule.keep_for is None:
        return "always"
    return f"for at least {format_duration(rule.keep_for)} after {_clock(rule)}; then other rules may act"


def _built_in(cleanup: CleanupPolicy) -> str:
    """What happens to temporary files that no rule selects."""
    kind = "temporary files"
    if cleanup.file_types is not None:
        kind = f"temporary files of type {_either(sorted(cleanup.file_types))}"
    failed = Duration(max(cleanup.retention, cleanup.preserve_on_failure))
    ending = (
        "those of a failed job stay" if failed >= FOREVER else f"{format_duration(failed)} after that of a failed one"
    )
    wait = format_duration(cleanup.retention)
    return f"Where no rule selects: {kind} are deleted {wait} after the end of a completed job; {ending}."


def _shield(cleanup: CleanupPolicy) -> str:
    """What every rule waits for after a failure; empty where it is nothing."""
    if not cleanup.preserve_on_failure:
        return ""
    until = _end_of(cleanup.preserve_on_failure)
    return f"Whatever a rule says: files of a failed or abandoned job stay {until}, those of a running job always."


def _end_of(shield: Duration) -> str:
    return "for ever" if shield >= FOREVER else f"until {format_duration(shield)} after its end"


def _either(words: Sequence[str]) -> str:
    return _join([f"`{escape(word)}`" for word in words], "or")


def _join(words: Sequence[str], link: str) -> str:
    """The words as a list in English."""
    if len(words) <= 1:
        return "".join(words)
    return f"{', '.join(words[:-1])} {link} {words[-1]}"
