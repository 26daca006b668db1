"""Keep markers, as a walk and a look at seals find them."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from makers import changes

from rules_engine.filesystem.root import Root
from rules_engine.inventory.above import marked_above
from rules_engine.inventory.gather import gather
from rules_engine.inventory.model import Inventory, Problem
from rules_engine.inventory.scan import walk
from rules_engine.inventory.tracked import observe_job
from rules_engine.manifest.request import StartRequest
from rules_engine.manifest.store import ManifestStore
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import FileType, JobId, JobType

MARKERS = (".rules-keep", "hold\udcff")
ONE = StartRequest(JobId("job-1"), JobType("short_form"), RelPath("scratch/job-1"), RelPath("output/a"))


def _touch(top: Path, *paths: str) -> None:
    for path in paths:
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_bytes(b"x")


def _marked(inventory: Inventory) -> dict[str, str]:
    """The markers that are known once every directory went by; each is known before the facts of its directory."""
    for facts in inventory.directories:
        names = {fact.name for fact in facts.files}.union(facts.subdirectories)
        assert (facts.path in inventory.marked) == bool(names.intersection(MARKERS))
    return dict(inventory.marked)


def test_a_walk_notes_every_marker(root: Root, tmp_path: Path) -> None:
    """Files, links and directories, in the root and below, also names that are no text."""
    _touch(tmp_path, ".rules-keep", "a/x", "b/x", "c/d/x", "a\udcff/x", "zz", "b/hold\udcff", "a\udcff/\udcfe")
    (tmp_path / "a\udcff/hold\udcff").symlink_to("nowhere")
    (tmp_path / "c/d/.rules-keep").mkdir()
    found = _marked(walk(root, markers=MARKERS))
    assert found == {"": ".rules-keep", "a\udcff": "hold\udcff", "b": "hold\udcff", "c/d": ".rules-keep"}
    unasked = walk(root)
    assert list(unasked.directories)
    assert not unasked.marked


def test_a_marker_is_noted_though_its_name_is_never_entered(root: Root, tmp_path: Path) -> None:
    """A marker can be a directory that no walk goes into."""
    (tmp_path / "a/.git").mkdir(parents=True)
    inventory = walk(root, markers=(".git",))
    assert len(list(inventory.directories)) == 2
    assert inventory.marked == {"a": ".git"}


@pytest.fixture
def sealed(root: Root, store: ManifestStore, tmp_path: Path) -> Path:
    """The tree of a sealed job."""
    store.start(ONE)
    _touch(tmp_path, "scratch/job-1/temp", "scratch/job-1/sub/deep/found", "output/a/final")
    store.add_files("job-1", [(RelPath("output/a/final"), FileType("final_video"))])
    return tmp_path


def _finish(root: Root, store: ManifestStore) -> None:
    store.finish("job-1", success=True, directories=observe_job(root, store.get("job-1")))


def _gathered(root: Root, store: ManifestStore) -> Inventory:
    inventory = gather(root, store, store.load().jobs, walk=False, markers=MARKERS)
    inventory.directories = tuple(inventory.directories)
    return inventory


@pytest.mark.parametrize("place", ["", "scratch", "scratch/job-1", "output", "output/a"])
def test_markers_above_workspace_and_output_are_found_without_a_walk(
    root: Root, store: ManifestStore, sealed: Path, place: str
) -> None:
    """Also in them, though their seal says nothing of it."""
    _finish(root, store)
    _touch(sealed, os.path.join(place, ".rules-keep"))
    assert _gathered(root, store).marked == {place: ".rules-keep"}


def test_a_marker_that_a_seal_names_is_looked_for_on_the_disk(root: Root, store: ManifestStore, sealed: Path) -> None:
    """Whoever takes it away takes its protection away, also from a sealed job."""
    _touch(sealed, "scratch/job-1/sub/.rules-keep")
    (sealed / "scratch/job-1/sub/deep/hold\udcff").mkdir()
    _finish(root, store)
    found = {"scratch/job-1/sub": ".rules-keep", "scratch/job-1/sub/deep": "hold\udcff"}
    assert _gathered(root, store).marked == found
    (sealed / "scratch/job-1/sub/.rules-keep").unlink()
    (sealed / "scratch/job-1/sub/deep/hold\udcff").rmdir()
    assert _gathered(root, store).marked == {}


def test_where_nobody_can_look_the_seal_has_the_last_word(root: Root, store: ManifestStore, sealed: Path) -> None:
    """The directory became a link since: what it holds now says nothing of the marker."""
    _touch(sealed, "scratch/job-1/sub/.rules-keep")
    _finish(root, store)
    (sealed / "scratch/job-1/sub").rename(sealed / "elsewhere")
    (sealed / "scratch/job-1/sub").symlink_to(sealed / "elsewhere")
    inventory = _gathered(root, store)
    assert inventory.marked == {"scratch/job-1/sub": ".rules-keep"}
    assert Problem(RelPath("scratch/job-1/sub"), "is no directory, or lies behind a link") in inventory.problems


def test_a_look_at_a_doubted_file_finds_the_markers_above_it(root: Root, store: ManifestStore, sealed: Path) -> None:
    """A step that a marker stopped is not planned night after night."""
    _finish(root, store)
    _touch(sealed, "scratch/job-1/sub/.rules-keep")
    assert _gathered(root, store).marked == {}
    store.amend_seals({JobId("job-1"): changes(unsealed=[RelPath("scratch/job-1/sub/deep/found")])})
    assert _gathered(root, store).marked == {"scratch/job-1/sub": ".rules-keep"}


def test_markers_of_an_unsealed_job_are_found(root: Root, store: ManifestStore, sealed: Path) -> None:
    """All below its workspace is walked; above it they are looked for."""
    _touch(sealed, "scratch/.rules-keep", "scratch/job-1/sub/hold\udcff")
    assert _gathered(root, store).marked == {"scratch": ".rules-keep", "scratch/job-1/sub": "hold\udcff"}


def test_a_marker_that_cannot_be_looked_at_protects(root: Root, tmp_path: Path) -> None:
    """A name that the disk cannot even hold is refused by it, and nobody can say that it is not there."""
    (tmp_path / "a").mkdir()
    long = "x" * 300
    assert marked_above(root, RelPath("a"), (long,)) == {"": long, "a": long}


def test_markers_above_a_path_are_those_that_are_there(root: Root, tmp_path: Path) -> None:
    """A directory that is gone has none; those above it still count."""
    _touch(tmp_path, "a/.rules-keep", "b/.rules-keep", "a/c/x")
    assert marked_above(root, RelPath("a/c/gone/deeper"), MARKERS) == {"a": ".rules-keep"}
    assert marked_above(root, RelPath(""), MARKERS) == {}


def test_one_marker_is_named_for_each_directory(root: Root, store: ManifestStore, sealed: Path) -> None:
    """The first in the order of the settings, whichever way it was found."""
    store.start(replace(ONE, job_id=JobId("job-2"), workspace=RelPath("scratch/job-2")))
    _touch(sealed, "scratch/.rules-keep", "scratch/hold\udcff")
    assert _gathered(root, store).marked == {"scratch": ".rules-keep"}
    assert _marked(walk(root, markers=MARKERS)) == {"scratch": ".rules-keep"}
