"""`rules clean`: manual cleanup from the command line."""

import os
import pty
import subprocess
import sys

import pytest
from cliplace import LAYOUT, Place

from rules_engine.filesystem.locks import lock_root
from rules_engine.filesystem.root import Root

NOW = ("--older-than", "0s")


def names(place: Place) -> list[str]:
    """The files of the root that are left."""
    found = (path.relative_to(place.media) for path in place.media.rglob("*") if path.is_file())
    return sorted(str(path) for path in found if path.parts[0] != ".rules")


def test_what_a_pattern_matches_is_set_aside(place: Place) -> None:
    """The plan is shown, then what came of it; keep rules hold, and no other rule acts."""
    answer = place.process("clean", "temp_*", *NOW, "--yes")
    assert answer.code == 0, answer.err
    assert "asked for: clean temp_*, older than 0s\n" in answer.out
    assert "2 files go, 8 B, when this plan is applied:\n" in answer.out
    assert "by `rules.clean` (2 files, 8 B)" in answer.out
    assert "\n  `heroes`" in answer.out
    assert "`stray-temps`" not in answer.out
    assert "\nfreed 0 B; 8 B lie in `.rules/trash/" in answer.out
    assert names(place) == ["a/film.part", "film.mkv", "hero/temp_3"]


def test_with_delete_it_goes_for_good(place: Place) -> None:
    """And the bytes are freed."""
    answer = place.rules("clean", "temp_*", *NOW, "--delete", "--yes")
    assert "asked for: clean temp_*, delete yes, older than 0s\n" in answer.out
    assert "\nfreed 8 B\n" in answer.out


def test_a_dry_run_shows_the_plan_and_changes_nothing(place: Place) -> None:
    """It needs no `--yes`, as text and as a document."""
    before = place.tree()
    answer = place.process("clean", "temp_*", *NOW, "--dry-run")
    assert answer.code == 0, answer.err
    assert "2 files go, 8 B, when this plan is applied:\n" in answer.out
    assert "\nrun " not in answer.out
    found = place.rules("clean", "temp_*", *NOW, "--dry-run", "--format", "json").document
    assert [step["path"] for step in found["steps"]] == ["a/temp_1", "a/temp_2"]
    assert {step["action"] for step in found["steps"]} == {"trash"}
    assert place.tree() == before


def test_where_nobody_can_be_asked_and_nobody_said_yes_nothing_happens(place: Place) -> None:
    """Exit 2, with both ways on."""
    before = place.tree()
    answer = place.process("clean", "temp_*", *NOW)
    assert answer.code == 2
    assert "nobody can be asked here: look with --dry-run, then say --yes" in answer.err
    assert place.tree() == before


@pytest.mark.parametrize(("said", "left"), [("y", 3), ("n", 5)])
def test_a_person_is_asked(place: Place, said: str, left: int) -> None:
    """After the plan was shown; no is no."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "rules_engine", "clean", "temp_*", *NOW],
        cwd=place.path,
        env=place.environment,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    os.write(ours, f"{said}\n".encode())
    process.communicate(timeout=60)
    os.close(ours)
    assert process.returncode == 0
    assert len(names(place)) == left


def test_without_an_age_it_waits_for_the_retention(place: Place) -> None:
    """A day unless the settings say otherwise; the plan says when."""
    answer = place.rules("clean", "temp_*", "--yes")
    assert answer.code == 0
    assert "Nothing goes: no file is due.\n" in answer.out
    assert "not due yet: 2 files, 8 B" in answer.out
    assert len(names(place)) == 5


@pytest.mark.parametrize("setting", ["cleanup: {enabled: false}", "debug: true"])
def test_it_works_where_automatic_cleanup_is_off(place: Place, setting: str) -> None:
    """The switches are for automatic cleanup."""
    place.write("policies/settings.yaml", f"version: 1\nkind: settings\nroot: media\n{setting}\n")
    assert "Nothing goes" in place.rules("plan").out
    assert place.rules("clean", "temp_*", *NOW, "--yes").code == 0
    assert len(names(place)) == 3


def test_a_limit_refuses_it_unless_it_is_raised(place: Place) -> None:
    """Exit 6, also of a dry run; nothing is removed."""
    place.write("policies/settings.yaml", "version: 1\nkind: settings\nroot: media\nlimits: {files: 1}\n")
    assert place.rules("clean", "temp_*", *NOW, "--dry-run").code == 6
    answer = place.rules("clean", "temp_*", *NOW, "--yes")
    assert answer.code == 6
    assert answer.err.startswith("error: the plan is refused: it removes 2 files")
    assert len(names(place)) == 5
    assert place.rules("clean", "temp_*", *NOW, "--yes", "--limit", "files=2").code == 0


def test_the_document_of_a_cleanup_is_that_of_its_run(place: Place) -> None:
    """And nothing else is on stdout."""
    found = place.rules("clean", "temp_*", *NOW, "--delete", "--yes", "--format", "json").document
    assert (found["kind"], found["state"], found["bytes_freed"]) == ("run", "finished", 8)


@pytest.mark.parametrize("command", [["clean", "nothing_*"], ["apply"]])
def test_where_nothing_is_due_the_document_is_that_of_the_plan(place: Place, command: list[str]) -> None:
    """Whoever reads JSON gets one document in any case."""
    place.rules("apply", "--yes")
    found = place.rules(*command, "--yes", "--format", "json").document
    assert (found["kind"], found["steps"]) == ("plan", [])


def test_without_a_policy_folder_the_policies_applied_last_say_what_is_kept(place: Place) -> None:
    """The hero stays although nobody here has a policy folder; the note says whose word that is."""
    place.rules("apply", "--yes")
    (place.path / "policies").rename(place.path / "away")
    place.write("media/a/temp_9", "123456789")
    answer = place.process("clean", "temp_*", *NOW, "--root", "media", "--yes")
    assert answer.code == 0, answer.err
    assert answer.err.startswith("note: no policy folder here; policies ")
    assert "applied last, say what is kept\n" in answer.err
    assert names(place) == ["film.mkv", "hero/temp_3"]
    assert place.rules("clean", "temp_*", "--root", "media", "--yes", "--quiet").err == ""


def test_without_any_policies_it_refuses(place: Place) -> None:
    """Exit 4: nothing would say what is kept."""
    (place.path / "policies").rename(place.path / "away")
    answer = place.rules("clean", "temp_*", *NOW, "--root", "media", "--yes")
    assert answer.code == 4
    assert answer.err == (
        "error[P001]: there is no policy folder `policies`, and no policies were ever applied to this root\n"
        "  help: say what is kept: give a folder with `--policies DIR`, or write one with `rules init`\n"
    )
    assert len(names(place)) == 5


def test_a_policy_folder_that_was_named_must_be_there(place: Place) -> None:
    """Also where policies were applied before: a slip of the hand is no wish for the last ones."""
    place.rules("apply", "--yes")
    (place.path / "policies").rename(place.path / "away")
    for folder in ("policies", "polices"):
        answer = place.rules("clean", "temp_*", *NOW, "--root", "media", "--yes", "--policies", folder)
        assert answer.code == 4
        assert answer.err.startswith(f"error[P001]: there is no policy folder `{folder}`\n")


def test_applied_policies_that_cannot_be_trusted_stop_it(place: Place) -> None:
    """Exit 9: a keep rule may be missing from them."""
    place.rules("apply", "--yes")
    (place.path / "policies").rename(place.path / "away")
    for stored in (place.media / ".rules/policies").glob("*.json"):
        stored.write_text(stored.read_text().replace("heroes", "zeroes"))
    answer = place.rules("clean", "temp_*", *NOW, "--root", "media", "--yes")
    assert answer.code == 9
    assert (place.media / "hero/temp_3").exists()


def test_a_directory_that_is_no_root_is_refused(place: Place) -> None:
    """Exit 6, also of a dry run: it may be an unmounted drive."""
    place.write("other/temp_9")
    answer = place.rules("clean", "temp_*", *NOW, "--root", "other", "--dry-run")
    assert answer.code == 6
    assert "is not a root\n  help: is its disk mounted? `rules init --root " in answer.err


def test_a_root_that_another_run_holds_is_left_alone(place: Place) -> None:
    """Exit 7, naming the holder."""
    with Root.open(str(place.media)) as root, lock_root(root.require_state()):
        answer = place.process("clean", "temp_*", *NOW, "--yes")
    assert answer.code == 7
    assert " is locked by " in answer.err
    assert len(names(place)) == 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a/temp_*"], "a/temp_*"),
        (["!temp_*"], "pattern `!temp_*` selects nothing by itself\n  help: write a pattern of what is to go"),
        (["temp_*", "--older-than", "7"], "duration `7` is not numbers with units"),
        (["temp_*", "--limit", "files"], "limit `files` is not `NAME=VALUE`"),
        ([], "Missing argument 'PATTERN'"),
    ],
)
def test_what_cannot_be_asked_is_a_usage_error(place: Place, arguments: list[str], message: str) -> None:
    """Exit 2, before anything is looked at."""
    answer = place.rules("clean", *arguments, "--yes")
    assert answer.code == 2
    assert message in answer.err


def test_a_pattern_that_git_would_anchor_shows_both_spellings(place: Place) -> None:
    """As in a policy."""
    answer = place.rules("clean", "a/temp_*", "--yes")
    assert "\n  help: " in answer.err
    assert "`/a/temp_*`" in answer.err
    assert "`**/a/temp_*`" in answer.err


def test_deliverables_and_preserved_failures_need_their_words(place: Place) -> None:
    """Neither goes without its word; with the words both do, and the plan begins with the deliverable."""
    place.write("policies/clip.yaml", LAYOUT)
    for job_id in ("good", "bad"):
        assert place.rules("job", "start", "clip", "--id", job_id).code == 0
        place.write(f"media/scratch/{job_id}/clips/c.mkv")
    place.write("media/out/none/good/videos/final.mkv")
    assert place.rules("job", "add", "good", "media/out/none/good/videos/final.mkv", "--type", "final_video").code == 0
    place.rules("job", "finish", "good")
    place.rules("job", "finish", "bad", "--failed")
    shown = place.rules("clean", "*.mkv", *NOW, "--dry-run", "--format", "json").document
    files = [step["path"] for step in shown["steps"] if step["kind"] == "file"]
    assert files == ["film.mkv", "scratch/good/clips/c.mkv"]
    more = place.rules("clean", "*.mkv", *NOW, "--deliverables", "--include-failed", "--yes")
    assert more.code == 0, more.err
    assert "\nDELIVERABLES among them: 1 file, 1 B\n" in more.out
    assert "deliverables yes, include failed yes" in more.out
    assert names(place) == ["a/film.part", "a/temp_1", "a/temp_2", "hero/temp_3"]
