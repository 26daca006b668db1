"""What the trash holds, for the plans that empty it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from past_runs import NOON, batch, in_trash, record

from rules_engine.apply.model import ActionCount, Outcome, RunResult, RunState
from rules_engine.errors import UntrustedStateError
from rules_engine.filesystem.root import Root
from rules_engine.jobs.trash import trashed_runs
from rules_engine.plan.model import StepAction


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Root]:
    """An initialised root at `tmp_path/media`."""
    (tmp_path / "media").mkdir()
    with Root.create(str(tmp_path / "media")) as found:
        yield found


def test_a_directory_that_is_no_root_has_no_trash(tmp_path: Path) -> None:
    """Planning needs no state."""
    with Root.open(str(tmp_path)) as root:
        assert trashed_runs(root) == ()


def test_what_is_not_the_trash_of_a_run_is_passed_over(root: Root) -> None:
    """A file, or a directory of somebody's; neither is ever emptied."""
    (Path(root.path) / ".rules/trash/mine").mkdir(parents=True)
    (Path(root.path) / ".rules/trash/0123456789abcdef").write_text("a file")
    assert trashed_runs(root) == ()


def test_what_is_not_counted_is_told_by_the_report(root: Root) -> None:
    """To count a large trash takes long; a plan that leaves it alone does not need to know exactly."""
    counts = (ActionCount(StepAction.TRASH, Outcome.DONE, 2, 99),)
    run = record(root, batch("x", "a"), result=RunResult("", RunState.FINISHED, NOON, NOON, counts))
    in_trash(root, run, "x/a")
    in_trash(root, run, "x/b")
    assert [(one.run_id, one.since, one.files, one.bytes) for one in trashed_runs(root)] == [(run, NOON, 2, 6)]
    [told] = trashed_runs(root, counted=lambda since: since is None)
    assert (told.files, told.bytes) == (0, 99)


def test_a_trash_that_cannot_be_listed_is_not_trusted(root: Root) -> None:
    """Nobody knows what would be emptied."""
    (Path(root.path) / ".rules/trash").write_text("no directory")
    with pytest.raises(UntrustedStateError, match="cannot be read"):
        trashed_runs(root)
