"""From the old name of a path to the real one: the aliases of layouts, read backwards."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from rules_engine.errors import InvalidValueError
from rules_engine.manifest.model import JobRecord
from rules_engine.plan.layouts import directory_path
from rules_engine.policy.model import Alias, Layout, LayoutDirectory, PolicySet
from rules_engine.policy.templates import Template
from rules_engine.values.paths import RelPath, ancestors, join, parse_relpath
from rules_engine.values.text import escape
from rules_engine.values.vocabulary import Place

_FIELD: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}", re.ASCII)


def resolve_alias(path: RelPath, policies: PolicySet, jobs: Callable[[], Iterable[JobRecord]]) -> RelPath:
    """The real path behind `path`; itself where no alias is at or above it, or one that no job has.

    `jobs` is asked only where an alias does not say enough to tell where the job works.

    Raises:
        InvalidValueError: when the alias could stand for several paths.
    """
    for at in (path, *ancestors(path)):
        found = {
            real
            for layout in policies.layouts.values()
            for alias in layout.aliases
            if alias.path.fits(at)
            for real in _targets(at, alias, layout, jobs)
        }
        if len(found) == 1:
            return RelPath(f"{found.pop()}{path[len(at) :]}")
        if found:
            several = ", ".join(f"`{escape(one)}`" for one in sorted(found))
            raise InvalidValueError("alias", escape(at), f"could stand for {several}; name one of them")
    return path


def _targets(at: RelPath, alias: Alias, layout: Layout, jobs: Callable[[], Iterable[JobRecord]]) -> Iterable[RelPath]:
    """What an alias of that name stands for."""
    directory = layout.directory(alias.directory)
    if directory is None:  # pragma: no cover - loading has checked that an alias names a directory
        return
    values = _read(alias.path, at)
    base = layout.workspace if directory.place is Place.WORKSPACE else layout.output
    if values is not None and set(base.fields) <= values.keys():
        yield join(parse_relpath(base.fill(values)), directory.name)
        return
    # The name alone does not tell. The jobs that have the alias do: their paths were settled when they started.
    yield from _of_jobs(at, layout, directory, jobs())


def _of_jobs(at: RelPath, layout: Layout, directory: LayoutDirectory, jobs: Iterable[JobRecord]) -> Iterable[RelPath]:
    for job in jobs:
        if job.job_type == layout.job_type and at in job.aliases:
            yield directory_path(directory, job)


def _read(template: Template, text: str) -> Mapping[str, str] | None:
    """The values of the fields with which the template makes `text`; None where several would do."""
    longest, shortest = (_match(template, text, one) for one in ("[^/]+", "[^/]+?"))
    return longest if longest == shortest else None


def _match(template: Template, text: str, any_name: str) -> Mapping[str, str] | None:
    parts: list[str] = []
    end = 0
    seen: set[str] = set()
    for found in _FIELD.finditer(template.text):
        name = found[1]
        parts.append(re.escape(template.text[end : found.start()]))
        parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>{any_name})")
        seen.add(name)
        end = found.end()
    parts.append(re.escape(template.text[end:]))
    matched = re.fullmatch("".join(parts), text, re.DOTALL)
    return matched.groupdict() if matched else None
