"""What the trash of a root holds: for the plans that empty it, and for people."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Final

from rules_engine import __version__
from rules_engine.apply.runs import REPORT, RUNS
from rules_engine.errors import UntrustedStateError
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.root import STATE, Root, find_area
from rules_engine.inventory.scan import walk
from rules_engine.manifest.model import JobRecord
from rules_engine.plan.emptying import empty_batches, is_older
from rules_engine.plan.given import Ask, Pin, TrashedRun
from rules_engine.plan.limits import raised
from rules_engine.plan.model import Count, Header, Plan, StepAction, Trailer, TrashSummary
from rules_engine.plan.trashed import TRASH, is_run_id
from rules_engine.policy.model import PolicySet
from rules_engine.policy.patterns import PATHSPEC_VERSION
from rules_engine.values.paths import RelPath, join, name_of
from rules_engine.values.quantities import Duration, Instant
from rules_engine.values.vocabulary import EntryKind

_FOLDER: Final = name_of(TRASH)
_LARGEST: Final = 2**30

Counted = Callable[[Instant | None], bool]
"""Whether the files of a run that ended then are worth counting; else its report says how much it set aside."""


def always(_since: Instant | None) -> bool:
    """Count the files of every run."""
    return True


def trashed_runs(
    root: Root, *, pins: Iterable[Pin] = (), jobs: Iterable[JobRecord] = (), counted: Counted = always
) -> tuple[TrashedRun, ...]:
    """What each run set aside and the trash still holds, oldest first; those without a known end come last.

    Raises:
        UntrustedStateError: when the trash cannot be listed.
    """
    state = root.state
    if state is None:
        return ()
    try:
        area = find_area(state, _FOLDER)
        if area is None:
            return ()
        # Every plan asks what the trash holds, and most roots have none.
        from rules_engine.apply.emptying import pinned_in  # noqa: PLC0415 - see above

        by_id, standing = {job.job_id: job for job in jobs}, tuple(pins)
        found: list[TrashedRun] = []
        with area:
            for name, inode in _folders(area):
                since, told = _told(state, name)
                count = _count(root, name) if counted(since) else Count(0, told)
                held = pinned_in(area, name, standing, by_id)
                found.append(TrashedRun(name, since, inode, count.files, count.bytes, held))
    except OSError as err:
        why = f"cannot be read: {err.strerror}"
        raise UntrustedStateError(f"{STATE}/{_FOLDER}", why, "check its permissions") from err
    return tuple(sorted(found, key=lambda run: (run.since is None, run.since or 0, run.run_id)))


def _folders(area: Directory) -> Iterator[tuple[str, int]]:
    for name, found in area.entries():
        if not isinstance(found, OSError) and found.kind is EntryKind.DIRECTORY and is_run_id(name):
            yield name, found.inode


def _told(state: Directory, run_id: str) -> tuple[Instant | None, int]:
    """When a run ended and how much it set aside, as its report says."""
    from rules_engine.apply.report import from_report  # noqa: PLC0415 - see trashed_runs

    with suppress(OSError, UntrustedStateError), state.open(RelPath(f"{RUNS}/{run_id}")) as here:
        result = from_report(here.read_file(REPORT, limit=_LARGEST), REPORT)
        return result.ended, result.set_aside
    return None, 0


def _count(root: Root, run_id: str) -> Count:
    count = Count()
    for facts in walk(root, below=(join(TRASH, run_id),)).directories:
        # While another name holds them, the bytes of a file do not come back.
        size = sum(file.size or 0 for file in facts.files if file.kind is EntryKind.FILE and file.nlink <= 1)
        count.add(Count(len(facts.files), size))
    return count


def chosen(runs: Iterable[TrashedRun], ids: Iterable[str]) -> tuple[TrashedRun, ...]:
    """Those of `runs` that `ids` name, each by its id or the beginning of it, in order of their ids.

    Raises:
        UnknownRunError: when the trash holds nothing of such a run, or of more than one.
    """
    known = {run.run_id: run for run in runs}
    found: set[str] = set()
    for text in ids:
        named = tuple(sorted(one for one in known if one.startswith(text)))
        if len(named) != 1:
            # Every plan asks what the trash holds; only this needs to know what a recorded run is.
            from rules_engine.jobs.runs import UnknownRunError  # noqa: PLC0415 - see above

            raise UnknownRunError(text, named)
        found.update(named)
    return tuple(known[one] for one in sorted(found))


def older(runs: Iterable[TrashedRun], keep: Duration, now: Instant) -> tuple[TrashedRun, ...]:
    """Those of `runs` that ended so long ago, in order of their ids."""
    return tuple(sorted((run for run in runs if run.since is not None and is_older(run.since, keep, now)), key=_by_id))


def _by_id(run: TrashedRun) -> str:
    return run.run_id


def emptying_plan(
    root: Root, runs: Iterable[TrashedRun], policies: PolicySet, now: Instant, *, said: str, before: Instant | None
) -> Plan:
    """The plan that empties the trash of `runs`, but for what somebody pinned; `said` is what was asked for."""
    ordered = sorted(runs, key=_by_id)
    going = [run for run in ordered if not run.held]
    stays = [(run.run_id, run.held) for run in ordered if run.held]
    steps = {StepAction.EMPTY_TRASH.value: Count(len(going), sum(run.bytes for run in going))} if going else {}
    header = Header(
        now=now,
        root_id=root.require_id(),
        policies_digest=policies.digest,
        limits=raised(policies.settings.limits, Ask()),
        versions={"pathspec": PATHSPEC_VERSION, "rules_engine": __version__},
        ask={"empty trash": said},
    )
    trailer = Trailer(steps=steps, trash=TrashSummary(before, stays))
    return Plan(header, tuple(empty_batches(going, policies.settings.trash_keep)), trailer)
