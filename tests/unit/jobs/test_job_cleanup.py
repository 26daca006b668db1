import os
from pathlib import Path

from job_world import KOREAN, LaterClock, apply_due, tree

from rules_engine.apply.applying import apply_plan
from rules_engine.apply.model import Outcome
from rules_engine.errors import ExitCode
from rules_engine.filesystem.root import Root
from rules_engine.jobs.lifecycle import add, finish, start
from rules_engine.jobs.planning import survey
from rules_engine.policy.model import PolicySet
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY, Instant
from rules_engine.values.vocabulary import FileType


def test_what_a_job_leaves_goes_when_it_is_due_and_plans_converge(
    root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """Scratch goes a day after the end, deliverables stay, and the next plan is empty."""
    start(root, policies, clock, "short_form", job_id="j", parameters=KOREAN)
    top = Path(root.path)
    (top / "scratch/j/temp/clip.mkv").write_bytes(b"123")
    video = RelPath("output/_unsorted/j/ko/shorts/final.mkv")
    (top / video).write_bytes(b"1")
    add(root, policies, clock, "j", [video], file_type=FileType.FINAL_VIDEO)
    finish(root, policies, clock, "j", success=True)
    assert apply_due(root, policies, clock).counts == ()
    clock.instant = Instant(clock.instant + 2 * DAY)
    result = apply_due(root, policies, clock)
    assert (result.freed, result.noted) == (3, ())
    assert [path for path in tree(root) if path.startswith("scratch")] == ["scratch"]
    assert (top / video).exists()
    assert apply_due(root, policies, clock).counts == ()


def test_a_file_that_changed_is_looked_at_again_and_goes_later(
    root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """The seal does not vouch for it any more; it counts from its own change, and plans converge."""
    start(root, policies, clock, "plain", job_id="j")
    clip = Path(root.path) / "wip/j/temp/clip.mkv"
    clip.write_bytes(b"123")
    finish(root, policies, clock, "j", success=True)
    clip.write_bytes(b"1234")
    os.utime(clip, ns=(clock.instant, clock.instant))
    clock.instant = Instant(clock.instant + 2 * DAY)
    first = apply_due(root, policies, clock)
    assert [(one.path, one.outcome) for one in first.noted] == [
        ("wip/j/temp/clip.mkv", Outcome.CHANGED),
        ("wip/j/temp", Outcome.CHANGED),
        ("wip/j", Outcome.CHANGED),
    ]
    assert apply_due(root, policies, clock).count(Outcome.CHANGED) == 0
    assert not (Path(root.path) / "wip/j").exists()
    assert apply_due(root, policies, clock).counts == ()


def test_files_of_a_job_that_runs_again_are_protected(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """A new attempt began between plan and apply."""
    start(root, policies, clock, "plain", job_id="j")
    (Path(root.path) / "wip/j/temp/clip.mkv").write_bytes(b"123")
    finish(root, policies, clock, "j", success=True)
    clock.instant = Instant(clock.instant + 2 * DAY)
    plan = survey(policies, root, clock).plan(clock.now())
    start(root, policies, clock, "plain", job_id="j")
    result = apply_plan(plan, root, policies=policies, clock=clock)
    assert {one.outcome for one in result.noted} == {Outcome.PROTECTED}
    assert result.noted[0].cause == "job `j` is running"
    assert result.exit_code is ExitCode.DONE
    assert (Path(root.path) / "wip/j/temp/clip.mkv").exists()
