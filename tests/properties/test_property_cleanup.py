"""Properties 2, 3, 6 and 9: what automatic cleanup takes, what it leaves, and when."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from drawn_policies import PROPERTY, Folder, folders
from hypothesis import event, given
from hypothesis import strategies as st
from scenario import Made, paths, scripts, work
from seed_words import HOURS, Known, Rule, Said, due_at, own_policies, rules, said_settings
from stage import WAYS, Stage, stage

from rules_engine.jobs.models import CleanupPolicy
from rules_engine.values.quantities import HOUR

FOLDERS: Final = folders()
AUTOMATIC: Final = st.sampled_from(WAYS)
"""By whom."""


def _work_all(made: Stage, data: st.DataObject, folder: Folder) -> dict[str, list[Made]]:
    """Jobs that run and have written their files, by id."""
    written = {}
    for job, sketches in data.draw(scripts(folder)):
        made.start(job)
        written[job.job_id] = work(made, job, sketches)
    return written


def _every(written: Mapping[str, list[Made]]) -> list[Made]:
    return [one for files in written.values() for one in files]


# Feature: file-system-cleanup, Property 2: Successful Job Cleanup
@PROPERTY
@given(st.data(), FOLDERS, st.sampled_from(HOURS), AUTOMATIC)
def test_after_a_success_every_temporary_file_goes_and_every_deliverable_stays(
    data: st.DataObject, folder: Folder, retention: int, way: str
) -> None:
    """Once the retention is over, whoever cleans; a workspace goes as a whole where nothing of it stays."""
    with stage(folder.with_settings(**Said(retention=retention).to_settings())) as made:
        written = _work_all(made, data, folder)
        for job_id in written:
            made.jobs.complete_job(job_id, success=True)
        made.clock.move_hours(retention)
        made.clean(way, *written)
        stay = [one for one in _every(written) if not one.temporary]
        assert made.files() == paths(stay)
        for file in _every(written):
            top = made.top / file.job.workspace
            assert top.exists() is any(one.path.is_relative_to(top) for one in stay)


# Feature: file-system-cleanup, Property 3: Failed Job Preservation
@PROPERTY
@given(
    st.data(),
    FOLDERS,
    st.sampled_from(["failed", "died"]),
    st.sampled_from([0, 1, 24, 10_000]),
    AUTOMATIC,
)
def test_after_a_failure_every_file_stays(data: st.DataObject, folder: Folder, end: str, hours: int, way: str) -> None:
    """Whether it failed or its process died, however long ago, whoever cleans: nobody loses what explains it."""
    with stage(folder.with_settings(**Said(retention=0).to_settings())) as made:
        written = _work_all(made, data, folder)
        for job_id in written:
            made.end(job_id, end)
        made.clock.move_hours(hours)
        made.clean(way, *written)
        assert made.files() == paths(_every(written))


# Feature: file-system-cleanup, Property 3: Failed Job Preservation
@PROPERTY
@given(st.data(), FOLDERS, st.sampled_from([1, 5, 100]), AUTOMATIC)
def test_files_of_a_failed_job_are_preserved_as_long_as_the_settings_say(
    data: st.DataObject, folder: Folder, preserve: int, way: str
) -> None:
    """To the last nanosecond; then its temporary files go like those of a good one."""
    with stage(folder.with_settings(**Said(retention=0, preserve=preserve).to_settings())) as made:
        written = _work_all(made, data, folder)
        for job_id in written:
            made.end(job_id, "failed")
        made.clock.instant += preserve * HOUR - 1
        made.clean(way, *written)
        assert made.files() == paths(_every(written))
        made.clock.instant += 1
        made.clean(way, *written)
        assert made.files() == paths([one for one in _every(written) if not one.temporary])


# Feature: file-system-cleanup, Property 9: Retention Period Enforcement
@PROPERTY
@given(st.data(), FOLDERS, st.sampled_from([1, 5, 24, 100]), st.sampled_from([0, 3]), AUTOMATIC)
def test_a_temporary_file_stays_for_its_retention(
    data: st.DataObject, folder: Folder, retention: int, own: int, way: str
) -> None:
    """The longer of what the settings and the job itself say, since the end of the job, to the last nanosecond."""
    with stage(folder.with_settings(**Said(retention=retention).to_settings())) as made:
        written = {}
        for job, sketches in data.draw(scripts(folder)):
            made.start(job, CleanupPolicy(retention_hours=retention + own) if own else None)
            written[job.job_id] = work(made, job, sketches)
        made.clock.move_hours(7)
        for job_id in written:
            made.jobs.complete_job(job_id, success=True)
        made.clock.instant += (retention + own) * HOUR - 1
        made.clean(way, *written)
        assert made.files() == paths(_every(written))
        made.clock.instant += 1
        made.clean(way, *written)
        assert made.files() == paths([one for one in _every(written) if not one.temporary])


ENDS: Final = st.sampled_from(["completed", "failed", "died", "running"])


# Feature: file-system-cleanup, Property 6: Configuration Policy Respect
@PROPERTY
@given(st.data(), FOLDERS, rules(), AUTOMATIC, st.sampled_from([0, 1, 5, 30, 200]))
def test_cleanup_takes_what_all_policies_allow_and_nothing_else(
    data: st.DataObject, folder: Folder, some: tuple[Rule, ...], way: str, hours: int
) -> None:
    """Settings, rules and the jobs' own policies in any combination, against the words of the design."""
    said = data.draw(said_settings(folder))
    said_folder = Folder(folder.layouts, tuple(rule.to_policy() for rule in some), said.to_settings())
    with stage(said_folder) as made:
        known: dict[str, Known] = {}
        written: list[Made] = []
        for job, sketches in data.draw(scripts(folder)):
            own = data.draw(own_policies(folder))
            made.start(job, own)
            written += work(made, job, sketches)
            known[job.job_id] = _end(made, job.job_id, data.draw(ENDS), own)
        made.clock.move_hours(hours)
        assert made.jobs.cleanup.is_cleanup_enabled() is said.automatic
        made.clean(way, *known)
        due = [due_at(one, _owners(one, known, way), said, [*some, *_rules_of(way, said)]) for one in written]
        goes = [one for one, when in zip(written, due, strict=True) if when is not None and when <= made.clock.instant]
        event(f"{way}: {'some' if goes else 'nothing'} of {'some' if written else 'nothing'} goes")
        assert made.files() == paths(written) - paths(goes)


SWITCHES: Final = {
    "cleanup is off": (Said(retention=0, enabled=False), None),
    "debug mode": (Said(retention=0, debug=True), None),
    "the job's own policy is off": (Said(retention=0), CleanupPolicy(enabled=False, retention_hours=0)),
    "debug mode, for this job": (Said(retention=0, debug=True, debug_disables=False), CleanupPolicy(retention_hours=0)),
    "no type of this job": (Said(retention=0, types=("undeclared",)), None),
    "no type, says the job": (Said(retention=0), CleanupPolicy(retention_hours=0, file_types_to_clean=[])),
}


# Feature: file-system-cleanup, Property 6: Configuration Policy Respect
@PROPERTY
@given(st.data(), FOLDERS, st.sampled_from(sorted(SWITCHES)), AUTOMATIC)
def test_each_switch_alone_keeps_what_would_go(data: st.DataObject, folder: Folder, switch: str, way: str) -> None:
    """Everything here is due at once; with one switch set, nothing goes; once it is set back, all goes."""
    said, own = SWITCHES[switch]
    with stage(folder.with_settings(**said.to_settings())) as made:
        written = []
        for job, sketches in data.draw(scripts(folder)):
            made.start(job, own)
            written += work(made, job, [one for one in sketches if one.sort in {"declared", "beside", "deliverable"}])
            made.jobs.complete_job(job.job_id, success=True)
        made.clean(way, *(job_id for job_id in {one.job.job_id: None for one in written}))
        assert made.files() == paths(written)
        if own is None:
            made.change(folder.with_settings(**Said(retention=0).to_settings()))
            made.nightly()
            assert made.files() == paths([one for one in written if not one.temporary])


def _end(made: Stage, job_id: str, end: str, own: CleanupPolicy | None) -> Known:
    """A job ends in an hour, if it does; one that died gave its last sign of life before."""
    last_sign = made.clock.instant
    made.clock.move_hours(1)
    made.end(job_id, end)
    return Known(end, last_sign if end == "died" else made.clock.instant, own)


def _rules_of(way: str, said: Said) -> list[Rule]:
    """What a way of cleaning adds to the rules of the policies."""
    both = frozenset({"completed", "failed"})
    return [Rule("by age", hours=said.retention, statuses=both)] if way == "age" else []


def _owners(file: Made, known: Mapping[str, Known], way: str) -> list[Known]:
    """Its owner as a cleanup of that way reads it."""
    owner = known[file.job.job_id]
    if owner.status == "died":
        # It was never sealed: the end of another job does not look at it.
        owner = replace(owner, status="running" if way == "finish" else "failed")
    return [owner] if file.tracked else []
