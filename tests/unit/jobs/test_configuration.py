"""What the configuration manager promises: one answer a run; a change taken whole, if it is valid, else said aloud."""

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from job_world import LAYOUT, PLAIN, LaterClock

from rules_engine.errors import InvalidValueError
from rules_engine.jobs.configuration import ConfigurationManager
from rules_engine.jobs.models import CleanupPolicy
from rules_engine.policy.load import PolicyError
from rules_engine.policy.model import Settings
from rules_engine.values.quantities import HOUR
from rules_engine.values.vocabulary import JobType

SETTINGS = "version: 1\nkind: settings\ncleanup: {retention: %s}\n"
LOGGER = "rules_engine.configuration"


class WritingClock(LaterClock):
    """A clock on which something happens each time that somebody waits."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], None] = lambda: None
        self.waits = 0

    def sleep(self, seconds: float) -> None:
        """Move on, and let it happen."""
        super().sleep(seconds)
        self.waits += 1
        self.meanwhile()


@pytest.fixture
def clock() -> WritingClock:
    """A clock of our own."""
    return WritingClock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A policy folder: one layout, and a retention of an hour."""
    made = tmp_path / "policies"
    made.mkdir()
    (made / "plain.yaml").write_text(PLAIN)
    _retain(made, "1h")
    return made


def _retain(folder: Path, retention: str) -> None:
    (folder / "settings.yaml").write_text(SETTINGS % retention)


def _hours(manager: ConfigurationManager) -> float:
    return manager.policies().settings.cleanup.retention / HOUR


def test_every_option_has_a_default(clock: WritingClock) -> None:
    """Without any policy folder there are settings all the same, and nothing claims to have set them."""
    manager = ConfigurationManager(clock=clock, environment={})
    assert manager.settings == Settings()
    assert manager.cleanup_policy == CleanupPolicy()
    assert manager.policies().folders == ()
    assert (manager.problems, manager.reload(), manager.origin_of("limits.files")) == ((), True, "default")


def test_the_environment_wins_and_says_so(folder: Path, clock: WritingClock) -> None:
    """Over the folder, and over the defaults where there is no folder."""
    environment = {"RULES_CLEANUP_RETENTION": "12h", "RULES_LIMITS_FILES": "3"}
    manager = ConfigurationManager(folder, clock, environment=environment)
    assert (_hours(manager), manager.settings.limits.files) == (12, 3)
    assert manager.origin_of("cleanup.retention") == "RULES_CLEANUP_RETENTION"
    assert ConfigurationManager(clock=clock, environment=environment).settings.limits.files == 3
    plain = ConfigurationManager([folder], clock, environment={})
    assert plain.origin_of("cleanup.retention") == f"{folder}/settings.yaml:3:11"
    with pytest.raises(InvalidValueError, match=r"setting `cleanup\.retenton` is none"):
        plain.origin_of("cleanup.retenton")


def test_the_environment_of_the_process_counts_where_none_is_given(
    folder: Path, clock: WritingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is read again when somebody asks for that."""
    manager = ConfigurationManager(str(folder), clock)
    monkeypatch.setenv("RULES_CLEANUP_RETENTION", "5h")
    assert _hours(manager) == 1
    assert manager.reload()
    assert _hours(manager) == 5
    monkeypatch.setenv("RULES_CLEANUP_RETENTION", "soon")
    assert not manager.reload()
    assert manager.problems[0].startswith("RULES_CLEANUP_RETENTION:1:1: error[P305]")
    assert _hours(manager) == 5


@pytest.mark.parametrize("environment", [{}, {"RULES_CLEANUP_RETENTION": "soon"}])
def test_what_is_invalid_at_the_start_is_an_error(folder: Path, clock: WritingClock, environment: dict) -> None:
    """There is nothing yet that could hold instead."""
    if not environment:
        _retain(folder, "soon")
    with pytest.raises(PolicyError, match="is `soon`, which is not a duration"):
        ConfigurationManager(folder, clock, environment=environment)
    with pytest.raises(PolicyError, match="is not a duration"):
        ConfigurationManager(clock=clock, environment={"RULES_STATE_KEEP": "soon"})
    with pytest.raises(PolicyError, match="there is no policy folder"):
        ConfigurationManager(folder / "nowhere", clock, environment={})


def test_a_change_is_taken_up_by_whoever_asks_next(folder: Path, clock: WritingClock) -> None:
    """Not before a look is due; the answer that somebody has stays what it was."""
    manager = ConfigurationManager(folder, clock, environment={})
    before = manager.policies()
    _retain(folder, "2h")
    (folder / "short.yaml").write_text(LAYOUT)
    assert manager.policies() is before
    clock.sleep(3)
    after = manager.policies()
    assert (after.settings.cleanup.retention, set(after.layouts)) == (2 * HOUR, {"plain", "short_form"})
    assert (before.settings.cleanup.retention, set(before.layouts)) == (HOUR, {JobType("plain")})
    assert manager.policies() is after


def test_what_did_not_change_costs_no_wait(folder: Path, clock: WritingClock) -> None:
    """Looking is reading; only a change is looked at twice."""
    manager = ConfigurationManager(folder, clock, environment={})
    before = manager.policies()
    for _ in range(3):
        clock.instant += 10 * HOUR
        assert manager.policies() is before
    assert clock.waits == 0


def test_a_clock_that_was_set_back_does_not_hide_a_change(folder: Path, clock: WritingClock) -> None:
    """The last look lies in the future then; the next one is due at once."""
    manager = ConfigurationManager(folder, clock, environment={})
    _retain(folder, "2h")
    clock.instant -= 10 * HOUR
    assert _hours(manager) == 2


def test_a_folder_is_taken_when_two_readings_agree(folder: Path, clock: WritingClock) -> None:
    """What stands there only for a moment never holds."""
    manager = ConfigurationManager(folder, clock, environment={})
    steps = iter(["3h", "4h"])

    def deploy() -> None:
        for step in steps:
            _retain(folder, step)
            return

    _retain(folder, "2h")
    clock.meanwhile = deploy
    assert manager.reload()
    assert (_hours(manager), clock.waits) == (4, 3)


def test_a_folder_that_never_stands_still_is_not_taken(
    folder: Path, clock: WritingClock, caplog: pytest.LogCaptureFixture
) -> None:
    """What held before goes on, and it is said; once the folder is as it was, nothing is left to say."""
    manager = ConfigurationManager(folder, clock, environment={})
    waits = iter(range(3, 1000))
    clock.meanwhile = lambda: _retain(folder, f"{next(waits)}h")
    with caplog.at_level(logging.ERROR, LOGGER):
        _retain(folder, "2h")
        assert not manager.reload()
    assert (_hours(manager), manager.problems) == (1, ("the policy folders change all the time",))
    assert "those of before still hold" in caplog.text
    clock.meanwhile = lambda: None
    _retain(folder, "1h")
    clock.instant += HOUR
    assert (_hours(manager), manager.problems) == (1, ())


def test_an_invalid_change_keeps_what_held_and_says_so_once(
    folder: Path, clock: WritingClock, caplog: pytest.LogCaptureFixture
) -> None:
    """The finding is shown with its place; mended, it is gone."""
    manager = ConfigurationManager(folder, clock, environment={})
    before = manager.policies()
    _retain(folder, "7 dayz")
    with caplog.at_level(logging.ERROR, LOGGER):
        for _ in range(3):
            clock.instant += HOUR
            assert manager.policies() is before
    assert len(manager.problems) == 1
    assert manager.problems[0].startswith(f"{folder}/settings.yaml:3:22: error[P305]: `retention` is `7 dayz`")
    assert [record.message.count("P305") for record in caplog.records] == [1]
    assert not manager.reload()
    assert len(caplog.records) == 1
    _retain(folder, "3h")
    clock.instant += HOUR
    assert (_hours(manager), manager.problems) == (3, ())


def test_a_folder_that_vanishes_is_an_invalid_change(folder: Path, clock: WritingClock) -> None:
    """An unmounted share is no reason to forget what must stay."""
    manager = ConfigurationManager(folder, clock, environment={})
    before = manager.policies()
    folder.rename(folder.with_name("away"))
    assert not manager.reload()
    assert manager.policies() is before
    assert "there is no policy folder" in manager.problems[0]
    folder.with_name("away").rename(folder)
    assert manager.reload()


def test_the_current_directory_is_nobodys_policy(
    folder: Path, clock: WritingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given by a relative name, the folder stays the one that it was."""
    monkeypatch.chdir(folder.parent)
    manager = ConfigurationManager("policies", clock, environment={})
    monkeypatch.chdir("/")
    assert manager.reload()
    assert manager.policies().folders == (str(folder),)


def test_of_several_folders_a_later_one_wins(folder: Path, clock: WritingClock, tmp_path: Path) -> None:
    """Key by key, and a change of either counts."""
    (tmp_path / "site").mkdir()
    _retain(tmp_path / "site", "9h")
    manager = ConfigurationManager([os.fspath(folder), tmp_path / "site"], clock, environment={})
    assert _hours(manager) == 9
    _retain(tmp_path / "site", "8h")
    assert manager.reload()
    assert _hours(manager) == 8


def test_nobody_waits_for_a_change_that_another_thread_takes_up(folder: Path, clock: WritingClock) -> None:
    """Whoever comes meanwhile goes on with what held before."""
    manager = ConfigurationManager(folder, clock, environment={})
    entered, leave = threading.Event(), threading.Event()

    def wait() -> None:
        entered.set()
        leave.wait(10)

    clock.meanwhile = wait
    _retain(folder, "2h")
    worker = threading.Thread(target=manager.reload)
    worker.start()
    assert entered.wait(10)
    clock.instant += HOUR
    assert _hours(manager) == 1
    leave.set()
    worker.join()
    assert _hours(manager) == 2
