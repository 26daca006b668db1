"""Directories that go whole, from the policy to the disk, as commands."""

import json
from pathlib import Path

import pytest
from cliplace import Place

RULES = """\
version: 1
kind: cleanup
rules:
  - {name: workspaces, unit: workspace, jobs: {type: clip}, after: 0s, action: delete}
"""
RENDERS = """\
  - {name: renders, unit: directory, files: {match: ["/old/*/"], tracked: false}, after: 0s, action: trash}
"""


@pytest.fixture
def units(studio: Place) -> Place:
    """Three jobs that ended, with workspaces of a few levels, and two old directories of nobody."""
    studio.write("policies/cleanup.yaml", RULES)
    studio.write("policies/settings.yaml", "version: 1\nkind: settings\nroot: media\ncleanup: {at_finish: nothing}\n")
    make = 'cd "$TMPDIR"; mkdir -p d/e bare; printf 12345 >d/e/f; ln d/e/f hard; ln -s / out; printf 12 >g'
    for number in (1, 2, 3):
        done = studio.rules("run", "clip", "--id", f"j{number}", "--", "sh", "-c", make)
        assert done.code == 0, done.err
    for path in ("old/r1/deep/x", "old/r2/y", "old/stays"):
        studio.write(f"media/{path}", "123")
    return studio


def left(place: Place, directory: str) -> list[str]:
    """What is left in a directory of the root."""
    return sorted(path.name for path in (place.media / directory).iterdir())


def test_workspaces_go_whole_by_a_plan_that_did_not_look_at_the_tree(units: Place) -> None:
    """What seals tell is what the executor finds; the next plan has nothing left to do."""
    answer = units.process("apply", "--yes")
    assert answer.code == 0, answer.err
    assert "  delete  3 directories with 12 files  21 B  done\n" in answer.out
    assert left(units, "scratch") == []
    assert "Nothing goes" in units.rules("apply", "--yes").out


def test_directories_of_nobody_go_whole_beside_them(units: Place) -> None:
    """A file beside the directories stays; what is set aside lies in the trash as it was."""
    units.write("policies/cleanup.yaml", RULES + RENDERS)
    answer = units.rules("apply", "--yes", "--format", "json")
    assert answer.code == 0, answer.err
    counts = {one["action"]: one for one in answer.document["counts"]}
    assert (counts["trash"]["directories"], counts["trash"]["files"], counts["trash"]["bytes"]) == (2, 2, 6)
    assert (counts["delete"]["directories"], counts["delete"]["files"]) == (3, 12)
    assert (left(units, "scratch"), left(units, "old")) == ([], ["stays"])
    run_id = answer.document["run_id"]
    aside = units.media / f".rules/trash/{run_id}/old"
    assert (aside / "r1/deep/x").read_text() == "123"


@pytest.mark.parametrize("new", ["new", "d/e/new", "bare/new"])
def test_a_file_that_came_since_keeps_one_directory_for_now(units: Place, new: str) -> None:
    """The others go; the next plan has seen the file, and takes it with the rest."""
    units.rules("plan", "--out", "p.jsonl")
    units.write(f"media/scratch/j2/temp/{new}", "")
    answer = units.rules("apply", "p.jsonl", "--format", "json")
    assert answer.code == 0, answer.err
    [noted] = answer.document["noted"]
    assert (noted["path"], noted["outcome"]) == ("scratch/j2", "changed")
    assert left(units, "scratch") == ["j2"]
    again = units.rules("apply", "--yes")
    assert "1 directory with 5 files" in again.out
    assert left(units, "scratch") == []


def test_a_marker_or_a_pin_that_came_since_protects_one_directory(units: Place) -> None:
    """Each with its reason; the third goes."""
    units.rules("plan", "--out", "p.jsonl")
    units.write("media/scratch/j1/temp/d/.rules-keep", "")
    assert units.rules("pin", "scratch/j2/temp/g", "--reason", "look at it").code == 0
    answer = units.rules("apply", "p.jsonl", "--format", "json")
    assert [(one["path"], one["outcome"], one["cause"]) for one in answer.document["noted"]] == [
        ("scratch/j1", "protected", "`j1/temp/d` has the keep marker `.rules-keep`"),
        ("scratch/j2", "protected", "`scratch/j2/temp/g` is pinned: look at it"),
    ]
    assert left(units, "scratch") == ["j1", "j2"]


def test_a_job_that_runs_again_keeps_its_workspace(units: Place) -> None:
    """Its new attempt began between plan and apply."""
    units.rules("plan", "--out", "p.jsonl")
    assert units.rules("job", "start", "clip", "--id", "j3").code == 0
    answer = units.rules("apply", "p.jsonl", "--format", "json")
    [noted] = answer.document["noted"]
    assert (noted["path"], noted["outcome"], noted["cause"]) == ("scratch/j3", "protected", "job `j3` is running")
    assert Path(units.media / "scratch/j3/temp/g").exists()


def test_the_report_of_the_run_tells_of_directories(units: Place) -> None:
    """Other programs read it."""
    run_id = units.rules("apply", "--yes", "--format", "json").document["run_id"]
    report = json.loads((units.media / f".rules/runs/{run_id}/report.json").read_text())
    assert report["counts"] == [
        {"action": "delete", "outcome": "done", "steps": 3, "bytes": 21, "directories": 3, "files": 12}
    ]


def test_a_file_is_explained_by_the_directory_that_takes_it_along(units: Place) -> None:
    """No file rule selects it, and yet it goes; as text and as JSON."""
    units.write("policies/cleanup.yaml", RULES + RENDERS)
    answer = units.rules("explain", "old/r1/deep/x", "old/stays")
    assert "\nold/r1/deep/x\n  GOES: trash by `renders`, due since " in answer.out
    assert "\n  rule `renders` takes its directory `old/r1` whole: trash\n" in answer.out
    assert "\nold/stays\n  STAYS: no rule selects it\n" in answer.out
    (found,) = units.rules("explain", "scratch/j1/temp/g", "--format", "json").document["paths"]
    assert (found["decision"], found["rules"]) == ("delete", ["workspaces"])
