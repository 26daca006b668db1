"""An end that was cut short after its line was written: the same end once more makes good what is missing."""

from collections.abc import Callable
from pathlib import Path

import pytest
from job_world import KOREAN, LAYOUT

from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.inventory.tracked import observe_job
from rules_engine.jobs import lifecycle
from rules_engine.manifest.errors import JobFinishedError
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.store import ManifestStore
from rules_engine.policy.load import load_texts

POLICIES = load_texts({"short.yaml": LAYOUT})
CLOCK = SystemClock()


class PowerOffError(Exception):
    """The process is gone."""


def cut(_before: JobRecord, _after: JobRecord) -> None:
    """Die between the line that ends the attempt and all the rest."""
    raise PowerOffError


def end(root: Root, *, success: bool, settle: Callable[[JobRecord, JobRecord], None] = cut) -> None:
    """End the job by its store."""
    ManifestStore(root, CLOCK).end(
        "j", success=success, observe=lambda record: observe_job(root, record), settle=settle
    )


def test_an_end_that_was_cut_short_is_gone_on_with(tmp_path: Path) -> None:
    """The link moves and the job is sealed; a third end is refused as ever."""
    with Root.create(str(tmp_path)) as root:
        lifecycle.start(root, POLICIES, CLOCK, "short_form", job_id="j", parameters=KOREAN)
        with pytest.raises(PowerOffError):
            end(root, success=False)
        cut_short = lifecycle.show(root, CLOCK, "j")
        assert (cut_short.status, cut_short.sealed) == ("failed", False)
        assert (tmp_path / "jobs/running/j").is_symlink()
        ended = lifecycle.finish(root, POLICIES, CLOCK, "j", success=False)
        assert ended == lifecycle.show(root, CLOCK, "j")
        assert (ended.sealed, ended.ended, ended.attempt) == (True, cut_short.ended, 1)
        assert (tmp_path / "jobs/failed/j").is_symlink()
        assert not (tmp_path / "jobs/running/j").is_symlink()
        with pytest.raises(JobFinishedError):
            lifecycle.finish(root, POLICIES, CLOCK, "j", success=False)


def test_an_end_that_was_cut_short_cannot_end_otherwise(tmp_path: Path) -> None:
    """What failed does not become a success by finishing it twice."""
    with Root.create(str(tmp_path)) as root:
        lifecycle.start(root, POLICIES, CLOCK, "short_form", job_id="j", parameters=KOREAN)
        with pytest.raises(PowerOffError):
            end(root, success=False)
        with pytest.raises(JobFinishedError):
            lifecycle.finish(root, POLICIES, CLOCK, "j", success=True)
