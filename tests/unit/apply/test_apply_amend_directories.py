"""When seals hear of directories that went: all of a job at once at the end of a run, and after a kill all the same."""

from pathlib import Path
from typing import Any

import pytest
from apply_world import FixedClock, apply, batch_of, counts, fill, plan_of

from rules_engine.apply.amend import SealAmender
from rules_engine.apply.model import Committed, Event, Outcome, StepResult
from rules_engine.filesystem.root import Root
from rules_engine.inventory.tracked import observe_job
from rules_engine.manifest.request import StartRequest
from rules_engine.manifest.store import ManifestStore
from rules_engine.plan.model import Plan, StepAction
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import JobId, JobType

MANY = [f"f{number:03d}" for number in range(200)]


class Hasty(FixedClock):
    """A clock that moves half a second at each reading, so that groups are small."""

    def now(self) -> Any:
        """Later each time."""
        self.instant += 500_000_000
        return super().now()


@pytest.fixture
def store(root: Root) -> ManifestStore:
    """A store with the sealed job `j`, which has two empty directories and a file in its workspace."""
    found = ManifestStore(root, FixedClock())
    fill(root, "work/j/a", *[f"stray/{name}" for name in MANY])
    for name in "de":
        (Path(root.path) / "work/j" / name).mkdir()
    record = found.start(StartRequest(JobId("j"), JobType("t"), RelPath("work/j"), RelPath("out/j")))
    found.finish("j", success=True, directories=observe_job(root, record))
    return found


def listed(root: Root) -> set[str]:
    """The directories that the seal tells of now."""
    store = ManifestStore(root, FixedClock())
    seal = store.seal_of(store.get("j"))
    assert seal is not None
    return set(seal.lines)


def directories_first(root: Root) -> Plan:
    """A plan whose first group takes the directories of the job, and the others what nobody owns."""
    empty = batch_of(root, "work/j", "d", "e", action=StepAction.REMOVE_DIRECTORY, owners=("j",))
    return plan_of(root, empty, batch_of(root, "stray", *MANY))


def as_killed_after_the_outcomes(root: Root, run_id: str, seal: bytes) -> None:
    """Leave what a kill leaves behind the last outcomes, before the seals and the report."""
    Path(root.path, ".rules/sealed/j.json").write_bytes(seal)
    Path(root.path, ".rules/runs", run_id, "report.json").unlink()


@pytest.mark.usefixtures("store")
def test_a_seal_hears_of_all_directories_at_the_end_of_a_run(root: Root) -> None:
    """Groups come and go before; writing it anew with each of them would cost more than the removals."""
    heard: list[set[str]] = []

    def listen(event: Event) -> None:
        if isinstance(event, Committed):
            heard.append(listed(root))

    apply(directories_first(root), root, clock=Hasty(), listen=listen)
    assert len(heard) > 2
    assert all({"work/j/d", "work/j/e"} <= one for one in heard[:-1])
    assert heard[-1] & {"work/j/d", "work/j/e"} == set()


@pytest.mark.usefixtures("store")
def test_directories_of_early_groups_are_told_by_whoever_goes_on(root: Root) -> None:
    """Killed before its end, a run had told none of them."""
    seal = Path(root.path, ".rules/sealed/j.json").read_bytes()
    plan = directories_first(root)
    result = apply(plan, root, clock=Hasty())
    as_killed_after_the_outcomes(root, result.run_id, seal)
    assert {"work/j/d", "work/j/e"} <= listed(root)
    assert counts(apply(plan, root)) == {"done": 202}
    assert listed(root) & {"work/j/d", "work/j/e"} == set()


@pytest.mark.usefixtures("store")
def test_directories_of_early_groups_are_told_by_the_run_that_closes_another(root: Root) -> None:
    """Nobody goes on with a run that was closed."""
    seal = Path(root.path, ".rules/sealed/j.json").read_bytes()
    result = apply(directories_first(root), root, clock=Hasty())
    as_killed_after_the_outcomes(root, result.run_id, seal)
    apply(plan_of(root, batch_of(root, "work/j", "a", owners=("j",))), root)
    assert listed(root) & {"work/j/d", "work/j/e"} == set()


def test_a_directory_that_was_made_anew_is_not_said_to_be_gone(root: Root, store: ManifestStore) -> None:
    """A job that ran again before the end of the run has it in its new seal."""
    batch = batch_of(root, "work/j", "d", "e", action=StepAction.REMOVE_DIRECTORY, owners=("j",))
    amender = SealAmender(store)
    amender.add(batch, 0, [StepResult(Outcome.DONE, steps=2)])
    (Path(root.path) / "work/j/e").rmdir()
    amender.amend_all()
    assert listed(root) & {"work/j/d", "work/j/e"} == {"work/j/d"}


def test_what_cannot_be_told_to_be_gone_may_be_there(root: Root, store: ManifestStore) -> None:
    """A line too many costs a step that finds nothing; one too few hides what is there."""
    (Path(root.path) / "link").symlink_to("work")
    found = {path: store.may_be_there(RelPath(path)) for path in ("work/j", "work/none", "work/j/a", "link/j")}
    assert found == {"work/j": True, "work/none": False, "work/j/a": True, "link/j": True}
