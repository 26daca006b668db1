from pathlib import Path

from job_world import LaterClock

from rules_engine.filesystem.root import Root
from rules_engine.jobs.lifecycle import add, finish, start
from rules_engine.jobs.planning import survey
from rules_engine.plan.given import Ask
from rules_engine.plan.model import Plan
from rules_engine.policy.model import PolicySet
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY, Instant
from rules_engine.values.vocabulary import FileType, JobId


def paths(plan: Plan) -> list[str]:
    """The path of every step."""
    return [f"{batch.directory}/{entry.name}" for batch in plan.batches for entry in batch.entries]


def two_jobs(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """Jobs `a` and `b`, finished two days ago with a clip each."""
    for job_id in ("a", "b"):
        start(root, policies, clock, "plain", job_id=job_id)
        (Path(root.path) / f"wip/{job_id}/temp/clip.mkv").write_bytes(b"1")
        finish(root, policies, clock, job_id, success=True)
    clock.instant = Instant(clock.instant + 2 * DAY)


def test_only_what_the_named_jobs_have_is_looked_at(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """The plan holds steps of that job alone, and counts nothing of the other."""
    two_jobs(root, policies, clock)
    plan = survey(policies, root, clock, only=frozenset({JobId("a")})).plan(clock.now())
    assert paths(plan) == ["wip/a/temp/clip.mkv", "wip/a/temp", "wip/a"]
    assert plan.trailer.looked_at.files == 1
    assert plan.header.ask == {"jobs": "a"}


def test_a_narrowed_ask_narrows_a_narrowed_survey_further(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """Only jobs that both name get steps."""
    two_jobs(root, policies, clock)
    both = frozenset({JobId("a"), JobId("b")})
    some = survey(policies, root, clock, only=both).plan(clock.now(), Ask(jobs=frozenset({JobId("b")})))
    assert paths(some) == ["wip/b/temp/clip.mkv", "wip/b/temp", "wip/b"]
    none = survey(policies, root, clock, only=frozenset({JobId("a")})).plan(
        clock.now(), Ask(jobs=frozenset({JobId("b")}))
    )
    assert paths(none) == []


def test_another_owner_that_still_runs_keeps_a_shared_file(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """Ownership knows all jobs, also those that were not looked at."""
    start(root, policies, clock, "plain", job_id="a")
    start(root, policies, clock, "plain", job_id="b")
    (Path(root.path) / "shared.tmp").write_bytes(b"1")
    for job_id in ("a", "b"):
        add(root, policies, clock, job_id, [RelPath("shared.tmp")], file_type=FileType.TEMP_VIDEO)
    finish(root, policies, clock, "a", success=True)
    clock.instant = Instant(clock.instant + 2 * DAY)
    plan = survey(policies, root, clock, only=frozenset({JobId("a")})).plan(clock.now())
    assert "shared.tmp" not in " ".join(paths(plan))
    assert plan.trailer.kept[0].text == "its job is running"
