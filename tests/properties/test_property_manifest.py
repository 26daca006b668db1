"""Property 5: the manifest is there from the start, follows the work, is what cleanup goes by, and stays."""

from pathlib import Path
from typing import Final

import pytest
from drawn_policies import PROPERTY, Folder, folders
from hypothesis import given
from hypothesis import strategies as st
from scenario import Made, scripts, work
from seed_words import Said
from stage import WAYS, Stage, stage

from rules_engine.errors import RulesError
from rules_engine.jobs.lifecycle import DirectoryNotMadeError
from rules_engine.jobs.models import JobManifest

FOLDERS: Final = folders(**Said(retention=1, preserve=1).to_settings())


def _named(manifest: JobManifest) -> dict[Path, str]:
    return {path: str(file_type) for file_type, paths in manifest.files.items() for path in paths}


def _declared(files: list[Made]) -> dict[Path, str]:
    return {one.path: one.file_type for one in files if one.declared}


# Feature: file-system-cleanup, Property 5: Manifest Lifecycle Management
@PROPERTY
@given(st.data(), FOLDERS)
def test_a_job_without_its_directories_has_a_manifest(data: st.DataObject, folder: Folder) -> None:
    """Where a file stands in the way of any of them, the manifest tells of the job all the same."""
    [(job, _)] = data.draw(scripts(folder, most=1))
    blocked = data.draw(st.sampled_from(sorted(job.directories("running"))))
    with stage(folder) as made:
        made.write(made.top / blocked)
        with pytest.raises(DirectoryNotMadeError):
            made.start(job)
        manifest = made.jobs.tracker.get_manifest(job.job_id)
        assert (manifest.job_type, manifest.created_at.year) == (job.job_type, 2100)
        assert made.files() == {made.top / blocked}


# Feature: file-system-cleanup, Property 5: Manifest Lifecycle Management
@PROPERTY
@given(st.data(), FOLDERS)
def test_a_job_without_a_manifest_has_nothing_else(data: st.DataObject, folder: Folder) -> None:
    """Where it cannot be written, the job does not start, and no directory and no link of it is made."""
    [(job, _)] = data.draw(scripts(folder, most=1))
    with stage(folder) as made:
        (made.top / ".rules" / "manifests").write_bytes(b"in the way")
        with pytest.raises((OSError, RulesError)):
            made.start(job)
        assert [path.name for path in made.top.iterdir()] == [".rules"]


# Feature: file-system-cleanup, Property 5: Manifest Lifecycle Management
@PROPERTY
@given(st.data(), FOLDERS)
def test_the_manifest_follows_what_the_job_declares_and_takes_back(data: st.DataObject, folder: Folder) -> None:
    """At each moment it names what was declared and not taken back, by type; also to a process that comes later."""
    with stage(folder) as made:
        for job, sketches in data.draw(scripts(folder)):
            context = made.start(job)
            assert context.manifest_path.is_file()
            expected: dict[Path, str] = {}
            for sketch in sketches:
                expected |= _declared(work(made, job, [sketch]))
                assert _named(made.jobs.tracker.get_manifest(job.job_id)) == expected
            for path in data.draw(st.lists(st.sampled_from(sorted(expected)), unique=True)) if expected else []:
                made.jobs.tracker.remove_from_manifest(job.job_id, path)
                del expected[path]
            assert _named(made.jobs.tracker.get_manifest(job.job_id)) == expected
            with made.again() as process:
                later = process.get_job_context(job.job_id)
            assert later is not None
            assert {*later.temp_files, *later.final_outputs} == {*expected}


# Feature: file-system-cleanup, Property 5: Manifest Lifecycle Management
@PROPERTY
@given(st.data(), FOLDERS, st.sampled_from(["completed", "failed", "died"]), st.sampled_from(WAYS))
def test_cleanup_goes_by_the_manifest_which_outlives_it(
    data: st.DataObject, folder: Folder, end: str, way: str
) -> None:
    """What no manifest names is nobody's to clean; a manifest tells of its job until all is cleaned, and after."""
    with stage(folder) as made:
        told: dict[str, JobManifest] = {}
        declared: set[Path] = set()
        taken_back: set[Path] = set()
        for job, sketches in data.draw(scripts(folder)):
            made.start(job)
            written = work(made, job, sketches)
            outside = [one.path for one in written if one.declared and one.place != "workspace"]
            for path in outside[:1]:
                made.jobs.tracker.remove_from_manifest(job.job_id, path)
                taken_back.add(path)
            declared |= {one.path for one in written if one.declared and one.temporary} - taken_back
            made.end(job.job_id, end)
            told[job.job_id] = made.jobs.tracker.get_manifest(job.job_id)
        for hours in (0, 1, 1):
            made.clock.move_hours(hours)
            made.clean(way, *told)
            assert made.files() >= taken_back
            _all_is_told(made, told)
        # What died was never sealed: the end of another job does not look at it.
        assert not declared & made.files() or (end, way) == ("died", "finish")


def _all_is_told(made: Stage, told: dict[str, JobManifest]) -> None:
    """Each manifest says what it said when its job ended; of files, at least those that are there."""
    for job_id, before in told.items():
        now = made.jobs.tracker.get_manifest(job_id)
        assert (now.job_type, now.status, now.ended_at) == (before.job_type, before.status, before.ended_at)
        assert {path for path in _named(before) if path.exists()} <= {*_named(now)} <= {*_named(before)}
