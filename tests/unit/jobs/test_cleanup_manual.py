import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cleanup_world import ended, later, with_settings
from job_world import LaterClock, tree

from rules_engine.errors import InvalidValueError
from rules_engine.filesystem.locks import lock_root
from rules_engine.filesystem.root import Root
from rules_engine.jobs.cleanup import CleanupService
from rules_engine.jobs.lifecycle import add, finish, start
from rules_engine.policy.model import PolicySet
from rules_engine.policy.patterns import PatternError
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY, Instant
from rules_engine.values.vocabulary import FileType

KEEP_HEROES = """
version: 1
kind: cleanup
rules:
  - {name: heroes, files: {match: ["hero*"]}, action: keep}
"""


def test_manual_cleanup_sets_aside_what_a_pattern_matches(
    service: CleanupService, root: Root, clock: LaterClock, strays: list[Path]
) -> None:
    """Set aside is not freed; what the pattern does not match is not worth a word."""
    result = service.manual_cleanup("temp_*")
    assert (result.removed, result.bytes_freed, result.kept) == (strays[:2], 0, {})
    trash = Path(root.path) / ".rules/trash" / str(result.run_id)
    assert sorted(path.name for path in trash.rglob("temp_*")) == ["temp_a", "temp_b"]
    assert strays[2].exists()


def test_manual_cleanup_deletes_where_it_is_told_to(service: CleanupService, strays: list[Path]) -> None:
    """And what goes for good is freed."""
    assert service.manual_cleanup("temp_*", delete=True).bytes_freed == 6


def test_a_dry_run_says_what_would_go_and_touches_nothing(
    service: CleanupService, root: Root, strays: list[Path]
) -> None:
    """No run, no step, and no lock is needed."""
    before = tree(root)
    with lock_root(root.require_state()):
        result = service.manual_cleanup("temp_*", dry_run=True, delete=True)
    assert (result.would_remove, result.removed) == (strays[:2], [])
    assert (result.bytes_freed, result.dry_run, result.run_id, result.ok) == (6, True, None, True)
    assert tree(root) == before
    assert not (Path(root.path) / ".rules/runs").exists()


def test_a_file_with_several_names_is_freed_with_the_last_of_them(service: CleanupService, strays: list[Path]) -> None:
    """It counts once, when its last name goes; a dry run foresees the same."""
    first, second = strays[0], strays[1]
    second.unlink()
    os.link(first, second)
    os.link(first, first.parent / "other")
    foreseen = service.manual_cleanup("temp_*", dry_run=True, delete=True)
    assert (foreseen.bytes_freed, len(foreseen.would_remove)) == (0, 2)
    (first.parent / "other").unlink()
    assert service.manual_cleanup("temp_*", dry_run=True, delete=True).bytes_freed == 3
    result = service.manual_cleanup("temp_*", delete=True)
    assert (result.bytes_freed, len(result.removed)) == (3, 2)


def test_a_link_goes_as_the_entry_that_it_is_and_frees_nothing(service: CleanupService, strays: list[Path]) -> None:
    """What it points to stays; a dry run foresees the same."""
    link = strays[0].with_name("temp_link")
    link.symlink_to(strays[2].name)
    foreseen = service.manual_cleanup("temp_link", dry_run=True, delete=True)
    result = service.manual_cleanup("temp_link", delete=True)
    assert (foreseen.would_remove, foreseen.bytes_freed) == ([link], 0)
    assert (result.removed, result.bytes_freed) == ([link], 0)
    assert strays[2].exists()


@pytest.mark.parametrize("settings", ["cleanup: {enabled: false}", "debug: true"])
def test_manual_cleanup_works_where_automatic_cleanup_is_off(
    root: Root, clock: LaterClock, strays: list[Path], settings: str
) -> None:
    """Automatic cleanup keeps everything and says why."""
    policies = with_settings(settings)
    clip = ended(root, policies, clock, "a")
    later(clock, 3 * DAY)
    service = CleanupService(root, lambda: policies, clock)
    assert not service.is_cleanup_enabled()
    why = "`cleanup.enabled` is false" if "enabled" in settings else "debug mode turns cleanup off"
    assert service.cleanup_job("a").kept == {clip: why}
    assert set(service.cleanup_by_age(1).kept.values()) == {why}
    assert service.manual_cleanup("*.mkv").removed[0] == clip


def test_manual_cleanup_keeps_what_a_keep_rule_keeps(root: Root, clock: LaterClock, strays: list[Path]) -> None:
    """And names the rule."""
    service = CleanupService(root, with_settings("debug: false", KEEP_HEROES), clock)
    result = service.manual_cleanup("*temp*")
    assert result.removed == strays[:2]
    assert result.kept == {strays[2]: "rule `heroes` keeps it"}


def test_manual_cleanup_needs_words_for_deliverables_and_preserved_failures(
    service: CleanupService, root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """Each is kept without its word, and says so."""
    clip = ended(root, policies, clock, "bad", success=False)
    film = Path(root.path) / "plain/good/film.mkv"
    start(root, policies, clock, "plain", job_id="good")
    film.write_bytes(b"12")
    add(root, policies, clock, "good", [RelPath("plain/good/film.mkv")], file_type=FileType.FINAL_VIDEO)
    finish(root, policies, clock, "good", success=True)
    later(clock, 2 * DAY)
    kept = service.manual_cleanup("*.mkv")
    assert (kept.removed, set(kept.kept)) == ([], {clip, film})
    assert service.manual_cleanup("*.mkv", include_failed=True).removed[0] == clip
    assert service.manual_cleanup("*.mkv", deliverables=True, delete=True).bytes_freed == 2


@pytest.mark.parametrize("age", ["7d", timedelta(days=7)])
def test_manual_cleanup_waits_for_the_age_that_is_asked_for(
    service: CleanupService, clock: LaterClock, strays: list[Path], age: str | timedelta
) -> None:
    """A duration as in a policy, or a timedelta."""
    old = clock.instant - 8 * DAY
    os.utime(strays[0], ns=(old, old))
    # Its ctime is that of this machine, decades before the clock of the tests.
    clock.instant = Instant(strays[0].stat().st_ctime_ns + 6 * DAY)
    assert set(service.manual_cleanup("temp_b", older_than=age).due) == {strays[1]}
    later(clock, 2 * DAY)
    assert service.manual_cleanup("temp_b", older_than=age).removed == [strays[1]]


@pytest.mark.parametrize("age", [7, -1.5, timedelta(seconds=-1), "7", "soon"])
def test_an_age_that_says_no_unit_is_refused(service: CleanupService, age: object) -> None:
    """A bare number would be hours to one caller and seconds to the next."""
    with pytest.raises(InvalidValueError):
        service.manual_cleanup("temp_*", older_than=age)  # type: ignore[arg-type]


def test_a_pattern_that_cannot_be_one_is_a_mistake_of_the_caller(service: CleanupService) -> None:
    """As in a policy: a slash inside needs one in front; and something has to be selected."""
    for pattern in ("shorts/*.mkv", "", "!temp_*"):
        with pytest.raises(PatternError):
            service.manual_cleanup(pattern)


def test_policies_are_read_once_a_call(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """What a configuration picks up holds from the next call on."""
    asked = []

    def current() -> PolicySet:
        asked.append(clock.now())
        return replace(policies)

    service = CleanupService(root, current, clock)
    service.manual_cleanup("temp_*")
    assert len(asked) == 1
