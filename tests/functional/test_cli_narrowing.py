"""Narrowing a plan on the command line, and handing the paths of a plan to other tools."""

import os
import subprocess
import sys

import pytest
from cliplace import LAYOUT, Place

RANKS = """\
version: 1
kind: cleanup
rules:
  - name: newest-two
    jobs: {type: clip, newest: 2, per: [series]}
    files: {in: output}
    action: keep
  - name: older
    jobs: {type: clip}
    files: {in: output}
    deliverables: true
    after: 0s
    action: trash
"""


def steps(place: Place, *arguments: str) -> list[str]:
    """The paths of the steps of a plan."""
    return [step["path"] for step in place.rules("plan", "--format", "json", *arguments).document["steps"]]


@pytest.mark.parametrize(
    ("narrowing", "found"),
    [
        (("--only", "temp_*"), ["a/temp_1", "a/temp_2"]),
        (("--only", "temp_*", "--only", "!temp_2"), ["a/temp_1"]),
        (("--only", "temp_1", "--only", "*.part"), ["a/temp_1", "a/film.part"]),
        (("--except", "temp_1", "--except", "*.part"), ["a/temp_2"]),
        (("--except", "/a"), []),
        (("--rule", "parts"), ["a/film.part"]),
        (("--rule", "parts", "--rule", "stray-temps"), ["a/temp_1", "a/temp_2", "a/film.part"]),
        (("--rule", "settings.cleanup"), []),
        (("--rule", "stray-temps", "--except", "*1"), ["a/temp_2"]),
        (("--type", "undeclared"), []),
    ],
)
def test_a_plan_is_narrowed_after_all_decisions(place: Place, narrowing: tuple[str, ...], found: list[str]) -> None:
    """By path, rule and type, each option as often as one likes; what else would go is counted."""
    assert steps(place, *narrowing) == found
    document = place.rules("plan", "--format", "json", *narrowing).document
    assert document["summary"]["left_out"]["files"] == 3 - len(found)


def test_a_plan_says_first_what_it_was_narrowed_to_and_what_else_would_go(place: Place) -> None:
    """Whoever reads the sums must know that they are not all; the file says the same."""
    answer = place.process("plan", "--only", "temp_*", "--except", "*1", "--rule", "stray-temps", "--out", "p.jsonl")
    assert answer.code == 0
    told = "narrowed to only temp_*, except *1, rules stray-temps; 2 files, 12 B more would go"
    assert answer.out.splitlines()[2] == told
    assert place.rules("show", "p.jsonl").out.splitlines()[2] == told
    asked = place.rules("show", "p.jsonl", "--format", "json").document["ask"]
    assert asked == {"except": "*1", "only": "temp_*", "rules": "stray-temps"}
    everything = place.rules("plan", "--except", "nothing").out.splitlines()[2]
    assert everything == "narrowed to except nothing; nothing else would go"


def test_a_narrowed_plan_is_what_is_applied(place: Place) -> None:
    """By its file, and without one in one go."""
    assert place.process("plan", "--only", "temp_1", "--out", "p.jsonl").code == 0
    assert place.process("apply", "p.jsonl").code == 0
    assert sorted(path.name for path in (place.media / "a").iterdir()) == ["film.part", "temp_2"]
    assert place.process("apply", "--yes", "--rule", "parts").code == 0
    assert sorted(path.name for path in (place.media / "a").iterdir()) == ["temp_2"]
    answer = place.rules("apply", "p.jsonl", "--rule", "parts")
    assert answer.code == 2
    assert "a plan is carried out whole: narrow FILE with `rules plan --only PATTERN --out FILE`" in answer.err


@pytest.mark.parametrize(
    ("narrowing", "message"),
    [
        (("--rule", "part"), "rule `part` is not known; did you mean `parts`?"),
        (("--job", "j1"), "job `j1` is not known; there is no job"),
        (("--type", "undeclard"), "type `undeclard` is not known; did you mean `undeclared`?"),
        (("--only", "a/temp_1"), "pattern `a/temp_1` has a slash inside but begins with neither `/` nor `**/`"),
        (("--except", "!x"), "pattern `!x` "),
    ],
)
def test_what_nobody_knows_is_a_usage_error(place: Place, narrowing: tuple[str, ...], message: str) -> None:
    """A slip would narrow the plan to nothing, and look like a root with nothing to do."""
    for command in (("plan",), ("apply", "--yes")):
        answer = place.rules(*command, *narrowing)
        assert answer.code == 2
        assert message in answer.err


def test_a_plan_is_narrowed_to_what_some_jobs_own(place: Place) -> None:
    """Ranks are those of all jobs: one that is beyond the newest stays so, and none moves up."""
    place.write("policies/clip.yaml", LAYOUT)
    place.write("policies/cleanup.yaml", RANKS)
    for number in range(4):
        place.rules("job", "start", "clip", "--id", f"j{number}", "series=Suits")
        video = place.write(f"media/out/Suits/j{number}/videos/f.mkv")
        assert place.rules("job", "add", f"j{number}", str(video), "--type", "final_video").code == 0
        assert place.rules("job", "finish", f"j{number}").code == 0
    gone = [f"out/Suits/j{number}/videos/f.mkv" for number in range(2)]
    assert [path for path in steps(place) if path.endswith(".mkv")] == gone
    assert [path for path in steps(place, "--job", "j1") if path.endswith(".mkv")] == gone[1:]
    assert [path for path in steps(place, "--job", "j2", "--job", "j0") if path.endswith(".mkv")] == gone[:1]
    assert steps(place, "--type", "final_video") == gone
    assert "job `j11` is not known; did you mean `j1`?" in place.rules("plan", "--job", "j11").err
    told = place.rules("explain", "out/Suits/j0/videos/f.mkv").out
    assert "job `j0` is 4th of 4 of `clip`, series `Suits`; newest 2 are kept: `j3`, `j2`" in told
    kept = place.rules("explain", "out/Suits/j3/videos/f.mkv").out
    assert "STAYS: rule `newest-two` keeps it" in kept
    assert "job `j3` is 1st of 4 of `clip`, series `Suits`; newest 2 are kept: `j3`, `j2`" in kept


def paths0(place: Place, *arguments: str) -> list[bytes]:
    """The paths that a process writes, each ended by NUL."""
    command = [sys.executable, "-m", "rules_engine", "show", *arguments, "--paths0"]
    done = subprocess.run(command, cwd=place.path, env=place.environment, capture_output=True, timeout=60, check=True)
    assert done.stderr == b""
    assert done.stdout == b"" or done.stdout.endswith(b"\0")
    return done.stdout.split(b"\0")[:-1]


def test_the_paths_of_a_plan_are_bytes_that_end_in_nul(place: Place) -> None:
    """Names with newlines, and those that are not UTF-8, come out as the disk has them."""
    names = [b"temp_\n1", b"temp_\xff", "temp_\u0645".encode()]
    for name in names:
        with open(os.fsencode(place.media) + b"/a/" + name, "wb") as file:
            file.write(b"1")
    place.rules("plan", "--out", "p.jsonl")
    temps = sorted(b"a/" + name for name in (*names, b"temp_1", b"temp_2"))
    assert paths0(place, "p.jsonl") == [*temps, b"a/film.part"]
    assert paths0(place, "p.jsonl", "--rule", "stray-temps") == temps
    assert paths0(place, "p.jsonl", "--rule", "settings.cleanup") == []
    both = paths0(place, "p.jsonl", "--rule", "parts", "--rule", "stray-temps")
    assert both == [*temps, b"a/film.part"]


def test_the_paths_of_a_run_are_those_of_its_plan(place: Place) -> None:
    """Also after its steps were carried out; what `xargs -0` gets is what went."""
    place.rules("plan", "--out", "p.jsonl")
    place.rules("apply", "p.jsonl")
    found = paths0(place, "last")
    assert found == [b"a/temp_1", b"a/temp_2", b"a/film.part"]
    assert not any((place.media / os.fsdecode(path)).exists() for path in found)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--rule", "parts"), "--rule needs --paths0"),
        (("--paths0", "--steps"), "--paths0 writes paths and nothing else"),
        (("--paths0", "--format", "json"), "--paths0 writes paths and nothing else"),
        (("--paths0", "--html", "x.html"), "--paths0 writes paths and nothing else"),
        (("--paths0", "--rule", "part"), "rule `part` is not known to this plan; did you mean `parts`?"),
    ],
)
def test_options_that_contradict_paths_are_usage_errors(place: Place, arguments: tuple[str, ...], message: str) -> None:
    """Another program would take whatever else stood there for a path."""
    place.rules("plan", "--out", "p.jsonl")
    answer = place.rules("show", "p.jsonl", *arguments)
    assert answer.code == 2
    assert message in answer.err
    assert answer.out == ""


def test_many_paths_are_written_in_pieces(place: Place) -> None:
    """In order, none lost between two."""
    for number in range(4200):
        (place.media / f"temp_{number:05}").touch()
    (place.media / "b").mkdir()
    (place.media / "b/temp_x").touch()
    place.rules("plan", "--out", "p.jsonl", "--limit", "files=unlimited", "--limit", "untracked_share=100%")
    found = paths0(place, "p.jsonl", "--rule", "stray-temps")
    assert found == [*(f"temp_{number:05}".encode() for number in range(4200)), b"a/temp_1", b"a/temp_2", b"b/temp_x"]
