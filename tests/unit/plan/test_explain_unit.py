"""What is said of the directory that a file goes with."""

from dataclasses import replace

import pytest
from makers import days, evidence, file, job, listed, narrow, planned, policies, removal

from rules_engine.plan.explain_unit import UnitAbove, describe_unit, removal_of_unit, unit_above
from rules_engine.policy.model import Action, After, FileSelector, Tracked, Unit
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import RuleName

WHOLE = removal("whole", unit=Unit.WORKSPACE, files=FileSelector())
TOLD = replace(WHOLE, name=RuleName("told"), report_only=True)
CACHES = removal(
    "caches", unit=Unit.DIRECTORY, files=FileSelector(match=narrow("/cache/", "/x/*/"), tracked=Tracked.UNTRACKED)
)
DEEP = replace(CACHES, name=RuleName("deep"), files=FileSelector(match=narrow("/cache/a/"), tracked=Tracked.UNTRACKED))


@pytest.mark.parametrize(
    ("path", "unit"),
    [
        ("scratch/a/b/c", UnitAbove(RelPath("scratch/a"), (RuleName("whole"),))),
        ("out/suits/c", None),
        ("cache/a/b/c", UnitAbove(RelPath("cache"), (RuleName("caches"),))),
        ("x/y", None),
        ("x/y/z", UnitAbove(RelPath("x/y"), (RuleName("caches"),))),
    ],
)
def test_the_directory_is_the_workspace_or_the_outermost_that_is_named(path: str, unit: UnitAbove | None) -> None:
    """Rules that only report are told nowhere; what is no workspace of an owner is asked for by its patterns."""
    owner = job()
    seen = evidence(policies(WHOLE, TOLD, CACHES, DEEP), (owner,))
    owners = (owner,) if path.startswith(("scratch/a", "out")) else ()
    assert unit_above(RelPath(path), owners, seen) == unit


def test_several_rules_are_named_together_and_the_longest_wait_is_said() -> None:
    """Each rule waits by itself, and the directory for the longest of them."""
    slow = replace(WHOLE, name=RuleName("slow"), after=After(days(20)), action=Action.TRASH)
    said = policies(slow, WHOLE)
    owner = job()
    unit = unit_above(RelPath("scratch/a/x"), (owner,), evidence(said, (owner,)))
    assert unit is not None
    text = describe_unit(unit, planned(said, (owner,), listed(file("scratch/a/x"))))
    assert text == "rules `slow`, `whole` take its directory `scratch/a` whole, due at 2024-10-14T00:00:00Z"


def test_a_directory_that_was_not_looked_at_is_said_to_wait() -> None:
    """A plan that does not hold the directory tells nothing of it."""
    plan = planned(policies(WHOLE), (job(),), ())
    unit = UnitAbove(RelPath("scratch/a"), (RuleName("whole"),))
    text = "rule `whole` takes its directory `scratch/a` whole, once every entry of it was looked at"
    assert describe_unit(unit, plan) == text


def test_of_a_directory_that_stays_the_reason_is_said() -> None:
    """What holds it back is what has to change for it to go."""
    but_logs = replace(CACHES, files=replace(CACHES.files, exclude=narrow("*.log")))
    said = policies(but_logs)
    unit = unit_above(RelPath("x/y/z"), (), evidence(said, ()))
    assert unit is not None
    text = "rule `caches` takes directories whole; `x/y` stays: rule `caches` leaves out `x/y/a.log`"
    assert describe_unit(unit, planned(said, (), listed(file("x/y/a.log"), file("x/y/z")))) == text


def test_of_several_directories_that_go_the_one_is_said() -> None:
    """A plan may take others whole as well."""
    said = policies(WHOLE, CACHES)
    owner = job()
    plan = planned(said, (owner,), listed(file("scratch/a/x"), file("x/y/z")))
    unit = unit_above(RelPath("x/y/z"), (), evidence(said, (owner,)))
    assert unit is not None
    assert describe_unit(unit, plan) == "rule `caches` takes its directory `x/y` whole: delete"
    going = removal_of_unit(unit, plan)
    assert going is not None
    assert (going.action, going.rules, going.deliverable) == (Action.DELETE, (RuleName("caches"),), False)
    assert removal_of_unit(replace(unit, path=RelPath("x/other")), plan) is None
