"""Layouts are plans too: what starting and finishing a job makes."""

from dataclasses import replace

from makers import directory, job, layout

from rules_engine.plan.layouts import finish_batches, start_batches
from rules_engine.plan.model import Batch, StepAction
from rules_engine.policy.model import Alias
from rules_engine.policy.templates import parse_template
from rules_engine.values.paths import RelPath, join
from rules_engine.values.vocabulary import DirectoryType, JobStatus, Place

LAYOUT = layout(
    directories=(directory("temp", Place.WORKSPACE, mode=0o775), directory("shorts", Place.OUTPUT, "final_video")),
)
RUNNING = job(
    status=JobStatus.RUNNING, status_link=RelPath("jobs/running/a"), aliases=(RelPath("out/suits/old/shorts"),)
)


def said(batches: tuple[Batch, ...]) -> list[tuple[str, str, str | int]]:
    """Each step as its action, its path, and its target or mode."""
    return [
        (batch.action.value, join(batch.directory, entry.name), entry.target or entry.mode)
        for batch in batches
        for entry in batch.entries
    ]


def test_starting_a_job_makes_its_directories_and_links() -> None:
    """Parents come first, and nothing is made but what the layout says and the parents of it."""
    assert said(start_batches(LAYOUT, RUNNING)) == [
        ("create_directory", "jobs", -1),
        ("create_directory", "out", -1),
        ("create_directory", "scratch", -1),
        ("create_directory", "jobs/running", -1),
        ("create_directory", "out/suits", -1),
        ("create_directory", "out/suits/old", -1),
        ("create_directory", "out/suits/shorts", -1),
        ("create_directory", "scratch/a", -1),
        ("create_directory", "scratch/a/temp", 0o775),
        ("create_link", "jobs/running/a", "../../out/suits"),
        ("create_link", "out/suits/old/shorts", "../shorts"),
    ]


def test_each_layout_step_names_its_job() -> None:
    """A layout step belongs to one job and says that a layout asks for it."""
    for batch in start_batches(LAYOUT, RUNNING):
        assert (batch.owners, batch.reason) == (("a",), "layout")


def test_a_layout_without_views_makes_directories_alone() -> None:
    """Neither a status link nor an alias is made where the record has none."""
    plain = replace(RUNNING, status_link=None, aliases=())
    batches = start_batches(layout(aliases=(), status=None), plain)
    assert {batch.action for batch in batches} == {StepAction.CREATE_DIRECTORY}


def test_an_alias_of_a_directory_that_is_gone_is_not_made() -> None:
    """A record may be older than its layout: an alias to a directory that no longer exists is left out."""
    stale = layout(aliases=(Alias(parse_template("old"), DirectoryType("gone")),))
    actions = {batch.action for batch in start_batches(stale, replace(RUNNING, status_link=None))}
    assert actions == {StepAction.CREATE_DIRECTORY}


def test_finishing_a_job_moves_its_status_link() -> None:
    """The new link is there before the old one goes, so a job always has one."""
    done = replace(RUNNING, status=JobStatus.FAILED, status_link=RelPath("jobs/failed/a"))
    assert said(finish_batches(RUNNING, done)) == [
        ("create_directory", "jobs", -1),
        ("create_directory", "jobs/failed", -1),
        ("create_link", "jobs/failed/a", "../../out/suits"),
        ("remove_link", "jobs/running/a", "../../out/suits"),
    ]


def test_a_first_status_link_replaces_none() -> None:
    """A job that had no status link gets one, and nothing is removed."""
    done = replace(RUNNING, status_link=RelPath("jobs/failed/a"))
    steps = said(finish_batches(replace(RUNNING, status_link=None), done))
    assert steps[-1] == ("create_link", "jobs/failed/a", "../../out/suits")


def test_finishing_changes_nothing_where_the_link_stays() -> None:
    """Without a status view, or with the same link, finishing needs no step."""
    assert finish_batches(RUNNING, RUNNING) == ()
    assert finish_batches(RUNNING, replace(RUNNING, status_link=None)) == ()
