"""What a pipeline cleaned by hand, it can put back."""

from pathlib import Path

import pytest
from job_world import tree

from rules_engine.apply.model import Outcome
from rules_engine.errors import InvalidValueError, RefusedError
from rules_engine.filesystem.root import Root
from rules_engine.jobs.cleanup import CleanupService
from rules_engine.jobs.runs import UnknownRunError


def test_a_cleanup_is_put_back_by_its_run_id(service: CleanupService, root: Root, strays: list[Path]) -> None:
    """The whole of it, or single paths, written absolute or from the root."""
    before = tree(root)
    run = str(service.manual_cleanup("temp_*").run_id)
    assert service.restore(run, [strays[0]]).count(Outcome.DONE) == 1
    assert (strays[0].exists(), strays[1].exists()) == (True, False)
    assert service.restore(run[:8]).put_back == 3
    assert tree(root) == before


def test_what_cannot_be_put_back_raises(service: CleanupService, strays: list[Path]) -> None:
    """An unknown run, a path that it did not take, and what it deleted."""
    with pytest.raises(UnknownRunError):
        service.restore("ffff")
    run = str(service.manual_cleanup("temp_a").run_id)
    with pytest.raises(InvalidValueError, match="is nothing that run"):
        service.restore(run, [strays[1]])
    gone = str(service.manual_cleanup("temp_b", delete=True).run_id)
    with pytest.raises(RefusedError, match="1 file was deleted"):
        service.restore(gone)
