"""Where layouts put the files of jobs, as patterns beside those of rules, and the job that a path speaks of."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from typing import Final

from rules_engine.policy.gitignore import Line
from rules_engine.policy.templates import Template
from rules_engine.policy.wildmatch import Component, parse_component
from rules_engine.values.paths import RelPath, ancestors

_FIELD: Final = re.compile(r"\{([a-z][a-z0-9_]*)(?::[^{}]*)?\}", re.ASCII)
_REMEMBERED: Final = 256
"""Patterns of templates that are not made anew: many questions are asked about the same layouts."""
_SPECIAL: Final = re.compile(r"([*?\[\\])")


@dataclass(frozen=True)
class Home:
    """The workspaces, or the outputs, of the jobs with some parameters."""

    template: Template
    given: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Parameters that have one of these values."""
    other: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Parameters that have none of these values."""

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """A list of patterns that selects what lies below such a directory."""
        return (_directories(self.template, self.given),)

    @cached_property
    def others(self) -> tuple[tuple[Line, ...], ...]:
        """Lists that select what lies below the directory of a job with a value that `other` names.

        A field that shares its component with something else is left out: more than one value could spell it.
        """
        whole = set(self.template.text.split("/"))
        named = ((name, values) for name, values in self.other if any(part in whole for part in _spellings(name, self)))
        return tuple((_directories(self.template, (*self.given, (name, values))),) for name, values in named)

    def find(self, path: RelPath) -> tuple[RelPath, Mapping[str, str]] | None:
        """The directory above `path` that is such a home, and the values that it spells; None where there is none."""
        other = dict(self.other)
        for above in ancestors(path):
            found = self._shape.fullmatch(above)
            if found is not None:
                spelled = found.groupdict().items()
                return above, {name: value for name, value in spelled if value not in other.get(name, ())}
        return None

    @cached_property
    def _shape(self) -> re.Pattern[str]:
        given, seen, end = dict(self.given), set[str](), 0
        parts: list[str] = []
        for field in _FIELD.finditer(self.template.text):
            name = field[1]
            parts.append(re.escape(self.template.text[end : field.start()]))
            any_of = "|".join(re.escape(one) for one in given[name]) if name in given else "[^/]*"
            # A field that stands twice is told by its first place.
            parts.append(f"(?:{any_of})" if name in seen else f"(?P<{name}>{any_of})")
            seen.add(name)
            end = field.end()
        return re.compile("".join([*parts, re.escape(self.template.text[end:])]), re.DOTALL)


def _spellings(name: str, home: Home) -> list[str]:
    return [one[0] for one in _FIELD.finditer(home.template.text) if one[1] == name]


@lru_cache(_REMEMBERED)
def _directories(template: Template, given: tuple[tuple[str, tuple[str, ...]], ...]) -> Line:
    return Line(
        negated=False,
        only_directories=True,
        reaches_below=True,
        alternatives=_ways(template, dict(given)),
        simple=template.text,
    )


@lru_cache(_REMEMBERED)
def names_line(template: Template) -> Line | None:
    """A pattern for files whose name the template can make, wherever they lie; None where no name can be."""
    if "/" in template.text:
        return None
    return Line(
        negated=False,
        only_directories=False,
        reaches_below=False,
        alternatives=tuple((None, *way) for way in _ways(template, {})),
        simple=template.text,
    )


def _ways(template: Template, given: Mapping[str, tuple[str, ...]]) -> tuple[tuple[Component | None, ...], ...]:
    """Each way to fill the parameters that are given, as components; every other field is `*`."""
    names = [name for name in dict.fromkeys(template.fields) if name in given]
    ways: list[tuple[Component | None, ...]] = []
    for values in product(*(given[name] for name in names)):
        chosen = dict(zip(names, values, strict=True))
        ways.append(tuple(_component(part, chosen) for part in template.text.split("/")))
    return tuple(ways)


def _component(part: str, chosen: Mapping[str, str]) -> Component:
    pieces: list[str] = []
    end = 0
    for field in _FIELD.finditer(part):
        pieces.append(_literal(part[end : field.start()]))
        pieces.append(_literal(chosen[field[1]]) if field[1] in chosen else "*")
        end = field.end()
    text = "".join([*pieces, _literal(part[end:])])
    return parse_component(text.encode("utf-8", "surrogateescape").decode("latin-1"), part)[0]


def _literal(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
