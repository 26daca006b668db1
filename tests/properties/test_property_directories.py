"""Properties 1 and 4: which directories a job gets, and what they are called."""

import os
import re
from collections.abc import Mapping
from itertools import combinations

from drawn_policies import PROPERTY, Asked, Folder, asked_jobs, folders
from hypothesis import given
from hypothesis import strategies as st
from stage import Stage, stage

FOLDERS = folders(most=4)
ENDS = st.lists(st.sampled_from(["running", "completed", "failed"]), min_size=4, max_size=4)
KNOWN_KEYS = ("temp", "slides", "expressions", "shorts", "long_form", "metadata", "clips", "reels", "nowhere")


# Feature: file-system-cleanup, Property 1: Conditional Directory Creation
@PROPERTY
@given(st.data(), FOLDERS, ENDS)
def test_a_job_gets_the_directories_of_its_type_and_no_others(data: st.DataObject, folder: Folder, ends: list) -> None:
    """Whatever other types there are, the tree holds what the started jobs need, to the last directory."""
    asked = data.draw(asked_jobs(folder))
    needed: set[str] = set()
    with stage(folder) as made:
        for job, end in zip(asked, ends, strict=False):
            made.start(job)
            needed |= job.directories("running")
            assert made.directories() == needed
            if end != "running":
                made.jobs.complete_job(job.job_id, end == "completed")
                needed |= job.directories(end)
            assert made.directories() == needed


# Feature: file-system-cleanup, Property 1: Conditional Directory Creation
@PROPERTY
@given(FOLDERS)
def test_what_is_said_to_be_created_is_what_is_created(folder: Folder) -> None:
    """Asked before any job was started, the directory manager names the directories that a job then gets."""
    with stage(folder) as made:
        manager = made.jobs.directories
        for number, (job_type, layout) in enumerate(sorted(folder.layouts.items())):
            said = {
                key for key in {*KNOWN_KEYS, *layout["directories"]} if manager.should_create_directory(key, job_type)
            }
            assert said == set(layout["directories"])
            assert {key for key, _ in manager.get_simplified_structure(job_type).each()} == said
            context = made.start(Asked(f"job-{number}", layout, {}))
            assert {key for key, path in context.directories.each() if path.is_dir()} == said
            assert made.directories() >= {made.below(path) for _, path in context.directories.each()}


# Feature: file-system-cleanup, Property 4: Directory Naming Consistency
@PROPERTY
@given(st.data(), FOLDERS)
def test_a_directory_has_the_same_simple_name_in_every_type_and_job(data: st.DataObject, folder: Folder) -> None:
    """Its key, or the one `path` that its layout gives, below the workspace or output; nothing that a job adds."""
    asked = data.draw(asked_jobs(folder))
    with stage(folder) as made:
        names = [_names(made, job) for job in asked]
    for job, found in zip(asked, names, strict=True):
        said = job.layout["directories"]
        assert found == {key: said[key].get("path", key) for key in said}
        assert all(
            re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9][A-Za-z0-9_.-]*)*", one) for one in found.values()
        )
    for (one, first), (other, second) in combinations(zip(asked, names, strict=True), 2):
        alike = [key for key in {*first} & {*second} if _said(one, key) == _said(other, key)]
        assert [first[key] for key in alike] == [second[key] for key in alike]


def _names(made: Stage, job: Asked) -> Mapping[str, str]:
    """The directories that a started job has on the disk, by key, from the workspace or output that they lie in."""
    before = made.directories()
    directories = made.start(job).directories
    tops = {"workspace": directories.workspace_dir, "output": directories.base_dir}
    found = {}
    for key, path in directories.each():
        assert path.is_dir()
        found[str(key)] = os.path.relpath(path, tops[job.layout["directories"][key]["in"]])
    # Nothing was created under a name that nobody can predict.
    assert made.directories() - before <= job.directories("running")
    return found


def _said(job: Asked, key: str) -> Mapping[str, str]:
    return {name: said for name, said in job.layout["directories"][key].items() if name in {"in", "path"}}


# Feature: file-system-cleanup, Property 4: Directory Naming Consistency
@PROPERTY
@given(st.data(), FOLDERS)
def test_where_a_job_lies_can_be_told_before_it_starts(data: st.DataObject, folder: Folder) -> None:
    """Type, id and parameters settle every path, whatever else is in the root."""
    asked = data.draw(asked_jobs(folder))
    with stage(folder) as made:
        for job in asked:
            directories = made.start(job).directories
            assert made.below(directories.base_dir) == job.output
            assert made.below(directories.workspace_dir) == job.workspace
            assert {str(key): made.below(path) for key, path in directories.each()} == {
                key: job.directory(key) for key in job.layout["directories"]
            }
