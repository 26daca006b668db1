"""What is said of guarantees: in one sentence what breaks one, and the diagnostics of those that do not hold."""

from collections.abc import Iterable, Iterator
from typing import Final, assert_never

from rules_engine.analysis.guarantees import Answer, Broken, NotKnown, Proved
from rules_engine.analysis.situation import Situation
from rules_engine.policy.built_in import BUILT_IN
from rules_engine.policy.model import Action, PolicySet, Rule
from rules_engine.values.diagnostics import Diagnostic, Severity, Span
from rules_engine.values.quantities import format_duration
from rules_engine.values.text import escape, plural

_VERBS: Final = {Action.TRASH: "goes to the trash", Action.DELETE: "is deleted", Action.KEEP: "stays"}


def describe(broken: Broken) -> str:
    """One line: which file goes, how, and when."""
    whole = " with its directory" if broken.whole else ""
    verb = f"{_VERBS[broken.taken.removal.action]}{whole}"
    return f"`{escape(broken.situation.path)}`, {broken.situation.words}, {verb} {when(broken)}"


def when(broken: Broken) -> str:
    """How old the file is when it goes; by which of its times, where only that one is young."""
    age, last = broken.taken.age, _last_times(broken.situation)
    if len(last) > 1 or broken.guarantee.rule.keep_for is None:
        return f"once it is {format_duration(age)} old" if age else "at once"
    after = f"{format_duration(age)} after {last[0]}" if age else f"at {last[0]} already"
    return f"{after}, being older by its other times"


def _last_times(situation: Situation) -> list[str]:
    """The times from which the age of the file is said."""
    file, job = situation.file, situation.job
    times = (
        ("the end of its job", job.ended if job is not None else None),
        ("its last writing (mtime)", file.mtime_ns),
        ("its last change (ctime)", file.ctime_ns),
    )
    return [name for name, time in times if time == situation.born]


def rules_of(broken: Broken, policies: PolicySet) -> tuple[tuple[Span | None, str], ...]:
    """Each rule that takes the file, with its place."""
    by_name = {rule.name: rule for rule in policies.rules}
    return tuple(_place_of(name, by_name.get(name)) for name in broken.taken.removal.rules)


def _place_of(name: str, rule: Rule | None) -> tuple[Span | None, str]:
    if rule is not None:
        return rule.span, f"rule `{name}` takes it"
    return None, f"`{BUILT_IN}` takes it: temporary files of ended jobs, where no rule selects"


def diagnostics_of(answers: Iterable[Answer], policies: PolicySet) -> Iterator[Diagnostic]:
    """What `rules check` says of guarantees: those that are broken, not known to hold, or about nothing."""
    for answer in answers:
        name, rule = answer.guarantee.name, answer.guarantee.rule
        match answer:
            case Broken():
                yield Diagnostic(
                    "P432",
                    f"guarantee `{name}` is broken: {describe(answer)}",
                    rule.span,
                    _help(rule),
                    related=rules_of(answer, policies),
                )
            case NotKnown(states=states):
                message = f"guarantee `{name}` is not known to hold: {plural(states, 'state')} were not enough"
                yield Diagnostic("P433", message, rule.span, "give more with `--budget`, or write simpler patterns")
            case Proved(kinds=kinds) if kinds:
                pass
            case Proved():
                message = f"guarantee `{name}` speaks of no file that a rule could reach"
                help_text = "look for words that exclude each other, such as a type and a place where it never lies"
                yield Diagnostic("W514", message, rule.span, help_text, Severity.WARNING)
            case _:
                assert_never(answer)


def _help(rule: Rule) -> str:
    narrow = "let the rule wait longer" if rule.keep_for is not None else "narrow the rule"
    return f"{narrow}, or write a keep rule with the words of this guarantee"
