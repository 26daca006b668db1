"""Directories that go whole, and empty ones, on a real tree: planned from seals and from a walk, and carried out."""

from pathlib import Path

import pytest
from casefile import CASES

from rules_engine.apply.applying import apply_plan
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.jobs.explaining import explain_paths
from rules_engine.jobs.lifecycle import finish, start
from rules_engine.jobs.planning import survey
from rules_engine.plan.explain import Explanation
from rules_engine.plan.model import Plan, StepAction
from rules_engine.policy.load import load_texts
from rules_engine.report.explain_text import explanation_lines
from rules_engine.values.paths import RelPath, join
from rules_engine.values.quantities import DAY, Instant

LAYOUT = Path(CASES, "policies", "short_form.yaml").read_text("utf-8")
WHOLE = "{name: whole, unit: workspace, after: 7d, action: trash}"
CACHES = '{name: caches, unit: directory, files: {match: ["/cache/*/"]}, after: 7d, action: delete}'
FOLDERS = '{name: folders, directories: {match: ["/legacy/**/"], empty: true}, after: 7d, action: delete}'


class MovedClock:
    """The present, moved: nobody can set a ctime, so the tests move the clock and leave the files alone."""

    def __init__(self) -> None:
        self.days: float = 0

    def now(self) -> Instant:
        """The present, so many days on."""
        return Instant(SystemClock().now() + self.days * DAY)

    def sleep(self, seconds: float) -> None:
        """Wait for nothing."""


class Place:
    """A root with some rules, and the plans of it."""

    def __init__(self, root: Root, *rules: str) -> None:
        self.root = root
        self.path = Path(root.path)
        self.clock = MovedClock()
        cleanup = "version: 1\nkind: cleanup\nrules:\n" + "".join(f"  - {rule}\n" for rule in rules)
        self.policies = load_texts({"policies/short_form.yaml": LAYOUT, "policies/cleanup.yaml": cleanup})

    def write(self, path: str) -> Path:
        """A small file."""
        there = self.path / path
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_bytes(b"12345")
        return there

    def plan(self) -> Plan:
        """The plan of this moment, with its batches in memory."""
        return survey(self.policies, self.root, self.clock).plan(self.clock.now()).collected()

    def apply(self, plan: Plan) -> dict[tuple[str, str], int]:
        """Carry it out: how many steps of each action had each outcome."""
        result = apply_plan(plan, self.root, policies=self.policies, clock=self.clock)
        return {(one.action.value, one.outcome.value): one.steps for one in result.counts}

    def explain(self, path: str) -> str:
        """What `rules explain` adds about the directory that the path lies in."""
        (found,) = explain_paths(self.policies, self.root, self.clock, [RelPath(path)], self.clock.now())
        assert isinstance(found, Explanation)
        said = "\n".join(explanation_lines([found], self.clock.now()))
        assert not found.unit or f"  {found.unit}" in said
        return found.unit


def going(plan: Plan) -> list[tuple[str, str]]:
    """What goes, and why."""
    return [(join(batch.directory, entry.name), batch.reason) for batch in plan.batches for entry in batch.entries]


@pytest.fixture
def root(tmp_path: Path) -> Root:
    """An empty root."""
    return Root.create(str(tmp_path))


@pytest.mark.parametrize("further", [(), (CACHES,)], ids=["from-seals", "from-a-walk"])
def test_a_sealed_workspace_goes_whole(root: Root, further: tuple[str, ...]) -> None:
    """What the seal says of everything below is what the executor finds, however the plan was made."""
    place = Place(root, WHOLE, *further)
    start(root, place.policies, place.clock, "short_form", job_id="a")
    place.write("scratch/a/slides/deep/\u00e9\n.png")
    (place.path / "scratch/a/link").symlink_to("slides")
    (place.path / "scratch/a/slides/none").mkdir()
    finish(root, place.policies, place.clock, "a", success=True)
    place.clock.days = 8
    plan = place.plan()
    assert going(plan) == [("scratch/a", "unit")]
    assert place.apply(plan) == {("trash", "done"): 1}
    assert not (place.path / "scratch/a").exists()
    assert going(place.plan()) == []


def test_a_file_that_came_after_the_seal_stops_the_step_and_is_seen_by_the_next_plan(root: Root) -> None:
    """A plan from seals does not see it, the executor does; the next plan looks there again."""
    place = Place(root, WHOLE)
    start(root, place.policies, place.clock, "short_form", job_id="a")
    place.write("scratch/a/x")
    finish(root, place.policies, place.clock, "a", success=True)
    place.clock.days = 8
    place.write("scratch/a/slides/late")
    assert place.apply(place.plan()) == {("trash", "changed"): 1}
    assert (place.path / "scratch/a/x").exists()
    plan = place.plan()
    assert [whole.files for batch in plan.batches for whole in batch.wholes] == [2]
    assert place.apply(plan) == {("trash", "done"): 1}


def test_directories_without_an_owner_and_empty_ones_go_with_time(root: Root) -> None:
    """A cache goes whole, empty folders deepest first, each once its own time is over."""
    place = Place(root, CACHES, FOLDERS)
    place.write("cache/a/deep/x")
    place.write("cache/loose")
    (place.path / "legacy/b/c").mkdir(parents=True)
    assert going(place.plan()) == []
    place.clock.days = 8
    plan = place.plan()
    assert going(plan) == [("cache/a", "unit"), ("legacy/b/c", "empty"), ("legacy/b", "empty")]
    assert place.apply(plan) == {("delete", "done"): 1, (StepAction.REMOVE_DIRECTORY.value, "done"): 2}
    assert sorted(one.name for one in (place.path / "cache").iterdir()) == ["loose"]
    assert list((place.path / "legacy").iterdir()) == []


def test_an_explanation_says_what_its_directory_does(root: Root) -> None:
    """A file that no rule selects may go with its directory, wait with it, or keep it; the explanation says which."""
    hero = '{name: hero, files: {match: ["hero.png"]}, action: keep}'
    place = Place(root, WHOLE, CACHES, hero)
    for job_id in ("a", "b"):
        start(root, place.policies, place.clock, "short_form", job_id=job_id)
        place.write(f"scratch/{job_id}/x")
    place.write("scratch/b/hero.png")
    assert place.explain("scratch/a/x") == ""
    for job_id in ("a", "b"):
        finish(root, place.policies, place.clock, job_id, success=True)
    place.write("cache/k/x")
    place.write("cache/loose")
    place.write("output/x")
    place.clock.days = 1
    assert place.explain("scratch/a/x").startswith("rule `whole` takes its directory `scratch/a` whole, due at ")
    place.clock.days = 8
    assert place.explain("scratch/a/x") == "rule `whole` takes its directory `scratch/a` whole: trash"
    kept = "`scratch/b/hero.png` is kept: rule `hero` keeps it"
    assert place.explain("scratch/b/x") == f"rule `whole` takes directories whole; `scratch/b` stays: {kept}"
    assert place.explain("cache/k/x") == "rule `caches` takes its directory `cache/k` whole: delete"
    assert place.explain("cache/loose") == ""
    assert place.explain("output/x") == ""
