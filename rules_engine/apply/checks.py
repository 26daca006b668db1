"""What refuses a whole plan before anything is touched."""

from typing import Final

from rules_engine.apply.applied import AREA
from rules_engine.apply.model import StalePlanError
from rules_engine.apply.runs import RUNS
from rules_engine.apply.state import MANIFESTS, SEALED
from rules_engine.apply.trash import FOLDER
from rules_engine.apply.units import REMOVING
from rules_engine.errors import RefusedError, UntrustedStateError
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.locks import JOB_LOCKS
from rules_engine.plan.model import Header, Trailer
from rules_engine.policy.model import PolicySet
from rules_engine.values.clock import CLOCKS_DIFFER
from rules_engine.values.quantities import Instant, format_duration, format_instant
from rules_engine.values.vocabulary import EntryKind

_AREAS: Final = (MANIFESTS, SEALED, AREA, RUNS, FOLDER, REMOVING, JOB_LOCKS)


def check_root(header: Header, root_id: str) -> None:
    """Refuse a plan that was made for another root, or for a directory that was none.

    Raises:
        StalePlanError: when the ids differ.
    """
    if header.root_id == root_id:
        return
    made_for = f"root {header.root_id}" if header.root_id else "a directory that was not a root"
    raise StalePlanError(
        f"it was made for {made_for}, and this is root {root_id}", "run `rules plan` again with this root"
    )


def check_policies(header: Header, policies: PolicySet | None) -> None:
    """Refuse a plan that other policies made; None trusts the plan's own.

    Raises:
        StalePlanError: when the policies say something else by now.
    """
    if policies is None or policies.digest == header.policies_digest:
        return
    raise StalePlanError(
        f"the policies say something else by now (planned with {header.policies_digest[:12]}, "
        f"loaded {policies.digest[:12]})",
        "run `rules plan` again",
    )


def check_time(header: Header, now: Instant) -> None:
    """Refuse a forecast, and a plan that is older than the limit it was made under.

    Raises:
        StalePlanError: when `now` is too far on either side.
    """
    ahead = header.now - now
    if ahead > CLOCKS_DIFFER:
        raise StalePlanError(
            f"it is a forecast for {format_instant(header.now)}, {format_duration(ahead)} from now",
            "run `rules plan` without `--at`, or look at the clock of this host",
        )
    limit = header.limits.plan_age
    if limit is not None and -ahead > limit:
        raise StalePlanError(
            f"it was made {format_duration(-ahead)} ago, and `limits.plan_age` is {format_duration(limit)}",
            "run `rules plan` again",
        )


def check_state(state: Directory) -> None:
    """Refuse to go on where something else stands in the place of a directory of the state.

    Raises:
        UntrustedStateError: naming it.
    """
    for name in _AREAS:
        try:
            found = state.stat(name)
        except OSError as err:
            why = f"cannot be looked at: {err.strerror}"
            raise UntrustedStateError(f".rules/{name}", why, "check its disk and its permissions") from err
        if found is not None and found.kind is not EntryKind.DIRECTORY:
            raise UntrustedStateError(f".rules/{name}", f"is a {found.kind} and no directory", "look who put it there")


def check_refusals(trailer: Trailer) -> None:
    """Refuse a plan that exceeds a limit.

    Raises:
        RefusedError: naming every limit.
    """
    if trailer.refusals:
        raise RefusedError(
            f"the plan is refused: {'; '.join(trailer.refusals)}",
            "read it with `rules show`, narrow it, or raise the limit for this plan with `rules plan --limit`",
        )
