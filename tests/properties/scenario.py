"""Jobs with files of every sort, drawn as plain values, and what the seed says of each: temporary or a deliverable."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from drawn_policies import Asked, Folder, Layout, asked_jobs, held_types
from hypothesis import strategies as st
from stage import Stage

NAMES: Final = ("temp_1.mkv", "gold_2.mkv", "x.srt", "새.mkv", "line\nbreak", "plain")
SORTS: Final = ("declared", "declared", "undeclared", "deep", "listed", "beside", "deliverable", "early", "stranger")
"""Where a file lies and who says what it is; see `_place`."""


@dataclass(frozen=True)
class Sketch:
    """A file that a job will write: its sort, which of the fitting types, its name."""

    sort: str
    which: int
    name: str

    @property
    def declares(self) -> bool:
        """Whether its job says so in its manifest, and so gives a sign of life."""
        return self.sort not in {"undeclared", "deep", "stranger"}


@dataclass(frozen=True)
class Made:
    """A file that was written, and what is known of it."""

    path: Path
    job: Asked
    tracked: bool
    declared: bool
    """By its own name, and not only by the directory that it lies in."""
    file_type: str
    deliverable: bool
    place: str | None
    """`workspace` or `output` of its job; None where it lies in neither."""
    changed: int
    """When it was written."""

    @property
    def temporary(self) -> bool:
        """Whether its job has it for the time of its work only."""
        return self.tracked and not self.deliverable


SKETCHES: Final = st.lists(
    st.builds(Sketch, st.sampled_from(SORTS), st.integers(0, 3), st.sampled_from(NAMES)), min_size=1, max_size=6
)


@st.composite
def scripts(draw: st.DrawFn, folder: Folder, *, most: int = 2) -> list[tuple[Asked, list[Sketch]]]:
    """Some jobs of the folder's types, each with what it writes."""
    return [(job, draw(SKETCHES)) for job in draw(asked_jobs(folder, most=most))]


def work(made: Stage, job: Asked, sketches: list[Sketch]) -> list[Made]:
    """What a running job writes and declares; two sketches of one path make one file."""
    written: dict[Path, Made] = {}
    for sketch in sketches:
        one = write(made, job, sketch)
        if one is not None:
            written[one.path] = one
    return list(written.values())


def write(made: Stage, job: Asked, sketch: Sketch) -> Made | None:
    """One file as sketched; None where the layout has nothing of the sort."""
    placed = _place(job, sketch)
    if placed is None:
        return None
    below, file_type, declared = placed
    path = made.top / below
    if sketch.sort == "listed":
        # Whatever lands in it is the job's.
        made.jobs.tracker.add_directory(job.job_id, path.parent, file_type=file_type)
    if declared:
        made.jobs.tracker.add_file(job.job_id, path, file_type)
    made.write(path)
    file = Made(path, job, sketch.sort != "stranger", declared, file_type, False, None, made.clock.instant)
    return as_owned_by(made, job, file) if file.tracked else file


def as_owned_by(made: Stage, job: Asked, file: Made) -> Made:
    """A file as a job sees it that owns it: where it lies, and what it is there."""
    tops = {"workspace": job.workspace, "output": job.output}
    place = next((name for name, top in tops.items() if file.path.is_relative_to(made.top / top)), None)
    deliverable = is_deliverable(job.layout, file.file_type, in_workspace=place == "workspace")
    return replace(file, job=job, tracked=True, deliverable=deliverable, place=place)


def where(job: Asked, sketch: Sketch) -> str | None:
    """Where that file lies, from the root."""
    placed = _place(job, sketch)
    return placed[0] if placed is not None else None


def _place(job: Asked, sketch: Sketch) -> tuple[str, str, bool] | None:
    """Its path from the root, its type, and whether the job declares it file by file."""
    temporary = held_types(job.layout, "workspace") or ["odd_one"]
    finals = held_types(job.layout, "output")
    scratch = temporary[sketch.which % len(temporary)]
    final = finals[sketch.which % len(finals)] if finals else None
    home = job.directory(str(job.holder(scratch))) if job.holder(scratch) else job.workspace
    places: dict[str, tuple[str, str, bool]] = {
        "declared": (f"{home}/{sketch.name}", scratch, True),
        "undeclared": (f"{job.workspace}/loose-{sketch.name}", "undeclared", False),
        "deep": (f"{job.workspace}/a/b c/{sketch.name}", "undeclared", False),
        # One type for all: whatever lands in a directory is what was last said of it.
        "listed": (f"lists/{job.job_id}/{sketch.name}", temporary[0], False),
        # As the pipeline does today: an intermediate among the deliverables.
        "beside": (f"{job.output}/beside-{job.job_id}-{sketch.name}", scratch, True),
        "stranger": (f"{job.output}/nobody-{job.job_id}-{sketch.name}", "", False),
    }
    if final is not None:
        shelf = job.directory(str(job.holder(final)))
        places["deliverable"] = (f"{shelf}/{job.job_id}-{sketch.name}", final, True)
        # Declared as a deliverable and not moved to its output yet.
        places["early"] = (f"{job.workspace}/early-{sketch.name}", final, True)
    return places.get(sketch.sort)


def is_deliverable(layout: Layout, file_type: str, *, in_workspace: bool) -> bool:
    """Whether a file of that type is a deliverable, as the words of the design say."""
    places = {one: said["in"] for said in layout["directories"].values() for one in said.get("holds", ())}
    if file_type in places:
        return bool(places[file_type] == "output")
    return not in_workspace


def paths(files: list[Made]) -> set[Path]:
    """Where they were written."""
    return {one.path for one in files}


def types_of(folder: Folder) -> list[str]:
    """Every temporary type that the layouts of a folder know, and those that nobody holds."""
    known: Mapping[str, None] = dict.fromkeys(
        one for layout in folder.layouts.values() for one in held_types(layout, "workspace")
    )
    return [*known, "undeclared"]
