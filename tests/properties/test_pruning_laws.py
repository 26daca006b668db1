"""A walk that leaves out what no removal rule can concern makes the plan of a walk of everything."""

import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

from hypothesis import event, given, settings
from hypothesis import strategies as st
from strategies import LAW

from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.jobs.lifecycle import add, finish, start
from rules_engine.jobs.planning import Survey, survey
from rules_engine.plan.model import Batch, Decision, NotDue, Trailer
from rules_engine.policy.load import load_texts
from rules_engine.policy.model import PolicySet, Rule
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY, SECOND, Instant
from rules_engine.values.vocabulary import FileType

LAYOUT = """
version: 1
kind: layout
job_type: clips
workspace: "scratch/{job_id}"
output: "output/{job_id}"
directories:
  temp:   {in: workspace, holds: [temp_clip]}
  videos: {in: output, holds: [final_video]}
names: {final_video: "final_{index}.mkv"}
"""
SETTINGS = """
version: 1
kind: settings
limits: {files: 5, bytes: unlimited, untracked_share: unlimited}
keep_markers: [".rules-keep"]
"""
RULES = (
    'files: {match: ["*.tmp"], tracked: any}, after: 1d, action: delete',
    'files: {match: ["/a/**/*.tmp", "!keep.tmp"], tracked: false}, after: 9d, action: trash',
    'files: {match: ["/a/b/"], except: ["c/"], tracked: any}, after: 3d, action: trash',
    'files: {match: ["/b/"], tracked: any, larger_than: 2B}, after: 3d, action: trash, report_only: true',
    'files: {match: ["/c/x*"], tracked: any}, otherwise: true, after: 3d, action: delete',
    'files: {match: ["/scratch/"], tracked: false}, after: 3d, action: delete',
    "files: {in: workspace}, after: 3d, action: delete",
    "files: {type: [temp_clip]}, after: 5d, action: trash",
    'files: {match: ["*.tmp"]}, action: keep',
    'files: {match: ["/a/c/"]}, action: keep',
    'unit: directory, files: {match: ["/a/*/"], except: ["**/b/c/"]}, after: 2d, action: delete',
    'unit: directory, files: {match: ["/c/**/b/", "!/c/a/b/a/"]}, after: 2d, action: trash',
    "unit: workspace, jobs: {type: clips}, after: 2d, action: trash",
    'directories: {match: ["/a/**/"], empty: true}, after: 1d, action: delete',
    'directories: {match: ["/b/a/"], empty: true}, after: 1d, action: delete, report_only: true',
)  # fmt: skip
_TOPS = ("a", "b", "c", "scratch", "scratch/j", "output/j")
_PATHS = st.builds(
    lambda top, middle, name: "/".join((top, *middle, name)),
    st.sampled_from(_TOPS),
    st.lists(st.sampled_from(("a", "b", "c")), max_size=2),
    st.sampled_from(("x", "y.tmp", "keep.tmp", "final_1.mkv", ".rules-keep")),
)


class DaysLater:
    """The present, moved on: nobody can set a time of change, so the clock moves and the files stay."""

    def __init__(self) -> None:
        self.days = 0

    def now(self) -> Instant:
        """The present, so many days on."""
        return Instant(SystemClock().now() + self.days * DAY)

    def sleep(self, seconds: float) -> None:
        """Wait for nothing."""


@cache
def rule_of(number: int) -> Rule:
    """One of the rules, loaded once."""
    cleanup = f"version: 1\nkind: cleanup\nrules:\n  - {{name: rule-{number:02d}, {RULES[number]}}}\n"
    return load_texts({"p/clips.yaml": LAYOUT, "p/settings.yaml": SETTINGS, "p/cleanup.yaml": cleanup}).rules[0]


@cache
def base() -> PolicySet:
    """The layout and the settings."""
    return load_texts({"p/clips.yaml": LAYOUT, "p/settings.yaml": SETTINGS})


def build(root: Root, said: PolicySet, clock: DaysLater, files: list[str], empty: list[str], *, job: bool) -> None:
    """A tree with these files and directories, and perhaps a finished job that declared some of them."""
    if job:
        start(root, said, clock, "clips", job_id="j")
    for directory in empty:
        Path(root.path, directory).mkdir(parents=True, exist_ok=True)
    for path in files:
        there = Path(root.path, path)
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_text(path)
    if job:
        # What lies where another job could work cannot be declared.
        can = [path for path in files if not path.startswith("scratch/") or path.startswith("scratch/j/")]
        named = [RelPath(path) for path in can[::2]]
        add(root, said, clock, "j", named, file_type=FileType("temp_clip"))
        finish(root, said, clock, "j", success=True)


def outcome(found: Survey, now: Instant) -> tuple[tuple[Batch, ...], dict[RelPath, Decision], Trailer]:
    """The steps of a plan, what waits and until when, and what it adds up to."""
    waits: dict[RelPath, Decision] = {}

    def watch(file: object, decision: Decision) -> None:
        if isinstance(decision, NotDue):
            waits[file.path] = decision  # type: ignore[attr-defined]

    plan = found.plan(now, watch=watch).collected()
    return tuple(plan.batches), waits, plan.trailer


@settings(LAW, max_examples=100)
@given(
    st.sets(st.integers(0, len(RULES) - 1), min_size=1, max_size=5),
    st.lists(_PATHS, max_size=10, unique=True),
    st.lists(st.sampled_from(("a/a", "a/b/c", "b/a", "c/a/b/a", "d/e")), max_size=3, unique=True),
    st.integers(0, 10),
    # To start and to end a job takes most of the time of an example.
    st.sampled_from((False, False, True)),
)
def test_pruned_and_unpruned_plans_are_the_same(
    rules: set[int], files: list[str], empty: list[str], days: int, job: bool
) -> None:
    """They have the same steps, due dates and refusals; rules that remove are told the same."""
    said, clock = replace(base(), rules=tuple(rule_of(one) for one in sorted(rules))), DaysLater()
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "media").mkdir()
        with Root.create(f"{scratch}/media") as root:
            build(root, said, clock, files, empty, job=job)
            clock.days = days
            now = Instant(clock.now() + SECOND)
            everything = outcome(survey(said, root, clock, prune=False), now)
            pruned = outcome(survey(said, root, clock), now)
    assert pruned[:2] == everything[:2]
    all_of_it, part = everything[2], pruned[2]
    assert (part.steps, part.refusals, part.due_by_day) == (all_of_it.steps, all_of_it.refusals, all_of_it.due_by_day)
    told = [(one.name, one.decided, one.waiting, one.next_due) for one in all_of_it.rules if one.action != "keep"]
    assert [(one.name, one.decided, one.waiting, one.next_due) for one in part.rules if one.action != "keep"] == told
    event(f"leaves something out: {any('no removal rule can' in why for _, why in part.skipped)}")
    assert part.looked_at.files <= all_of_it.looked_at.files
