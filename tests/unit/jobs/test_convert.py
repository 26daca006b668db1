"""From records to the models that a pipeline sees."""

from dataclasses import replace
from pathlib import Path

import pytest
from job_world import KOREAN, LaterClock

from rules_engine.errors import InvalidValueError
from rules_engine.filesystem.root import Root
from rules_engine.jobs.convert import absolute_path, job_context, job_manifest, relative_path
from rules_engine.jobs.lifecycle import start
from rules_engine.jobs.models import CleanupPolicy
from rules_engine.manifest.model import DeclaredDirectory, Liveness
from rules_engine.policy.model import PolicySet
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import DEFAULT_CLEANUP, DirectoryType, FileType, JobStatus, JobType

SHORT = JobType("short_form")


def test_a_context_tells_temporary_files_from_deliverables(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """By type as the layout says, and by place where the layout does not name the type."""
    record = start(root, policies, clock, SHORT, job_id="clip", parameters=KOREAN)
    shorts = RelPath(f"{record.output}/shorts")
    files = {
        RelPath("scratch/clip"): {"a": FileType.TEMP_VIDEO, "b": FileType.FINAL_VIDEO},
        shorts: {"c": FileType.FINAL_VIDEO, "d": FileType("unheard_of")},
    }
    top, manifest = Path(root.path), Path("/m/log")
    full = replace(record, files=files)
    found = job_context(root, policies.layouts[SHORT], full, manifest, now=clock.now())
    assert found.temp_files == [top / "scratch/clip/a"]
    assert found.final_outputs == [top / "scratch/clip/b", top / shorts / "c", top / shorts / "d"]
    assert (found.output_dir, found.manifest_path) == (top / record.output, manifest)
    assert (found.directories.shorts_dir, found.directories.temp_dir) == (top / shorts, top / "scratch/clip/temp")
    assert (found.status, found.attempt, found.parameters["language"]) == (JobStatus.RUNNING, 1, "ko")


def test_a_job_whose_layout_is_gone_still_has_a_context_and_a_manifest(
    root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """Its workspace and output were settled when it started; what its directories hold is the rest of scratch."""
    record = start(root, policies, clock, SHORT, job_id="clip", parameters=KOREAN)
    frames = {RelPath("scratch/clip/f"): DeclaredDirectory(None, FileType.TEMP_SLIDE)}
    left = replace(record, directories=frames, files={RelPath("scratch/clip"): {"a": FileType.TEMP_VIDEO}})
    context = job_context(root, None, left, Path("/m/log"), now=clock.now())
    assert list(context.directories.each()) == []
    assert context.temp_files == [Path(root.path) / "scratch/clip/a"]
    manifest = job_manifest(root, None, left, default=DEFAULT_CLEANUP, now=clock.now())
    assert manifest.directories == {DirectoryType.TEMP: [Path(root.path) / "scratch/clip/f"]}
    assert manifest.cleanup_policy == CleanupPolicy()


def test_an_abandoned_job_says_so_and_when_it_was_last_heard_of(
    root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """As plans read it."""
    record = start(root, policies, clock, SHORT, job_id="clip", parameters=KOREAN)
    dead = replace(record, liveness=Liveness.DEAD)
    found = job_manifest(root, policies.layouts[SHORT], dead, default=DEFAULT_CLEANUP, now=clock.now())
    assert found.status is JobStatus.ABANDONED
    assert found.ended_at == found.created_at


def test_a_declared_directory_of_the_layout_is_told_once(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """Whoever declares what the layout made anyway does not have it twice."""
    record = start(root, policies, clock, SHORT, job_id="clip", parameters=KOREAN)
    again = replace(record, directories={RelPath("scratch/clip/temp"): DeclaredDirectory(DirectoryType.TEMP)})
    found = job_manifest(root, policies.layouts[SHORT], again, default=DEFAULT_CLEANUP, now=clock.now())
    assert found.directories[DirectoryType.TEMP] == [Path(root.path) / "scratch/clip/temp"]


def test_paths_go_out_absolute_and_come_in_either_way(root: Root) -> None:
    """And what lies outside the root is refused, whatever it looks like."""
    path = RelPath("scratch/clip/a")
    assert relative_path(root, absolute_path(root, path)) == path
    assert relative_path(root, "scratch/clip/a") == path
    assert absolute_path(root, RelPath("")) == Path(root.path)
    for outside in (f"{root.path}x/a", f"{root.path}/../a", "/", root.path):
        with pytest.raises(InvalidValueError):
            relative_path(root, outside)
