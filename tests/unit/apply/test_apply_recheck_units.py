"""What protects a directory that goes whole, as things stand when the step is carried out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from test_apply_recheck import Jobs, job, protected

from rules_engine.apply.model import Outcome, StepResult
from rules_engine.apply.pins import PinsOnDisk
from rules_engine.apply.recheck import Present
from rules_engine.apply.state import JobsOnDisk
from rules_engine.filesystem.directory import Directory
from rules_engine.manifest.model import Damage, DeclaredDirectory
from rules_engine.plan.model import Batch, Entry, StepAction
from rules_engine.policy.model import PolicySet
from rules_engine.values.paths import RelPath, name_of, parent
from rules_engine.values.vocabulary import EntryKind, FileType, JobId, JobStatus

BOTH = pytest.mark.parametrize("action", [StepAction.DELETE, StepAction.TRASH])


@pytest.fixture
def ask(here: Directory, tmp_path: Path, clock: Any) -> Callable[..., StepResult | None]:
    """What the present state says about taking a directory whole."""
    (tmp_path / "tree/.rules").mkdir()

    def say(
        jobs: Jobs,
        path: str = "scratch/j",
        owners: tuple[str, ...] = ("j",),
        own: tuple[str, ...] = (),
        action: StepAction = StepAction.DELETE,
    ) -> StepResult | None:
        (tmp_path / "tree" / path).mkdir(parents=True, exist_ok=True)
        unit = RelPath(path)
        entry = Entry(name_of(unit), EntryKind.DIRECTORY, 7)
        batch = Batch(parent(unit), action, (entry,), owners=tuple(JobId(one) for one in owners), reason="unit")
        with here.open(RelPath(".rules")) as state, here.open(parent(unit)) as above:
            present = Present(
                here, JobsOnDisk(state, jobs), PolicySet(), [RelPath(one) for one in own], clock, pins=PinsOnDisk(state)
            )
            return present.protects(batch, entry, above)

    return say


def changed(why: str) -> StepResult:
    """The outcome of a directory that is not what the plan saw."""
    return StepResult(Outcome.CHANGED, cause=why)


@BOTH
def test_the_workspace_of_an_ended_job_is_free(ask: Any, action: StepAction) -> None:
    """Its job is the only one that has anything to say about it."""
    assert ask(Jobs(job("j"), job("k")), action=action) is None


def test_a_directory_of_nobody_is_free(ask: Any) -> None:
    """What begins with the same letters is another one."""
    beside = {RelPath("old/render-2"): {"a": FileType("x")}}
    assert ask(Jobs(job("k", files=beside)), "old/render", ()) is None


@BOTH
def test_the_workspace_of_a_job_that_runs_again_is_protected(ask: Any, action: StepAction) -> None:
    """A new attempt began since the plan."""
    assert ask(Jobs(job("j", JobStatus.RUNNING)), action=action) == protected("job `j` is running")


def test_a_directory_below_which_a_job_began_is_protected(ask: Any) -> None:
    """Its workspace lies in what nobody owned when the plan was made."""
    assert ask(Jobs(job("j", JobStatus.RUNNING)), "scratch", ()) == protected("job `j` is running")


def test_a_directory_below_which_a_job_has_its_workspace_changed(ask: Any) -> None:
    """It began and ended since the plan."""
    want = "it gained an owner since the plan was made: job `j`"
    assert ask(Jobs(job("j")), "scratch", ()) == changed(want)


@pytest.mark.parametrize("directory", ["old/render", "old/render/deep/down"])
def test_a_directory_with_a_declared_file_gained_an_owner(ask: Any, directory: str) -> None:
    """Seen or not: a job that declares a file may write it at any moment."""
    named = {RelPath(directory): {"a": FileType("x")}}
    want = changed("it gained an owner since the plan was made: job `k`")
    assert ask(Jobs(job("k", files=named)), "old/render", ()) == want
    running = Jobs(job("k", JobStatus.RUNNING, files=named))
    assert ask(running, "old/render", ()) == protected("job `k` is running")


def test_a_directory_in_a_place_of_another_job_gained_an_owner(ask: Any) -> None:
    """Above it or below it."""
    for place in ("old", "old/render", "old/render/frames"):
        directories = {RelPath(place): DeclaredDirectory(None, FileType("x"))}
        found = ask(Jobs(job("k", directories=directories)), "old/render", ())
        assert found == changed("it gained an owner since the plan was made: job `k`")


def test_a_workspace_that_lost_its_owner_changed(ask: Any) -> None:
    """Its manifest is gone."""
    assert ask(Jobs()) == changed("it lost an owner since the plan was made")


@pytest.mark.parametrize("path", ["output", "output/k", "output/k/temp"])
def test_the_output_of_a_running_job_is_protected(ask: Any, path: str) -> None:
    """An empty one too: the job counts on it."""
    found = ask(Jobs(job("k", JobStatus.RUNNING)), path, ())
    assert found == protected("job `k` is running and has its output there")
    assert ask(Jobs(job("k")), path, ()) is None


def test_a_directory_that_a_damaged_manifest_may_name_is_protected(ask: Any) -> None:
    """At it, above it or below it."""
    for named in ("old", "old/render"):
        damage = Damage("k", "line 3 is damaged", (RelPath(named),), anywhere=False)
        found = ask(Jobs(damaged=(damage,)), "old/render", ())
        assert found == protected("the manifest of job `k` may name it: line 3 is damaged")
    damage = Damage("k", "line 3 is damaged", (RelPath("old/render/deep"),), anywhere=False)
    found = ask(Jobs(damaged=(damage,)), "old/render", ())
    assert found == protected("the manifest of job `k` may name what is in it: line 3 is damaged")


def test_a_directory_that_holds_policies_or_a_plan_is_protected(ask: Any) -> None:
    """No plan takes what it was made of."""
    assert ask(Jobs(), "old", (), ("old/policies",)) == protected("`old/policies` is a policy folder or a plan")
    assert ask(Jobs(), "old", (), ("old",)) == protected("it lies in a policy folder")


def test_the_directory_of_another_root_is_protected(ask: Any, tmp_path: Path) -> None:
    """Somebody made one above it since the plan."""
    (tmp_path / "tree/old/.rules").mkdir(parents=True)
    assert ask(Jobs(), "old/render", ()) == protected("it lies in another root")
