"""What the manifest tracker promises a pipeline."""

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from job_world import KOREAN, LaterClock

from rules_engine.errors import InvalidValueError
from rules_engine.filesystem.root import Root
from rules_engine.jobs.models import CleanupPolicy, JobManifest
from rules_engine.jobs.starting import NoLayoutError
from rules_engine.jobs.tracker import ManifestTracker
from rules_engine.manifest.errors import ForeignPathError, JobFinishedError, JobRunningError, UnknownJobError
from rules_engine.manifest.store import ManifestStore
from rules_engine.policy.model import PolicySet
from rules_engine.values.vocabulary import DirectoryType, FileType, JobStatus, JobType

_HARVEST = FileType("harvest")


@pytest.fixture
def tracker(root: Root, policies: PolicySet, clock: LaterClock) -> ManifestTracker:
    """A tracker with a running job `clip` of type `plain`."""
    made = ManifestTracker(root, policies, clock)
    made.create_manifest("clip", job_type="plain")
    return made


def test_creating_a_manifest_makes_nothing_else(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """The log is there, durable and named; no directory of the job is."""
    path = ManifestTracker(root, policies, clock).create_manifest(
        "clip", job_type=JobType.SHORT_FORM, parameters=KOREAN
    )
    assert path.is_file()
    assert path.parent == Path(root.path) / ".rules" / "manifests"
    assert sorted(os.listdir(root.path)) == [".rules"]


def test_a_job_type_may_be_left_out_where_there_is_one(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """With one layout there is nothing to guess; with two the type must be said, and no layout is made up."""
    only = PolicySet(layouts={JobType("plain"): policies.layouts[JobType("plain")]})
    tracker = ManifestTracker(root, lambda: only, clock)
    tracker.create_manifest("clip")
    assert tracker.get_manifest("clip").job_type == "plain"
    with pytest.raises(InvalidValueError, match="must be given; there are: plain, short_form"):
        ManifestTracker(root, policies, clock).create_manifest("other")
    with pytest.raises(NoLayoutError, match="did you mean `plain`"):
        tracker.create_manifest("other", job_type="plian")


def test_what_was_declared_is_in_the_manifest(tracker: ManifestTracker, root: Root) -> None:
    """Files by type, absolute, however the path was given; directories with those that the layout made."""
    top = Path(root.path)
    tracker.add_file("clip", top / "wip/clip/temp/a.mkv", FileType.TEMP_VIDEO)
    tracker.add_file("clip", "wip/clip/temp/b.mkv", FileType.TEMP_VIDEO)
    tracker.add_files("clip", [("plain/clip/a.mkv", FileType.FINAL_VIDEO), (Path("plain/clip/b"), "own_type")])
    tracker.add_directory("clip", "wip/clip/frames", DirectoryType("frames"))
    tracker.add_directory("clip", "wip/clip/slides", file_type=FileType.TEMP_SLIDE)
    found = tracker.get_manifest("clip")
    assert found.files == {
        FileType.TEMP_VIDEO: [top / "wip/clip/temp/a.mkv", top / "wip/clip/temp/b.mkv"],
        FileType.FINAL_VIDEO: [top / "plain/clip/a.mkv"],
        FileType("own_type"): [top / "plain/clip/b"],
    }
    assert found.directories == {
        DirectoryType.TEMP: [top / "wip/clip/temp", top / "wip/clip/slides"],
        DirectoryType("frames"): [top / "wip/clip/frames"],
    }
    assert (found.status, found.attempt, found.ended_at) == (JobStatus.RUNNING, 1, None)
    assert JobManifest.from_dict(found.to_dict()) == found


def test_the_manifest_shows_the_policy_that_holds(tracker: ManifestTracker) -> None:
    """A job's own policy where it has one, else that of the settings."""
    assert tracker.get_manifest("clip").cleanup_policy == CleanupPolicy()
    own = CleanupPolicy(retention_hours=72, file_types_to_clean=[FileType.TEMP_SLIDE])
    tracker.create_manifest("own", job_type="plain", cleanup_policy=own)
    assert tracker.get_manifest("own").cleanup_policy == own


def test_what_was_removed_is_in_the_manifest_no_more(tracker: ManifestTracker) -> None:
    """A file, and a directory with what was declared in it."""
    tracker.add_files("clip", [(f"wip/clip/{name}", FileType.TEMP_VIDEO) for name in ("a", "d/b", "d/c")])
    tracker.remove_from_manifest("clip", "wip/clip/a")
    tracker.remove_from_manifest("clip", "wip/clip/d")
    assert tracker.get_manifest("clip").files == {}


@pytest.mark.parametrize(
    ("path", "why"),
    [("/etc/passwd", "does not lie in the root"), ("../x", "has a part that is"), ("", "is empty")],
)
def test_a_path_that_cannot_be_the_jobs_is_refused(tracker: ManifestTracker, path: str, why: str) -> None:
    """Nothing is mended silently, and of many files none is declared when one is refused."""
    with pytest.raises(InvalidValueError, match=why):
        tracker.add_files("clip", [("wip/clip/a", FileType.TEMP_VIDEO), (path, FileType.TEMP_VIDEO)])
    assert tracker.get_manifest("clip").files == {}


def test_a_file_type_is_a_word(tracker: ManifestTracker) -> None:
    """An empty one says nothing."""
    with pytest.raises(InvalidValueError, match="file type `` is not a word"):
        tracker.add_file("clip", "wip/clip/a", "")


def test_a_root_behind_a_link_takes_the_real_paths_of_its_files(
    root: Root, policies: PolicySet, clock: LaterClock, tmp_path: Path
) -> None:
    """A pipeline that resolves its paths names the same files."""
    (tmp_path / "way").symlink_to(tmp_path, target_is_directory=True)
    with Root.open(str(tmp_path / "way" / "media")) as other:
        tracker = ManifestTracker(other, policies, clock)
        tracker.create_manifest("clip", job_type="plain")
        tracker.add_file("clip", tmp_path / "media/wip/clip/a", FileType.TEMP_VIDEO)
        assert tracker.get_manifest("clip").files == {FileType.TEMP_VIDEO: [Path(other.path) / "wip/clip/a"]}


def test_nothing_is_declared_for_a_job_that_does_not_run(
    tracker: ManifestTracker, root: Root, clock: LaterClock
) -> None:
    """Unknown, finished, running twice: each by its own error, also through a log that is open already."""
    with pytest.raises(UnknownJobError):
        tracker.add_file("nobody", "wip/nobody/a", FileType.TEMP_VIDEO)
    with pytest.raises(UnknownJobError):
        tracker.get_manifest("nobody")
    with pytest.raises(JobRunningError):
        tracker.create_manifest("clip", job_type="plain")
    tracker.add_file("clip", "wip/clip/a", FileType.TEMP_VIDEO)
    ManifestStore(root, clock).finish("clip", success=True, directories=())
    with pytest.raises(JobFinishedError):
        tracker.add_file("clip", "wip/clip/b", FileType.TEMP_VIDEO)
    assert tracker.get_manifest("clip").status is JobStatus.COMPLETED


def test_the_workspace_of_another_job_is_refused_however_often_it_is_asked(tracker: ManifestTracker) -> None:
    """The answer for a directory is remembered; it stays no, and files beside it stay welcome."""
    for name in ("a", "b"):
        with pytest.raises(ForeignPathError, match="the workspace of another job"):
            tracker.add_file("clip", f"wip/other/{name}", FileType.TEMP_VIDEO)
        tracker.add_file("clip", f"plain/clip/{name}", FileType.FINAL_VIDEO)


def test_changed_policies_say_where_workspaces_are(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """What was remembered of the policies before does not outlive them."""
    sets = [PolicySet(layouts={JobType("plain"): policies.layouts[JobType("plain")]}), policies]
    now = [sets[0]]
    tracker = ManifestTracker(root, lambda: now[0], clock)
    tracker.create_manifest("clip")
    tracker.add_file("clip", "scratch/other/a", FileType.TEMP_VIDEO)
    now[0] = sets[1]
    with pytest.raises(ForeignPathError):
        tracker.add_file("clip", "scratch/other/b", FileType.TEMP_VIDEO)


def _harvest(tracker: ManifestTracker) -> list[str]:
    return [path.name for path in tracker.get_manifest("clip").files.get(_HARVEST, [])]


def _intact(root: Root, tracker: ManifestTracker) -> bool:
    log = tracker.manifest_path("clip").read_bytes()
    return not ManifestStore(root, LaterClock()).load().damaged and log.endswith(b"\n")


def test_threads_share_a_job(tracker: ManifestTracker, root: Root) -> None:
    """Eight threads through one tracker: every file is there once, and the log is whole."""

    def add(worker: int) -> None:
        for number in range(50):
            tracker.add_file("clip", f"wip/clip/{worker}-{number}", _HARVEST)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(8)))
    assert sorted(_harvest(tracker)) == sorted(f"{worker}-{number}" for worker in range(8) for number in range(50))
    assert _intact(root, tracker)


def _add_from_a_process(path: str, policies: PolicySet, worker: int) -> None:
    with Root.open(path) as root:
        tracker = ManifestTracker(root, policies)
        for number in range(200):
            tracker.add_file("clip", f"wip/clip/{worker}-{number}", _HARVEST)


def test_processes_share_a_job(tracker: ManifestTracker, root: Root, policies: PolicySet) -> None:
    """Four processes with two hundred files each: every file is there once, and the log is whole."""
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_add_from_a_process, args=(root.path, policies, one)) for one in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 4
    assert sorted(_harvest(tracker)) == sorted(f"{worker}-{number}" for worker in range(4) for number in range(200))
    assert _intact(root, tracker)


def test_a_forked_child_shares_no_lock_with_its_parent(tracker: ManifestTracker, root: Root) -> None:
    """Parent and children append through trackers that they have from before the fork, and nothing is lost."""
    tracker.add_file("clip", "wip/clip/first", _HARVEST)

    def add(worker: int) -> Callable[[], None]:
        def work() -> None:
            for number in range(100):
                tracker.add_file("clip", f"wip/clip/{worker}-{number}", _HARVEST)

        return work

    context = multiprocessing.get_context("fork")
    children = [context.Process(target=add(one)) for one in range(2)]
    for child in children:
        child.start()
    add(2)()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0, 0]
    assert len(set(_harvest(tracker))) == 301
    assert _intact(root, tracker)
