"""From a layout and what a caller gives to the request that starts a job: every path settled and checked."""

import difflib
import secrets
from collections.abc import Mapping

from rules_engine.errors import ExitCode, RulesError
from rules_engine.manifest.log import check_job_id
from rules_engine.manifest.request import StartRequest
from rules_engine.policy.model import Layout, PolicySet
from rules_engine.policy.settling import settle
from rules_engine.values.quantities import Duration, Instant, instant_to_datetime
from rules_engine.values.text import escape
from rules_engine.values.vocabulary import CleanupPolicy, JobId, JobType


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
    settled = settle(layout, checked, given)
    return StartRequest(
        job_id=checked,
        job_type=layout.job_type,
        workspace=settled.workspace,
        output=settled.output,
        parameters=settled.parameters,
        status_links=settled.status_links,
        aliases=settled.aliases,
        cleanup=cleanup,
        lease=lease,
        critical=layout.critical,
        held=held,
    )
