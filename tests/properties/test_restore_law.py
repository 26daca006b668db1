"""A law of the way back: what only sets aside is undone whole; and the next plans are those of before, but for ages."""

import os
import stat
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from test_apply_laws import JOBS, STRAYS, Scene, scene

from rules_engine.apply.applying import apply_plan
from rules_engine.apply.model import Outcome, RunResult
from rules_engine.jobs.planning import survey
from rules_engine.jobs.restoring import restoring
from rules_engine.jobs.runs import find_run
from rules_engine.plan.model import Plan
from rules_engine.policy.load import load_texts
from rules_engine.policy.model import PolicySet
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY, HOUR

LAYOUT = """
version: 1
kind: layout
job_type: plain
workspace: "work/{job_id}"
output: "out/{job_id}"
directories:
  temp:  {in: workspace}
  slides: {in: workspace, holds: [temp_slide]}
  final: {in: output, holds: [final_video]}
"""
SETTINGS = "version: 1\nkind: settings\ncleanup: {preserve_on_failure: 12h}\n"
SINGLY = """
version: 1
kind: cleanup
rules:
  - {name: scratch, jobs: {status: [completed, failed]}, files: {in: workspace}, after: 1d, action: trash}
  - {name: finals, files: {match: ["/out/*/final/"]}, deliverables: true, after: 3d, action: trash}
  - {name: stray, files: {match: ["*.tmp", "a"], tracked: false}, after: 1h, action: trash}
  - {name: gold, files: {match: ["*gold*"]}, action: keep}
"""
WHOLE = """
version: 1
kind: cleanup
rules:
  - {name: whole, jobs: {status: [completed, failed]}, unit: workspace, after: 1d, action: trash}
  - {name: finals, files: {match: ["/out/*/final/"]}, deliverables: true, after: 3d, action: trash}
  - {name: strays, unit: directory, files: {match: ["/x/"]}, after: 1h, action: trash}
"""
RULES = {
    name: load_texts({"layout.yaml": LAYOUT, "settings.yaml": SETTINGS, "cleanup.yaml": text})
    for name, text in {"singly": SINGLY, "whole": WHOLE}.items()
}
MODES = st.sampled_from([0o755, 0o700, 0o2775, 0o555])


def seen(made: Scene) -> dict[str, tuple[object, ...]]:
    """Every path but the state: kind, permission bits, and of what is no directory inode, mtime and content."""
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(made.top.rglob("*")):
        name = str(path.relative_to(made.top))
        if name.startswith(".rules"):
            continue
        status = path.lstat()
        kind, mode = stat.S_IFMT(status.st_mode), stat.S_IMODE(status.st_mode)
        if stat.S_ISDIR(status.st_mode):
            found[name] = (kind, mode)
        else:
            held = os.readlink(path) if path.is_symlink() else path.read_bytes()
            found[name] = (kind, mode, status.st_ino, status.st_mtime_ns, held)
    return found


def planned(made: Scene, policies: PolicySet) -> Plan:
    """The plan of now."""
    return survey(policies, made.root, made.clock).plan(made.clock.now()).collected()


def undo(made: Scene, run_id: str, *paths: RelPath) -> RunResult:
    """Put back what a run took."""
    with restoring(made.root, made.clock, find_run(made.root, run_id), paths) as way:
        return apply_plan(way.plan, made.root, policies=None, clock=made.clock)


def give_modes(made: Scene, modes: list[int]) -> None:
    """Give the directories permission bits, over and over."""
    places = sorted(path for path in made.top.rglob("*") if path.is_dir() and ".rules" not in path.parts)
    for number, path in enumerate(places):
        path.chmod(modes[number % len(modes)])


def took(plan: Plan) -> bool:
    """Whether a plan does anything."""
    return any(count.files for count in plan.trailer.steps.values())


@settings(max_examples=100, deadline=None)
@given(JOBS, STRAYS, st.lists(MODES, min_size=1, max_size=4), st.sampled_from(sorted(RULES)), st.booleans())
def test_apply_then_restore_gives_the_tree_before(
    jobs: list, strays: list, modes: list[int], rules: str, links: bool
) -> None:
    """Paths, kinds, contents, inodes, times and modes of files, and directories with their modes, also empty ones."""
    policies = RULES[rules]
    with scene(jobs, strays) as made:
        if links:
            (made.top / "x").mkdir(exist_ok=True)
            (made.top / "x/link.tmp").symlink_to("/nowhere")
        give_modes(made, modes)
        made.clock.instant += 5 * DAY
        before = seen(made)
        plan = planned(made, policies)
        result = apply_plan(plan, made.root, policies=policies, clock=made.clock)
        assert result.count(Outcome.DONE) == sum(len(batch.entries) for batch in plan.batches)
        if not took(plan):
            assert seen(made) == before
            return
        back = undo(made, result.run_id)
        assert back.noted == ()
        assert seen(made) == before
        # And the night after takes nothing of it again.
        assert not took(planned(made, policies))


@settings(max_examples=100, deadline=None)
@given(JOBS, STRAYS, st.sampled_from(sorted(RULES)))
def test_what_was_put_back_goes_again_once_it_is_as_old_as_before(jobs: list, strays: list, rules: str) -> None:
    """Whoever owned a file does so again: the same plan comes once more, and after it nothing is left to do."""
    policies = RULES[rules]
    with scene(jobs, strays) as made:
        made.clock.instant += 5 * DAY
        plan = planned(made, policies)
        first = apply_plan(plan, made.root, policies=policies, clock=made.clock)
        if not took(plan):
            return
        undo(made, first.run_id)
        made.clock.instant += 4 * DAY
        again = planned(made, policies)
        assert steps_of(again) == steps_of(plan)
        apply_plan(again, made.root, policies=policies, clock=made.clock)
        made.clock.instant += HOUR
        assert not took(planned(made, policies))


def steps_of(plan: Plan) -> set[tuple[str, str, str, tuple[str, ...], bool]]:
    """Each step with what decided about it."""
    return {
        (batch.action, batch.directory, entry.name, batch.owners, batch.deliverable)
        for batch in plan.batches
        for entry in batch.entries
    }


@settings(max_examples=100, deadline=None)
@given(JOBS, STRAYS)
def test_a_restore_of_one_path_takes_only_that_back(jobs: list, strays: list) -> None:
    """Everything else stays where the run put it, and a second restore brings the rest."""
    policies = RULES["singly"]
    with scene(jobs, [*strays, ("x", "a")]) as made:
        made.clock.instant += 5 * DAY
        before = seen(made)
        plan = planned(made, policies)
        result = apply_plan(plan, made.root, policies=policies, clock=made.clock)
        gone = seen(made)
        undo(made, result.run_id, RelPath("x/a"))
        after = seen(made)
        assert after["x/a"] == before["x/a"]
        assert {path: one for path, one in after.items() if path != "x/a"} == gone
        undo(made, result.run_id)
        assert seen(made) == before


def test_the_scratch_is_a_place_of_its_own() -> None:
    """The law would say nothing of a tree that it never looked at."""
    with scene([], [("x", "a")]) as made:
        assert set(seen(made)) == {"x", "x/a"}
        assert Path(made.root.path) == made.top
