from pathlib import Path

from apply_world import NOON, POLICIES, FixedClock, apply, batch_of, counts, fill, plan_of, tree_of

from rules_engine.apply.newest import Written, behind, newest_event, newest_written
from rules_engine.apply.pins import set_pin
from rules_engine.errors import RefusedError
from rules_engine.filesystem.root import Root
from rules_engine.jobs.planning import survey
from rules_engine.manifest.request import StartRequest
from rules_engine.manifest.store import ManifestStore
from rules_engine.plan.given import Pin
from rules_engine.plan.model import Count, StepAction
from rules_engine.policy.load import load_texts
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY, MINUTE, Instant
from rules_engine.values.vocabulary import JobId, JobType

JUST = NOON - 5 * MINUTE
EARLIER = JUST - 1


def plan_now(root: Root, now: int, name: str = "x") -> str:
    """What carrying a plan of that moment out comes to."""
    plan = plan_of(root, batch_of(root, "a", name), now=now)
    try:
        done = apply(plan, root, clock=FixedClock(now))
    except RefusedError as err:
        return f"exit {err.exit_code:d}: {err}"
    return ", ".join(f"{outcome}: {count}" for outcome, count in counts(done).items())


def start_job(root: Root, at: int) -> None:
    """A job that somebody began then, far from the files of the plan."""
    request = StartRequest(JobId("j1"), JobType("alpha"), RelPath("scratch/j1"), RelPath("out"))
    ManifestStore(root, FixedClock(at)).start(request)


def test_a_clock_that_went_back_behind_a_pin_removes_nothing(root: Root) -> None:
    """Five minutes are the clocks of two hosts; a moment more is a clock that is wrong."""
    fill(root, "a/x")
    set_pin(root.require_state(), Pin(RelPath("other")), Instant(NOON))
    assert plan_now(root, EARLIER) == (
        "exit 6: the clock says 2024-10-03T23:54:59Z, "
        "but the state was written at 2024-10-04T00:00:00Z (.rules/pins.jsonl)\n"
        "  help: mend the clock of this host; nothing is removed while it is behind"
    )
    assert tree_of(root) == ["a", "a/x"]
    assert plan_now(root, JUST) == "done: 1"


def test_a_clock_that_went_back_behind_a_run_removes_nothing(root: Root) -> None:
    """The end of the last run is in its report, and when policies were first applied in their record."""
    fill(root, "a/x", "a/y")
    assert plan_now(root, NOON) == "done: 1"
    assert "(run " in plan_now(root, EARLIER, "y")
    assert plan_now(root, JUST, "y") == "done: 1"


def test_a_clock_that_went_back_behind_a_job_removes_nothing(root: Root) -> None:
    """The newest event of any manifest counts."""
    fill(root, "a/x")
    start_job(root, NOON)
    assert "(job `j1`)" in plan_now(root, EARLIER)
    assert plan_now(root, JUST) == "done: 1"


def test_what_comes_back_comes_back_under_any_clock(root: Root) -> None:
    """Nothing goes with a plan that only puts back."""
    fill(root, "a/x")
    set_pin(root.require_state(), Pin(RelPath("other")), Instant(NOON))
    batch = batch_of(root, "a", "x", action=StepAction.CREATE_DIRECTORY)
    plan = plan_of(root, batch, now=EARLIER, steps={"create_directory": Count(1)})
    assert counts(apply(plan, root, clock=FixedClock(EARLIER))) == {"changed": 1}


def test_a_plan_under_a_clock_that_went_back_is_refused(root: Root) -> None:
    """It is made, and says why nobody should carry it out."""
    policies = load_texts({"p.yaml": "version: 1\nkind: cleanup\nrules:\n  - {name: k, action: keep}\n"})
    start_job(root, NOON)
    for now, refused in ((EARLIER, True), (JUST, False)):
        plan = survey(policies, root, FixedClock(now)).plan(Instant(now)).collected()
        assert [one.startswith("the clock says") for one in plan.trailer.refusals] == [True] * refused
        assert all(one.endswith("; mend the clock of this host") for one in plan.trailer.refusals)


def test_a_directory_that_was_never_a_root_has_no_newest_time(tmp_path: Path) -> None:
    """There is nothing that the clock could be behind."""
    (tmp_path / "plain").mkdir()
    with Root.open(str(tmp_path / "plain")) as plain:
        assert survey(POLICIES, plain, FixedClock()).guards.clock == ""


def test_a_fresh_root_has_no_newest_time(root: Root) -> None:
    """Nothing was ever written down."""
    assert newest_written(root.require_state()) == newest_event([]) == Written()
    assert behind(Instant(0), Written(), Written()) == ""


def test_reports_that_cannot_be_read_are_no_reason_to_refuse(root: Root) -> None:
    """A run that was cut short has none, and one that is damaged decides nothing but this."""
    fill(root, "a/x")
    assert plan_now(root, NOON) == "done: 1"
    state = Path(root.path) / ".rules/runs"
    for report in state.rglob("report.json"):
        report.write_text("{")
    (state / "cut").mkdir()
    assert newest_written(root.require_state()) == Written()


def test_a_time_of_the_far_future_is_said_as_such(root: Root) -> None:
    """A clock that was far ahead wrote it; years that no calendar holds are words."""
    set_pin(root.require_state(), Pin(RelPath("other")), Instant(NOON + 5_000_000 * DAY))
    assert "far future" in behind(Instant(NOON), newest_written(root.require_state()))
