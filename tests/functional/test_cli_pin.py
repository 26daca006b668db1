"""`rules pin` and `rules unpin`: what a person protects by hand, from the plan to the apply."""

import re
from pathlib import Path

import pytest
from cliplace import Place


def paths(place: Place) -> list[str]:
    """What a plan would take."""
    return sorted(step["path"] for step in place.rules("plan", "--format", "json").document["steps"])


def test_a_pin_keeps_a_file_until_it_is_taken_away(place: Place) -> None:
    """The plan names the pin, its reason and its end; without it the file goes as before."""
    assert paths(place) == ["a/film.part", "a/temp_1", "a/temp_2"]
    pinned = place.process("pin", "a/temp_1", "--reason", "asked for\n", "--until", "+30d")
    assert (pinned.code, pinned.err) == (0, "")
    assert re.fullmatch(r"`a/temp_1` is pinned until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ: asked for\\n\n", pinned.out)
    plan = place.process("plan")
    assert "Pinned by hand\n  `a/temp_1`  1 file, 5 B  until " in plan.out
    assert "asked for\\n" in plan.out
    assert "  1 file  5 B  pinned\n" in plan.out
    assert paths(place) == ["a/film.part", "a/temp_2"]
    explained = place.rules("explain", "a/temp_1")
    assert "STAYS: `a/temp_1` is pinned until " in explained.out
    assert place.process("unpin", "a/temp_1").out.startswith("no longer: `a/temp_1` is pinned until ")
    assert paths(place) == ["a/film.part", "a/temp_1", "a/temp_2"]


@pytest.mark.parametrize("mark", ["pin", "marker"])
def test_what_is_marked_between_plan_and_apply_is_protected(place: Place, mark: str) -> None:
    """The run says so, ends well, and leaves the rest to the plan."""
    assert place.process("plan", "--out", "night.plan").code == 0
    if mark == "pin":
        assert place.process("pin", "a/temp_2").code == 0
        why = "`a/temp_2` is pinned"
    else:
        place.write("media/a/.rules-keep", "")
        why = "`a` has the keep marker `.rules-keep`"
    applied = place.process("apply", "night.plan", "--yes", "--format", "json")
    assert applied.code == 0
    noted = {one["path"]: (one["outcome"], one["cause"]) for one in applied.document["noted"]}
    assert noted["a/temp_2"] == ("protected", why)
    assert (place.media / "a/temp_2").exists()
    assert (place.media / "a/temp_1").exists() == (mark == "marker")


def test_a_keep_marker_protects_its_directory_in_every_plan(place: Place) -> None:
    """Whatever the rules say, and whoever removes by hand."""
    place.write("media/a/.rules-keep", "")
    assert paths(place) == []
    assert "  3 files  15 B  a keep marker is above it\n" in place.rules("plan").out
    assert "`a` has the keep marker `.rules-keep`" in place.rules("explain", "a/temp_1").out
    assert place.rules("clean", "temp_*", "--older-than", "0s", "--yes").code == 0
    assert (place.media / "a/temp_1").exists()


def test_other_markers_can_be_set(place: Place) -> None:
    """The setting replaces the default."""
    place.write("policies/settings.yaml", 'version: 1\nkind: settings\nroot: media\nkeep_markers: ["HOLD"]\n')
    place.write("media/a/.rules-keep", "")
    assert len(paths(place)) == 3
    place.write("media/HOLD", "")
    assert paths(place) == []


def test_manual_cleanup_stops_at_a_pin(place: Place) -> None:
    """A person with a pattern does not overrule a person with a reason."""
    place.rules("pin", "a")
    assert place.rules("clean", "temp_*", "--older-than", "0s", "--delete", "--yes").code == 0
    assert (place.media / "a/temp_1").exists()


def test_the_list_names_every_pin_that_holds(place: Place) -> None:
    """With who set it; one that is over is not in it."""
    assert place.rules("pin", "--list").out == "nothing is pinned\n"
    place.rules("pin", "a/temp_1", "--until", "2200-01-01T00:00:00Z")
    place.rules("pin", "media/hero", "--reason", "ours")
    listed = place.rules("pin", "--list").out.splitlines()
    assert [line.split()[0] for line in listed] == ["a/temp_1", "hero"]
    assert " by user " in listed[1]
    assert listed[1].endswith("  ours")
    document = place.rules("pin", "--list", "--format", "json").document
    assert document["kind"] == "pins"
    first, second = document["pins"]
    assert (first["path"], first["job"], first["reason"], first["until"]) == (
        "a/temp_1",
        None,
        None,
        "2200-01-01T00:00:00Z",
    )
    assert (second["path"], second["until"]) == ("hero", None)


def test_a_date_is_meant_to_its_end(place: Place) -> None:
    """Of two readings the one that keeps longer."""
    assert place.rules("pin", "a", "--until", "2200-04-01").out == "`a` is pinned until 2200-04-02T00:00:00Z\n"


def test_a_second_pin_replaces_the_first_and_says_so(place: Place) -> None:
    """The newest word holds."""
    place.rules("pin", "a", "--reason", "one")
    second = place.rules("pin", "a", "--reason", "two")
    assert second.err == "note: this replaces the pin that was there: `a` is pinned: one\n"
    assert second.out == "`a` is pinned: two\n"
    assert place.rules("pin", "a", "--quiet").err == ""
    assert len(place.rules("pin", "--list").out.splitlines()) == 1


def test_what_is_not_there_yet_can_be_pinned(place: Place) -> None:
    """It is said, so that a misspelt path does not pass for a protection."""
    answer = place.rules("pin", "a/to-come", "--format", "json")
    assert answer.code == 0
    assert answer.err == "note: `a/to-come` is not there; the pin holds for whatever comes there\n"
    assert [one["path"] for one in answer.document["pins"]] == ["a/to-come"]
    place.write("media/a/to-come/temp_9")
    assert "a/to-come/temp_9" not in paths(place)


def test_a_job_is_pinned_by_its_id(studio: Place) -> None:
    """With everything that it owns; an id that nobody knows is an error that names the nearest."""
    studio.rules("job", "start", "clip", "--id", "episode-1")
    studio.write("media/scratch/episode-1/clips/a.mkv")
    studio.rules("job", "finish", "episode-1")
    wrong = studio.rules("pin", "--job", "episode-l")
    assert wrong.code == 6
    assert "did you mean `episode-1`?" in wrong.err
    pinned = studio.rules("pin", "--job", "episode-1", "--reason", "being looked at")
    assert pinned.out == "job `episode-1` is pinned: being looked at\n"
    document = studio.rules("plan", "--at", "+2d", "--format", "json").document
    assert not [step for step in document["steps"] if "scratch/episode-1" in step["path"]]
    assert document["pins"] == [
        {"what": "job episode-1", "reason": "being looked at", "until": None, "files": 1, "bytes": 1}
    ]
    assert studio.rules("unpin", "--job", "episode-1").code == 0
    assert studio.rules("plan", "--at", "+2d", "--format", "json").document["pins"] == []


def test_the_whole_root_can_be_pinned(place: Place) -> None:
    """From inside it too; then nothing goes."""
    assert place.rules("pin", "media").out == "`.` is pinned\n"
    assert paths(place) == []
    assert place.rules("unpin", "media").code == 0
    assert len(paths(place)) == 3


def test_what_is_not_pinned_cannot_be_unpinned(place: Place) -> None:
    """What is pinned near it is named: only a pin of that very thing is taken away."""
    place.rules("pin", "a")
    answer = place.rules("unpin", "a/temp_1")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == "error: `a/temp_1` is not pinned\n  help: pinned near it: `a`\n"
    assert len(place.rules("pin", "--list").out.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        ((), 2, "name one thing: a PATH, or a job with `--job ID`"),
        (("a", "--job", "j"), 2, "name one thing"),
        (("--list", "a"), 2, "`--list` shows all pins; give it alone"),
        (("/etc/passwd",), 2, "does not lie in the root"),
        (("a", "--until", "tomorrow"), 2, "is neither a distance such as `+7d`, a date, nor ISO 8601"),
        (("a", "--until", "2001-01-01"), 2, "is over already; a pin until then protects nothing"),
        (("--job", "../x"), 2, "`../x`"),
    ],
)
def test_what_cannot_be_pinned_is_refused(place: Place, arguments: tuple[str, ...], code: int, why: str) -> None:
    """And nothing is written."""
    answer = place.rules("pin", *arguments)
    assert answer.code == code
    assert why in answer.err
    assert not (place.media / ".rules/pins.jsonl").exists()


def test_a_broken_policy_keeps_nobody_from_pinning(place: Place) -> None:
    """With `--root` no policy is read: protecting something is what one does when a policy is wrong."""
    place.write("policies/cleanup.yaml", "version: 1\nkind: cleanup\nrules: nonsense\n")
    assert place.rules("pin", "a").code == 4
    assert place.rules("pin", "a", "--root", "media").code == 0
    assert place.rules("unpin", "a", "--root", "media").code == 0


@pytest.mark.parametrize("command", [("plan",), ("explain", "a/temp_1"), ("apply", "--yes"), ("pin", "--list")])
def test_damaged_pins_stop_everything(place: Place, command: tuple[str, ...]) -> None:
    """Nobody knows what they protected (exit 9)."""
    place.rules("pin", "a")
    file: Path = place.media / ".rules/pins.jsonl"
    file.write_bytes(file.read_bytes().replace(b'"path":"a"', b'"path":"b"'))
    answer = place.rules(*command)
    assert answer.code == 9
    assert "`.rules/pins.jsonl` has a damaged line 1" in answer.err
    assert (place.media / "a/temp_1").exists()


def test_pins_need_a_root(place: Place) -> None:
    """A directory that nobody made a root has no state to keep them in."""
    place.write("other/x")
    assert place.rules("pin", "x", "--root", "other").code == 6
    assert not (place.path / "other/.rules").exists()
