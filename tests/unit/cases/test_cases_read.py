"""What a scene says and what it leaves unsaid: jobs, files, owners, ages, directories, pins."""

from collections.abc import Sequence

import pytest
from casetexts import SCRATCH, STRAYS, check_case, differences, tried

from rules_engine.cases.model import Scene
from rules_engine.manifest.model import JobRecord, Liveness
from rules_engine.values.quantities import DAY, HOUR, instant_from
from rules_engine.values.vocabulary import JobStatus


def scene_of(body: str) -> Scene:
    """The scene of one case without a fault, with the time of its plan."""
    return tried(f"{body}\nexpect: {{}}").case.scene


def one_job(said: str) -> tuple[JobRecord, int]:
    """The one job of a scene, and the time of its plan."""
    scene = scene_of(f"jobs: {{a: {{type: clip, {said}}}}}")
    return scene.jobs[0], instant_from(scene.now)


def test_a_job_lies_where_its_layout_says() -> None:
    """Workspace, output and links follow from the parameters, and defaults fill in what is not given."""
    job, now = one_job("ended: 3d ago, parameters: {series: Suits}")
    assert (job.workspace, job.output, job.status_link) == ("scratch/a", "out/Suits", "jobs/completed/a")
    assert (job.status, job.ended, job.started) == (JobStatus.COMPLETED, now - 3 * DAY, now - 3 * DAY - HOUR)
    assert one_job("ended: 3d ago")[0].output == "out/none"


def test_a_running_job_has_no_end_and_an_abandoned_one_a_last_sign() -> None:
    """Both are what the evidence of a real root would say."""
    running, now = one_job("status: running, started: 5d ago")
    assert (running.status, running.ended, running.started) == (JobStatus.RUNNING, None, now - 5 * DAY)
    abandoned, now = one_job("status: abandoned, ended: 5d ago")
    assert (abandoned.status, abandoned.liveness, abandoned.last_sign) == (
        JobStatus.RUNNING,
        Liveness.DEAD,
        now - 5 * DAY,
    )
    assert abandoned.reading(instant_from(scene_of("files: {a: now}").now)) is JobStatus.ABANDONED


def test_a_file_with_a_type_is_declared_by_the_job_that_it_lies_with() -> None:
    """The one with the workspace, else the one with the output."""
    scene = scene_of(
        "jobs: {a: {type: clip, ended: 1h ago}, b: {type: clip, ended: 1h ago, parameters: {series: S}}}\n"
        "files: {scratch/a/x: final_video, out/S/y: final_video, scratch/b/z: undeclared}"
    )
    a, b = scene.jobs
    assert a.files == {"scratch/a": {"x": "final_video"}}
    assert b.files == {"out/S": {"y": "final_video"}}


def test_a_file_can_be_declared_by_several_jobs() -> None:
    """They are named where the place does not tell."""
    scene = scene_of(
        "jobs: {a: {type: clip, ended: 1h ago}, b: {type: clip, ended: 2h ago}}\n"
        "files: {out/none/x: {type: final_video, job: [a, b]}}"
    )
    assert [job.files for job in scene.jobs] == [{"out/none": {"x": "final_video"}}] * 2
    assert scene.files[0].mtime_ns == instant_from(scene.now) - HOUR


@pytest.mark.parametrize(
    ("said", "written", "changed"),
    [
        ("undeclared", 2, 2),
        ("{size: 3GiB}", 2, 2),
        ("{changed: 5h ago}", 5, 5),
        ("5h ago", 5, 5),
        ("{written: 9h ago}", 9, 9),
        ("{written: 9h ago, changed: 5h ago}", 9, 5),
        ("2025-12-31T19:00:00Z", 5, 5),
        ("now", 0, 0),
    ],
)
def test_a_file_that_says_no_age_is_as_old_as_the_end_of_its_job(said: str, written: int, changed: int) -> None:
    """What it says of one of its times holds for the other."""
    scene = scene_of(f"jobs: {{a: {{type: clip, ended: 2h ago}}}}\nfiles: {{scratch/a/x: {said}}}")
    now, (file,) = instant_from(scene.now), scene.files
    assert (file.mtime_ns, file.ctime_ns) == (now - written * HOUR, now - changed * HOUR)


def test_sizes_are_read_and_not_needed() -> None:
    """A mebibyte where nothing is said."""
    scene = scene_of("files: {a: {changed: now, size: 3GiB}, b: now}")
    assert [file.size for file in scene.files] == [3 * 2**30, 2**20]


def test_a_case_has_a_moment_of_its_own() -> None:
    """Ages count from it."""
    case = "now: 2026-03-01\nfiles: {a.part: 2026-02-22, b.part: 7d ago, c.part: 2026-02-23}"
    expect = "expect: {trash: [a.part, b.part], due: {c.part: 2026-03-02T00:00:00Z}}"
    assert differences(f"{case}\n{expect}", STRAYS) == []


def test_pins_and_keep_markers_protect() -> None:
    """Of a path, of a job, and by an entry with the name of a marker."""
    case = (
        "jobs: {a: {type: clip, ended: 9d ago}, b: {type: clip, ended: 9d ago}, c: {type: clip, ended: 9d ago}}\n"
        "files: {scratch/a/x: undeclared, scratch/b/x: undeclared,\n"
        "        scratch/c/x: undeclared, scratch/c/.rules-keep: now}\n"
        "pins: [scratch/a/, job b]\n"
        "expect: {kept: {scratch/a/x: pinned, scratch/b/x: pinned, scratch/c/x: keep_marker}}"
    )
    assert differences(case, SCRATCH) == []


def test_a_directory_between_is_as_old_as_what_came_into_it() -> None:
    """Nobody has to write each level, and a young file makes those above it young."""
    empty = "{name: empty, directories: {match: ['/o/**/'], empty: true}, after: 7d, action: delete}"
    case = "directories: {o/a/b/c: 8d ago, o/d/e: 8d ago, o/d/f: 1d ago}"
    result = tried(f"{case}\nexpect: {{delete: [o/a/b/c, o/d/e], kept: [o/d/f, o/d]}}", empty)
    assert result.passed
    assert sorted(result.ran.directories) == ["o/a", "o/a/b", "o/a/b/c", "o/d/e"]


def test_a_directory_says_its_own_time_where_it_is_named() -> None:
    """What lies in it makes it no older and, being named, no younger."""
    inner = "{name: inner, directories: {match: ['/o/*/*/'], empty: true}, after: 1d, action: delete}"
    outer = (
        "{name: outer, directories: {match: ['/o/*/'], except: ['/o/*/*/'], empty: true}, after: 7d, action: delete}"
    )
    unnamed = "directories: {o/d/e: 9d ago, o/d/f: 2d ago}\nexpect: {delete: [o/d/e, o/d/f], kept: [o/d]}"
    assert differences(unnamed, inner, outer) == []
    named = "directories: {o/d: 1d ago, o/d/e: 9d ago}\nexpect: {delete: [o/d/e], kept: [o/d]}"
    assert differences(named, inner, outer) == []
    old = "directories: {o/d: 9d ago, o/d/e: 2d ago}\nexpect: {delete: [o/d/e, o/d]}"
    assert differences(old, inner, outer) == []


def test_ranks_count_the_jobs_of_the_scene() -> None:
    """What is asked twice of a root is asked twice of a scene."""
    older = "{name: older, jobs: {type: clip, beyond_newest: 1}, files: {in: workspace}, after: 1d, action: trash}"
    case = (
        "jobs: {a: {type: clip, ended: 9d ago}, b: {type: clip, ended: 8d ago}}\n"
        "files: {scratch/a/x: undeclared, scratch/b/x: undeclared}\n"
    )
    expect = "expect: {trash: {scratch/a/x: older}, delete: {scratch/b/x: settings.cleanup}}"
    assert differences(f"{case}{expect}", older) == []


def _codes(found: Sequence[object]) -> list[str]:
    return [getattr(one, "code", "") for one in found]


def test_every_fault_of_a_scene_is_found_at_once() -> None:
    """A stage reports all that it finds, in the order of the places."""
    checked = check_case(
        "jobs:\n  a: {type: clop, ended: 1h ago}\n  b: {type: clip}\n  c: {type: clip, ended: 9x ago}\n"
        "files: {/x: now, y: nothing}\nexpect: {kept: [z]}"
    )
    assert checked.cases == ()
    assert _codes(checked.diagnostics) == ["P305"]
    checked = check_case(
        "jobs:\n  a: {type: clop, ended: 1h ago}\n  b: {type: clip}\nfiles: {/x: now, y: nothing}\nexpect: {kept: [z]}"
    )
    assert _codes(checked.diagnostics) == ["P407", "P502", "P503", "P504", "P408"]
