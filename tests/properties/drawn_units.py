"""Worlds with directories that may go whole, and with empty ones: calmer than the others, so that some do."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from hypothesis import strategies as st
from makers import LAYOUT, days, days_ago, file, job, narrow, removal, wide
from strategies import keeps, removals
from world import World

from rules_engine.inventory.model import DirectoryFacts, FileFact
from rules_engine.manifest.model import JobRecord
from rules_engine.plan.given import Guards
from rules_engine.policy.model import (
    Action,
    After,
    DirectorySelector,
    FileSelector,
    JobSelector,
    PolicySet,
    Rule,
    Settings,
    Tracked,
    Unit,
)
from rules_engine.values.paths import (
    ROOT,
    RelPath,
    ancestors,
    is_at_or_below,
    join,
    name_of,
    parent,
    sort_key,
    to_bytes,
)
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import CleanupPolicy, FileType, JobStatus

_FILES: Final = tuple(
    RelPath(one)
    for one in (
        "misc/x/notes", "misc/x/y/temp_1", "misc/z/x.part", "misc/loose", "scratch/a/temp_1", "scratch/a/slides/x.part",
        "scratch/a/slides/deep/notes", "scratch/b/final_001.mkv", "scratch/b/temp_1", "scratch/b/b\udcff",
    )
)  # fmt: skip
_EMPTY: Final = tuple(RelPath(one) for one in ("misc/none", "misc/x/none", "scratch/a/none", "scratch/b", "old/p/q"))
_TIMES: Final = (days_ago(15), days_ago(15), days_ago(3), days_ago(0.5), days_ago(-1), None)
_AFTER: Final = (1.0, 1.0, 4.0, 12.0)
_STATUSES: Final = (frozenset({JobStatus.COMPLETED}), frozenset({JobStatus.COMPLETED, JobStatus.FAILED}))
_NAMED: Final = (narrow("/misc/*/"), narrow("/misc/"), narrow("/misc/x/", "/misc/z/", "!notes"), narrow("/scratch/*/"))
_EMPTIES: Final = (narrow("/**/"), narrow("/misc/**/", "/old/"), narrow("none/"))


@st.composite
def unit_rules(draw: st.DrawFn, name: str) -> Rule:
    """A rule that takes directories whole, or empty ones."""
    kind = draw(st.sampled_from((Unit.WORKSPACE, Unit.WORKSPACE, Unit.DIRECTORY, None)))
    fields: dict[str, Any] = {
        "after": After(days(draw(st.sampled_from(_AFTER)))),
        "report_only": draw(st.sampled_from((False, False, False, True))),
        "unit": kind,
    }
    exclude = draw(st.sampled_from((None, None, wide("y"), wide("*.part"))))
    if kind is None:
        selector = DirectorySelector(draw(st.sampled_from(_EMPTIES)), exclude)
        return replace(removal(name), directories=selector, files=FileSelector(), **fields)
    fields["action"] = draw(st.sampled_from((Action.DELETE, Action.TRASH)))
    fields["deliverables"] = draw(st.booleans())
    if kind is Unit.WORKSPACE:
        jobs = JobSelector(statuses=draw(st.sampled_from(_STATUSES)))
        return replace(removal(name), jobs=jobs, files=FileSelector(), **fields)
    files = FileSelector(match=draw(st.sampled_from(_NAMED)), exclude=exclude, tracked=Tracked.UNTRACKED)
    return replace(removal(name), jobs=JobSelector(), files=files, **fields)


@st.composite
def _rules(draw: st.DrawFn) -> tuple[Rule, ...]:
    rules = [draw(unit_rules(f"unit-{place}")) for place in range(draw(st.integers(1, 3)))]
    if draw(st.booleans()):
        rules.append(draw(removals("old")))
    if draw(st.sampled_from((False, False, True))):
        rules.append(draw(keeps("stay")))
    return tuple(sorted(rules, key=lambda rule: rule.name))


@st.composite
def _jobs(draw: st.DrawFn, job_id: str) -> JobRecord:
    declared = draw(st.sampled_from(((), (), ("scratch/a/temp_1",), ("misc/z/x.part",), ("scratch/b/temp_1",))))
    files = {parent(RelPath(one)): {name_of(RelPath(one)): FileType("temp_slide")} for one in declared}
    statuses = (JobStatus.COMPLETED, JobStatus.COMPLETED, JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.RUNNING)
    status = draw(st.sampled_from(statuses))
    cleanup = draw(st.sampled_from((None, None, None, CleanupPolicy(retention=days(5)), CleanupPolicy(enabled=False))))
    return job(job_id, status, files=files, cleanup=cleanup)


def _tree(files: Sequence[FileFact], empty: Sequence[RelPath], times: dict[RelPath, Instant | None]) -> list[Any]:
    paths = {ROOT, *empty, *(one.directory for one in files)}
    paths |= {above for path in paths if path for above in ancestors(path)}
    found: list[DirectoryFacts] = []
    for number, path in enumerate(sorted(paths, key=sort_key)):
        names = sorted((one for one in files if one.directory == path), key=lambda one: to_bytes(one.name))
        below = sorted((name_of(one) for one in paths if one and parent(one) == path), key=to_bytes)
        at = times.get(path, days_ago(30))
        found.append(DirectoryFacts(path, tuple(names), tuple(below), number, complete=True, mtime_ns=at, ctime_ns=at))
    return found


@st.composite
def unit_worlds(draw: st.DrawFn) -> World:
    """A tree that was walked, with jobs whose workspaces some rule may take whole."""
    paths = draw(st.lists(st.sampled_from(_FILES), min_size=1, max_size=6, unique=True))
    files = [
        file(path, mtime_ns=time, ctime_ns=time, size=draw(st.sampled_from((10, 0, 20))))
        for path in paths
        for time in (draw(st.sampled_from((*_TIMES[:2] * 3, *_TIMES))),)
    ]
    empty = draw(st.lists(st.sampled_from(_EMPTY), max_size=3, unique=True))
    times = {path: draw(st.sampled_from(_TIMES)) for path in empty}
    jobs = tuple(draw(_jobs(one)) for one in draw(st.sampled_from(("ab", "a", "ab", ""))))
    settings = Settings(cleanup=CleanupPolicy(retention=days(1), preserve_on_failure=days(5)))
    policies = PolicySet(draw(_rules()), {LAYOUT.job_type: LAYOUT}, settings)
    return World(policies, jobs, tuple(_tree(files, empty, times)), Guards(root_id="r"))


def whole(world: World) -> set[RelPath]:
    """The directories that go whole."""
    return {
        join(batch.directory, entry.name)
        for batch in world.plan().batches
        if batch.reason == "unit"
        for entry in batch.entries
    }


def gone(world: World) -> set[RelPath]:
    """Every file that goes, singly or with its directory, and every directory that goes."""
    found: set[RelPath] = set()
    everything = [one.path for one in world.directories]
    everything += [fact.path for one in world.directories for fact in one.files]
    for batch in world.plan().batches:
        for entry in batch.entries:
            path = join(batch.directory, entry.name)
            found |= {path} if batch.reason != "unit" else {one for one in everything if is_at_or_below(one, path)}
    return found
