import logging
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from job_world import KOREAN, LAYOUT, PLAIN, LaterClock, tree

from rules_engine.errors import InvalidValueError, RefusedError
from rules_engine.filesystem.locks import lock_root
from rules_engine.filesystem.root import Root
from rules_engine.jobs.cleanup import CleanupService
from rules_engine.jobs.lifecycle import add, finish, start
from rules_engine.manifest.errors import UnknownJobError
from rules_engine.policy.load import load_texts
from rules_engine.policy.model import PolicySet
from rules_engine.policy.patterns import PatternError
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY, HOUR, SECOND, Instant, instant_to_datetime
from rules_engine.values.vocabulary import FileType

KEEP_HEROES = """
version: 1
kind: cleanup
rules:
  - {name: heroes, files: {match: ["hero*"]}, action: keep}
"""

EPISODE = {**KOREAN, "series": "suits", "episode": "e1"}


@pytest.fixture
def service(root: Root, policies: PolicySet, clock: LaterClock) -> CleanupService:
    """A service on the root, with the policies of the tests."""
    return CleanupService(root, policies, clock)


def later(clock: LaterClock, wait: int) -> None:
    """Move the clock on."""
    clock.instant = Instant(clock.instant + wait)


def ended(root: Root, policies: PolicySet, clock: LaterClock, job_id: str, *, success: bool = True) -> Path:
    """A plain job that left one clip of three bytes in its workspace; the path of the clip."""
    start(root, policies, clock, "plain", job_id=job_id)
    clip = Path(root.path) / f"work/{job_id}/temp/clip.mkv"
    clip.write_bytes(b"123")
    finish(root, policies, clock, job_id, success=success)
    later(clock, SECOND)
    return clip


def with_settings(text: str, *more: str) -> PolicySet:
    """The layouts of the tests with settings and further policies."""
    settings = f"version: 1\nkind: settings\n{text}"
    return load_texts(
        {"s.yaml": LAYOUT, "p.yaml": PLAIN, "set.yaml": settings} | {f"{n}.yaml": t for n, t in enumerate(more)}
    )


def test_cleaning_a_job_takes_what_is_due_of_it_and_nothing_of_another(
    service: CleanupService, root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """All rules, restricted to that job: the other one's files are as due, and stay."""
    mine, other = ended(root, policies, clock, "a"), ended(root, policies, clock, "b")
    later(clock, 2 * DAY)
    result = service.cleanup_job("a")
    assert result.ok
    assert result.removed == [mine, mine.parent, mine.parent.parent]
    assert (result.bytes_freed, result.kept, result.due) == (3, {}, {})
    assert result.run_id is not None
    assert (mine.exists(), other.exists()) == (False, True)


def test_what_is_not_due_yet_says_when_and_what_it_waits_for(
    service: CleanupService, root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """Nothing is applied, so there is no run."""
    clip = ended(root, policies, clock, "a")
    end = clock.instant - SECOND
    result = service.cleanup_job("a")
    assert (result.removed, result.run_id) == ([], None)
    due = result.due[clip]
    assert abs(due - instant_to_datetime(Instant(end + DAY))) < timedelta(seconds=1)
    assert result.kept == {clip: f"due at {due:%Y-%m-%dT%H:%M:%S}Z, waits for settings.cleanup"}


def test_only_what_the_job_owns_is_told_of(
    service: CleanupService, root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """A neighbour's deliverable in the same directory is not its business; its own has a reason to stay."""
    films = [RelPath(f"output/suits/e1/ko/shorts/{name}.mkv") for name in ("a", "b")]
    for job_id, film in zip("ab", films, strict=True):
        start(
            root,
            policies,
            clock,
            "short_form",
            job_id=job_id,
            parameters={**KOREAN, "series": "suits", "episode": "e1"},
        )
        (Path(root.path) / film).write_bytes(b"1")
        add(root, policies, clock, job_id, [film], file_type=FileType.FINAL_VIDEO)
        finish(root, policies, clock, job_id, success=True)
    later(clock, 2 * DAY)
    assert service.cleanup_job("a").kept == {Path(root.path) / films[0]: "no rule selects it"}


def test_a_failed_job_is_preserved_unless_the_call_says_otherwise(
    service: CleanupService, root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """False lifts the shield of the settings for this call; `retention` holds all the same."""
    clip = ended(root, policies, clock, "a", success=False)
    early = service.cleanup_job("a", preserve_on_failure=False)
    assert list(early.due) == [clip]
    later(clock, 20 * DAY)
    kept = service.cleanup_job("a")
    assert kept.kept == {clip: "never due: cleanup.preserve_on_failure keeps the files of failed jobs"}
    assert service.cleanup_job("a", preserve_on_failure=False).removed[0] == clip


def test_a_job_that_nobody_knows_is_a_mistake_of_the_caller(service: CleanupService) -> None:
    """It is raised, as is an id that cannot be one."""
    with pytest.raises(UnknownJobError, match="job `nobody` is not known to this root"):
        service.cleanup_job("nobody")
    with pytest.raises(InvalidValueError):
        service.cleanup_job("../etc")


def test_cleaning_by_age_takes_temporary_files_of_all_ended_jobs(
    service: CleanupService, root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """After the hours that are asked for; deliverables and running jobs stay."""
    clip = ended(root, policies, clock, "a")
    start(root, policies, clock, "plain", job_id="running")
    (Path(root.path) / "work/running/temp/clip.mkv").write_bytes(b"1")
    later(clock, 2 * DAY)
    assert list(service.cleanup_by_age(72).due) == [clip]
    later(clock, DAY)
    result = service.cleanup_by_age(72)
    assert result.removed == [clip, clip.parent, clip.parent.parent]
    assert result.kept == {Path(root.path) / "work/running/temp/clip.mkv": "job `running` is running"}


def test_cleaning_by_age_never_goes_below_the_retention(
    service: CleanupService, root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """The longer of the two waits."""
    clip = ended(root, policies, clock, "a")
    later(clock, 23 * HOUR)
    assert list(service.cleanup_by_age(0).due) == [clip]
    with pytest.raises(InvalidValueError, match="max_age_hours `-1` is negative"):
        service.cleanup_by_age(-1)


@pytest.fixture
def strays(root: Root) -> list[Path]:
    """Three files without an owner, of three bytes each."""
    paths = [Path(root.path) / name for name in ("in/temp_a", "in/temp_b", "in/hero_temp")]
    paths[0].parent.mkdir()
    for path in paths:
        path.write_bytes(b"123")
    return paths


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


def test_cleanup_is_enabled_unless_something_turns_it_off(root: Root, clock: LaterClock, policies: PolicySet) -> None:
    """Debug mode does so only where the settings let it."""
    assert CleanupService(root, policies, clock).is_cleanup_enabled()
    debugging = with_settings("debug: true\ncleanup: {debug_mode_disables: false}")
    assert CleanupService(root, debugging, clock).is_cleanup_enabled()


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


def test_a_held_lock_puts_a_cleanup_off(
    service: CleanupService, root: Root, strays: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    """It never raises: the result says who holds the lock, and so does the log."""
    with lock_root(root.require_state()), caplog.at_level(logging.WARNING, "rules_engine.cleanup"):
        result = service.manual_cleanup("temp_*")
    assert not result.ok
    assert result.removed == []
    assert len(result.deferred) == 1
    assert result.deferred[0].startswith(f"the root is locked by process {os.getpid()} on ")
    assert caplog.messages == [f"cleanup: put off: {result.deferred[0]}"]
    assert all(path.exists() for path in strays)


def test_a_limit_puts_a_cleanup_off_unless_it_is_raised(service: CleanupService, strays: list[Path]) -> None:
    """Nothing of such a plan is carried out; a dry run shows it."""
    refused = service.manual_cleanup("temp_*", limits={"files": 1})
    assert refused.removed == []
    assert refused.deferred == [
        "the plan is refused: it removes 2 files, `limits.files` is 1; if that is right, plan with `--limit files=2`"
    ]
    shown = service.manual_cleanup("temp_*", dry_run=True, limits={"files": 1})
    assert (shown.would_remove, shown.ok) == (strays[:2], False)
    assert service.manual_cleanup("temp_*", limits={"files": None}).ok


def test_a_state_that_cannot_be_read_puts_a_cleanup_off(
    service: CleanupService, root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """Manifests that became a file instead of a directory: nothing can be known, nothing goes."""
    clip = ended(root, policies, clock, "a")
    later(clock, 2 * DAY)
    manifests = Path(root.path) / ".rules/manifests"
    manifests.rename(manifests.with_name("aside"))
    manifests.write_text("")
    result = service.cleanup_job("a")
    assert result.removed == []
    assert len(result.deferred) == 1
    assert clip.exists()


def test_a_damaged_manifest_puts_the_cleanup_of_its_job_off(
    service: CleanupService, root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """Also where not even its start can be read."""
    clip = ended(root, policies, clock, "a")
    later(clock, 2 * DAY)
    for log in (Path(root.path) / ".rules/manifests").iterdir():
        log.write_bytes(b"garbage\nmore\n")
    for seal in (Path(root.path) / ".rules/sealed").iterdir():
        seal.unlink()
    result = service.cleanup_job("a")
    assert result.removed == []
    assert result.deferred[0].startswith("the manifest of job `a` is damaged: ")
    assert clip.exists()


@pytest.fixture
def frozen(strays: list[Path]) -> Iterator[list[Path]]:
    """The strays in a directory that nobody may write to."""
    directory = strays[0].parent
    if os.geteuid() != 0:
        directory.chmod(0o555)
        yield strays
        directory.chmod(0o755)
        return
    if subprocess.run(["chattr", "+i", str(directory)], check=False, capture_output=True).returncode:
        pytest.skip("root writes everywhere, and this filesystem has no immutable directories")
    yield strays
    subprocess.run(["chattr", "-i", str(directory)], check=True)


def test_what_cannot_be_removed_is_named_with_its_cause(
    service: CleanupService, root: Root, frozen: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    """One warning a path; the rest goes."""
    (Path(root.path) / "temp_c").write_bytes(b"12345")
    with caplog.at_level(logging.WARNING, "rules_engine.cleanup"):
        result = service.manual_cleanup("temp_*", delete=True)
    assert not result.ok
    assert list(result.failed) == frozen[:2]
    assert result.failed[frozen[0]] in {"Operation not permitted", "Permission denied"}
    assert (result.removed, result.bytes_freed) == ([Path(root.path) / "temp_c"], 5)
    assert caplog.messages == [f"cleanup: `{path}` could not be removed: {result.failed[path]}" for path in frozen[:2]]


def test_what_cannot_be_looked_at_is_unknown_and_named(
    service: CleanupService, root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """A workspace that became a link is no way to anywhere."""
    clip = ended(root, policies, clock, "a")
    work = clip.parents[2]
    work.rename(work.with_name("elsewhere"))
    work.symlink_to("elsewhere")
    later(clock, 2 * DAY)
    result = service.cleanup_job("a")
    assert result.removed == []
    assert all(why.startswith("unknown: ") for why in result.kept.values())
    assert len(result.kept) == 1


def test_policies_are_read_once_a_call(root: Root, policies: PolicySet, clock: LaterClock) -> None:
    """What a configuration picks up holds from the next call on."""
    asked = []

    def current() -> PolicySet:
        asked.append(clock.now())
        return replace(policies)

    service = CleanupService(root, current, clock)
    service.manual_cleanup("temp_*")
    assert len(asked) == 1


def test_a_directory_that_is_no_root_is_a_mistake_of_the_caller(tmp_path: Path, policies: PolicySet) -> None:
    """An unmounted drive is never somebody's tree."""
    with Root.open(str(tmp_path)) as nothing, pytest.raises(RefusedError, match="is not a root"):
        CleanupService(nothing, policies).manual_cleanup("temp_*")


def test_times_in_a_result_are_aware(
    service: CleanupService, root: Root, policies: PolicySet, clock: LaterClock
) -> None:
    """A pipeline in another zone compares them as they are."""
    clip = ended(root, policies, clock, "a")
    assert service.cleanup_job("a").due[clip].tzinfo is UTC
    assert service.cleanup_job("a").due[clip] > datetime(2100, 1, 1, tzinfo=UTC)
