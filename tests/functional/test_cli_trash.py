"""`rules trash` as a person types it, and trash that empties itself with the plans of every night."""

import json

import pytest
from cliplace import Answer, Place

from rules_engine.filesystem.clock import SystemClock
from rules_engine.values.quantities import DAY


def applied(place: Place) -> str:
    """The id of the run of one apply."""
    done = place.rules("apply", "--yes", "--format", "json")
    assert done.code == 0, done.err
    return str(done.document["run_id"])


def aged(place: Place, run: str, days: int) -> None:
    """As if the run had ended so many days ago."""
    path = place.media / f".rules/runs/{run}/report.json"
    report = json.loads(path.read_text())
    report["ended"] = report["started"] = SystemClock().now() - days * DAY
    path.write_text(json.dumps(report))


def listed(place: Place, *arguments: str) -> Answer:
    """What the trash holds."""
    return place.rules("trash", "list", *arguments)


def test_the_list_says_what_each_run_set_aside_and_until_when(place: Place) -> None:
    """Oldest first, with totals; the document says the same."""
    assert listed(place).out == "the trash is empty\n"
    old = applied(place)
    aged(place, old, 30)
    place.write("media/b/x.part", "123")
    new = applied_without_emptying(place)
    lines = listed(place).out.splitlines()
    assert [line.split()[0] for line in lines] == [old, new, "2"]
    assert "1 file  7 B  goes with the next apply" in lines[0]
    assert "1 file  3 B  until " in lines[1]
    assert lines[2] == "2 runs, 2 files, 10 B; `rules restore RUN` puts back what one of them took"
    document = listed(place, "--format", "json").document
    assert (document["kind"], document["files"], document["bytes"]) == ("trash", 2, 10)
    assert [(one["run_id"], one["files"], one["bytes"], one["held"]) for one in document["runs"]] == [
        (old, 1, 7, None),
        (new, 1, 3, None),
    ]


def applied_without_emptying(place: Place) -> str:
    """The id of the run of a plan that was narrowed."""
    done = place.rules("apply", "--yes", "--rule", "parts", "--format", "json")
    assert done.code == 0, done.err
    return str(done.document["run_id"])


def test_it_works_without_a_policy_folder(place: Place) -> None:
    """The settings that were applied last say how long the trash is kept."""
    run = applied(place)
    for path in (place.path / "policies").iterdir():
        path.unlink()
    (place.path / "policies").rmdir()
    assert run in place.process("trash", "list", "--root", "media").out
    assert place.process("trash", "empty", run, "--root", "media", "--yes").code == 0
    assert listed(place, "--root", "media").out == "the trash is empty\n"


def test_a_plan_empties_what_is_older_than_its_keep_under_a_heading_of_its_own(place: Place) -> None:
    """Counted apart from what goes, pending all the same, and in the documents of plan and run."""
    old, young = applied(place), ""
    aged(place, old, 8)
    place.write("media/b/x.part", "123")
    young = applied_without_emptying(place)
    plan = place.rules("plan", "--detailed-exitcode")
    assert plan.code == 8
    assert "Nothing goes: no file is due." in plan.out
    assert "Empties the trash of 1 run, 7 B, set aside before 2" in plan.out
    document = place.rules("plan", "--format", "json").document
    assert document["summary"]["removed"] == {"files": 0, "bytes": 0}
    assert document["summary"]["steps"] == {"empty_trash": {"files": 1, "bytes": 7}}
    assert [(one["path"], one["bytes"]) for one in document["steps"]] == [(f".rules/trash/{old}", 7)]
    done = place.process("apply", "--yes")
    assert done.code == 0, done.err
    assert "freed 7 B" in done.out
    assert "empty trash  1 step" in done.out
    assert [one["run_id"] for one in listed(place, "--format", "json").document["runs"]] == [young]
    assert place.rules("plan", "--detailed-exitcode").code == 0


def test_a_run_without_a_report_stays_and_is_named(place: Place) -> None:
    """Nobody knows since when; by its id a person empties it."""
    run = applied(place)
    (place.media / f".rules/runs/{run}/report.json").unlink()
    plan = place.rules("plan", "--at", "+400d")
    why = "nobody knows when its run ended; `rules trash empty RUN` empties it"
    assert f"The trash of run {run} stays: {why}" in plan.out
    assert "no end known" in listed(place).out
    assert place.rules("trash", "empty", "--yes", "--older-than", "0s").out.count("No trash is that old.") == 1
    assert place.rules("trash", "empty", run, "--yes").code == 0
    assert listed(place).out == "the trash is empty\n"


def test_with_empty_manually_only_people_empty_it(place: Place) -> None:
    """No plan does, and the command does it by the same age."""
    place.write(
        "policies/settings.yaml", "version: 1\nkind: settings\nroot: media\ntrash: {keep: 3d, empty: manually}\n"
    )
    done = place.rules("apply", "--yes")
    assert "` until the trash is emptied\n" in done.out
    run = listed(place, "--format", "json").document["runs"][0]["run_id"]
    assert "stays until somebody empties it" in listed(place).out
    aged(place, run, 3)
    assert place.rules("plan", "--detailed-exitcode").code == 0
    emptied = place.rules("trash", "empty", "--yes")
    assert "Empties the trash of 1 run, 7 B, set aside before 2" in emptied.out
    assert listed(place).out == "the trash is empty\n"


def test_a_pin_on_the_old_path_keeps_the_trash(place: Place) -> None:
    """In a plan, in the list, and for whoever empties all of it."""
    run = applied(place)
    aged(place, run, 30)
    assert place.rules("pin", "a/film.part", "--root", "media").code == 0
    why = f"The trash of run {run} stays: `a/film.part` is pinned"
    assert why in place.rules("plan").out
    assert "stays: `a/film.part` is pinned" in listed(place).out
    done = place.rules("trash", "empty", "--all", "--yes")
    assert done.code == 0
    assert why in done.out
    assert (place.media / f".rules/trash/{run}/a/film.part").exists()
    assert place.rules("unpin", "a/film.part", "--root", "media").code == 0
    assert place.rules("trash", "empty", "--all", "--yes").code == 0
    assert listed(place).out == "the trash is empty\n"


def test_a_dry_run_shows_what_would_be_emptied(place: Place) -> None:
    """As text and as a document, and nothing is changed."""
    applied(place)
    before = place.tree()
    assert (
        "Empties the trash of 1 run, 7 B; it cannot come back."
        in place.rules("trash", "empty", "--all", "--dry-run").out
    )
    document = place.rules("trash", "empty", "--all", "--dry-run", "--format", "json").document
    assert document["ask"] == {"empty trash": "all"}
    assert place.tree() == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ffff", "--yes"), "`ffff` is neither a file nor a recorded run"),
        (("--all", "--older-than", "1d", "--yes"), "only one of them"),
        (("--all",), "nobody can be asked here"),
        (("--older-than", "soon", "--yes"), "`soon`"),
    ],
)
def test_what_cannot_be_is_a_usage_error(place: Place, words: tuple[str, ...], said: str) -> None:
    """And nothing is removed."""
    run = applied(place)
    done = place.rules("trash", "empty", *words)
    assert done.code == 2
    assert said in done.err
    assert (place.media / f".rules/trash/{run}/a/film.part").exists()


def test_a_plan_made_by_hand_empties_nothing_else(place: Place) -> None:
    """It is refused before anything is touched, whole as it may be."""
    run = applied(place)
    assert run
    place.rules("trash", "empty", "--all", "--dry-run")
    aged(place, run, 30)
    assert place.rules("plan", "--out", "plan.jsonl").code == 0
    text = (place.path / "plan.jsonl").read_bytes()
    (place.path / "plan.jsonl").write_bytes(
        text.replace(b'".rules/trash","action":"empty_trash"', b'"hero","action":"empty_trash"')
    )
    assert place.rules("apply", "plan.jsonl").code == 5
    assert (place.media / "hero/temp_3").exists()
