"""`rules plan` and `rules show`, run as processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cliplace import LAYOUT, Place


def test_a_plan_says_what_goes_first_and_changes_nothing(place: Place) -> None:
    """The answer, the rules that decided, what stays and why."""
    before = place.tree()
    answer = place.process("plan")
    assert answer.code == 0, answer.err
    assert answer.err == ""
    assert "3 files go, 15 B, when this plan is applied:\n  delete  2 files  8 B  freed at once\n" in answer.out
    assert "  by `stray-temps` (2 files, 8 B), `parts` (1 file, 7 B)\n" in answer.out
    assert "rule `heroes` keeps it\n      2 B  hero/temp_3\n" in answer.out
    assert place.tree() == before


def test_a_written_plan_shows_as_it_was_planned(place: Place) -> None:
    """`show` prints what `plan` printed, but for the path of the root, which a plan file does not hold."""
    planned = place.process("plan", "--out", "p.jsonl")
    shown = place.process("show", "p.jsonl")
    assert planned.err == "written to p.jsonl; `rules apply p.jsonl` carries it out\n"
    assert shown.code == 0
    assert shown.out == planned.out.replace(f"root {place.media}, ", "")


def test_the_steps_of_a_written_plan_can_be_listed_and_summed(place: Place) -> None:
    """One line a step; sums by rule and by directory."""
    place.rules("plan", "--out", "p.jsonl", "--quiet")
    assert place.rules("show", "p.jsonl", "--steps").out == (
        "delete                   5 B  a/temp_1  by `stray-temps`\n"
        "delete                   3 B  a/temp_2  by `stray-temps`\n"
        "trash                    7 B  a/film.part  by `parts`\n"
    )
    assert place.rules("show", "p.jsonl", "--by-rule").out == (
        "2 steps  8 B  delete  `stray-temps`\n 1 step  7 B  trash   `parts`\n"
    )
    assert (
        place.rules("show", "p.jsonl", "--by-directory").out == "2 steps  8 B  delete  a/\n 1 step  7 B  trash   a/\n"
    )


@pytest.mark.parametrize("out", [(), ("--out", "p.jsonl")], ids=["streamed", "written"])
def test_the_document_of_a_plan_is_json(place: Place, out: tuple[str, ...]) -> None:
    """The same document whether it is streamed or read back from the file."""
    answer = place.rules("plan", "--format", "json", *out)
    found = answer.document
    assert (found["format_version"], found["kind"], found["root"]) == ("1.0", "plan", str(place.media))
    assert [step["path"] for step in found["steps"]] == ["a/temp_1", "a/temp_2", "a/film.part"]
    assert found["summary"]["removed"] == {"files": 3, "bytes": 15}


def test_show_prints_the_document_of_a_written_plan(place: Place) -> None:
    """The run id of a written plan is known."""
    place.rules("plan", "--out", "p.jsonl")
    found = place.rules("show", "p.jsonl", "--format", "json").document
    assert len(found["summary"]["run_id"]) == 16
    assert found["root"] is None


def test_pending_steps_have_an_exit_code_of_their_own_only_where_asked(place: Place) -> None:
    """8 with steps, 0 without."""
    assert place.rules("plan", "--detailed-exitcode").code == 8
    assert place.rules("plan").code == 0
    assert place.rules("apply", "--yes").code == 0
    assert place.rules("plan", "--detailed-exitcode").code == 0


def test_a_plan_over_a_limit_is_refused_in_its_first_line_unless_the_limit_is_raised(place: Place) -> None:
    """Exit 6; `--limit` raises it for one plan."""
    place.write("policies/settings.yaml", "version: 1\nkind: settings\nroot: media\nlimits: {files: 2}\n")
    refused = place.rules("plan")
    assert refused.code == 6
    assert refused.out.startswith(
        "REFUSED: this plan cannot be applied as it is\n  it removes 3 files, `limits.files` is 2;"
    )
    written = place.rules("plan", "--out", "p.jsonl")
    assert written.code == 6
    assert written.err == "written to p.jsonl; it can be read but not applied, as its first lines say\n"
    assert place.rules("plan", "--limit", "files=3").code == 0
    assert place.rules("plan", "--limit", "files=unlimited", "--limit", "untracked_share=100%").code == 0


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ("files", "limit `files` is not `NAME=VALUE`"),
        ("age=1", "limit `age=1` is not `NAME=VALUE` with a name of `files`, `bytes`, `untracked_share`, `plan_age`"),
        ("files=many", "limit `many` is not a whole number, such as `200000`"),
        ("bytes=7", "size `7` is not a number with a unit"),
        ("untracked_share=101%", "limit `101%` is more than 100%"),
        ("plan_age=soon", "duration `soon` is not numbers with units"),
    ],
)
def test_a_limit_that_makes_no_sense_is_a_usage_error(place: Place, limit: str, message: str) -> None:
    """Exit 2, saying what would do."""
    answer = place.rules("plan", "--limit", limit)
    assert answer.code == 2
    assert answer.err.startswith(f"error: {message}")


def test_a_plan_of_the_future_is_made_and_never_applied(place: Place) -> None:
    """`--at +7d` is a forecast."""
    planned = place.rules("plan", "--at", "+7d", "--out", "p.jsonl")
    assert planned.code == 0
    assert planned.err == "written to p.jsonl; it is a forecast, to be read and not applied\n"
    answer = place.rules("apply", "p.jsonl")
    assert answer.code == 5
    assert "it is a forecast for " in answer.err
    assert (place.media / "a/temp_1").exists()


@pytest.mark.parametrize("at", ["2036-01-01", "2036-01-01T00:00:00Z", "+3650d"])
def test_another_moment_is_written_as_a_distance_a_date_or_iso_8601(place: Place, at: str) -> None:
    """The plan says what moment it is of."""
    now = place.rules("plan", "--at", at, "--format", "json").document["now"]
    assert now.startswith("2036-")


def test_a_moment_in_the_past_finds_nothing_due(place: Place) -> None:
    """The files of today are in the future then, and what is unknown is kept."""
    found = place.rules("plan", "--at", "-1d", "--format", "json").document
    assert found["steps"] == []


def test_a_moment_that_cannot_be_read_is_a_usage_error(place: Place) -> None:
    """Exit 2."""
    answer = place.rules("plan", "--at", "tomorrow")
    assert answer.code == 2
    assert answer.err == "error: time `tomorrow` is neither a distance such as `+7d`, a date, nor ISO 8601\n"


def test_a_plan_is_never_written_over_anything_but_a_plan(place: Place) -> None:
    """A slip of the completion key must not cost a video."""
    place.write("film.mkv", "precious")
    answer = place.rules("plan", "--out", "film.mkv")
    assert answer.code == 6
    assert answer.err.startswith("error: `film.mkv` is there and is no plan\n  help: ")
    assert (place.path / "film.mkv").read_text() == "precious"
    assert place.rules("plan", "--out", "p.jsonl").code == 0
    assert place.rules("plan", "--out", "p.jsonl").code == 0


def test_a_plan_that_cannot_be_written_says_so(place: Place) -> None:
    """A missing directory is named with the system's reason."""
    answer = place.rules("plan", "--out", "no/such/p.jsonl")
    assert answer.code == 6
    assert answer.err.startswith("error: the plan cannot be written to `no/such/p.jsonl`: No such file or directory")


def test_a_plan_file_below_the_root_is_never_in_its_own_plan(place: Place) -> None:
    """Also where a rule matches its name."""
    assert place.rules("plan", "--out", "media/temp_plan").code == 0
    again = place.rules("plan", "--out", "media/temp_plan", "--format", "json").document
    assert [step["path"] for step in again["steps"]] == ["a/temp_1", "a/temp_2", "a/film.part"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it was cut short"),
        ('{"kind":"plan"}\n', "a line is not what a plan holds"),
        ("just a text\n", "a line is not what a plan holds"),
    ],
)
def test_a_file_that_is_no_plan_is_refused(place: Place, text: str, why: str) -> None:
    """Exit 5 for `show` and for `apply`."""
    place.write("p.jsonl", text)
    for command in ("show", "apply"):
        answer = place.rules(command, "p.jsonl")
        assert answer.code == 5
        assert answer.err.startswith(f"error: this plan cannot be used: {why}")


def test_a_plan_that_cannot_be_read_is_refused_without_waiting(place: Place) -> None:
    """A directory, or a path that is not there."""
    for path in ("media", "missing"):
        answer = place.rules("show", path)
        assert answer.code == 5
        assert f"`{path}` " in answer.err


def _written_to(place: Place, handle: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rules_engine", *arguments],
        cwd=place.path,
        env=place.environment,
        stdout=handle,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_reader_that_leaves_early_is_no_error_and_stops_no_run(place: Place) -> None:
    """`rules plan | head -1` says nothing on stderr, and an apply goes on to its end."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        planned = _written_to(place, writing, "plan")
        applied = _written_to(place, writing, "apply", "--yes", "--quiet")
    finally:
        os.close(writing)
    assert (planned.returncode, planned.stderr) == (0, "")
    assert (applied.returncode, applied.stderr) == (0, "")
    assert not (place.media / "a/temp_1").exists()


def test_output_that_cannot_be_written_is_said(place: Place) -> None:
    """A full disk behind stdout."""
    with Path("/dev/full").open("w") as full:
        answer = _written_to(place, full.fileno(), "plan")
    assert answer.returncode == 1
    assert answer.stderr.startswith("error: the output cannot be written: No space left on device\n  help: ")


def test_a_long_answer_is_written_whole(place: Place) -> None:
    """Thousands of steps come out in pieces, in order."""
    names = [f"temp_{number:04}" for number in range(1500)]
    for name in names:
        place.write(f"media/b/{name}")
    place.rules("plan", "--out", "p.jsonl")
    lines = place.rules("show", "p.jsonl", "--steps").out.splitlines()
    assert [line.split("  by ")[0].split()[-1] for line in lines[3:]] == [f"b/{name}" for name in names]


def test_a_fifo_is_no_plan_and_is_not_waited_for(place: Place) -> None:
    """Exit 5 at once."""
    os.mkfifo(place.path / "p.jsonl")
    answer = place.rules("show", "p.jsonl")
    assert answer.code == 5
    assert "`p.jsonl` is not a regular file" in answer.err


def test_a_plan_that_does_not_fit_leaves_nothing_behind(place: Place) -> None:
    """Neither a part of it nor a file aside."""
    command = f"ulimit -f 1; exec {sys.executable} -B -m rules_engine plan --out p.jsonl"
    environment = place.environment | {"COVERAGE_PROCESS_CONFIG": "", "COVERAGE_PROCESS_START": ""}
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=place.path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 6
    assert done.stderr.startswith("error: the plan cannot be written to `p.jsonl`: File too large")
    assert sorted(path.name for path in place.path.iterdir()) == ["media", "policies"]


def test_a_seal_that_cannot_be_used_is_noted(place: Place) -> None:
    """The logs are read instead, and the plan says so on stderr."""
    place.write("policies/clip.yaml", LAYOUT)
    place.rules("job", "start", "clip", "--id", "j1")
    place.rules("job", "finish", "j1")
    place.write("media/.rules/sealed/j1.json", "{")
    answer = place.rules("plan")
    assert answer.code == 0
    assert answer.err.startswith("note: ")
    assert "j1" in answer.err
    assert place.rules("plan", "--quiet").err == ""


def test_policies_that_lie_in_the_root_are_never_in_their_own_plan(place: Place) -> None:
    """Whatever a rule says about their names."""
    place.write("media/temp_policies/temp_cleanup.yaml", (place.path / "policies/cleanup.yaml").read_text())
    arguments = ("plan", "--policies", "media/temp_policies", "--root", "media", "--format", "json")
    found = place.rules(*arguments).document
    assert [step["path"] for step in found["steps"]] == ["a/temp_1", "a/temp_2", "a/film.part"]
    assert "own_state" in [kept["because"] for kept in found["kept"]]


def test_debugging_removes_nothing_and_says_so(place: Place) -> None:
    """`RULES_DEBUG=1` is `debug: true`."""
    answer = place.rules("plan", environment={"RULES_DEBUG": "1"})
    assert "\nNothing goes: cleanup is off.\n" in answer.out


def test_the_environment_sets_what_every_command_goes_by(place: Place) -> None:
    """The root, and a limit that a plan is over; a value that cannot be is an error that names its variable."""
    elsewhere = place.path / "elsewhere"
    elsewhere.mkdir()
    answer = place.rules("plan", environment={"RULES_ROOT": str(elsewhere)})
    assert f"root {elsewhere}" in answer.out
    answer = place.rules("plan", environment={"RULES_LIMITS_FILES": "1"})
    assert "it removes 3 files, `limits.files` is 1; if that is right, plan with `--limit files=3`" in answer.out
    answer = place.rules("plan", environment={"RULES_LIMITS_FILES": "some"})
    assert (answer.code, answer.out) == (4, "")
    assert "RULES_LIMITS_FILES:1:1: error[P304]: `files` is `some`" in answer.err
