"""What permissions forbid, from the command line: reported, exit 3, and offered again."""

import json
import os
import subprocess

import pytest
from cliplace import Place
from other_users import immutable

from rules_engine.errors import ExitCode


def test_an_apply_names_what_it_may_not_take(place: Place) -> None:
    """The other steps are done; the file is in the next plan again, with the same action."""
    with immutable(place.media / "a/temp_1"):
        answer = place.rules("apply", "--yes")
        assert answer.code == ExitCode.SOME_FAILED
        assert "FAILED: 1 step\n  delete  a/temp_1: Operation not permitted\n" in answer.out
        assert "1 step may not be carried out by this user; it is in `.rules/handover.jsonl`" in answer.out
        assert not (place.media / "a/temp_2").exists()
        line = json.loads((place.media / ".rules/handover.jsonl").read_text())
        assert (line["path"], line["action"], line["rules"]) == ("a/temp_1", "delete", ["stray-temps"])
        assert (line["errno"], line["uid"]) == (1, os.geteuid())
    steps = place.rules("plan", "--format", "json").document["steps"]
    assert [(step["path"], step["action"]) for step in steps] == [("a/temp_1", "delete")]
    assert place.rules("apply", "--yes").code == ExitCode.DONE
    assert not (place.media / "a/temp_1").exists()


def test_a_file_that_the_trash_may_not_take_is_not_deleted_instead(place: Place) -> None:
    """A refused rename is a failure like any other."""
    with immutable(place.media / "a/film.part"):
        answer = place.rules("apply", "--yes")
        assert answer.code == ExitCode.SOME_FAILED
        assert "  trash  a/film.part: Operation not permitted\n" in answer.out
    assert (place.media / "a/film.part").read_text() == "1234567"


def test_a_directory_that_refuses_everything_is_one_report(place: Place) -> None:
    """Each of its files is named."""
    with immutable(place.media / "a"):
        answer = place.rules("apply", "--yes", "--format", "json")
        assert answer.code == ExitCode.SOME_FAILED
        assert [(one["path"], one["errno"]) for one in answer.document["noted"]] == [
            ("a/temp_1", 1),
            ("a/temp_2", 1),
            ("a/film.part", 1),
        ]


def test_a_status_link_that_cannot_move_is_reported(studio: Place) -> None:
    """The job is finished and sealed all the same; the exit code says that something is left to do."""
    studio.rules("job", "start", "clip", "--id", "j1")
    with immutable(studio.media / "jobs/running"):
        answer = studio.rules("job", "finish", "j1")
        assert answer.code == ExitCode.SOME_FAILED
        assert "error: could not remove link `jobs/running/j1`: Operation not permitted\n" in answer.err
    assert studio.rules("job", "show", "j1", "--format", "json").document["status"] == "completed"


def test_a_workspace_that_cannot_be_made_is_reported(studio: Place) -> None:
    """Below a directory that refuses every change a job cannot start; the command is told so and nothing is run."""
    (studio.media / "scratch").mkdir()
    with immutable(studio.media / "scratch"):
        answer = studio.rules("run", "clip", "--id", "j1", "--", "touch", str(studio.path / "ran"))
    assert answer.code == ExitCode.JOB_NOT_STARTED
    assert "job `j1` has no directory `scratch/j1" in answer.err
    assert not (studio.path / "ran").exists()


@pytest.mark.parametrize(("status", "want"), [(0, ExitCode.UNEXPECTED), (5, 5)])
def test_a_job_whose_end_cannot_be_recorded_is_said(studio: Place, status: int, want: int) -> None:
    """A command that succeeded does not hide it; the status of one that failed is kept."""
    logs = studio.media / ".rules/manifests"
    studio.write("end.sh", f"chattr +i {logs}/j1@* || exit 77; exit {status}")
    answer = studio.rules("run", "clip", "--id", "j1", "--", "sh", "end.sh")
    for log in logs.iterdir():
        subprocess.run(["chattr", "-i", str(log)], check=False, capture_output=True)
    if answer.code == 77:
        pytest.skip("nothing can be made immutable here")
    assert answer.code == want
    assert "error: the system refuses: Operation not permitted\n" in answer.err


def test_a_state_that_takes_no_record_is_no_defect(studio: Place) -> None:
    """One line says what to do; nobody is asked to report anything."""
    with immutable(studio.media / ".rules"):
        answer = studio.rules("job", "start", "clip", "--id", "j1")
    assert answer.code == ExitCode.UNEXPECTED
    assert answer.err == (
        "error: the system refuses: Operation not permitted\n"
        "  help: make room, or mend the permissions, and try again\n"
    )


def test_what_no_disk_says_is_still_a_defect(studio: Place) -> None:
    """A file where the tool keeps a directory is nothing that it foresaw."""
    studio.write("media/.rules/locks")
    answer = studio.rules("job", "start", "clip", "--id", "j1")
    assert answer.code == ExitCode.UNEXPECTED
    assert answer.err.startswith("error: unexpected NotADirectoryError: ")
