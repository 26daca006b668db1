"""Properties 10 and 11: where deliverables lie and what they are called; how the status of a job shows."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from drawn_policies import PROPERTY, Asked, Folder, asked_jobs, folders, held_types
from hypothesis import given
from hypothesis import strategies as st
from scenario import scripts, work
from seed_words import Said
from stage import WAYS, Stage, stage

from rules_engine.jobs.publishing import OutputTakenError

FOLDERS: Final = folders(**Said(retention=1, preserve=1).to_settings())
SUFFIXES: Final = st.sampled_from([".mkv", ".mp4", ".json", ""])


# Feature: file-system-cleanup, Property 10: Output Structure Organization
@PROPERTY
@given(st.data(), FOLDERS, st.lists(SUFFIXES, min_size=1, max_size=4), st.sampled_from(WAYS))
def test_deliverables_lie_flat_under_predictable_names_apart_from_scratch(
    data: st.DataObject, folder: Folder, suffixes: list[str], way: str
) -> None:
    """Each directly in the directory of its type, named by its layout and index; nothing temporary beside it."""
    [job] = data.draw(asked_jobs(folder, most=1))
    expected: dict[Path, bytes] = {}
    with stage(folder) as made:
        with made.jobs.job(job.job_type, job_id=job.job_id, **job.parameters) as running:
            for file_type in held_types(job.layout, "output"):
                for index, suffix in enumerate(suffixes, 1):
                    scratch = made.top / job.workspace / f"take {index} {file_type}{suffix}"
                    made.write(scratch, f"{file_type} {index}".encode())
                    target = running.publish(scratch, file_type, **_fields(job, file_type, index))
                    assert target == made.top / _output_path(job, file_type, index, scratch)
                    expected[target] = f"{file_type} {index}".encode()
            temporary = running.path("temp.mkv", "temp_slide") if "temp_slide" not in _finals(job) else None
            if temporary is not None:
                made.write(temporary)
                assert temporary.is_relative_to(made.top / job.workspace)
            made.write(running.directory("frames", "undeclared") / "1.png")
            output = made.top / job.output
            assert {path: path.read_bytes() for path in made.files() if path.is_relative_to(output)} == expected
        made.clock.move_hours(1)
        made.clean(way, job.job_id)
        assert {path: path.read_bytes() for path in made.files()} == expected


def _finals(job: Asked) -> list[str]:
    return held_types(job.layout, "output")


def _fields(job: Asked, file_type: str, index: int) -> Mapping[str, Any]:
    return {"index": index} if "{index" in _name(job, file_type) else {}


def _name(job: Asked, file_type: str) -> str:
    return str(job.layout.get("names", {}).get(file_type, ""))


def _output_path(job: Asked, file_type: str, index: int, source: Path) -> str:
    """Where the layout has it, filled by hand."""
    template = _name(job, file_type).replace("{index:03d}", f"{index:03d}").replace("{suffix}", source.suffix)
    return f"{job.directory(str(job.holder(file_type)))}/{job.fill(template) or source.name}"


# Feature: file-system-cleanup, Property 10: Output Structure Organization
@PROPERTY
@given(st.data(), FOLDERS)
def test_two_deliverables_never_have_one_name(data: st.DataObject, folder: Folder) -> None:
    """The second of one index is refused, and both are whole; workspace and output never lie in each other."""
    [job] = data.draw(asked_jobs(folder, most=1))
    numbered = [one for one in _finals(job) if "{index" in _name(job, one)]
    with stage(folder) as made, made.jobs.job(job.job_type, job_id=job.job_id, **job.parameters) as running:
        workspace, output = running.context.directories.workspace_dir, running.context.output_dir
        assert workspace is not None
        assert not workspace.is_relative_to(output)
        assert not output.is_relative_to(workspace)
        for file_type in numbered:
            first, second = (made.write(workspace / f"{one}.mkv", one.encode()) for one in ("first", "second"))
            target = running.publish(first, file_type, index=1)
            with pytest.raises(OutputTakenError):
                running.publish(second, file_type, index=1)
            assert (target.read_bytes(), second.read_bytes()) == (b"first", b"second")
            running.discard(second)


# Feature: file-system-cleanup, Property 11: Job Status Directory Indication
@PROPERTY
@given(
    st.data(),
    FOLDERS,
    st.lists(st.sampled_from(["running", "completed", "failed", "again"]), min_size=3, max_size=3),
    st.sampled_from(WAYS),
)
def test_the_directories_tell_how_each_job_ended(
    data: st.DataObject, folder: Folder, ends: list[str], way: str
) -> None:
    """A link of its status, and only that one, leads to its output; also when its workspace is long gone."""
    with stage(folder) as made:
        stands: dict[str, tuple[Asked, str]] = {}
        for (job, sketches), end in zip(data.draw(scripts(folder)), ends, strict=False):
            made.start(job)
            work(made, job, sketches)
            for one in ("failed", "completed") if end == "again" else (end,):
                if stands.setdefault(job.job_id, (job, "running"))[1] != "running":
                    made.start(job)
                made.end(job.job_id, one)
                stands[job.job_id] = (job, one)
            _shows(made, stands)
        made.clock.move_hours(1)
        made.clean(way, *stands)
        made.clock.move_hours(1)
        made.clean(way, *stands)
        _shows(made, stands)


def _shows(made: Stage, stands: Mapping[str, tuple[Asked, str]]) -> None:
    """Each job stands under its status and under no other, for whoever lists the directories."""
    for job, status in stands.values():
        for one in ("running", "completed", "failed") if "status" in job.layout else ():
            link = made.top / job.fill(job.layout["status"], status=one)
            assert os.path.lexists(link) is (one == status)
            if one == status:
                assert not os.path.isabs(link.readlink())
                assert os.path.samefile(link, made.top / job.output)
