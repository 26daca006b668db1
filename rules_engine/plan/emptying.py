"""Trash that empties itself: what runs set aside before `trash.keep` goes with the plan, as steps of its own."""

from collections.abc import Iterator
from typing import Final

from rules_engine.plan.given import Ask, Guards, TrashedRun
from rules_engine.plan.model import LARGEST_BATCH, Batch, Entry, StepAction, TrashSummary
from rules_engine.plan.trashed import TRASH
from rules_engine.policy.model import PolicySet, TrashEmptying
from rules_engine.values.quantities import FOREVER, Duration, Instant
from rules_engine.values.vocabulary import EntryKind

REASON: Final = "trash"
_NO_END: Final = "nobody knows when its run ended; `rules trash empty RUN` empties it"


def old_trash(policies: PolicySet, guards: Guards, ask: Ask, now: Instant) -> tuple[tuple[Batch, ...], TrashSummary]:
    """The steps that empty what is older than `trash.keep`, and what the plan says of the trash.

    There are none where `trash.empty` leaves it to people, where cleanup is off, in manual cleanup, and in a plan that
    was narrowed: whoever asked for something else did not ask for this.
    """
    if not _empties(policies) or _is_narrowed(ask):
        return (), TrashSummary()
    keep = policies.settings.trash_keep
    summary = TrashSummary(None if keep >= FOREVER else Instant(now - keep))
    going: list[TrashedRun] = []
    for run in sorted(guards.trash, key=lambda one: one.run_id):
        if run.since is None:
            summary.stays.append((run.run_id, _NO_END))
        elif not is_older(run.since, keep, now):
            continue
        elif run.held:
            summary.stays.append((run.run_id, run.held))
        else:
            going.append(run)
    return tuple(empty_batches(going, keep)), summary


def is_older(since: Instant, keep: Duration, now: Instant) -> bool:
    """Whether what was set aside at `since` has been kept long enough."""
    return keep < FOREVER and since + keep <= now


def empty_batches(runs: list[TrashedRun], keep: Duration) -> Iterator[Batch]:
    """The steps that empty the trash of `runs`, which come in the order of their ids."""
    entries = [_entry(run, keep) for run in runs]
    for start in range(0, len(entries), LARGEST_BATCH):
        some = tuple(entries[start : start + LARGEST_BATCH])
        yield Batch(TRASH, StepAction.EMPTY_TRASH, some, reason=REASON)


def _entry(run: TrashedRun, keep: Duration) -> Entry:
    due = 0 if run.since is None or keep >= FOREVER else run.since + keep
    return Entry(run.run_id, EntryKind.DIRECTORY, run.inode, run.bytes, due=due)


def _empties(policies: PolicySet) -> bool:
    settings = policies.settings
    off = not settings.cleanup.enabled or (settings.debug and settings.cleanup.debug_mode_disables)
    return settings.trash_empty is TrashEmptying.WITH_APPLY and policies.built_in and not off


def _is_narrowed(ask: Ask) -> bool:
    return any(one is not None for one in (ask.jobs, ask.only, ask.leave, ask.rules, ask.types))
