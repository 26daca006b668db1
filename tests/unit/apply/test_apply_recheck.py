import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rules_engine.apply.model import Outcome, StepResult
from rules_engine.apply.pins import PinsOnDisk
from rules_engine.apply.recheck import Present
from rules_engine.apply.state import JobsOnDisk, Known
from rules_engine.filesystem.directory import Directory
from rules_engine.manifest.model import Damage, JobRecord
from rules_engine.plan.model import Batch, Entry, StepAction
from rules_engine.policy.model import PolicySet
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import EntryKind, FileType, JobId, JobStatus, JobType

FILE = Entry("a", EntryKind.FILE, 1, 2, 3, 4)


def job(job_id: str, status: JobStatus = JobStatus.COMPLETED, **named: Any) -> JobRecord:
    """A job with a workspace of its own."""
    return JobRecord(
        JobId(job_id),
        JobType("t"),
        status,
        Instant(1),
        RelPath(f"scratch/{job_id}"),
        RelPath(f"output/{job_id}"),
        ended=Instant(2),
        **named,
    )


class Jobs:
    """Known jobs that a test changes."""

    def __init__(self, *jobs: JobRecord, damaged: tuple[Damage, ...] = ()) -> None:
        self.known = Known(jobs, damaged)
        self.loads = 0

    def __call__(self) -> Known:
        """Load them."""
        self.loads += 1
        return self.known


@pytest.fixture
def ask(here: Directory, tmp_path: Path, clock: Any) -> Callable[..., StepResult | None]:
    """What the present state says about `a` in `scratch/j`, or in another directory."""
    (tmp_path / "tree/.rules").mkdir()
    (tmp_path / "tree/scratch/j").mkdir(parents=True)
    (tmp_path / "tree/out/deep").mkdir(parents=True)

    def say(  # noqa: PLR0917 - each test gives what differs, in this order
        jobs: Jobs,
        directory: str = "scratch/j",
        owners: tuple[str, ...] = ("j",),
        action: StepAction = StepAction.DELETE,
        entry: Entry = FILE,
        own: tuple[str, ...] = (),
    ) -> StepResult | None:
        with here.open(RelPath(".rules")) as state, here.open(RelPath(directory)) as below:
            present = Present(
                here, JobsOnDisk(state, jobs), PolicySet(), [RelPath(one) for one in own], clock, pins=PinsOnDisk(state)
            )
            batch = Batch(RelPath(directory), action, (entry,), owners=tuple(JobId(one) for one in owners))
            first, second = (present.protects(batch, entry, below) for _ in range(2))
            assert first == second
            return first

    return say


def protected(why: str) -> StepResult:
    """The outcome of a protected entry."""
    return StepResult(Outcome.PROTECTED, cause=why)


def test_a_file_of_an_ended_job_is_free(ask: Any) -> None:
    """Nothing speaks against it."""
    assert ask(Jobs(job("j"))) is None


def test_a_file_of_nobody_is_free(ask: Any) -> None:
    """Nor against this."""
    assert ask(Jobs(), "out", ()) is None


def test_a_file_of_a_job_that_runs_again_is_protected(ask: Any) -> None:
    """A new attempt began since the plan."""
    assert ask(Jobs(job("j", JobStatus.RUNNING))) == protected("job `j` is running")


def test_a_file_of_a_running_owner_that_no_longer_names_it_is_protected(ask: Any) -> None:
    """A new attempt has not declared its files yet; those of the old one are not free for that."""
    assert ask(Jobs(job("j", JobStatus.RUNNING)), "out", ("j",)) == protected("job `j` is running")


def test_a_file_of_a_damaged_job_is_protected(ask: Any) -> None:
    """Its manifest cannot be read any more."""
    assert ask(Jobs(job("j", JobStatus.UNTRUSTED))) == protected("the manifest of job `j` is damaged")


def test_a_file_below_a_damaged_manifest_is_protected(ask: Any) -> None:
    """Also where nobody owns it."""
    damage = Damage("k", "line 3 of its log is damaged", (RelPath("out"),), anywhere=False)
    found = ask(Jobs(damaged=(damage,)), "out/deep", ())
    assert found == protected("the manifest of job `k` may name it: line 3 of its log is damaged")


def test_a_file_that_gained_an_owner_changed(ask: Any) -> None:
    """Another job declared it since the plan."""
    named = {RelPath("scratch/j"): {"a": FileType("x")}}
    assert ask(Jobs(job("j"), job("k", files=named))) == StepResult(
        Outcome.CHANGED, cause="it gained an owner since the plan was made: job `k`"
    )


def test_a_file_that_gained_a_running_owner_is_protected(ask: Any) -> None:
    """Running says more than gained."""
    named = {RelPath("scratch/j"): {"a": FileType("x")}}
    gained = job("k", JobStatus.RUNNING, files=named)
    assert ask(Jobs(job("j"), gained)) == protected("job `k` is running")


def test_a_file_that_lost_an_owner_changed(ask: Any) -> None:
    """It is not the file that the decision was about."""
    assert ask(Jobs(), "out", ("j",)) == StepResult(Outcome.CHANGED, cause="it lost an owner since the plan was made")


def test_a_file_that_another_job_does_not_name_is_free(ask: Any) -> None:
    """A manifest that names its neighbour says nothing about it."""
    named = {RelPath("scratch/j"): {"b": FileType("x")}}
    assert ask(Jobs(job("j"), job("k", files=named))) is None


@pytest.mark.parametrize("name", [".nfs0001", ".rules", ".fuse_hidden1"])
def test_a_name_that_no_rule_reaches_is_protected(ask: Any, name: str) -> None:
    """Whatever the plan says."""
    found = ask(Jobs(), "out", (), entry=Entry(name, EntryKind.FILE))
    assert found == protected(f"no rule reaches an entry named `{name}`")


def test_the_state_is_protected(ask: Any) -> None:
    """A plan that was written by hand does not get at it."""
    assert ask(Jobs(), ".rules", ()) == protected("it is part of the state of rules-engine")


def test_a_policy_folder_is_protected(ask: Any) -> None:
    """Policies that lie in the root stay."""
    found = ask(Jobs(), "out/deep", (), own=("out",))
    assert found is not None
    assert found.outcome is Outcome.PROTECTED


def test_a_device_is_protected(ask: Any) -> None:
    """Only files and links are removed."""
    found = ask(Jobs(), "out", (), entry=Entry("a", EntryKind.OTHER))
    assert found == protected("it is not a regular file or link")


@pytest.mark.parametrize("where", ["out", "out/deep"])
def test_a_root_that_was_made_further_down_is_protected(ask: Any, tmp_path: Path, where: str) -> None:
    """Its files are its own, at any depth."""
    (tmp_path / "tree/out/.rules").mkdir()
    assert ask(Jobs(), where, ()) == protected("it lies in another root")


def test_an_empty_directory_of_an_ended_job_is_free(ask: Any) -> None:
    """The workspace itself, seen from the directory that holds it."""
    entry = Entry("j", EntryKind.DIRECTORY, 7)
    assert ask(Jobs(job("j")), "scratch", ("j",), StepAction.REMOVE_DIRECTORY, entry) is None


def test_a_directory_that_became_a_workspace_changed(ask: Any) -> None:
    """Another job works in it by now."""
    entry = Entry("j", EntryKind.DIRECTORY, 7)
    found = ask(Jobs(job("j")), "scratch", (), StepAction.REMOVE_DIRECTORY, entry)
    assert found == StepResult(Outcome.CHANGED, cause="it gained an owner since the plan was made: job `j`")


def test_a_directory_below_a_damaged_manifest_is_protected(ask: Any) -> None:
    """As its files are."""
    damage = Damage("k", "gone", (RelPath("out/deep"),), anywhere=False)
    entry = Entry("deep", EntryKind.DIRECTORY, 7)
    found = ask(Jobs(damaged=(damage,)), "out", (), StepAction.REMOVE_DIRECTORY, entry)
    assert found == protected("the manifest of job `k` may name it: gone")


def test_what_makes_or_moves_links_is_not_asked(ask: Any) -> None:
    """A running job gets its directories."""
    assert ask(Jobs(job("j", JobStatus.RUNNING)), action=StepAction.CREATE_DIRECTORY) is None


def test_jobs_are_read_again_only_when_they_changed(here: Directory, tmp_path: Path, clock: Any) -> None:
    """A new log, a longer one and a missing one count; a seal that this run amended does not."""
    logs, seals = tmp_path / "tree/manifests", tmp_path / "tree/sealed"
    logs.mkdir()
    (logs / "j@h.jsonl").write_bytes(b"1")
    jobs = Jobs(job("j"))
    present = Present(here, JobsOnDisk(here, jobs), PolicySet(), (), clock, pins=PinsOnDisk(here))

    def loads(*amended: str) -> int:
        before = jobs.loads
        present.look_again(frozenset(JobId(one) for one in amended))
        return jobs.loads - before

    assert loads() == 0
    (logs / "j@h.jsonl").write_bytes(b"12")
    assert (loads(), loads()) == (1, 0)
    seals.mkdir()
    (seals / "j.json").touch()
    assert loads("j") == 0
    assert loads() == 0
    os.unlink(seals / "j.json")
    assert loads() == 1


def test_what_changed_is_seen_by_the_next_step(here: Directory, tmp_path: Path, clock: Any) -> None:
    """A job that starts during a run is protected from the next group on."""
    (tmp_path / "tree/manifests").mkdir()
    (tmp_path / "tree/scratch/j").mkdir(parents=True)
    jobs = Jobs(job("j"))
    present = Present(here, JobsOnDisk(here, jobs), PolicySet(), (), clock, pins=PinsOnDisk(here))
    batch = Batch(RelPath("scratch/j"), StepAction.DELETE, (FILE,), owners=(JobId("j"),))
    with here.open(RelPath("scratch/j")) as below:
        assert present.protects(batch, FILE, below) is None
        jobs.known = Known((job("j", JobStatus.RUNNING),))
        (tmp_path / "tree/manifests/j@h.jsonl").touch()
        present.look_again(frozenset())
        assert present.protects(batch, FILE, below) == protected("job `j` is running")
