import os
from pathlib import Path

import pytest
from managed import hints

from rules_engine.filesystem.root import Root
from rules_engine.jobs.due import Hint, come, hint, hour_of, settle, soon
from rules_engine.values.quantities import FOREVER, HOUR, MINUTE, Instant, parse_instant
from rules_engine.values.vocabulary import JobId

NINE = parse_instant("2026-03-01T09:00:00Z")
A, B = JobId("a"), JobId("b")


def at(minutes: int) -> Instant:
    """So many minutes after nine."""
    return Instant(NINE + minutes * MINUTE)


def waiting(root: Root, now: Instant) -> list[str]:
    """The jobs whose moment has come, hour by hour."""
    assert root.state is not None
    return [f"{one.hour} {one.job_id}" for one in come(root.state, now)]


def test_a_root_without_hints_has_nothing_due(root: Root) -> None:
    """Nothing is made by looking."""
    assert waiting(root, NINE) == []
    assert not (Path(root.path) / ".rules/due").exists()


def test_a_hint_comes_at_its_instant_and_not_at_its_hour(root: Root, tmp_path: Path) -> None:
    """It is an empty file below its hour, and its time of change is the instant."""
    assert root.state is not None
    hint(root.state, A, [at(30)])
    assert hints(tmp_path) == ["2026-03-01T09/a"]
    assert (tmp_path / "media/.rules/due/2026-03-01T09/a").read_bytes() == b""
    assert waiting(root, Instant(at(30) - 1)) == []
    assert waiting(root, at(30)) == ["2026-03-01T09 a"]
    assert waiting(root, at(90)) == ["2026-03-01T09 a"]


def test_of_many_instants_the_earliest_are_kept_once_an_hour(root: Root, tmp_path: Path) -> None:
    """A job of many ages leaves a few entries, not hundreds; never is no hour."""
    assert root.state is not None
    hint(root.state, A, [at(59), at(1), *(at(60 * hour) for hour in range(1, 40)), Instant(FOREVER)])
    assert hints(tmp_path) == [f"2026-03-01T{hour:02d}/a" for hour in range(9, 16)]
    assert waiting(root, at(1)) == ["2026-03-01T09 a"]
    hint(root.state, B, [])
    hint(root.state, B, [Instant(-1), Instant(FOREVER)])
    assert len(hints(tmp_path)) == 7


def test_a_name_that_is_no_job_is_passed_over(root: Root, tmp_path: Path) -> None:
    """Somebody's file among the hints is nobody's job."""
    assert root.state is not None
    hint(root.state, A, [NINE])
    (tmp_path / "media/.rules/due/2026-03-01T09/.hidden").write_text("")
    assert waiting(root, at(90)) == ["2026-03-01T09 a"]


def test_settling_takes_followed_hints_and_says_what_comes_next(root: Root, tmp_path: Path) -> None:
    """An hour without hints goes, one with others stays."""
    assert root.state is not None
    hint(root.state, A, [NINE])
    hint(root.state, B, [NINE, at(60)])
    settle(root.state, [one for one in come(root.state, NINE) if one.job_id == A], {A: [at(120)]})
    assert hints(tmp_path) == ["2026-03-01T09/b", "2026-03-01T10/b", "2026-03-01T11/a"]
    settle(root.state, list(come(root.state, NINE)), {})
    assert hints(tmp_path) == ["2026-03-01T10/b", "2026-03-01T11/a"]
    assert not (tmp_path / "media/.rules/due/2026-03-01T09").exists()


def test_a_hint_that_was_written_again_meanwhile_stays(root: Root, tmp_path: Path) -> None:
    """It speaks of a later end of the same job."""
    assert root.state is not None
    hint(root.state, A, [NINE])
    followed = list(come(root.state, NINE))
    os.utime(tmp_path / "media/.rules/due/2026-03-01T09/a", ns=(NINE, NINE))
    settle(root.state, followed, {})
    assert hints(tmp_path) == ["2026-03-01T09/a"]


def test_hints_that_another_process_followed_are_no_error(root: Root, tmp_path: Path) -> None:
    """Two jobs that finish at once may see the same."""
    assert root.state is not None
    settle(root.state, [Hint("2026-03-01T09", A, 0)], {B: [NINE]})
    settle(root.state, [Hint("2026-03-01T09", A, 0)], {})
    assert hints(tmp_path) == ["2026-03-01T09/b"]


@pytest.mark.parametrize(("minutes", "name"), [(0, "2026-03-01T09"), (59, "2026-03-01T09"), (60, "2026-03-01T10")])
def test_hours_are_named_in_utc(minutes: int, name: str) -> None:
    """Names sort as the hours do."""
    assert hour_of(at(minutes)) == name
    assert soon(NINE) == NINE + HOUR
