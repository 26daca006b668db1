"""The options that narrow a plan after all decisions: by path, rule, job and type."""

import functools
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final, TypeAlias

import click
import msgspec

from rules_engine.errors import InvalidValueError
from rules_engine.plan.given import Ask
from rules_engine.policy.built_in import BUILT_IN
from rules_engine.policy.findings import suggest
from rules_engine.policy.model import PolicySet
from rules_engine.policy.patterns import PatternError, PatternList, Reading, parse_patterns
from rules_engine.values.vocabulary import FileType, JobId, RuleName

_Texts: TypeAlias = tuple[str, ...]

_OPTIONS: Final = (
    ("--only", "only", "PATTERN", "Only steps on paths that it matches, read as in a removal rule."),
    ("--except", "leave", "PATTERN", "No steps on paths that it matches, read as in `except`."),
    ("--rule", "rules", "NAME", "Only steps that this rule is a reason for; `settings.cleanup` is one."),
    ("--job", "jobs", "ID", "Only steps on what this job owns."),
    ("--type", "types", "TYPE", "Only steps on files of this type."),
)


class Narrowed(msgspec.Struct, frozen=True):
    """What a command line narrows a plan to; nothing said is everything."""

    only: PatternList | None = None
    leave: PatternList | None = None
    rules: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    types: tuple[str, ...] = ()

    def ask(self, ask: Ask, policies: PolicySet, jobs: Iterable[str]) -> Ask:
        """The same call, narrowed; `jobs` are all that manifests tell of.

        Raises:
            InvalidValueError: for a rule, job or type that nobody knows: a slip would narrow the plan to nothing.
        """
        rules = {BUILT_IN, *(rule.name for rule in policies.rules)}
        held = {one for layout in policies.layouts.values() for each in layout.directories for one in each.holds}
        _check("rule", self.rules, rules)
        _check("job", self.jobs, jobs if self.jobs else ())
        _check("type", self.types, {FileType.UNDECLARED, *held})
        return replace(
            ask,
            only=self.only,
            leave=self.leave,
            rules=frozenset(map(RuleName, self.rules)) if self.rules else None,
            jobs=frozenset(map(JobId, self.jobs)) if self.jobs else None,
            types=frozenset(map(FileType, self.types)) if self.types else None,
        )

    def __bool__(self) -> bool:
        """Whether anything was said."""
        return self != Narrowed()


def narrowing_options(command: Callable[..., object]) -> Callable[..., object]:
    """Add `--only`, `--except`, `--rule`, `--job` and `--type`; the command gets them as one `narrowed`."""

    @functools.wraps(command)
    def reading(*, only: _Texts, leave: _Texts, rules: _Texts, jobs: _Texts, types: _Texts, **others: Any) -> object:
        narrowed = Narrowed(_patterns(only, Reading.NARROW), _patterns(leave, Reading.WIDE), rules, jobs, types)
        return command(narrowed=narrowed, **others)

    narrowing: Callable[..., object] = reading
    for flag, name, metavar, text in reversed(_OPTIONS):
        help_text = f"{text} May be given more than once."
        narrowing = click.option(flag, name, multiple=True, metavar=metavar, help=help_text)(narrowing)
    return narrowing


def _patterns(texts: _Texts, reading: Reading) -> PatternList | None:
    try:
        return parse_patterns(texts, reading) if texts else None
    except PatternError as err:
        raise click.UsageError(f"{err}\n  help: {err.help_text}") from err


def _check(what: str, said: Iterable[str], known: Iterable[str]) -> None:
    names = frozenset(map(str, known))
    for one in said:
        if one not in names:
            raise InvalidValueError(what, one, f"is not known; {suggest(one, names, f'there is no {what}')}")
