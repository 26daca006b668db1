"""The explanation of a directory: whose it is, what becomes of it, and what is decided about the files below it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from rules_engine.filesystem.root import Root
from rules_engine.inventory.above import marked_above
from rules_engine.inventory.gather import look_at
from rules_engine.inventory.model import DirectoryFacts, FileFact, Inventory
from rules_engine.inventory.scan import walk
from rules_engine.inventory.seen import vouch_all
from rules_engine.jobs.planning import NOTHING_ASKED, needs_walk
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.seal import Seal
from rules_engine.manifest.store import ManifestStore
from rules_engine.plan.empty_rules import names_empty
from rules_engine.plan.model import Count, Decision, Kept, NotDue, Plan, Remove, StepAction
from rules_engine.plan.planner import make_plan
from rules_engine.plan.protect import pinned_at_or_below, protection_of_directory
from rules_engine.plan.subject import Evidence
from rules_engine.plan.unit_rules import names, workspace_verdicts
from rules_engine.policy.model import PolicySet, Rule, Unit
from rules_engine.values.paths import RelPath, ancestors, is_at_or_below, is_below, join, parent
from rules_engine.values.quantities import Instant, instant_to_datetime
from rules_engine.values.text import plural

_FIRST: Final = 3
"""How many paths, jobs and moments are named of each kind."""


@dataclass(slots=True)
class Decided:
    """Files below a directory about which the same was decided, for the same reason."""

    count: Count = field(default_factory=Count)
    first: list[RelPath] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Folder:
    """Why a directory stays or goes, and what becomes of the files in it."""

    path: RelPath
    goes: str
    """By which step it goes; empty where it stays."""
    stays: tuple[str, ...]
    """What keeps it, the first thing first; empty where it goes."""
    about: tuple[str, ...]
    """Whose it is, and which rules name it."""
    decided: Mapping[tuple[str, str], Decided]
    """(`goes`, `not due` or `stays`; why) → the files, most bytes first."""
    due: tuple[tuple[Instant, str, int], ...]
    """The next moments at which files of it fall due: when, what for, and how many."""


def explain_directory(path: RelPath, policies: PolicySet, root: Root, store: ManifestStore, seen: Evidence) -> Folder:
    """Why the directory at `path` stays or goes: what a plan of it, and of what would take it whole, comes to."""
    top = _top(path, seen)
    jobs = tuple(seen.owners[job_id].job for job_id in sorted(seen.owners))
    markers = policies.settings.keep_markers
    inventory = walk(root, below=(top,), markers=markers)
    seals = [seal for job in jobs if (seal := store.seal_of(job)) is not None]
    inventory.directories = _vouched(inventory.directories, seals)
    inventory.look_at = partial(look_at, root, store, walk=needs_walk(policies))
    inventory.marked.update(marked_above(root, parent(top), markers))
    course = _Course(path)
    moment = instant_to_datetime(seen.now)
    plan = make_plan(
        policies, jobs, inventory, seen.guards, now=moment, ask=NOTHING_ASKED, watch=course.watch
    ).collected()
    goes = _step(path, plan)
    marked = replace(seen, marked=inventory.marked)
    why = () if goes else (*_unmanaged(path, inventory), *_held(path, marked, plan), *course.left())
    about = (*_places(path, jobs), *_rules(path, seen, policies))
    decided = dict(sorted(course.decided.items(), key=lambda one: (-one[1].count.bytes, one[0])))
    return Folder(path, goes, why or (() if goes else (_NOTHING_NAMES_IT,)), about, decided, course.falls_due())


_NOTHING_NAMES_IT: Final = "no rule about directories takes it"


def _vouched(directories: Iterable[DirectoryFacts], seals: Sequence[Seal]) -> Iterator[DirectoryFacts]:
    for facts in directories:
        yield vouch_all(facts, [seal.directory(facts.path) for seal in seals if facts.path in seal.lines])


def _top(path: RelPath, seen: Evidence) -> RelPath:
    """The outermost directory that some rule may take whole with it, else the directory itself."""
    way = (*reversed(ancestors(path)), path)
    rules = [rule for rule in seen.unit_rules if rule.unit is Unit.DIRECTORY]
    return next(
        (
            above
            for above in way
            if above in seen.workspaces or any(names(rule, above, is_directory=True) for rule in rules)
        ),
        path,
    )


class _Course:
    """Adds up what is decided about the files below one directory."""

    def __init__(self, path: RelPath) -> None:
        self._path = path
        self.decided: dict[tuple[str, str], Decided] = {}
        self._due: dict[tuple[Instant, str], int] = {}

    def watch(self, file: FileFact, decision: Decision) -> None:
        if not is_at_or_below(file.directory, self._path):
            return
        if isinstance(decision, NotDue):
            due = (decision.until, decision.waits_for)
            self._due[due] = self._due.get(due, 0) + 1
        found = self.decided.setdefault(_key(decision), Decided())
        found.count.add(Count(1, file.size or 0))
        if len(found.first) < _FIRST:
            found.first.append(file.path)

    def left(self) -> Iterator[str]:
        """What stays in it, by reason."""
        stay = [(key, one) for key, one in self.decided.items() if key[0] != "goes"]
        if stay:
            (_, why), most = max(stay, key=lambda one: (one[1].count.files, one[0]))
            total = sum(one.count.files for _, one in stay)
            such = f", such as `{most.first[0]}`" if len(stay) > 1 else ""
            yield f"{plural(total, 'file')} in it {'stays' if total == 1 else 'stay'}{such}: {why}"

    def falls_due(self) -> tuple[tuple[Instant, str, int], ...]:
        return tuple((*key, self._due[key]) for key in sorted(self._due)[:_FIRST])


def _key(decision: Decision) -> tuple[str, str]:
    if isinstance(decision, Remove):
        return "goes", f"{decision.action.value} by {_named(decision.rules)}"
    if isinstance(decision, NotDue):
        return "not due", f"waits for {decision.waits_for}"
    return "stays", decision.text


def _named(rules: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in rules)


def _step(path: RelPath, plan: Plan) -> str:
    """The step that takes the directory; empty where there is none."""
    for batch in plan.batches:
        for entry in batch.entries:
            at = join(batch.directory, entry.name)
            if batch.reason == "unit" and is_at_or_below(path, at):
                whole = "whole" if at == path else f"with all of `{at}`"
                return f"{whole}: {batch.action.value} by {_named(batch.rules)}"
            if batch.action is StepAction.REMOVE_DIRECTORY and at == path:
                return f"once it is empty: by {_named(batch.rules)}"
    return ""


def _unmanaged(path: RelPath, inventory: Inventory) -> Iterator[str]:
    found = (*((one.path, one.why) for one in inventory.skipped), *((one.path, one.why) for one in inventory.problems))
    yield from (f"nothing in it is looked at: `{at}`: {why}" for at, why in found if is_at_or_below(path, at))


def _held(path: RelPath, seen: Evidence, plan: Plan) -> Iterator[str]:
    kept: Kept | None = protection_of_directory(path, seen) or pinned_at_or_below(path, seen)
    if kept is not None:
        yield kept.text
    yield from (
        f"{'it' if at == path else f'`{at}`'} does not go whole: {why}"
        for at, why in plan.trailer.units_kept
        if is_at_or_below(path, at)
    )


def _places(path: RelPath, jobs: Iterable[JobRecord]) -> Iterator[str]:
    """Which workspace or output it is, lies in, or holds."""
    said: dict[str, list[str]] = {}
    for job in jobs:
        for what, place in (("workspace", job.workspace), ("output", job.output)):
            if is_at_or_below(path, place):
                how = "is" if path == place else "lies in"
            elif is_below(place, path):
                how = "holds"
            else:
                continue
            said.setdefault(f"it {how} the {what} of", []).append(f"`{job.job_id}` ({job.status.value})")
    for how, ids in said.items():
        more = f" and {plural(len(ids) - _FIRST, 'other')}" if len(ids) > _FIRST else ""
        yield f"{how} job {', '.join(ids[:_FIRST])}{more}"


def _rules(path: RelPath, seen: Evidence, policies: PolicySet) -> Iterator[str]:
    for rule in _whole(path, seen):
        yield f"rule `{rule.name}` takes it whole, or leaves it"
    for rule in policies.directory_rules:
        if names_empty(rule, path):
            yield f"rule `{rule.name}` takes it once it is empty"


def _whole(path: RelPath, seen: Evidence) -> Iterator[Rule]:
    yield from (
        rule for rule in seen.unit_rules if rule.unit is Unit.DIRECTORY and names(rule, path, is_directory=True)
    )
    for job_id in seen.workspaces.get(path, ()):
        yield from (rule for rule, _ in workspace_verdicts(seen.owners[job_id], seen))
