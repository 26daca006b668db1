"""`rules restore` as a person types it: what comes back, what cannot, and what nobody replaces."""

import json
import os
import re
import shlex
from pathlib import Path

import pytest
from cliplace import Place

from rules_engine.filesystem.clock import SystemClock
from rules_engine.values.quantities import SECOND

UNDO = re.compile(r"^undo with `(rules restore [^`]*)` (.*)$", re.MULTILINE)
WRITTEN = """\
version: 1
kind: cleanup
rules:
  - {name: parts, files: {match: ["*.part"], tracked: false}, since: written, after: 7d, action: trash}
"""
LATER = """\
version: 1
kind: settings
root: media
cleanup: {retention: 0s, at_finish: nothing}
"""
OLD = """\
version: 1
kind: cleanup
rules:
  - {name: old, jobs: {type: clip}, files: {in: workspace}, after: 0s, action: trash}
  - {name: finals, jobs: {type: clip}, files: {in: output}, deliverables: true, after: 0s, action: trash}
"""


def applied(place: Place) -> str:
    """The id of the run of one apply."""
    done = place.rules("apply", "--yes", "--format", "json")
    assert done.code == 0, done.err
    return str(done.document["run_id"])


def files(place: Place) -> list[str]:
    """Every file below the root but the state."""
    found = (str(path.relative_to(place.media)) for path in place.media.rglob("*") if not path.is_dir())
    return sorted(one for one in found if not one.startswith(".rules/"))


def test_every_apply_ends_with_the_command_that_undoes_it(place: Place) -> None:
    """Pasted as it stands it works, from the same directory with the same options; the JSON has it too."""
    before = place.tree()
    done = place.process("apply", "--yes", "--root", "media", "--policies", "policies")
    found = UNDO.search(done.out)
    assert found is not None, done.out
    assert done.out.rstrip().endswith(found[0])
    assert re.fullmatch(r"until 2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\dZ \(trash\.keep\)", found[2])
    assert found[1].endswith(" --root media --policies policies")
    back = place.process(*shlex.split(found[1])[1:], "--yes")
    assert back.code == 0, back.err
    assert "note: 2 files were deleted, not set aside: they cannot come back" in back.err
    assert "put back 7 B; freed 0 B" in back.out
    assert (place.media / "a/film.part").read_bytes() == before["media/a/film.part"]
    assert not (place.media / "a/temp_1").exists()


def test_a_run_that_set_nothing_aside_has_nothing_to_undo(place: Place) -> None:
    """Neither in the text nor in the document."""
    (place.media / "a/film.part").unlink()
    assert "undo" not in place.rules("plan").out
    place.write("media/a/temp_3")
    assert UNDO.search(place.rules("apply", "--yes").out) is None
    place.write("media/a/temp_4")
    assert place.rules("apply", "--yes", "--format", "json").document["undo"] is None


def test_the_next_night_takes_nothing_of_it_again(place: Place) -> None:
    """All times of the file are as old as before, but every age counts from the restore; a week later it goes."""
    place.write("policies/cleanup.yaml", WRITTEN)
    old = SystemClock().now() / SECOND - 30 * 86_400
    os.utime(place.media / "a/film.part", (old, old))
    run = applied(place)
    assert files(place) == ["a/temp_1", "a/temp_2", "film.mkv", "hero/temp_3"]
    assert place.rules("restore", run, "--yes").code == 0
    assert place.rules("plan", "--detailed-exitcode").code == 0
    due = place.rules("explain", "a/film.part").out
    assert "waits for rule `parts`" in due
    soon = place.rules("plan", "--at", "+170h", "--format", "json").document
    assert [step["path"] for step in soon["steps"] if step["action"] == "trash"] == ["a/film.part"]


def test_a_file_of_a_job_is_the_jobs_again(studio: Place) -> None:
    """Its rows stand in the seal again: the owner, the deliverable, and the next plan are those of before."""
    studio.write("policies/cleanup.yaml", OLD)
    studio.write("policies/settings.yaml", LATER)
    studio.rules("job", "start", "clip", "--id", "j1")
    for path, kind in (("scratch/j1/clips/a.mkv", "temp_video"), ("out/none/j1/videos/f.mkv", "final_video")):
        studio.write(f"media/{path}", "12345")
        assert studio.rules("job", "add", "j1", f"media/{path}", "--type", kind).code == 0
    studio.rules("job", "finish", "j1")
    first = studio.rules("plan", "--format", "json").document
    run = applied(studio)
    assert not (studio.media / "scratch/j1").exists()
    back = studio.rules("restore", run, "--yes", "--format", "json")
    assert back.code == 0, back.err
    assert {(one["action"], one["outcome"]) for one in back.document["counts"]} == {
        ("create_directory", "done"),
        ("restore", "done"),
    }
    assert (studio.media / "out/none/j1/videos/f.mkv").read_text() == "12345"
    again = studio.rules("plan", "--format", "json").document
    assert [(one["path"], one["owners"], one["deliverable"]) for one in again["steps"]] == [
        (one["path"], one["owners"], one["deliverable"]) for one in first["steps"]
    ]
    assert {one["path"] for one in again["steps"] if one["deliverable"]} == {"out/none/j1/videos/f.mkv"}


def test_one_path_comes_back_and_the_rest_stays(place: Place) -> None:
    """Named as plans name it, or from the current directory; a directory takes all that the run took below it."""
    place.write("media/b/c/deep.part", "1")
    run = applied(place)
    assert place.rules("restore", run[:7], "b/c/deep.part", "--yes").code == 0
    assert files(place) == ["b/c/deep.part", "film.mkv", "hero/temp_3"]
    assert place.rules("restore", "--last", "media/a", "--yes").code == 0
    assert files(place) == ["a/film.part", "b/c/deep.part", "film.mkv", "hero/temp_3"]


def test_nothing_is_replaced(place: Place) -> None:
    """What has the name by now stays, and what was set aside stays in the trash; that is safe, and said."""
    run = applied(place)
    place.write("media/a/film.part", "new")
    done = place.rules("restore", run, "--yes")
    assert done.code == 0
    assert "note: 1 entry finds the old name taken, and will be left alone" in done.err
    assert "restore  a/film.part: something has its name" in done.out
    assert (place.media / "a/film.part").read_text() == "new"
    assert (place.media / f".rules/trash/{run}/a/film.part").read_text() == "1234567"


def test_a_restore_is_a_plan_like_any_other(place: Place) -> None:
    """Written to a file, read, and applied by itself; a second time it changes nothing."""
    run = applied(place)
    wrote = place.rules("restore", run, "--out", "back.jsonl")
    assert wrote.code == 0
    assert f"1 file goes back to where run {run} took them, 7 B:" in wrote.out
    assert "a/film.part" in wrote.out
    assert not (place.media / "a/film.part").exists()
    shown = place.rules("show", "back.jsonl", "--format", "json").document
    assert [(one["path"], one["action"], one["from_run"], one["bytes"]) for one in shown["steps"]] == [
        ("a/film.part", "restore", run, 7)
    ]
    for _ in range(2):
        assert place.rules("apply", "back.jsonl").code == 0
        assert (place.media / "a/film.part").exists()
    assert place.rules("restore", run, "--yes").out.endswith("Nothing goes back: it is all there already.\n")


def test_pinned_it_stays_whatever_the_rules_say(place: Place) -> None:
    """Until somebody unpins it."""
    run = applied(place)
    done = place.rules("restore", run, "--pin", "--yes")
    assert "pinned: 1; `rules pin --list` names them" in done.err
    far = place.rules("plan", "--at", "+400d", "--format", "json").document
    assert [(step["path"], step["action"]) for step in far["steps"]] == [(f".rules/trash/{run}", "empty_trash")]
    pins = place.rules("pin", "--list", "--format", "json").document["pins"]
    assert [(one["path"], one["reason"]) for one in pins] == [("a/film.part", f"put back from run {run}")]


def test_what_is_there_already_is_pinned_too(place: Place) -> None:
    """So that a command that was killed between the last rename and the pins can be repeated."""
    run = applied(place)
    assert place.rules("restore", run, "--yes").code == 0
    done = place.rules("restore", run, "--pin", "--yes")
    assert done.code == 0
    assert "pinned: 1; `rules pin --list` names them" in done.err
    pins = place.rules("pin", "--list", "--format", "json").document["pins"]
    assert [one["path"] for one in pins] == ["a/film.part"]


def test_it_works_without_policies(place: Place) -> None:
    """A broken policy must not be in the way of whoever undoes what it did."""
    run = applied(place)
    place.write("policies/cleanup.yaml", "version: 1\nkind: cleanup\nrules: [\n")
    done = place.rules("restore", run, "--root", "media", "--yes")
    assert done.code == 0
    assert "note: the policies are invalid, and a restore does without them" in done.err
    assert (place.media / "a/film.part").exists()
    assert place.rules("restore", run, "--yes").code == 4


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "name a RUN, or say --last"),
        (("--last",), 2, "nobody can be asked here"),
        (("ffff", "--yes"), 2, "`ffff` is neither a file nor a recorded run"),
        (("--last", "a/film.part/x", "--yes"), 2, "is nothing that run"),
        (("--last", "hero", "--yes"), 2, "path `hero` is nothing that run"),
        (("--last", "a/temp_1", "--yes"), 6, "can come back: 1 file was deleted, not set aside: it cannot come back"),
    ],
)
def test_what_cannot_be_is_refused(place: Place, words: tuple[str, ...], code: int, said: str) -> None:
    """With a word on what to do, and nothing is changed."""
    applied(place)
    before = files(place)
    done = place.rules("restore", *words)
    assert done.code == code
    assert said in done.err
    assert files(place) == before


def test_emptied_trash_cannot_come_back(place: Place) -> None:
    """It is said why, and nothing is changed."""
    run = applied(place)
    assert place.rules("trash", "empty", run, "--yes").code == 0
    done = place.rules("restore", run, "--yes")
    assert done.code == 6
    assert "1 entry of it left the trash since: the trash was emptied" in done.err


def test_a_dry_run_shows_and_changes_nothing(place: Place) -> None:
    """As text and as a document, which proves itself."""
    applied(place)
    before = place.tree()
    assert "a/film.part" in place.rules("restore", "--last", "--dry-run").out
    document = place.rules("restore", "--last", "--dry-run", "--format", "json").document
    assert document["summary"]["steps"] == {"restore": {"files": 1, "bytes": 7}}
    assert place.tree() == before


def test_names_of_any_bytes_come_back(place: Place) -> None:
    """Also as a path that is asked for."""
    name = Path(str(place.media)) / "a" / "\udcff\n.part"
    name.write_text("odd")
    run = applied(place)
    done = place.process("restore", run, "a/\udcff\n.part", "--yes", "--format", "json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["bytes_put_back"] == 3
    assert name.read_text() == "odd"
