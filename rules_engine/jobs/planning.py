"""What planning, applying and explaining share: the root opened, the jobs read, the tree looked at."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from rules_engine.apply.newest import Written, behind, newest_event, newest_written
from rules_engine.apply.own import own_paths
from rules_engine.apply.pins import read_pins
from rules_engine.apply.restored import read_restored
from rules_engine.errors import ExitCode, RulesError
from rules_engine.filesystem.root import Root
from rules_engine.inventory.extents import pruning_of
from rules_engine.inventory.gather import gather, look_at
from rules_engine.inventory.model import Inventory
from rules_engine.jobs.deciders import Processes
from rules_engine.jobs.earlier import earlier_keeps
from rules_engine.jobs.trash import trashed_runs
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.reading import LoadedJobs
from rules_engine.manifest.shelf import count_seals
from rules_engine.manifest.store import ManifestStore
from rules_engine.plan.deciding import NOBODY, Watch
from rules_engine.plan.emptying import is_older
from rules_engine.plan.given import Ask, Guards, TrashedRun
from rules_engine.plan.model import Plan
from rules_engine.plan.pinned import holds
from rules_engine.plan.planner import make_plan
from rules_engine.plan.ranks import with_ranks
from rules_engine.plan.subject import Evidence
from rules_engine.policy.model import PolicySet, Tracked, TrashEmptying
from rules_engine.values.clock import Clock
from rules_engine.values.quantities import Instant, instant_to_datetime
from rules_engine.values.vocabulary import JobId

NOTHING_ASKED: Final = Ask()


class NoRootNamedError(RulesError):
    """Neither the settings nor the caller says which directory is under management."""

    exit_code = ExitCode.USAGE

    def __str__(self) -> str:
        return "no root is named\n  help: give one with `--root DIR`, or write `root: DIR` in a settings policy"


@dataclass(frozen=True, slots=True)
class Survey:
    """What can be known before anything is decided; its inventory can be gone through once."""

    policies: PolicySet
    jobs: tuple[JobRecord, ...]
    guards: Guards
    inventory: Inventory
    notes: tuple[str, ...] = ()
    """Seals that could not be used, one line each."""
    deciders: Processes | None = None
    """Other processes that go on with a long plan."""
    only: frozenset[JobId] | None = None
    """Only what these jobs have was looked at; all jobs are known all the same. None is everything."""

    @property
    def known_jobs(self) -> frozenset[str]:
        """The id of every job that a manifest tells of, also a damaged one."""
        return frozenset({*(job.job_id for job in self.jobs), *(one.job_id for one in self.guards.damaged)})

    def plan(self, now: Instant, ask: Ask = NOTHING_ASKED, watch: Watch = NOBODY) -> Plan:
        """The plan of that moment; its decisions are made while its batches are gone through."""
        moment = instant_to_datetime(now)
        asked = replace(ask, jobs=_both(self.only, ask.jobs))
        return make_plan(
            self.policies,
            self.jobs,
            self.inventory,
            self.guards,
            now=moment,
            ask=asked,
            watch=watch,
            deciders=self.deciders,
        )


def _both(one: frozenset[JobId] | None, other: frozenset[JobId] | None) -> frozenset[JobId] | None:
    """The jobs that both name; None names all."""
    if one is None or other is None:
        return one if other is None else other
    return one & other


def open_root(policies: PolicySet, path: str | None = None) -> Root:
    """The root at `path`, else the one that the settings name.

    Raises:
        NoRootNamedError: when neither names one.
        RefusedError: when the directory cannot be a root.
    """
    named = path if path is not None else policies.settings.root
    if named is None:
        raise NoRootNamedError
    return Root.open(named)


def survey(
    policies: PolicySet,
    root: Root,
    clock: Clock,
    *,
    own_files: Sequence[str] = (),
    only: frozenset[JobId] | None = None,
    prune: bool = True,
    deciders: Processes | None = None,
) -> Survey:
    """Read the jobs of `root`, and look at the tree as far as the rules reach; with `only`, at what these jobs have.

    All jobs are read in any case: a file of one of these may have other owners. Without `prune` a walk reads
    everything, also where no removal rule can select anything. `deciders` go on with a long plan; it stays the
    same.

    Raises:
        UntrustedStateError: when the state below `.rules` cannot be read.
    """
    store = ManifestStore(root, clock)
    with nullcontext() if deciders is None else deciders.coming_up(root, jobs=_count_jobs(root)):
        loaded = store.load(policies.workspaces_of)
    guards = replace(guards_of(policies, root, loaded, own_files), clock=_clock(root, loaded, clock.now()))
    if only is None:
        guards = replace(guards, trash=_old_trash(policies, root, loaded, guards, clock.now()))
    looked_at = loaded.jobs if only is None else tuple(job for job in loaded.jobs if job.job_id in only)
    # What only a walk finds has no owner, so it cannot be of these jobs.
    walk = only is None and needs_walk(policies)
    pruning = pruning_of(policies, loaded.jobs) if walk and prune else None
    markers = policies.settings.keep_markers
    inventory = gather(root, store, looked_at, walk=walk, markers=markers, pruning=pruning, relief=deciders)
    return Survey(policies, loaded.jobs, guards, inventory, loaded.notes, deciders, only)


def _count_jobs(root: Root) -> int:
    return count_seals(root.state) if root.state is not None else 0


def _clock(root: Root, loaded: LoadedJobs, now: Instant) -> str:
    """What is wrong with the clock, by what the state was written with."""
    written = newest_written(root.state) if root.state is not None else Written()
    why = behind(now, written, newest_event(loaded.jobs))
    return f"{why}; mend the clock of this host" if why else ""


def _old_trash(
    policies: PolicySet, root: Root, loaded: LoadedJobs, guards: Guards, now: Instant
) -> tuple[TrashedRun, ...]:
    """What the trash holds, where a plan of these policies may empty it."""
    if policies.settings.trash_empty is not TrashEmptying.WITH_APPLY:
        return ()
    keep, pins = policies.settings.trash_keep, [pin for pin in guards.pins if holds(pin, now)]

    def is_going(since: Instant | None) -> bool:
        # To count a large trash takes long; that of a run is counted with the plan that empties it.
        return since is not None and is_older(since, keep, now)

    return trashed_runs(root, pins=pins, jobs=loaded.jobs, counted=is_going)


def ranked(seen: Evidence, policies: PolicySet, root: Root, store: ManifestStore) -> Evidence:
    """The evidence with ranks, as a plan of everything would take them, where no plan is made."""
    return with_ranks(seen, policies, partial(look_at, root, store, walk=needs_walk(policies)))


def guards_of(policies: PolicySet, root: Root, loaded: LoadedJobs, own_files: Sequence[str] = ()) -> Guards:
    """What protects files besides rules."""
    own = own_paths(root, (*policies.folders, *own_files))
    return Guards(
        damaged=loaded.damaged,
        own=own,
        root_id=root.root_id,
        # Also those that are over by now: a plan may be asked about another moment.
        pins=read_pins(root.state) if root.state is not None else (),
        earlier=earlier_keeps(root.state, policies),
        restored=read_restored(root.state),
    )


def needs_walk(policies: PolicySet) -> bool:
    """Whether a rule reaches files without an owner, or directories, which only a walk of the whole tree finds."""
    return any(
        rule.directories is not None or rule.files.tracked is not Tracked.TRACKED for rule in policies.removal_rules
    )
