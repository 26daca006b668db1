"""The explanation of single paths: only what they need is looked at, and what is gone is looked up in the runs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from rules_engine.filesystem.root import Root
from rules_engine.inventory.above import marked_above
from rules_engine.inventory.gather import gather
from rules_engine.inventory.model import FileFact
from rules_engine.inventory.scan import walk
from rules_engine.jobs.explaining_directory import Folder, explain_directory
from rules_engine.jobs.history import PastStep, past_steps
from rules_engine.jobs.paths import fact_of, status_of
from rules_engine.jobs.planning import NOTHING_ASKED, guards_of, ranked
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.store import ManifestStore
from rules_engine.plan.explain import Explanation, explain
from rules_engine.plan.explain_unit import describe_unit, removal_of_unit, unit_above
from rules_engine.plan.owners import OwnerIndex
from rules_engine.plan.planner import make_plan
from rules_engine.plan.subject import gather_evidence
from rules_engine.policy.model import PolicySet
from rules_engine.values.clock import Clock
from rules_engine.values.paths import RelPath, parent
from rules_engine.values.quantities import Instant, instant_to_datetime
from rules_engine.values.vocabulary import EntryKind


@dataclass(frozen=True, slots=True)
class Gone:
    """A path that is not there, and what recorded runs did to it, newest first."""

    path: RelPath
    steps: tuple[PastStep, ...]


Answer: TypeAlias = Explanation | Folder | Gone


def explain_paths(
    policies: PolicySet, root: Root, clock: Clock, paths: Sequence[RelPath], now: Instant
) -> tuple[Answer, ...]:
    """Why each path stays or goes at `now`, in the order given.

    Raises:
        UntrustedStateError: when the state below `.rules` cannot be read.
    """
    store = ManifestStore(root, clock)
    loaded = store.load(policies.workspaces_of)
    markers = policies.settings.keep_markers
    marked = {at: name for path in paths for at, name in marked_above(root, parent(path), markers).items()}
    seen = gather_evidence(policies, loaded.jobs, guards_of(policies, root, loaded), now=now, marked=marked)
    seen = ranked(seen, policies, root, store)
    index = OwnerIndex(loaded.jobs)

    def answer(path: RelPath) -> Answer:
        status = status_of(root, path)
        if status is None:
            return Gone(path, past_steps(root, path))
        if status.kind is EntryKind.DIRECTORY:
            return explain_directory(path, policies, root, store, seen)
        file = fact_of(path, status)
        owners = index.of_directory(file.directory).of(file)
        found = explain(_as_planned(file, root, store, owners), owners, policies, seen)
        unit = unit_above(path, owners, seen)
        if unit is None:
            return found
        if owners:
            inventory = gather(root, store, owners, walk=False, markers=markers)
        else:
            inventory = walk(root, below=[unit.path], markers=markers)
        inventory.marked.update(marked)
        moment = instant_to_datetime(now)
        plan = make_plan(policies, loaded.jobs, inventory, seen.guards, now=moment, ask=NOTHING_ASKED)
        whole = plan.collected()
        # A file that no file rule selects goes all the same where its directory does.
        decision = removal_of_unit(unit, whole) or found.decision
        return replace(found, decision=decision, unit=describe_unit(unit, whole))

    return tuple(answer(path) for path in paths)


def _as_planned(file: FileFact, root: Root, store: ManifestStore, owners: Sequence[JobRecord]) -> FileFact:
    """The fact that a plan has: of a sealed file what its seal says, and whether that vouches for it."""
    return next((one for one in _facts_of(root, store, owners) if one.path == file.path), file)


def _facts_of(root: Root, store: ManifestStore, owners: Sequence[JobRecord]) -> Iterator[FileFact]:
    if owners:
        for directory in gather(root, store, owners, walk=False).directories:
            yield from directory.files
