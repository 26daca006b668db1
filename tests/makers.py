"""Small values for tests of the decision: a layout, a job, a file, a rule, with what a test does not say filled in."""

import io
from collections.abc import Iterable, Sequence
from typing import Any, Final

from rules_engine.inventory.model import DirectoryFacts, FileFact, Inventory
from rules_engine.manifest.amend import Changes
from rules_engine.manifest.model import JobRecord
from rules_engine.plan.decide import decide
from rules_engine.plan.given import Ask, Guards
from rules_engine.plan.model import Decision, Plan
from rules_engine.plan.planfile import write_plan
from rules_engine.plan.planner import make_plan
from rules_engine.plan.subject import Evidence, gather_evidence
from rules_engine.policy.model import (
    Action,
    After,
    Alias,
    FileSelector,
    JobSelector,
    Layout,
    LayoutDirectory,
    PolicySet,
    Rule,
    Settings,
    Tracked,
)
from rules_engine.policy.patterns import PatternList, Reading, parse_patterns
from rules_engine.policy.templates import parse_template
from rules_engine.values.diagnostics import Span
from rules_engine.values.paths import RelPath, name_of, parent
from rules_engine.values.quantities import DAY, Duration, Instant, instant_to_datetime
from rules_engine.values.vocabulary import (
    DirectoryType,
    EntryKind,
    FileType,
    JobId,
    JobStatus,
    JobType,
    Place,
    RuleName,
)

NOW: Final = Instant(20_000 * DAY)
SPAN: Final = Span("policies/cleanup.yaml", 7, 5, 7, 9)


def days_ago(count: float) -> Instant:
    """The instant that many days before `NOW`."""
    return Instant(NOW - int(count * DAY))


def days(count: float) -> Duration:
    """That many days."""
    return Duration(int(count * DAY))


def directory(key: str, place: Place, *holds: str, mode: int | None = None) -> LayoutDirectory:
    """A directory of a layout, named as its key."""
    return LayoutDirectory(DirectoryType(key), place, key, tuple(FileType(one) for one in holds), mode)


def layout(job_type: str = "alpha", **fields: Any) -> Layout:
    """A layout: slides and whatever nobody holds in `scratch/<id>`, videos in `out/<series>`."""
    values: dict[str, Any] = {
        "job_type": JobType(job_type),
        "span": SPAN,
        "parameters": (("series", None), ("language", "en")),
        "workspace": parse_template("scratch/{job_id}"),
        "output": parse_template("out/{series}"),
        "status": parse_template("jobs/{status}/{job_id}"),
        "directories": (
            directory("temp", Place.WORKSPACE),
            directory("slides", Place.WORKSPACE, "temp_slide"),
            directory("shorts", Place.OUTPUT, "final_video"),
        ),
        "names": (
            (FileType("final_video"), parse_template("final_{index:03d}.mkv")),
            (FileType("temp_slide"), parse_template("slide_{index:03d}.png")),
        ),
        "aliases": (Alias(parse_template("old/{series}"), DirectoryType("shorts")),),
    }
    return Layout(**(values | fields))


LAYOUT: Final = layout()


def job(job_id: str = "a", status: JobStatus = JobStatus.COMPLETED, **fields: Any) -> JobRecord:
    """A job of type `alpha` that ended ten days ago, unless it runs."""
    values: dict[str, Any] = {
        "job_id": JobId(job_id),
        "job_type": JobType("alpha"),
        "status": status,
        "started": days_ago(20),
        "workspace": RelPath(f"scratch/{job_id}"),
        "output": RelPath("out/suits"),
        "ended": None if status is JobStatus.RUNNING else days_ago(10),
        "last_sign": days_ago(12),
        "parameters": {"series": "suits", "language": "en"},
    }
    return JobRecord(**(values | fields))


def file(path: str, **fields: Any) -> FileFact:
    """A regular file of 10 bytes that last changed fifteen days ago."""
    at = RelPath(path)
    values: dict[str, Any] = {
        "directory": parent(at),
        "name": name_of(at),
        "kind": EntryKind.FILE,
        "inode": 7,
        "size": 10,
        "mtime_ns": days_ago(15),
        "ctime_ns": days_ago(15),
    }
    return FileFact(**(values | fields))


def narrow(*texts: str) -> PatternList:
    """Patterns as the `match` of a removal rule reads them."""
    return parse_patterns(texts, Reading.NARROW)


def wide(*texts: str) -> PatternList:
    """Patterns as a keep rule or `except` reads them."""
    return parse_patterns(texts, Reading.WIDE)


def removal(name: str = "old", *, after: float = 1, **fields: Any) -> Rule:
    """A rule that deletes any file of any ended job, and those without one, after a day."""
    values: dict[str, Any] = {
        "action": Action.DELETE,
        "jobs": JobSelector(statuses=frozenset({JobStatus.COMPLETED, JobStatus.FAILED})),
        "files": FileSelector(tracked=Tracked.ANY),
        "after": After(days(after)),
    }
    return Rule(RuleName(name), SPAN, **(values | fields))


def keep(name: str = "final", **fields: Any) -> Rule:
    """A rule that keeps any file."""
    values: dict[str, Any] = {"jobs": JobSelector(), "files": FileSelector(tracked=Tracked.ANY)}
    return Rule(RuleName(name), SPAN, Action.KEEP, **(values | fields))


def policies(*rules: Rule, layouts: Sequence[Layout] = (LAYOUT,), settings: Settings | None = None) -> PolicySet:
    """A policy set of these rules and layouts."""
    return PolicySet(rules, {one.job_type: one for one in layouts}, settings or Settings())


def evidence(
    said: PolicySet, jobs: Iterable[JobRecord] = (), guards: Guards | None = None, now: Instant = NOW
) -> Evidence:
    """What a decision sees of `jobs`."""
    return gather_evidence(said, jobs, guards or Guards(), now=now)


def decided(fact: FileFact, said: PolicySet, *owners: JobRecord, guards: Guards | None = None) -> Decision:
    """What is decided for `fact` with these owners, which are all the jobs there are."""
    return decide(fact, owners, said, evidence(said, owners, guards))


def listed(*files: FileFact, subdirectories: dict[str, tuple[str, ...]] | None = None) -> list[DirectoryFacts]:
    """The directories that hold `files`, in order, each complete."""
    names: dict[RelPath, list[FileFact]] = {RelPath(path): [] for path in subdirectories or {}}
    for one in files:
        names.setdefault(one.directory, []).append(one)
    return [
        DirectoryFacts(path, tuple(names[path]), (subdirectories or {}).get(path, ()), inode=100 + at, complete=True)
        for at, path in enumerate(sorted(names, key=lambda path: path.split("/")))
    ]


def planned(
    said: PolicySet,
    jobs: Sequence[JobRecord],
    directories: Sequence[DirectoryFacts],
    *,
    guards: Guards | None = None,
    ask: Ask | None = None,
) -> Plan:
    """The whole plan, its batches in memory."""
    inventory = Inventory(directories, walked=True)
    plan = make_plan(said, jobs, inventory, guards or Guards(), now=instant_to_datetime(NOW), ask=ask or Ask())
    return plan.collected()


def written(plan: Plan) -> bytes:
    """The plan file of `plan`."""
    out = io.BytesIO()
    write_plan(plan, out)
    return out.getvalue()


def changes(
    removed: Iterable[RelPath] = (), unsealed: Iterable[RelPath] = (), unlisted: Iterable[RelPath] = ()
) -> Changes:
    """What a run did to the entries of one seal."""
    made = Changes()
    for paths, by_directory in ((removed, made.removed), (unsealed, made.unsealed), (unlisted, made.unlisted)):
        for path in paths:
            by_directory.setdefault(parent(path), []).append(name_of(path))
    return made
