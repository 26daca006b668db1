"""From a layout and what a caller gives to the request that starts a job: every path settled and checked."""

import difflib
import secrets
from collections.abc import Mapping

from rules_engine.errors import ExitCode, InvalidValueError, RulesError
from rules_engine.filesystem.root import STATE
from rules_engine.manifest.log import check_job_id
from rules_engine.manifest.request import StartRequest
from rules_engine.policy.model import Layout, PolicySet
from rules_engine.policy.templates import Template, parse_template
from rules_engine.values.paths import LONGEST_NAME, RelPath, parse_relpath, to_bytes
from rules_engine.values.quantities import Duration, Instant, instant_to_datetime
from rules_engine.values.text import escape
from rules_engine.values.vocabulary import CleanupPolicy, JobId, JobStatus, JobType

_STATUSES = (JobStatus.RUNNING, JobStatus.COMPLETED, JobStatus.FAILED)


class NoLayoutError(RulesError):
    """A job is of a type that no layout has."""

    exit_code = ExitCode.USAGE

    def __init__(self, job_type: str, known: tuple[str, ...]) -> None:
        super().__init__(job_type, known)
        self.job_type = job_type
        self.known = known

    def __str__(self) -> str:
        near = difflib.get_close_matches(self.job_type, self.known, 1)
        help_text = f"did you mean `{near[0]}`?" if near else f"there are: {', '.join(self.known) or 'none'}"
        return f"no layout has the job type `{escape(self.job_type)}`\n  help: {help_text}"


def layout_of(policies: PolicySet, job_type: str) -> Layout:
    """The layout of a job type.

    Raises:
        NoLayoutError: when no policy has one.
    """
    found = policies.layouts.get(JobType(job_type))
    if found is None:
        raise NoLayoutError(job_type, tuple(policies.layouts))
    return found


def new_job_id(job_type: str, now: Instant) -> JobId:
    """An id that no other job has: its type, the time, and chance."""
    return JobId(f"{job_type}-{instant_to_datetime(now):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}")


def request_for(
    layout: Layout,
    job_id: str,
    given: Mapping[str, str],
    *,
    cleanup: CleanupPolicy | None = None,
    lease: Duration | None = None,
    held: bool = False,
) -> StartRequest:
    """The request that starts a job of this layout.

    Raises:
        InvalidValueError: for an id, a parameter or a path that cannot be one; nothing is mended silently.
    """
    checked = check_job_id(job_id)
    parameters = _parameters(layout, checked, given)
    values = {**parameters, "job_id": checked}
    status = layout.status
    links = {one: _path(status, {**values, "status": one}) for one in _STATUSES} if status else {}
    return StartRequest(
        job_id=checked,
        job_type=layout.job_type,
        workspace=_path(layout.workspace, values),
        output=_path(layout.output, values),
        parameters=parameters,
        status_links=links,
        aliases=tuple(_path(alias.path, values) for alias in layout.aliases),
        cleanup=cleanup,
        lease=lease,
        critical=layout.critical,
        held=held,
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
