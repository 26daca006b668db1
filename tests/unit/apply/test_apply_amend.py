import resource
from pathlib import Path
from typing import Any

import pytest
from apply_world import FixedClock, apply, batch_of, counts, fill, plan_of

from rules_engine.apply.amend import SealAmender
from rules_engine.apply.model import Committed, Event, LeftBehind, Outcome, RunStarted, RunState, StepResult
from rules_engine.apply.outcomes import decode_line, encode_line
from rules_engine.errors import UntrustedStateError
from rules_engine.filesystem.root import Root
from rules_engine.inventory.tracked import observe_job
from rules_engine.manifest.request import StartRequest
from rules_engine.manifest.seal import SealedDirectory
from rules_engine.manifest.store import ManifestStore
from rules_engine.plan.model import Batch, Entry, StepAction
from rules_engine.values.names import decode_name
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import EntryKind, JobId, JobType


@pytest.fixture
def store(root: Root) -> ManifestStore:
    """A store with the sealed job `j`: four files and an empty directory in its workspace."""
    found = ManifestStore(root, FixedClock())
    fill(root, *[f"work/j/{name}" for name in "abcd"])
    (Path(root.path) / "work/j/e").mkdir()
    request = StartRequest(JobId("j"), JobType("t"), RelPath("work/j"), RelPath("out/j"))
    record = found.start(request)
    found.finish("j", success=True, directories=observe_job(root, record))
    return found


def rows(store: ManifestStore) -> dict[str, bool]:
    """What the seal lists in the workspace, and whether it has to be looked at."""
    directory = workspace(store)
    return {decode_name(row.name): row.look for row in directory.rows}


def workspace(store: ManifestStore) -> SealedDirectory:
    """What the seal says of the workspace."""
    seal = store.seal_of(store.get("j"))
    assert seal is not None
    return seal.directory(RelPath("work/j"))


def test_outcomes_are_taken_into_the_seal(root: Root, store: ManifestStore) -> None:
    """What went is removed, what was found different is looked at again, what failed stays as it was."""
    plan = plan_of(root, batch_of(root, "work/j", "a", "b", "c", owners=("j",)))
    Path(root.path, "work/j/b").unlink()
    Path(root.path, "work/j/c").write_bytes(b"new")
    assert counts(apply(plan, root)) == {"done": 1, "gone": 1, "changed": 1}
    assert rows(store) == {"c": True, "d": False}


def test_a_directory_that_was_not_empty_is_listed_again(root: Root, store: ManifestStore) -> None:
    """Something came into it that its listing does not know."""
    plan = plan_of(root, batch_of(root, "work/j", "e", action=StepAction.REMOVE_DIRECTORY, owners=("j",)))
    fill(root, "work/j/e/new")
    assert counts(apply(plan, root)) == {"changed": 1}
    seal = store.seal_of(store.get("j"))
    assert seal is not None
    assert seal.directory(RelPath("work/j/e")).look


def test_seals_are_told_again_after_a_kill(root: Root, store: ManifestStore) -> None:
    """Killed between the record and the seals: the outcomes of the last group are said once more."""
    seal = Path(root.path, ".rules/sealed/j.json")
    before = seal.read_bytes()
    plan = plan_of(root, batch_of(root, "work/j", "a", owners=("j",)))
    result = apply(plan, root)
    Path(root.path, ".rules/runs", result.run_id, "report.json").unlink()
    seal.write_bytes(before)
    assert rows(store) == {"a": False, "b": False, "c": False, "d": False}
    assert counts(apply(plan, root)) == {"done": 1}
    assert rows(store) == {"b": False, "c": False, "d": False}


def test_a_group_that_was_recorded_twice_counts_once(root: Root) -> None:
    """Interrupted between the record and the memory of it."""
    fill(root, "a/x", "a/y")
    plan = plan_of(root, batch_of(root, "a", "x", "y"))
    folder = Path(root.path, ".rules/runs", apply(plan, root).run_id)
    (folder / "report.json").unlink()
    log = folder / "outcomes.jsonl"
    line = decode_line(log.read_bytes())
    assert line is not None
    again = type(line)(2, 2, line.batch, line.first, line.runs)
    log.write_bytes(log.read_bytes() + encode_line(again))
    assert counts(apply(plan, root)) == {"done": 2}


class Hasty(FixedClock):
    """A clock that moves half a second at each reading, so that groups are small."""

    def now(self) -> Any:
        """Later each time."""
        self.instant += 500_000_000
        return super().now()


def many(root: Root) -> Batch:
    """A batch of several groups."""
    names = [f"f{number:03d}" for number in range(200)]
    fill(root, *[f"a/{name}" for name in names])
    return batch_of(root, "a", *names)


def test_a_state_that_becomes_unreadable_stops_the_run(root: Root) -> None:
    """What it hides may be a job that runs; what was done until then is recorded."""
    manifests = Path(root.path, ".rules/manifests")
    manifests.mkdir()
    heard: list[Event] = []

    def listen(event: Event) -> None:
        heard.append(event)
        if isinstance(event, Committed) and manifests.is_dir():
            manifests.rmdir()
            manifests.write_bytes(b"no directory")

    plan = plan_of(root, many(root))
    with pytest.raises(UntrustedStateError, match=r"`.rules/manifests` cannot be read: Not a directory"):
        apply(plan, root, clock=Hasty(), listen=listen)
    manifests.unlink()
    done = [event.result for event in heard if hasattr(event, "result")]
    assert [one.state for one in done] == [RunState.STOPPED]
    assert 0 < done[0].count(Outcome.DONE) < 200
    assert counts(apply(plan, root)) == {"done": 200}


def test_a_seal_that_cannot_be_written_stops_the_run(root: Root, store: ManifestStore) -> None:
    """The outcomes are recorded, so the next attempt tells the seal."""
    plan = plan_of(root, batch_of(root, "work/j", "a", owners=("j",)))
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)

    def listen(event: Event) -> None:
        if isinstance(event, RunStarted):
            # The record fits into that, the seal does not.
            resource.setrlimit(resource.RLIMIT_FSIZE, (300, limit[1]))

    try:
        result = apply(plan, root, listen=listen)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert (result.state, counts(result)) == (RunState.STOPPED, {"done": 1})
    assert result.stopped_because == "the record of the run could not be written: File too large"
    assert rows(store)["a"] is False
    assert counts(apply(plan, root)) == {"done": 1}
    assert "a" not in rows(store)


def test_only_removals_of_owned_files_concern_seals(root: Root, store: ManifestStore) -> None:
    """What a layout makes, what nobody owns, and what failed changes none."""
    before = Path(root.path, ".rules/sealed/j.json").read_bytes()
    amender = SealAmender(store)
    entries = (Entry("a", EntryKind.FILE),)
    for action, owners, outcome in (
        (StepAction.CREATE_LINK, (JobId("j"),), Outcome.DONE),
        (StepAction.DELETE, (), Outcome.DONE),
        (StepAction.DELETE, (JobId("j"),), Outcome.FAILED),
    ):
        amender.add(Batch(RelPath("work/j"), action, entries, owners=owners), 0, [StepResult(outcome)])
    amender.amend()
    assert Path(root.path, ".rules/sealed/j.json").read_bytes() == before


def test_a_run_killed_before_the_seals_is_told_to_them_by_the_run_that_closes_it(
    root: Root, store: ManifestStore
) -> None:
    """What it recorded last went; a plan from the seal would name it still."""
    seal = Path(root.path, ".rules/sealed/j.json")
    before = seal.read_bytes()
    plan = plan_of(root, batch_of(root, "work/j", "a", owners=("j",)))
    apply(plan, root)
    # As it is after the outcomes and before the seals.
    seal.write_bytes(before)
    Path(root.path, ".rules/runs", plan.trailer.run_id, "report.json").unlink()
    assert rows(ManifestStore(root, FixedClock())) == {"a": False, "b": False, "c": False, "d": False}
    apply(plan_of(root, batch_of(root, "work/j", "b", owners=("j",))), root)
    assert rows(ManifestStore(root, FixedClock())) == {"c": False, "d": False}


def test_a_seal_that_cannot_be_read_is_noted_and_told_again(root: Root, store: ManifestStore) -> None:
    """It may be there again with the next group; at the end of the run, what it missed is said."""
    seal = Path(root.path, ".rules/sealed/j.json")
    before, heard = seal.read_bytes(), list[Event]()
    batch = batch_of(root, "work/j", "a", owners=("j",))
    seal.unlink()
    seal.mkdir()
    why = "the seal of job `j` cannot be read: Is a directory; its manifest was read instead"
    apply(plan_of(root, batch), root, listen=heard.append)
    assert LeftBehind((why,)) in heard
    amender = SealAmender(store)
    amender.add(batch, 0, [StepResult(Outcome.DONE)])
    amender.amend()
    assert list(amender.missed) == [why]
    seal.rmdir()
    seal.write_bytes(before)
    amender.amend()
    assert list(amender.missed) == []
    assert rows(store) == {"b": False, "c": False, "d": False}
