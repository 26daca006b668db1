import importlib
import os
import pickle
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from job_world import LaterClock
from managed import TickingClock, manager, policy_folder

import rules_engine
from rules_engine.errors import InvalidValueError, RefusedError
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.locks import is_job_locked, lock_job
from rules_engine.jobs.manager import JobManager
from rules_engine.jobs.models import CleanupPolicy
from rules_engine.jobs.planning import NoRootNamedError
from rules_engine.jobs.starting import NoLayoutError
from rules_engine.manifest.errors import JobFinishedError, JobRunningError, UnknownJobError
from rules_engine.policy.shipped import shipped_folder
from rules_engine.values.quantities import HOUR, Instant
from rules_engine.values.vocabulary import FileType, JobId, JobStatus


@pytest.fixture
def clock() -> LaterClock:
    """A clock of our own."""
    return TickingClock()


def status(jobs: JobManager, job_id: str) -> JobStatus | None:
    """The status of a job as its manifest tells it."""
    context = jobs.get_job_context(job_id)
    return context.status if context is not None else None


def test_starting_gives_the_context_of_the_job(tmp_path: Path, jobs: JobManager) -> None:
    """Its directories are made, and its manifest is there."""
    context = jobs.start_job("j", "short_form", parameters={"series": "Suits"})
    assert (context.job_id, context.job_type, context.status) == ("j", "short_form", JobStatus.RUNNING)
    assert context.output_dir == tmp_path / "media/output/Suits/j"
    assert context.manifest_path.is_file()
    assert (context.temp_files, context.final_outputs) == ([], [])
    assert all(path.is_dir() for _, path in context.directories.each())
    assert jobs.get_job_context("j") == context


def test_a_context_survives_a_restart_of_the_process(tmp_path: Path, jobs: JobManager, clock: LaterClock) -> None:
    """Another manager reads the same from the manifest; without its lock the job reads as abandoned."""
    context = jobs.start_job("j", "short_form")
    jobs.tracker.add_file("j", "scratch/j/temp/x", "temp_video")
    with manager(tmp_path, clock) as other:
        found = other.get_job_context("j")
        assert found is not None
        assert (found.directories, found.status) == (context.directories, JobStatus.RUNNING)
        assert found.temp_files == [tmp_path / "media/scratch/j/temp/x"]
        jobs.close()
        assert status(other, "j") is JobStatus.ABANDONED
        assert other.complete_job("j", success=True).deferred == []
        assert status(other, "j") is JobStatus.COMPLETED
        assert other.get_job_context("unknown") is None


def test_a_running_job_cannot_be_started_again(tmp_path: Path, jobs: JobManager, clock: LaterClock) -> None:
    """Neither here nor by another manager; finished, it can, as another attempt."""
    jobs.start_job("j", "short_form")
    with pytest.raises(JobRunningError, match="job `j` is running"):
        jobs.start_job("j", "short_form")
    with manager(tmp_path, clock) as other, pytest.raises(JobRunningError, match="job `j` is running"):
        other.start_job("j", "short_form")
    jobs.complete_job("j", success=False)
    assert jobs.start_job("j", "short_form").attempt == 2


def test_an_abandoned_job_is_started_again_as_another_attempt(
    tmp_path: Path, jobs: JobManager, clock: LaterClock
) -> None:
    """Its process is gone, and so is its lock."""
    jobs.start_job("j", "short_form")
    jobs.close()
    with manager(tmp_path, clock) as other:
        assert other.start_job("j", "short_form").attempt == 2
        assert status(other, "j") is JobStatus.RUNNING


def test_a_lease_that_ran_out_is_an_abandoned_job(tmp_path: Path, jobs: JobManager, clock: LaterClock) -> None:
    """Told as text or as a duration; here no lock is left that says otherwise."""
    jobs.start_job("j", "short_form", lease="1h")
    with pytest.raises(InvalidValueError, match="duration"):
        jobs.start_job("k", "short_form", lease="soon")
    jobs.close()
    clock.instant = Instant(clock.instant + 2 * HOUR)
    with manager(tmp_path, clock) as other:
        assert status(other, "j") is JobStatus.ABANDONED


def test_the_lock_of_a_job_is_held_from_its_start_to_its_end(jobs: JobManager) -> None:
    """And given back after a start that failed."""
    assert jobs.root.state is not None
    jobs.start_job("j", "short_form")
    assert is_job_locked(jobs.root.state, JobId("j"))
    jobs.complete_job("j", success=True)
    assert not is_job_locked(jobs.root.state, JobId("j"))
    with pytest.raises(InvalidValueError, match="parameter"):
        jobs.start_job("k", "short_form", parameters={"nothing": "x"})
    assert not is_job_locked(jobs.root.state, JobId("k"))


def test_completing_what_does_not_run_is_an_error(jobs: JobManager) -> None:
    """Never started, finished already, or no id at all."""
    with pytest.raises(UnknownJobError, match="job `j` is not known to this root"):
        jobs.complete_job("j", success=True)
    jobs.start_job("j", "short_form")
    jobs.complete_job("j", success=True)
    with pytest.raises(JobFinishedError, match="job `j` is finished"):
        jobs.complete_job("j", success=True)
    with pytest.raises(InvalidValueError, match="job id"):
        jobs.complete_job("../j", success=True)
    with pytest.raises(NoLayoutError, match="did you mean `short_form`"):
        jobs.start_job("k", "short_from")


def test_the_status_of_a_job_can_be_seen_in_directory_names(tmp_path: Path, jobs: JobManager) -> None:
    """A link below the status moves, and leads to the output."""
    jobs.start_job("j", "short_form")
    assert os.listdir(tmp_path / "media/jobs/running") == ["j"]
    jobs.complete_job("j", success=False)
    assert os.listdir(tmp_path / "media/jobs/running") == []
    assert (tmp_path / "media/jobs/failed/j").resolve() == tmp_path / "media/output/_unsorted/j"


def test_leaving_the_block_completes_the_job(jobs: JobManager) -> None:
    """An id is found where none is given, and the result is there afterwards."""
    with jobs.job("short_form") as job:
        assert job.cleanup_result is None
        assert status(jobs, job.job_id) is JobStatus.RUNNING
    assert status(jobs, job.job_id) is JobStatus.COMPLETED
    assert job.cleanup_result is not None
    assert job.job_id.startswith("short_form-")


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), SystemExit(3)])
def test_any_exception_fails_the_job_and_is_passed_on(jobs: JobManager, error: BaseException) -> None:
    """The job is sealed as failed all the same."""
    with pytest.raises(type(error)) as caught, jobs.job("short_form", job_id="j"):
        raise error
    assert caught.value is error
    assert status(jobs, "j") is JobStatus.FAILED


def test_a_job_that_cannot_be_finished_does_not_hide_what_went_wrong_in_it(
    tmp_path: Path, jobs: JobManager, caplog: pytest.LogCaptureFixture
) -> None:
    """The first error is raised, the second noted on it."""

    def work() -> None:
        with jobs.job("short_form", job_id="j"):
            [log] = (tmp_path / "media/.rules/manifests").iterdir()
            log.unlink()
            raise ValueError("the first")

    with pytest.raises(ValueError, match="the first") as caught:
        work()
    [note] = caught.value.__notes__
    assert note.startswith("job `j` could not be finished either: job `j` is not known to this root\n  help: ")
    assert "could not be finished" in caplog.text


def test_a_job_may_be_completed_within_its_block(jobs: JobManager) -> None:
    """Leaving it then does no more."""
    with jobs.job("short_form", job_id="j"):
        jobs.complete_job("j", success=False)
    assert status(jobs, "j") is JobStatus.FAILED

    def work() -> None:
        with jobs.job("short_form", job_id="j"):
            jobs.complete_job("j", success=True)
            raise ValueError("late")

    with pytest.raises(ValueError, match="late"):
        work()
    assert status(jobs, "j") is JobStatus.COMPLETED


def test_a_fork_does_not_finish_the_job_of_its_parent(tmp_path: Path) -> None:
    """A worker that leaves the block by an exception of its own is not the job."""
    code = f"""
import os
from rules_engine.jobs.manager import JobManager
jobs = JobManager.from_policies({policy_folder(tmp_path)!r}, root={str(tmp_path / "media")!r}, create=True)
with jobs.job("short_form", job_id="j") as job:
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        print(jobs.get_job_context("j").status)
print(os.getpid() and jobs.get_job_context("j").status)
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-W", "ignore::DeprecationWarning", "-c", code],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["running", "running", "completed"]


def test_a_job_may_have_a_policy_of_its_own(jobs: JobManager, clock: LaterClock) -> None:
    """A floor under every rule."""
    with jobs.job("short_form", job_id="j", cleanup_policy=CleanupPolicy(retention_hours=48)) as job:
        job.path("x", FileType.TEMP_VIDEO).write_text("x")
        os.utime(job.path("x", FileType.TEMP_VIDEO), ns=(0, 0))
    assert job.cleanup_result is not None
    [why] = job.cleanup_result.kept.values()
    assert why == "due at 2100-01-03T00:00:00Z, waits for retention of the job's own policy"


def test_a_link_that_cannot_be_made_is_logged_and_costs_no_job(
    tmp_path: Path, jobs: JobManager, caplog: pytest.LogCaptureFixture
) -> None:
    """People and old readers do without it."""
    (tmp_path / "media/jobs/running/j").mkdir(parents=True)
    jobs.start_job("j", "short_form")
    assert "could not create_link `jobs/running/j`: something else has its name" in caplog.text


@pytest.mark.parametrize("job_type", ["short_form", "long_form", "expression_only", "slides_only"])
def test_every_shipped_layout_works(tmp_path: Path, job_type: str) -> None:
    """Started, worked in, published from, completed."""
    with (
        JobManager.from_policies(shipped_folder(), root=tmp_path / "media", create=True) as jobs,
        jobs.job(job_type, series="Suits", episode="S01E01", language="ko") as job,
    ):
        clip = job.path("temp_clip.mkv", FileType.TEMP_VIDEO)
        clip.write_text("x")
        assert job.publish(clip, FileType.FINAL_VIDEO, index=1).parent.is_dir()
        assert (tmp_path / "media/scratch" / job.job_id / "temp").is_dir()
        made = {path.name for path in (tmp_path / "media/output/Suits/S01E01/ko").iterdir()}
        assert made == {path.name for _, path in job.context.directories.each() if "scratch" not in str(path)}


def test_the_root_is_the_one_that_is_given_or_that_the_settings_name(tmp_path: Path) -> None:
    """Nothing is guessed, and nothing is made a root without a word."""
    folder = policy_folder(tmp_path)
    with pytest.raises(NoRootNamedError, match="no root is named"):
        JobManager.from_policies(folder)
    (tmp_path / "media").mkdir()
    with pytest.raises(RefusedError, match="is not a root"):
        JobManager.from_policies(folder, root=str(tmp_path / "media"))
    with pytest.raises(RefusedError, match="does not exist"):
        JobManager.from_policies(folder, root=tmp_path / "no/such", create=True)
    policy_folder(tmp_path, settings="version: 1\nkind: settings\nroot: media\n")
    with JobManager.from_policies([folder], create=True) as jobs:
        assert jobs.root.path == str(tmp_path / "media")
    with JobManager.from_policies(Path(folder)) as jobs:
        assert jobs.configuration.policies().settings.root == str(tmp_path / "media")


def test_jobs_start_and_finish_from_many_threads(tmp_path: Path, jobs: JobManager) -> None:
    """Each is completed, and has its own file."""
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(5):
                with jobs.job("short_form", job_id=f"j{number}-{turn}") as job:
                    job.path("clip.mkv", FileType.TEMP_VIDEO).write_text("x")
        except BaseException as err:  # noqa: BLE001 - whatever it is, the test has to hear of it
            errors.append(err)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    for number in range(6):
        for turn in range(5):
            assert status(jobs, f"j{number}-{turn}") is JobStatus.COMPLETED
            assert len(jobs.tracker.get_manifest(f"j{number}-{turn}").files[FileType.TEMP_VIDEO]) == 1


def test_the_lock_that_somebody_else_holds_is_a_running_job(jobs: JobManager) -> None:
    """A process that starts a job holds its lock before its manifest says so."""
    assert jobs.root.state is not None
    with lock_job(jobs.root.state, JobId("j")), pytest.raises(JobRunningError):
        jobs.start_job("j", "short_form")


def test_the_names_of_the_package_are_those_of_the_design() -> None:
    """Each is there, listed, and survives pickling by its own name."""
    for name in rules_engine.__all__:
        assert getattr(rules_engine, name) is not None
        assert name in dir(rules_engine)
    assert pickle.loads(pickle.dumps(rules_engine.JobManager)) is JobManager  # noqa: S301 - our own bytes
    with pytest.raises(AttributeError, match="has no attribute `nothing`"):
        rules_engine.nothing  # noqa: B018 - asking for it is what the test does


def test_type_checkers_see_the_same_names() -> None:
    """The table of the package and its stub differ in nothing."""
    stub = Path(rules_engine.__file__).with_suffix(".pyi").read_text()
    seen = re.findall(r"^from (\S+) import (\w+) as \2$", stub, re.MULTILINE)
    assert sorted(name for _, name in seen) == [name for name in rules_engine.__all__ if name != "__version__"]
    for module, name in seen:
        assert getattr(rules_engine, name) is getattr(importlib.import_module(module), name)


def test_importing_the_package_imports_nothing_else() -> None:
    """`rules --version` stays fast."""
    code = "import sys, rules_engine; print([name for name in sys.modules if name.startswith('rules_engine.')])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_the_clock_of_the_system_is_the_default(tmp_path: Path) -> None:
    """Jobs start now."""
    with JobManager.from_policies(policy_folder(tmp_path), root=tmp_path / "media", create=True) as jobs:
        before = SystemClock().now()
        context = jobs.start_job("j", "short_form")
        assert abs(context.start_time.timestamp() - before / 1e9) < 60
        jobs.complete_job("j", success=True)
