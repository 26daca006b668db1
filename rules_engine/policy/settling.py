"""Where one job lives: the parameters of its layout filled in, and every path that follows from them."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from rules_engine.errors import InvalidValueError
from rules_engine.filesystem.root import STATE
from rules_engine.policy.model import Layout
from rules_engine.policy.templates import Template, parse_template
from rules_engine.values.paths import LONGEST_NAME, RelPath, parse_relpath, to_bytes
from rules_engine.values.text import escape
from rules_engine.values.vocabulary import JobId, JobStatus

_STATUSES = (JobStatus.RUNNING, JobStatus.COMPLETED, JobStatus.FAILED)


@dataclass(frozen=True, slots=True)
class SettledPaths:
    """Every path of one job, and the parameters that they were made from."""

    parameters: Mapping[str, str]
    """In the order of the layout, each with the value given or its default."""
    workspace: RelPath
    output: RelPath
    status_links: Mapping[JobStatus, RelPath]
    """The path of the status link while the job has that status; empty where the layout has no status view."""
    aliases: tuple[RelPath, ...]
    """In the order of the layout's aliases."""


def settle(layout: Layout, job_id: JobId, given: Mapping[str, str]) -> SettledPaths:
    """The paths of a job of this layout.

    Raises:
        InvalidValueError: for a parameter or a path that cannot be one; nothing is mended silently.
    """
    parameters = _parameters(layout, job_id, given)
    values = {**parameters, "job_id": job_id}
    status = layout.status
    return SettledPaths(
        parameters,
        _path(layout.workspace, values),
        _path(layout.output, values),
        {one: _path(status, {**values, "status": one}) for one in _STATUSES} if status else {},
        tuple(_path(alias.path, values) for alias in layout.aliases),
    )


def _parameters(layout: Layout, job_id: JobId, given: Mapping[str, str]) -> dict[str, str]:
    known = [name for name, _ in layout.parameters]
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean `{near[0]}`?" if near else f"it has: {', '.join(known) or 'none'}"
            raise InvalidValueError("parameter", escape(name), f"is none of layout `{layout.job_type}`; {hint}")
    filled: dict[str, str] = {}
    for name, default in layout.parameters:
        value = given.get(name)
        if value is None:
            value = _default(layout, name, default, {**filled, "job_id": job_id})
        _check_component(name, value)
        filled[name] = value
    return filled


def _default(layout: Layout, name: str, default: str | None, values: Mapping[str, str]) -> str:
    if default is None:
        raise InvalidValueError("parameter", name, f"of layout `{layout.job_type}` has no default; give it a value")
    return parse_template(default).fill(values)


def _check_component(name: str, value: str) -> None:
    # It becomes a directory name, and must not climb, split or vanish in a path.
    what = f"value of parameter `{name}`"
    if value in {"", ".", "..", STATE} or "/" in value or "\0" in value:
        raise InvalidValueError(what, escape(value), "is not one path component")
    if len(to_bytes(value)) > LONGEST_NAME:
        raise InvalidValueError(what, escape(value), f"is longer than {LONGEST_NAME} bytes")


def _path(template: Template, values: Mapping[str, str]) -> RelPath:
    path = parse_relpath(template.fill(values))
    if STATE in path.split("/"):
        raise InvalidValueError("path", escape(path), f"leads into `{STATE}`, the state of a root")
    return path
