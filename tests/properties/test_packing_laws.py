"""Laws of packing: what a job's logs say and its seal says alone is the same to every plan."""

import io
from pathlib import Path
from typing import Any, Final

from drawn_policies import PROPERTY, Asked, Folder, folders
from hypothesis import given
from hypothesis import strategies as st
from scenario import Sketch, scripts, work
from stage import Stage, stage

from rules_engine.apply.retire import retire
from rules_engine.filesystem.root import Root
from rules_engine.jobs.planning import survey
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.store import ManifestStore
from rules_engine.plan.planfile import write_plan
from rules_engine.values.quantities import DAY, Duration, Instant

RULES: Final = (
    {"name": "strays", "files": {"match": ["*"], "tracked": "any"}, "after": "2d", "action": "trash"},
    {"name": "golden", "files": {"match": ["gold_*"]}, "action": "keep"},
)
WHOLE: Final = (
    {"name": "wholes", "unit": "workspace", "jobs": {"status": "completed"}, "after": "2d", "action": "trash"},
    {"name": "newest", "jobs": {"status": "completed", "newest": 1}, "files": {"in": "output"}, "action": "keep"},
    {
        "name": "others",
        "jobs": {"status": "completed", "beyond_newest": 1},
        "files": {"in": "output"},
        "deliverables": True,
        "after": "1d",
        "action": "delete",
    },
)
SETTINGS: Final[dict[str, Any]] = {"cleanup": {"retention": "1h", "preserve_on_failure": "2d"}}
FOLDERS: Final = st.builds(
    lambda folder, rules: Folder(folder.layouts, rules, folder.settings),
    folders(2, **SETTINGS),
    st.sampled_from([(), RULES, WHOLE]),
)
LATER: Final = tuple(Duration(days * DAY) for days in (0, 1, 3, 400))


def _plans(made: Stage, root: Root) -> list[bytes]:
    """The plans of several moments, byte for byte."""
    found: list[bytes] = []
    for wait in LATER:
        plan = survey(made.policies, root, made.clock).plan(Instant(made.clock.now() + wait))
        out = io.BytesIO()
        write_plan(plan, out)
        found.append(out.getvalue())
    return found


def _records(made: Stage, root: Root) -> tuple[JobRecord, ...]:
    return ManifestStore(root, made.clock).load(made.policies.workspaces_of).jobs


def _pack(made: Stage, root: Root) -> int:
    return retire(root, made.clock, _records(made, root), keep=Duration(0), spare="").jobs


def _play(data: st.DataObject, made: Stage, folder: Folder) -> list[tuple[Asked, list[Sketch]]]:
    """Jobs that work, end, lose files by hand or by a run, and gain some that they only declared."""
    script = data.draw(scripts(folder))
    for job, sketches in script:
        made.start(job)
        files = work(made, job, sketches)
        never = [made.top / job.workspace / "never", made.top / f"far-{job.job_id}/never"]
        for path in never:
            made.jobs.tracker.add_file(job.job_id, path, "temp_video")
        made.end(job.job_id, data.draw(st.sampled_from(["completed", "completed", "failed", "running", "died"])))
        for path in (
            data.draw(st.lists(st.sampled_from(sorted({one.path for one in files})), unique=True, max_size=2))
            if files
            else []
        ):
            path.unlink()
        for path in data.draw(st.lists(st.sampled_from(never), unique=True)):
            made.write(path)
    if data.draw(st.booleans()):
        made.clock.move_hours(data.draw(st.sampled_from([0.5, 2, 50])))
        made.nightly()
    return script


@PROPERTY
@given(st.data(), FOLDERS)
def test_plans_before_and_after_packing_are_the_same_bytes(data: st.DataObject, folder: Folder) -> None:
    """At every moment, with and without a walk: same owners, types, protection, ages."""
    with stage(folder) as made, Root.open(str(made.top)) as root:
        _play(data, made, folder)
        before, sealed = _plans(made, root), [job.job_id for job in _records(made, root) if job.sealed]
        assert _pack(made, root) == len(sealed)
        assert _plans(made, root) == before
        logs = {path.name.partition("@")[0] for path in Path(made.top, ".rules/manifests").iterdir()}
        assert logs.isdisjoint(sealed)
        assert _pack(made, root) == 0


@PROPERTY
@given(st.data(), FOLDERS)
def test_a_packed_job_that_starts_again_forgets_nothing(data: st.DataObject, folder: Folder) -> None:
    """What it had is still its own while it runs, when it ends, and after it was packed once more."""
    with stage(folder) as made, Root.open(str(made.top)) as root:
        script = _play(data, made, folder)
        _pack(made, root)
        packed = {job.job_id for job in _records(made, root) if job.packed}
        for job, sketches in script:
            if job.job_id not in packed:
                continue
            # Not as it was above: at the end of another job, what is due goes here too.
            before = ManifestStore(root, made.clock).get(job.job_id)
            assert before.packed
            made.start(job)
            work(made, job, sketches)
            _has_all(root, made, before)
            made.end(job.job_id, "completed")
            _has_all(root, made, before)
        assert _pack(made, root) == len(packed)
        assert all(job.attempt == 2 for job in _records(made, root) if job.job_id in packed)


def _has_all(root: Root, made: Stage, before: JobRecord) -> None:
    now = ManifestStore(root, made.clock).get(before.job_id)
    for path, names in before.files.items():
        assert dict(names).items() <= dict(now.files[path]).items()
    assert set(before.directories) <= set(now.directories)
