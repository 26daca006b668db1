"""What is legal but odd about single patterns."""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Final

from rules_engine.policy.gitignore import Line
from rules_engine.policy.model import PolicySet, Rule
from rules_engine.policy.nametest import matches
from rules_engine.policy.patterns import PatternList
from rules_engine.policy.reach import layouts_of, path_of
from rules_engine.policy.wildmatch import Component
from rules_engine.values.diagnostics import Diagnostic, Severity, Span
from rules_engine.values.text import escape
from rules_engine.values.vocabulary import Place

_WORD: Final = re.compile(r"(?<!\\)\[([A-Za-z0-9][A-Za-z0-9 _.]{2,})\]")
_FIELD: Final = re.compile(r"\{[^{}]*\}")


def lint_patterns(rule: Rule, policies: PolicySet, sources: Mapping[str, str]) -> Iterator[Diagnostic]:
    """Warnings about the patterns of one rule."""
    selector = rule.directories
    match, exclude = (selector.match, selector.exclude) if selector else (rule.files.match, rule.files.exclude)
    for patterns in (match, exclude):
        for index, text in enumerate(patterns.texts if patterns is not None else ()):
            yield from _bracket_words(rule, text, sources)
            yield from _host_path(rule, text, policies, sources)
            if patterns is not None and patterns is match:
                yield from _match(rule, patterns, index, policies, sources)


def warning(code: str, message: str, span: Span, help_text: str, *related: tuple[Span | None, str]) -> Diagnostic:
    """A diagnostic that refuses nothing."""
    return Diagnostic(code, message, span, help_text, Severity.WARNING, related)


def _match(
    rule: Rule, patterns: PatternList, index: int, policies: PolicySet, sources: Mapping[str, str]
) -> Iterator[Diagnostic]:
    text, line = patterns.texts[index], patterns.lines[index]
    span = find_text(rule, text, sources)
    if line.negated:
        yield from _negation(rule, patterns, index, policies, span)
        return
    if rule.files.place is not None and not _can_lie_in(line, rule, rule.files.place, policies):
        message = f"`{escape(text)}` matches nothing in the {rule.files.place} of a job, where rule `{rule.name}` looks"
        yield warning("W504", message, span, _places_help(rule, rule.files.place, policies))
    if rule.is_removal and not line.reaches_below and _is_directory_of_layouts(line, policies):
        message = f"`{escape(text)}` takes a file of that name, and nothing that lies below such a directory"
        yield warning("W511", message, span, f"write `{escape(text)}/` to take what lies below")


def _negation(rule: Rule, patterns: PatternList, index: int, policies: PolicySet, span: Span) -> Iterator[Diagnostic]:
    shown = escape(patterns.texts[index])
    if all(line.negated for line in patterns.lines[:index]):
        message = f"`{shown}` stands before every pattern that it could narrow, so it does nothing"
        yield warning("W510", message, span, "move it behind them: the last pattern that matches decides")
        return
    path = path_of(patterns.lines[index])
    keepers = (one.files.match for one in policies.keep_rules)
    if any(match is None or match.match(path) is not None for match in keepers):
        return
    message = f"`{shown}` holds back rule `{rule.name}` alone; any other rule may take such files"
    yield warning("W509", message, span, f"write a keep rule that matches `{shown[1:]}`")


def _bracket_words(rule: Rule, text: str, sources: Mapping[str, str]) -> Iterator[Diagnostic]:
    """Brackets around what reads as a word: a set of characters is written in order, a word hardly ever is."""
    for found in _WORD.finditer(text):
        word = found[1]
        if all(one < other for one, other in pairwise(word)):
            continue
        message = f"`[{word}]` matches one of these characters, not the text `[{word}]`"
        help_text = f"write `\\[{word}\\]` for the text, with each `\\` doubled between double quotes"
        yield warning("W507", message, find_text(rule, text, sources), help_text)


def _host_path(rule: Rule, text: str, policies: PolicySet, sources: Mapping[str, str]) -> Iterator[Diagnostic]:
    root = policies.settings.root
    path = text.removeprefix("!")
    if root is None or not (path == root or path.startswith(f"{root}/")):
        return
    below = path.removeprefix(root) or "/**"
    message = f"`{escape(text)}` begins with the path of the root, so it matches nothing; patterns begin at the root"
    yield warning("W504", message, find_text(rule, text, sources), f"write `{escape(below)}`")


def _can_lie_in(line: Line, rule: Rule, place: Place, policies: PolicySet) -> bool:
    """Whether the pattern can match below a workspace or output, judged by its components from the root down."""
    layouts = layouts_of(rule, policies)
    templates = [(one.workspace if place is Place.WORKSPACE else one.output).text for one in layouts]
    return not templates or any(_meets(way, text.split("/")) for way in line.alternatives for text in templates)


def _meets(way: tuple[Component | None, ...], parts: list[str]) -> bool:
    for component, part in zip(way, parts, strict=False):
        if component is None:
            return True
        if "{" not in part and not matches(component, part):
            return False
    return True


def _places_help(rule: Rule, place: Place, policies: PolicySet) -> str:
    layouts = layouts_of(rule, policies)
    templates = sorted({(one.workspace if place is Place.WORKSPACE else one.output).text for one in layouts})
    return f"{place}s lie at {', '.join(f'`/{one}`' for one in templates)}: drop `in`, or the pattern"


def _is_directory_of_layouts(line: Line, policies: PolicySet) -> bool:
    last = line.alternatives[0][-1]
    names = {
        name
        for layout in policies.layouts.values()
        for text in (layout.workspace.text, layout.output.text, *(one.name for one in layout.directories))
        for name in text.split("/")
        if not _FIELD.search(name)
    }
    return last is not None and last.is_plain and last.examples[0] in names


def find_text(rule: Rule, text: str, sources: Mapping[str, str]) -> Span:
    """Where a text stands within a rule; the rule itself where it cannot be found."""
    lines = sources.get(rule.span.file, "").splitlines()
    for number in range(rule.span.line, min(rule.span.end_line, len(lines)) + 1):
        column = lines[number - 1].find(text)
        if column >= 0:
            return Span(rule.span.file, number, column + 1, number, column + 1 + len(text))
    return rule.span
