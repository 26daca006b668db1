"""Ranks, units and empty directories: what is read, what is filled in, and that each key counts."""

import pytest

from rules_engine.policy.load import check_texts, load_texts
from rules_engine.policy.model import After, FileSelector, JobSelector, PolicySet, Rule, Tracked, Unit
from rules_engine.policy.patterns import Reading
from rules_engine.policy.schema import schema_text
from rules_engine.values.quantities import DAY, Duration
from rules_engine.values.vocabulary import JobStatus, JobType

LAYOUT = """\
version: 1
kind: layout
job_type: cut
parameters: {series: {default: x}, shot: {default: y}}
workspace: "scratch/{job_id}"
output: "output/{job_id}"
directories: {temp: {in: workspace}, videos: {in: output, holds: [final_video]}}
"""
SETTINGS = "version: 1\nkind: settings\ncleanup: {preserve_on_failure: 1d}\n"


def load(rule: str) -> PolicySet:
    """The policies with this one rule."""
    cleanup = f"version: 1\nkind: cleanup\nrules:\n  - {{name: r, {rule}}}\n"
    return load_texts({"p/a.yaml": LAYOUT, "p/c.yaml": cleanup, "p/s.yaml": SETTINGS})


def read(rule: str) -> Rule:
    """The one rule."""
    return load(rule).rules[0]


def test_a_rank_is_read_with_its_group() -> None:
    """The parameters of a group are sorted, so that their order decides nothing."""
    rule = read("jobs: {type: cut, newest: 5, per: [shot, series]}, action: keep")
    assert rule.jobs == JobSelector(types=frozenset({JobType("cut")}), newest=5, per=("series", "shot"))
    assert rule.files.tracked is Tracked.TRACKED


def test_silence_about_statuses_is_the_same_with_a_rank() -> None:
    """A removal ranks completed jobs, or those that `after` names; a keep rule any."""
    completed, failed = JobStatus.COMPLETED, JobStatus.FAILED
    assert read("jobs: {beyond_newest: 1}, after: 1d, action: trash").jobs.statuses == {completed}
    assert read("jobs: {beyond_newest: 1}, after: {failed: 1d}, action: trash").jobs.statuses == {failed}
    assert read("jobs: {newest: 1, per: series}, action: keep").jobs == JobSelector(newest=1, per=("series",))


def test_a_unit_of_workspaces_is_about_completed_jobs_and_their_files() -> None:
    """What it does not say is filled in as in every removal."""
    rule = read("unit: workspace, after: 7d, action: trash")
    assert (rule.unit, rule.directories, rule.decides_files) == (Unit.WORKSPACE, None, False)
    assert rule.jobs == JobSelector(statuses=frozenset({JobStatus.COMPLETED}))
    assert rule.files == FileSelector()
    assert rule.after == After(Duration(7 * DAY))


def test_a_unit_of_workspaces_waits_status_by_status_and_ranks() -> None:
    """It is about jobs, so both have a meaning."""
    rule = read("unit: workspace, jobs: {beyond_newest: 3}, after: {completed: 7d, failed: 9d}, action: delete")
    assert rule.jobs == JobSelector(statuses=frozenset({JobStatus.COMPLETED, JobStatus.FAILED}), beyond_newest=3)


@pytest.mark.parametrize("tracked", ["", ", tracked: false"])
def test_a_unit_of_directories_is_about_no_job(tracked: str) -> None:
    """Its patterns select directories narrowly, its exceptions widely."""
    rule = read(
        f'unit: directory, files: {{match: ["/a/*/", "!/a/b"], except: "c"{tracked}}}, after: 7d, action: trash'
    )
    assert (rule.unit, rule.jobs, rule.files.tracked) == (Unit.DIRECTORY, JobSelector(), Tracked.UNTRACKED)
    assert rule.files.match is not None
    assert (rule.files.match.texts, rule.files.match.reading) == (("/a/*/", "!/a/b"), Reading.NARROW)
    assert rule.files.exclude is not None
    assert rule.files.exclude.reading is Reading.WIDE


def test_empty_directories_are_about_no_job_and_no_file() -> None:
    """The selector of files says nothing."""
    rule = read('directories: {match: ["/a/**/"], except: "/a/b", empty: true}, after: 7d, action: delete')
    assert (rule.unit, rule.jobs, rule.files) == (None, JobSelector(), FileSelector(tracked=Tracked.UNTRACKED))
    assert rule.directories is not None
    assert rule.directories.match.texts == ("/a/**/",)
    assert rule.directories.match.reading is Reading.NARROW
    assert rule.directories.exclude is not None
    assert rule.directories.exclude.reading is Reading.WIDE


DIFFERENT = (
    "jobs: {type: cut}, after: 7d, action: delete",
    "jobs: {type: cut, beyond_newest: 1}, after: 7d, action: delete",
    "jobs: {type: cut, beyond_newest: 2}, after: 7d, action: delete",
    "jobs: {type: cut, beyond_newest: 2, per: series}, after: 7d, action: delete",
    "jobs: {type: cut, beyond_newest: 2, per: [series, shot]}, after: 7d, action: delete",
    "jobs: {type: cut, newest: 2}, action: keep",
    "jobs: {type: cut, newest: 3}, action: keep",
    "jobs: {type: cut}, action: keep",
    "unit: workspace, jobs: {type: cut}, after: 7d, action: delete",
    "unit: workspace, jobs: {type: cut, beyond_newest: 2}, after: 7d, action: delete",
    'unit: directory, files: {match: ["/a/"]}, after: 7d, action: delete',
    'files: {match: ["/a/"], tracked: false}, after: 7d, action: delete',
    'unit: directory, files: {match: ["/a/"], except: ["/a/b/"]}, after: 7d, action: delete',
    'directories: {match: ["/a/"], empty: true}, after: 7d, action: delete',
    'directories: {match: ["/b/"], empty: true}, after: 7d, action: delete',
    'directories: {match: ["/a/"], except: ["/a/b/"], empty: true}, after: 7d, action: delete',
)


def test_the_digest_differs_with_every_key() -> None:
    """A plan that was made with another rank, unit or selector is refused."""
    digests = [load(rule).digest for rule in DIFFERENT]
    assert len(set(digests)) == len(digests)


def test_the_digest_does_not_depend_on_the_order_of_a_group() -> None:
    """The same group is the same policy."""
    first, second = (f"jobs: {{newest: 2, per: [{per}]}}, action: keep" for per in ("series, shot", "shot, series"))
    assert load(first).digest == load(second).digest


def test_a_rule_that_is_about_directories_twice_is_no_rule() -> None:
    """The one finding is the contradiction, and no policies come of it."""
    rule = '{name: r, unit: workspace, directories: {match: "/a/", empty: true}, after: 7d, action: delete}'
    checked = check_texts({"p/a.yaml": LAYOUT, "p/c.yaml": f"version: 1\nkind: cleanup\nrules:\n  - {rule}\n"})
    assert checked.policies is None
    assert [one.code for one in checked.diagnostics] == ["P429"]


def test_the_schema_says_that_directories_are_empty() -> None:
    """An editor completes the one value that there is."""
    assert '"const": true' in schema_text("cleanup")
