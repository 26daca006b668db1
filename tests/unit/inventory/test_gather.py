import os
from dataclasses import replace
from pathlib import Path

import pytest
from makers import changes

from rules_engine.filesystem.root import Root
from rules_engine.inventory.gather import gather
from rules_engine.inventory.model import DirectoryFacts, Inventory, Skipped
from rules_engine.inventory.tracked import observe_job
from rules_engine.manifest.request import StartRequest
from rules_engine.manifest.store import ManifestStore
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import FileType, JobId, JobType

TEMP, FINAL = FileType("temp_video"), FileType("final_video")
ONE = StartRequest(JobId("job-1"), JobType("short_form"), RelPath("scratch/job-1"), RelPath("output/a"))
TWO = replace(ONE, job_id=JobId("job-2"), workspace=RelPath("scratch/job-2"))


def _touch(tmp_path: Path, *paths: str) -> None:
    for path in paths:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(os.fsencode(path))


def _finish(root: Root, store: ManifestStore, job_id: str) -> None:
    store.finish(job_id, success=True, directories=observe_job(root, store.get(job_id)))


def _gather(root: Root, store: ManifestStore, *, walk: bool = False) -> Inventory:
    return gather(root, store, store.load().jobs, walk=walk)


def _seen(inventory: Inventory) -> dict[str, bool]:
    return {fact.path: fact.vouched for facts in inventory.directories for fact in facts.files}


def _facts(inventory: Inventory) -> dict[str, DirectoryFacts]:
    return {facts.path: facts for facts in inventory.directories}


@pytest.fixture
def tree(root: Root, store: ManifestStore, tmp_path: Path) -> Path:
    """The tree of a job with an undeclared file, a declared one that is missing, and a file of nobody."""
    store.start(ONE)
    _touch(tmp_path, "scratch/job-1/temp", "scratch/job-1/sub/found", "output/a/final", "output/a/stray")
    (tmp_path / "scratch/job-1/empty").mkdir()
    declared = [("scratch/job-1/temp", TEMP), ("output/a/final", FINAL), ("output/b/missing", FINAL)]
    store.add_files("job-1", [(RelPath(path), file_type) for path, file_type in declared])
    return tmp_path


TRACKED = ["output/a/final", "scratch/job-1/temp", "scratch/job-1/sub/found"]


def test_an_unsealed_job_is_looked_at(root: Root, store: ManifestStore, tree: Path) -> None:
    """All below its workspace and the files that it declared; nothing vouches for them."""
    inventory = _gather(root, store)
    assert _seen(inventory) == dict.fromkeys(TRACKED, False)
    assert not inventory.walked
    facts = _facts(_gather(root, store))
    assert facts["scratch/job-1"].subdirectories == ("empty", "sub")
    assert [facts[path].complete for path in ("output/a", "scratch/job-1", "scratch/job-1/empty")] == [
        False,
        True,
        True,
    ]


def test_a_seal_says_the_same_without_a_look(root: Root, store: ManifestStore, tree: Path) -> None:
    """Facts come from the seal, also of files that went since; each is vouched for."""
    observed = {path: (facts.files, facts.subdirectories) for path, facts in _facts(_gather(root, store)).items()}
    _finish(root, store, "job-1")
    (tree / "scratch/job-1/sub/found").unlink()
    sealed = _facts(_gather(root, store))
    assert _seen(_gather(root, store)) == dict.fromkeys(TRACKED, True)
    for path, (files, subdirectories) in observed.items():
        assert sealed[path].subdirectories == subdirectories
        assert [(fact.inode, fact.size, fact.mtime_ns, fact.ctime_ns) for fact in sealed[path].files] == [
            (fact.inode, fact.size, fact.mtime_ns, fact.ctime_ns) for fact in files
        ]
    assert sealed["scratch/job-1"].complete
    assert sealed["scratch/job-1"].inode == (tree / "scratch/job-1").stat().st_ino


def test_types_are_those_that_were_declared(root: Root, store: ManifestStore, tree: Path) -> None:
    """A file, all in a declared directory, and what nobody declared."""
    store.add_directory("job-1", RelPath("scratch/job-1/sub"), file_type=FileType("frames"))
    _touch(tree, "scratch/job-1/sub/deep/frame", "scratch/job-1/other")
    rows = {
        f"{path}/{row.name}": row.file_type
        for path, directory in observe_job(root, store.get("job-1"))
        for row in directory.rows
    }
    assert rows == {
        "output/a/final": "final_video",
        "scratch/job-1/other": "undeclared",
        "scratch/job-1/sub/deep/frame": "frames",
        "scratch/job-1/sub/found": "frames",
        "scratch/job-1/temp": "temp_video",
    }


def test_a_walk_vouches_for_what_is_still_the_same_file(root: Root, store: ManifestStore, tree: Path) -> None:
    """A changed ctime alone does not matter; a new mtime, size or inode does."""
    _touch(tree, *(f"scratch/job-1/{name}" for name in ("chmod", "grown", "replaced", "touched")))
    _finish(root, store, "job-1")
    (tree / "scratch/job-1/chmod").chmod(0o600)
    (tree / "scratch/job-1/grown").write_text("more than before, by far")
    os.utime(tree / "scratch/job-1/touched", ns=(1, 1))
    seen = (tree / "scratch/job-1/replaced").stat()
    (tree / "kept").write_text("scratch/job-1/replaced")
    os.utime(tree / "kept", ns=(seen.st_atime_ns, seen.st_mtime_ns))
    (tree / "kept").rename(tree / "scratch/job-1/replaced")
    inventory = _gather(root, store, walk=True)
    found = _seen(inventory)
    assert inventory.walked
    assert [path for path, vouched in found.items() if vouched] == [
        "output/a/final",
        "scratch/job-1/chmod",
        "scratch/job-1/temp",
        "scratch/job-1/sub/found",
    ]
    assert found["output/a/stray"] is False
    assert len(found) == 8


def test_outcomes_are_looked_at_again(root: Root, store: ManifestStore, tree: Path) -> None:
    """Removed rows are gone; an unsealed entry and an unlisted directory are read from the disk."""
    _touch(tree, "scratch/job-1/gone")
    _finish(root, store, "job-1")
    (tree / "scratch/job-1/gone").unlink()
    (tree / "scratch/job-1/temp").write_text("changed since")
    _touch(tree, "scratch/job-1/sub/new", "scratch/job-1/sub/deeper/new")
    store.amend_seals(
        {
            JobId("job-1"): changes(
                removed=[RelPath("scratch/job-1/gone")],
                unsealed=[RelPath("scratch/job-1/temp"), RelPath("output/a/final")],
                unlisted=[RelPath("scratch/job-1/sub")],
            )
        }
    )
    inventory = _gather(root, store)
    assert _seen(inventory) == {
        "output/a/final": True,
        "scratch/job-1/temp": False,
        "scratch/job-1/sub/found": True,
        "scratch/job-1/sub/new": False,
        "scratch/job-1/sub/deeper/new": False,
    }
    assert inventory.problems == []


def test_jobs_share_directories(root: Root, store: ManifestStore, tree: Path) -> None:
    """Of one output, files of both jobs are told once, in order."""
    store.start(TWO)
    _touch(tree, "output/a/another", "scratch/job-2/x")
    both = [(RelPath("output/a/another"), FINAL), (RelPath("output/a/final"), FINAL)]
    store.add_files("job-2", both)
    for job_id in ("job-1", "job-2"):
        _finish(root, store, job_id)
    found = _seen(_gather(root, store))
    assert list(found) == [
        "output/a/another",
        "output/a/final",
        "scratch/job-1/temp",
        "scratch/job-1/sub/found",
        "scratch/job-2/x",
    ]
    assert all(found.values())


def test_seals_that_disagree_are_settled_by_the_disk(root: Root, store: ManifestStore, tree: Path) -> None:
    """The file is the one that the later seal saw; the earlier one vouches for nothing."""
    _finish(root, store, "job-1")
    (tree / "output/a/final").write_text("written again by the second job")
    store.start(TWO)
    store.add_files("job-2", [(RelPath("output/a/final"), FINAL)])
    _finish(root, store, "job-2")
    (fact,) = _facts(_gather(root, store))["output/a"].files
    assert (fact.size, fact.vouched) == (31, True)
    (tree / "output/a/final").unlink()
    assert "output/a" not in _facts(_gather(root, store))


def test_a_root_above_what_seals_tell_is_respected(root: Root, store: ManifestStore, tree: Path) -> None:
    """Where somebody made another root meanwhile, nothing of the seal holds."""
    _finish(root, store, "job-1")
    (tree / "scratch/.rules").mkdir()
    inventory = _gather(root, store)
    assert list(_seen(inventory)) == ["output/a/final"]
    assert inventory.skipped == [Skipped(RelPath("scratch"), "it is another root")]


def test_a_way_that_leads_through_a_link_is_a_problem(root: Root, store: ManifestStore, tree: Path) -> None:
    """A workspace that was replaced by a link is not read, sealed or not."""
    store.start(TWO)
    (tree / "scratch").rename(tree / "moved")
    (tree / "scratch").symlink_to("moved")
    for _ in range(2):
        inventory = _gather(root, store)
        assert list(_seen(inventory)) == ["output/a/final"]
        assert [(one.path, one.why) for one in inventory.problems] == [
            ("scratch", "is no directory, or lies behind a link")
        ]
        if not store.get("job-1").sealed:
            store.finish("job-1", success=True, directories=observe_job(root, store.get("job-1")))


def test_a_workspace_that_is_gone_has_no_facts(root: Root, store: ManifestStore, tree: Path) -> None:
    """Its seal does not bring it back."""
    _finish(root, store, "job-1")
    (tree / "scratch").rename(tree / "away")
    inventory = _gather(root, store)
    assert list(_seen(inventory)) == ["output/a/final"]
    assert (inventory.problems, inventory.skipped) == ([], [])


def test_a_declared_name_that_became_a_directory_is_no_file(root: Root, store: ManifestStore, tree: Path) -> None:
    """It is not told as one; what lies in it belongs to nobody."""
    (tree / "output/a/final").unlink()
    (tree / "output/a/final").mkdir()
    assert "output/a/final" not in _seen(_gather(root, store))


def test_what_could_not_be_read_when_sealing_is_read_by_the_next_plan(
    root: Root, store: ManifestStore, tree: Path
) -> None:
    """A directory behind a link for a moment is looked at again once it is one."""
    (tree / "scratch/job-1").rename(tree / "aside")
    (tree / "scratch/job-1").symlink_to("../aside")
    _finish(root, store, "job-1")
    (tree / "scratch/job-1").unlink()
    (tree / "aside").rename(tree / "scratch/job-1")
    assert list(_seen(_gather(root, store))) == TRACKED
