"""`--release` as a process: what policies that were applied before protect goes only where somebody said so."""

from pathlib import Path

import pytest
from cliplace import CLEANUP, SETTINGS, Place

HEROES = """\
  - name: heroes
    files: {match: ["/hero/"]}
    action: keep
"""


@pytest.fixture
def applied(tmp_path: Path) -> Place:
    """A root to which a keep rule was applied, which somebody then took out of the policies."""
    place = Place(tmp_path)
    place.write("policies/settings.yaml", SETTINGS)
    place.write("policies/cleanup.yaml", CLEANUP)
    place.write("media/hero/temp_1", "hero")
    place.write("media/temp_2", "stray")
    assert place.rules("init", "--root", "media").code == 0
    assert place.rules("apply", "--yes").code == 0
    assert not (tmp_path / "media/temp_2").exists()
    place.write("policies/cleanup.yaml", CLEANUP.replace(HEROES, ""))
    return place


def test_a_rule_that_a_colleague_removed_still_protects(applied: Place, tmp_path: Path) -> None:
    """The plan says whose files would go and how to allow it; apply refuses, and removes nothing."""
    plan = applied.rules("plan")
    assert plan.code == 6
    assert "REFUSED: this plan cannot be applied as it is" in plan.out
    assert "keep rule `heroes` (policies/cleanup.yaml:12, applied until now) protects 1 file, 4 B" in plan.out
    assert applied.rules("apply", "--yes").code == 6
    assert (tmp_path / "media/hero/temp_1").exists()
    [release] = applied.rules("plan", "--format", "json").document["releases"]
    assert (release["name"], release["files"], release["allowed"], release["until_run"]) == ("heroes", 1, False, None)


def test_a_release_is_asked_for_once(applied: Place, tmp_path: Path) -> None:
    """With the flag the plan can be applied; after that the rule is forgotten, and the flag an error."""
    assert applied.rules("plan", "--release", "heroes", "--out", "night.plan").code == 0
    shown = applied.rules("show", "night.plan").out
    assert "protects 1 file, 4 B; let go by `--release`" in shown
    assert applied.rules("apply", "night.plan").code == 0
    assert not (tmp_path / "media/hero/temp_1").exists()
    again = applied.rules("apply", "--yes", "--release", "heroes")
    assert again.code == 2
    assert "release `heroes` is no keep rule of an earlier applied policy set" in again.err
    assert applied.rules("apply", "--yes").code == 0


def test_a_rule_that_was_applied_in_a_quiet_night_protects_as_well(place: Place) -> None:
    """A run that had nothing to do is an application too, though it leaves no folder."""
    for name in ("a/temp_1", "a/temp_2", "a/film.part"):
        (place.media / name).unlink()
    assert place.rules("apply", "--yes").code == 0
    assert place.rules("runs", "--format", "json").document["runs"] == []
    place.write("policies/cleanup.yaml", CLEANUP.replace(HEROES, ""))
    refused = place.rules("apply", "--yes")
    assert refused.code == 6
    assert "keep rule `heroes` (policies/cleanup.yaml:12, applied until now) protects 1 file, 2 B" in refused.out


def test_a_plan_says_itself_what_it_releases(applied: Place) -> None:
    """Nobody adds a release to a plan that others have read."""
    answer = applied.rules("apply", "night.plan", "--release", "heroes")
    assert answer.code == 2
    assert "make FILE with `rules plan --release RULE`" in answer.err


def test_a_cleanup_by_hand_needs_the_word_as_well(applied: Place, tmp_path: Path) -> None:
    """`rules clean` is no way round a rule that was applied."""
    assert applied.rules("clean", "temp_*", "--older-than", "0s", "--yes").code == 6
    assert (tmp_path / "media/hero/temp_1").exists()
    assert applied.rules("clean", "temp_*", "--older-than", "0s", "--yes", "--release", "heroes").code == 0
    assert not (tmp_path / "media/hero/temp_1").exists()
