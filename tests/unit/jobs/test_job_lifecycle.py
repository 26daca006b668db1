import os
import pickle
from pathlib import Path

import pytest
from job_world import KOREAN, LaterClock, tree

from rules_engine.apply.model import Noted, Outcome
from rules_engine.errors import RefusedError
from rules_engine.filesystem.root import Root
from rules_engine.jobs.lifecycle import DirectoryNotMadeError, add, finish, list_jobs, show, start
from rules_engine.jobs.starting import new_job_id
from rules_engine.manifest.errors import ForeignPathError, JobFinishedError, JobRunningError, UnknownJobError
from rules_engine.plan.model import StepAction
from rules_engine.policy.model import PolicySet
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import FileType, JobStatus


def test_a_job_gets_its_directories_and_links_and_no_others(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """What the layout lists, the parents of links, and nothing else."""
    record = start(root, policies, clock, "short_form", job_id="j", parameters=KOREAN)
    assert record.status is JobStatus.RUNNING
    assert tree(root) == [
        "jobs",
        "jobs/running",
        "jobs/running/j",
        "output",
        "output/_unsorted",
        "output/_unsorted/j",
        "output/_unsorted/j/ko",
        "output/_unsorted/j/ko/shorts",
        "output/_unsorted/j/translations",
        "output/_unsorted/j/translations/ko",
        "output/_unsorted/j/translations/ko/shorts",
        "scratch",
        "scratch/j",
        "scratch/j/temp",
    ]
    top = Path(root.path)
    assert os.readlink(top / "jobs/running/j") == "../../output/_unsorted/j/ko"
    assert (top / "output/_unsorted/j/translations/ko/shorts").resolve() == top / "output/_unsorted/j/ko/shorts"
    assert (top / "output/_unsorted/j/ko/shorts").stat().st_mode & 0o777 == 0o775
    assert record.parameters == {"series": "_unsorted", "episode": "j", "language": "ko"}


def test_finishing_moves_the_status_link(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """`ls jobs/failed` answers what went wrong; a new attempt moves it back."""
    start(root, policies, clock, "short_form", job_id="j", parameters=KOREAN)
    assert finish(root, policies, clock, "j", success=False).status is JobStatus.FAILED
    jobs = Path(root.path) / "jobs"
    assert [sorted(os.listdir(jobs / one)) for one in ("failed", "running")] == [["j"], []]
    again = start(root, policies, clock, "short_form", job_id="j", parameters=KOREAN)
    assert again.attempt == 2
    assert [sorted(os.listdir(jobs / one)) for one in ("failed", "running")] == [[], ["j"]]
    assert finish(root, policies, clock, "j", success=True).status is JobStatus.COMPLETED
    assert [sorted(os.listdir(jobs / one)) for one in ("completed", "running")] == [["j"], []]


def test_a_layout_without_status_and_aliases_makes_no_links(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """Only its directories."""
    start(root, policies, clock, "plain", job_id="j")
    finish(root, policies, clock, "j", success=True)
    assert tree(root) == ["plain", "plain/j", "wip", "wip/j", "wip/j/temp"]


def test_a_job_without_an_id_gets_one(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """Its type, the time and chance."""
    record = start(root, policies, clock, "plain")
    assert record.job_id.startswith("plain-21000101T000000Z-")
    assert new_job_id("plain", clock.now()) != new_job_id("plain", clock.now())


def test_declared_files_and_directories_are_in_the_manifest(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """A path that is a directory is declared as one."""
    start(root, policies, clock, "plain", job_id="j")
    paths = [RelPath("wip/j/a.mkv"), RelPath("wip/j/temp"), RelPath("plain/j/none/b.mkv")]
    add(root, policies, clock, "j", paths, file_type=FileType.TEMP_VIDEO)
    record = show(root, clock, "j")
    assert record.files[RelPath("wip/j")] == {"a.mkv": FileType.TEMP_VIDEO}
    assert record.files[RelPath("plain/j/none")] == {"b.mkv": FileType.TEMP_VIDEO}
    assert record.directories[RelPath("wip/j/temp")].file_type == FileType.TEMP_VIDEO


def test_a_path_in_the_workspace_of_another_job_is_refused(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """Also where that job was never started."""
    start(root, policies, clock, "plain", job_id="j")
    with pytest.raises(ForeignPathError):
        add(root, policies, clock, "j", [RelPath("wip/k/a")], file_type=FileType.TEMP_VIDEO)


def test_jobs_are_listed_by_id(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """Each with where it stands."""
    for job_id in ("b", "a"):
        start(root, policies, clock, "plain", job_id=job_id)
    finish(root, policies, clock, "a", success=True)
    found = list_jobs(root, policies, clock)
    assert [(job.job_id, job.status) for job in found.jobs] == [("a", JobStatus.COMPLETED), ("b", JobStatus.RUNNING)]
    assert found.damaged == ()


def test_what_cannot_be_is_refused(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """Starting a running job, finishing a finished one, and jobs that nobody knows."""
    start(root, policies, clock, "plain", job_id="j")
    with pytest.raises(JobRunningError):
        start(root, policies, clock, "plain", job_id="j")
    finish(root, policies, clock, "j", success=True)
    with pytest.raises(JobFinishedError):
        finish(root, policies, clock, "j", success=True)
    with pytest.raises(JobFinishedError):
        add(root, policies, clock, "j", [RelPath("wip/j/a")], file_type=FileType.TEMP_VIDEO)
    with pytest.raises(UnknownJobError):
        show(root, clock, "nobody")
    with pytest.raises(UnknownJobError):
        finish(root, policies, clock, "nobody", success=True)


def test_a_directory_that_is_no_root_gets_no_jobs(tmp_path: Path, policies: PolicySet, clock: LaterClock) -> None:
    """Nothing is made there."""
    (tmp_path / "other").mkdir()
    with Root.open(str(tmp_path / "other")) as other:
        with pytest.raises(RefusedError):
            start(other, policies, clock, "plain", job_id="j")
        with pytest.raises(RefusedError):
            add(other, policies, clock, "j", [], file_type=FileType.TEMP_VIDEO)
        with pytest.raises(RefusedError):
            finish(other, policies, clock, "j", success=True)
    assert os.listdir(tmp_path / "other") == []


def test_a_file_in_the_way_of_a_directory_is_named(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """Nothing is replaced; the manifest says that the job was started."""
    (Path(root.path) / "wip/j").mkdir(parents=True)
    (Path(root.path) / "wip/j/temp").write_bytes(b"mine")
    with pytest.raises(DirectoryNotMadeError) as caught:
        start(root, policies, clock, "plain", job_id="j")
    assert str(caught.value) == (
        "job `j` has no directory `wip/j/temp`: a file has its name\n"
        "  help: mend that, then `rules job finish j --failed` and start it again"
    )
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own bytes
    assert str(again) == str(caught.value)
    assert show(root, clock, "j").status is JobStatus.RUNNING


def test_a_link_that_cannot_be_made_is_heard_and_the_job_starts(
    root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """An old directory stands where the alias would be."""
    old = Path(root.path) / "output/_unsorted/j/translations/ko/shorts"
    old.mkdir(parents=True)
    heard: list[Noted] = []
    start(root, policies, clock, "short_form", job_id="j", parameters=KOREAN, listen=heard.append)
    path = RelPath("output/_unsorted/j/translations/ko/shorts")
    cause = "something else has its name"
    assert heard == [Noted(path, StepAction.CREATE_LINK, Outcome.CHANGED, 0, cause)]
    assert old.is_dir()


def test_a_status_link_that_somebody_replaced_is_heard_and_left_alone(
    root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """Finishing works all the same."""
    start(root, policies, clock, "short_form", job_id="j", parameters=KOREAN)
    link = Path(root.path) / "jobs/running/j"
    link.unlink()
    link.write_bytes(b"mine")
    heard: list[Noted] = []
    assert finish(root, policies, clock, "j", success=True, listen=heard.append).status is JobStatus.COMPLETED
    assert [(one.path, one.cause) for one in heard] == [("jobs/running/j", "it is not the link that the layout made")]
    assert link.read_bytes() == b"mine"
