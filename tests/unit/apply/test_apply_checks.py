import pickle
from dataclasses import replace

import pytest

from rules_engine.apply.checks import check_policies, check_refusals, check_root, check_time
from rules_engine.apply.model import InterruptedRunError, RunResult, RunState, StalePlanError
from rules_engine.errors import ExitCode, RefusedError
from rules_engine.plan.model import Header, PlanLimits, Trailer
from rules_engine.policy.model import PolicySet
from rules_engine.values.quantities import DAY, HOUR, MINUTE, Instant

NOW = Instant(20_000 * DAY)
HEADER = Header(NOW, "abc", "d" * 64, PlanLimits(None, None, None, 7 * DAY), {})


def test_a_plan_of_another_root_is_refused() -> None:
    """The message names both ids."""
    with pytest.raises(StalePlanError) as caught:
        check_root(HEADER, "xyz")
    assert str(caught.value) == (
        "this plan no longer applies: it was made for root abc, and this is root xyz\n"
        "  help: run `rules plan` again with this root"
    )
    assert caught.value.exit_code is ExitCode.STALE_PLAN


def test_a_plan_of_no_root_is_refused() -> None:
    """A plan that was made before `rules init` cannot be applied after it."""
    with pytest.raises(StalePlanError, match="a directory that was not a root"):
        check_root(replace(HEADER, root_id=None), "xyz")


def test_a_plan_of_this_root_passes() -> None:
    """The same id is no reason to refuse."""
    check_root(HEADER, "abc")


def test_a_plan_of_other_policies_is_refused() -> None:
    """The policies of now must say what those of the plan said."""
    with pytest.raises(StalePlanError, match="planned with dddddddddddd, loaded eeeeeeeeeeee"):
        check_policies(HEADER, PolicySet(digest="e" * 64))


@pytest.mark.parametrize("policies", [None, PolicySet(digest="d" * 64)])
def test_a_plan_of_these_policies_passes(policies: PolicySet | None) -> None:
    """The same digest passes, and none at all trusts the plan."""
    check_policies(HEADER, policies)


def test_a_forecast_is_refused() -> None:
    """A plan for tomorrow is not applied today."""
    with pytest.raises(StalePlanError, match="it is a forecast for 2024-10-04T00:00:00Z, 1d from now"):
        check_time(HEADER, Instant(NOW - DAY))


@pytest.mark.parametrize("apart", [-5 * MINUTE, 0, 7 * DAY])
def test_a_plan_within_its_time_passes(apart: int) -> None:
    """Five minutes ahead is a clock that differs, and exactly the limit is not over it."""
    check_time(HEADER, Instant(NOW + apart))


@pytest.mark.parametrize("apart", [-5 * MINUTE - 1, 7 * DAY + 1])
def test_a_plan_outside_its_time_is_refused(apart: int) -> None:
    """One nanosecond more is too much."""
    with pytest.raises(StalePlanError):
        check_time(HEADER, Instant(NOW + apart))


def test_an_old_plan_is_refused() -> None:
    """The message says how old it is and what the limit is."""
    with pytest.raises(StalePlanError, match=r"it was made 8d1h ago, and `limits.plan_age` is 7d"):
        check_time(HEADER, Instant(NOW + 8 * DAY + HOUR))


def test_an_unlimited_plan_never_ages() -> None:
    """`plan_age: unlimited` lifts the limit."""
    check_time(replace(HEADER, limits=PlanLimits(None, None, None, None)), Instant(NOW + 900 * DAY))


def test_a_plan_over_its_limits_is_refused() -> None:
    """Every limit is named."""
    with pytest.raises(RefusedError) as caught:
        check_refusals(Trailer(refusals=["too many files", "too many bytes"]))
    assert str(caught.value).startswith("the plan is refused: too many files; too many bytes\n  help: ")
    assert caught.value.exit_code is ExitCode.REFUSED


def test_a_plan_within_its_limits_passes() -> None:
    """No refusal, no error."""
    check_refusals(Trailer())


def test_errors_survive_a_process_pool() -> None:
    """Both errors come out of pickle as they went in."""
    result = RunResult("r", RunState.INTERRUPTED, NOW, NOW)
    for error in (StalePlanError("why", "help"), InterruptedRunError(result)):
        again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
        assert (type(again), str(again), again.args) == (type(error), str(error), error.args)
