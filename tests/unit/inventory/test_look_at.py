"""What some jobs have, looked at before a plan decides anything: as that plan sees it."""

from pathlib import Path

import pytest

from rules_engine.filesystem.root import Root
from rules_engine.inventory.gather import gather
from rules_engine.inventory.model import Inventory
from rules_engine.inventory.tracked import observe_job
from rules_engine.manifest.request import StartRequest
from rules_engine.manifest.store import ManifestStore
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import FileType, JobId, JobType

VIDEO = FileType("final_video")


@pytest.fixture
def tree(root: Root, store: ManifestStore, tmp_path: Path) -> Path:
    """Two sealed jobs with a file in the workspace, one outside that is declared, and one beside it of nobody."""
    for job_id in ("a", "b"):
        store.start(StartRequest(JobId(job_id), JobType("x"), RelPath(f"scratch/{job_id}"), RelPath(f"out/{job_id}")))
        for path in (f"scratch/{job_id}/temp", f"out/{job_id}/film", f"out/{job_id}/stray"):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text("x")
        store.add_files(job_id, [(RelPath(f"out/{job_id}/film"), VIDEO)])
        store.finish(job_id, success=True, directories=observe_job(root, store.get(job_id)))
    return tmp_path


def found(inventory: Inventory) -> dict[str, bool]:
    """Every file, and whether its seal vouches for it."""
    return {fact.path: fact.vouched for facts in inventory.directories for fact in facts.files}


@pytest.mark.parametrize("walk", [False, True])
def test_only_the_places_of_these_jobs_are_looked_at(root: Root, store: ManifestStore, tree: Path, walk: bool) -> None:
    """Whatever the plan itself is narrowed to, and as often as somebody asks."""
    jobs = store.load().jobs
    inventory = gather(root, store, jobs[:1], walk=walk)
    for one in jobs:
        theirs = {f"scratch/{one.job_id}/temp": True, f"out/{one.job_id}/film": True}
        assert found(inventory.look_at([one])) == theirs
        assert found(inventory.look_at([one])) == theirs
    assert found(inventory.look_at(jobs)).keys() == {
        f"{one}" for job in "ab" for one in (f"scratch/{job}/temp", f"out/{job}/film")
    }


def test_seals_are_believed_only_where_the_plan_believes_them(root: Root, store: ManifestStore, tree: Path) -> None:
    """A file that went since is still there for a plan from seals, and gone for one that walks."""
    jobs = store.load().jobs
    (tree / "out/a/film").unlink()
    for walk, told in ((False, {"scratch/a/temp", "out/a/film"}), (True, {"scratch/a/temp"})):
        assert found(gather(root, store, jobs, walk=walk).look_at(jobs[:1])).keys() == told


def test_what_changed_is_not_vouched_for(root: Root, store: ManifestStore, tree: Path) -> None:
    """As in the plan that walks."""
    jobs = store.load().jobs
    (tree / "out/a/film").write_text("another film")
    assert found(gather(root, store, jobs, walk=True).look_at(jobs[:1])) == {
        "scratch/a/temp": True,
        "out/a/film": False,
    }


def test_what_cannot_be_read_is_a_problem_of_the_look_alone(root: Root, store: ManifestStore, tree: Path) -> None:
    """The plan finds for itself what it cannot read: it must not stand there twice."""
    jobs = store.load().jobs
    (tree / "scratch/a").rename(tree / "elsewhere")
    (tree / "scratch/a").symlink_to(tree / "elsewhere")
    inventory = gather(root, store, jobs, walk=True)
    look = inventory.look_at(jobs)
    assert "scratch/a/temp" not in found(look)
    assert [(one.path, one.why) for one in look.problems] == [("scratch/a", "is no directory, or lies behind a link")]
    assert inventory.problems == []
