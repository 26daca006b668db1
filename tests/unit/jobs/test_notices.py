import logging
from pathlib import Path

import pytest
from job_world import LaterClock
from other_users import give_away, ordinary_user

from rules_engine.apply.model import Event, HandedOver
from rules_engine.filesystem.root import Root
from rules_engine.jobs.cleanup import CleanupService
from rules_engine.jobs.finishing import finish_and_clean
from rules_engine.jobs.lifecycle import start
from rules_engine.policy.model import PolicySet
from rules_engine.values.quantities import DAY, Instant

LOGGER = logging.getLogger("test")


@pytest.fixture
def closed(root: Root, policies: PolicySet, clock: LaterClock) -> Path:
    """A clip that is due, of a finished job, in a directory that its owner has closed."""
    start(root, policies, clock, "plain", job_id="a")
    clip = Path(root.path) / "wip/a/temp/clip.mkv"
    clip.write_bytes(b"123")
    give_away(root)
    finish_and_clean(root, policies, clock, "a", success=True, logger=LOGGER, listen=print)
    clip.parent.chmod(0o555)
    clock.instant = Instant(clock.instant + 2 * DAY)
    give_away(root, only=".rules")
    return clip


def test_a_subscriber_hears_what_permissions_forbid(
    closed: Path, root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """With the path, the cause and the rules; the result says the same."""
    heard: list[HandedOver] = []
    events: list[Event] = []
    service = CleanupService(root, policies, clock, on_notice=heard.append, listen=events.append)
    with ordinary_user() as uid:
        result = service.cleanup_job("a")
    assert [(one.noted.path, one.noted.cause, one.rules, one.uid) for one in heard] == [
        ("wip/a/temp/clip.mkv", "Permission denied", ("settings.cleanup",), uid)
    ]
    assert result.failed == {closed: "Permission denied"}
    assert heard[0] in events


def test_a_subscriber_that_fails_stops_nothing(
    closed: Path, root: Root, policies: PolicySet, clock: LaterClock, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, and the cleanup goes on."""

    def fail(_notice: HandedOver) -> None:
        raise RuntimeError

    service = CleanupService(root, policies, clock, logger=LOGGER, on_notice=fail)
    with ordinary_user():
        result = service.cleanup_job("a")
    assert result.failed == {closed: "Permission denied"}
    assert "the subscriber of notices failed on `wip/a/temp/clip.mkv`" in caplog.messages


def test_the_end_of_a_job_tells_it_too(closed: Path, root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """What another job left is cleaned then, or handed over."""
    heard: list[HandedOver] = []
    with ordinary_user():
        start(root, policies, clock, "plain", job_id="b")
        finish_and_clean(
            root,
            policies,
            clock,
            "b",
            success=True,
            logger=LOGGER,
            listen=print,
            on_notice=heard.append,
        )
    assert [one.noted.path for one in heard] == ["wip/a/temp/clip.mkv"]
    assert closed.exists()
