"""The limits of one plan: what it may do at most, raised where asked, and what exceeds them."""

from collections.abc import Mapping
from typing import Final

from rules_engine.errors import InvalidValueError
from rules_engine.plan.given import Ask
from rules_engine.plan.model import Count, PlanLimits, StepAction, Trailer
from rules_engine.policy.model import Limits
from rules_engine.values.quantities import format_size
from rules_engine.values.text import plural

SHARE_COUNTS_FROM: Final = 1_000
"""Removals of untracked files from which `untracked_share` counts; fewer are never most of a tree."""

_NAMES: Final = ("files", "bytes", "untracked_share", "plan_age")


def raised(limits: Limits, ask: Ask) -> PlanLimits:
    """The limits of the settings with those that were asked for in their place.

    Raises:
        InvalidValueError: for a name that is no limit.
    """
    for name in ask.limits:
        if name not in _NAMES:
            raise InvalidValueError("limit", name, f"is not one of {', '.join(f'`{one}`' for one in _NAMES)}")
    asked: Mapping[str, int | None] = ask.limits
    return PlanLimits(
        files=asked.get("files", limits.files),
        bytes=asked.get("bytes", limits.bytes),
        untracked_share=asked.get("untracked_share", limits.untracked_share),
        plan_age=asked.get("plan_age", limits.plan_age),
    )


def refusals(limits: PlanLimits, trailer: Trailer, untracked_removals: Count) -> list[str]:
    """What of a plan exceeds its limits, a line each; empty where it may be applied."""
    steps = [trailer.steps.get(action.value, Count()) for action in (StepAction.DELETE, StepAction.TRASH)]
    files, size = sum(one.files for one in steps), sum(one.bytes for one in steps)
    found: list[str] = []
    if limits.files is not None and files > limits.files:
        found.append(
            f"it removes {plural(files, 'file')}, `limits.files` is {limits.files}; "
            f"if that is right, plan with `--limit files={files}`"
        )
    if limits.bytes is not None and size > limits.bytes:
        found.append(
            f"it removes {format_size(size)}, `limits.bytes` is {format_size(limits.bytes)}; "
            f"if that is right, plan with `--limit bytes={size}B`"
        )
    share = _share(limits, trailer, untracked_removals)
    if share is not None:
        found.append(share)
    return found


def _share(limits: PlanLimits, trailer: Trailer, removals: Count) -> str | None:
    looked_at = trailer.untracked.files
    if limits.untracked_share is None or removals.files < SHARE_COUNTS_FROM:
        return None
    # Whole numbers: a rounded percentage would let a plan through that is just over the limit.
    if removals.files * 100 <= limits.untracked_share * looked_at:
        return None
    needed = -(-removals.files * 100 // looked_at)
    return (
        f"it removes {plural(removals.files, 'file')} of the {looked_at} untracked ones that were looked at, "
        f"`limits.untracked_share` is {limits.untracked_share}%; "
        f"if that is right, plan with `--limit untracked_share={needed}%`"
    )
