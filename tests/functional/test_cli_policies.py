"""`rules init`, `check`, `schema`, and how the command line answers what it cannot do; run as processes."""

import json
import os
import pty
import subprocess
import sys

import pytest
from cliplace import Place

from rules_engine import __version__
from rules_engine.cli.commands import COMMANDS


def test_init_writes_policies_that_load_and_never_overwrites_one(place: Place) -> None:
    """What somebody wrote is worth more than our example."""
    first = place.process("init", "--policies", "fresh")
    assert first.code == 0
    assert "wrote fresh/cleanup.yaml\n" in first.out
    assert place.rules("check", "--policies", "fresh").code == 0
    place.write("fresh/cleanup.yaml", "mine")
    second = place.rules("init", "--policies", "fresh", "--quiet")
    assert "kept  fresh/cleanup.yaml\n" in second.out
    assert second.err == ""
    assert (place.path / "fresh/cleanup.yaml").read_text() == "mine"


def test_init_makes_a_root_once(place: Place) -> None:
    """The id of a root never changes, and no policies are written unless they are asked for."""
    (place.path / "other").mkdir()
    first = place.rules("init", "--root", "other")
    assert first.code == 0
    assert first.out.startswith(f"root {place.path}/other, id ")
    assert place.rules("init", "--root", "other").out == first.out
    assert not (place.path / "other/policies").exists()
    both = place.rules("init", "--root", "other", "--policies", "more")
    assert both.out.startswith(first.out)
    assert (place.path / "more/cleanup.yaml").exists()


def test_policies_that_cannot_be_written_say_why(place: Place) -> None:
    """A file where the folder should be."""
    place.write("taken")
    answer = place.rules("init", "--policies", "taken")
    assert answer.code == 6
    assert answer.err.startswith("error: the policies cannot be written to `taken`: ")


def test_check_counts_what_it_read(place: Place) -> None:
    """Two policies, no finding."""
    answer = place.process("check")
    assert (answer.code, answer.out) == (0, "2 policies with 0 layouts, 3 rules: 0 errors, 0 warnings\n")


def test_check_says_each_rule_in_english_where_asked(place: Place) -> None:
    """One sentence a rule."""
    answer = place.rules("check", "--sentences")
    assert answer.code == 0
    assert "`heroes` keeps " in answer.out


def test_check_shows_every_error_with_its_place_and_fails(place: Place) -> None:
    """Exit 4; `plan` says the same on stderr."""
    place.write("policies/bad.yaml", "version: 1\nkind: cleanup\nrules:\n  - name: x\n    afetr: 7d\n")
    answer = place.rules("check")
    assert answer.code == 4
    assert "policies/bad.yaml:5:5: error[P" in answer.out
    assert "did you mean `after`?" in answer.out
    assert answer.out.splitlines()[-1].endswith("nothing can be planned until the errors are gone")
    planned = place.rules("plan")
    assert (planned.code, planned.out) == (4, "")
    assert planned.err.startswith("policies/bad.yaml:")


def test_warnings_are_shown_and_do_not_fail(place: Place) -> None:
    """A rule that is legal but odd."""
    rule = '{name: odd, files: {match: ["temp_*"], tracked: false}, since: written, after: 7d, action: trash}'
    place.write("policies/odd.yaml", f"version: 1\nkind: cleanup\nrules:\n  - {rule}\n")
    answer = place.rules("check")
    assert answer.code == 0
    assert ": warning[W5" in answer.out
    assert "0 errors" in answer.out
    assert "0 warnings" not in answer.out


def test_the_document_of_a_check_is_json(place: Place) -> None:
    """With findings and their places, or with sentences."""
    good = place.rules("check", "--format", "json").document
    assert (good["kind"], good["valid"], good["diagnostics"]) == ("check", True, [])
    assert len(good["sentences"]) >= 3
    place.write("policies/bad.yaml", "version: 1\nkind: cleanup\n")
    bad = place.rules("check", "--format", "json")
    assert bad.code == 4
    assert bad.document["valid"] is False
    assert bad.document["diagnostics"][0]["place"]["file"] == "policies/bad.yaml"


@pytest.mark.parametrize(("files", "code"), [((), "P003"), (None, "P001")], ids=["empty", "missing"])
def test_a_folder_without_policies_is_an_error(place: Place, files: tuple[str, ...] | None, code: str) -> None:
    """Never an empty set of rules, which would look like a careful one."""
    if files is not None:
        (place.path / "none").mkdir()
    for command in ("check", "plan"):
        answer = place.rules(command, "--policies", "none")
        assert answer.code == 4
        assert f"error[{code}]: " in answer.out + answer.err
    found = place.rules("check", "--policies", "none", "--format", "json").document
    assert [(one["code"], one["place"]) for one in found["diagnostics"]] == [(code, None)]


def test_schemas_are_printed_by_kind(place: Place) -> None:
    """Without a kind, the kinds."""
    kinds = place.rules("schema").out.split()
    assert kinds == ["cleanup", "guarantees", "layout", "settings", "cases", "plan"]
    for kind in kinds:
        assert json.loads(place.rules("schema", kind).out)["$schema"].endswith("2020-12/schema")
    assert place.rules("schema", "nonsense").code == 2


@pytest.mark.parametrize("command", COMMANDS)
def test_each_help_lists_its_exit_codes(place: Place, command: str) -> None:
    """Also those that every command has."""
    answer = place.rules(command, "--help")
    assert answer.code == 0
    assert "Exit codes:\n" in answer.out
    for line in ("    0  done;", "    1  unexpected error\n", "    2  usage\n"):
        assert line in answer.out


def test_the_version_is_one_line(place: Place) -> None:
    """However it is asked for."""
    for arguments in (["--version"], ["-V"], ["--version", "plan"]):
        assert place.process(*arguments).out == f"rules {__version__}\n"


def test_the_version_loads_nothing_else() -> None:
    """Scripts ask for it often."""
    code = (
        "import sys; sys.argv = ['rules', '--version']\n"
        "from rules_engine.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: print('click' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == f"rules {__version__}\nFalse\n"


@pytest.mark.parametrize("command", ["check", "plan"])
def test_what_is_seldom_needed_is_not_loaded(place: Place, command: str) -> None:
    """Small trees are planned as soon as Python has loaded what it takes, so that must not grow unnoticed."""
    code = (
        "import atexit, sys; sys.argv = ['rules', *sys.argv[1:]]\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        "from rules_engine.cli.main import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, command],
        cwd=place.path,
        env=place.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = set(done.stderr.split())
    assert f"rules_engine.cli.{command}" in loaded
    seldom = {"pathspec", "jsonschema", "rich", "jinja2", "tenacity", "filelock", "email", "importlib.metadata"}
    assert not loaded & (seldom | {"rules_engine.apply.emptying", "rules_engine.apply.applying"})


def test_a_command_that_is_not_there_is_a_usage_error(place: Place) -> None:
    """Exit 2."""
    answer = place.rules("destroy")
    assert answer.code == 2
    assert "No such command 'destroy'" in answer.err


def test_state_that_cannot_be_trusted_stops_planning(place: Place) -> None:
    """Exit 9: a root whose id is damaged."""
    place.write("media/.rules/root.json", "{")
    for command in (["plan"], ["apply", "--yes"], ["explain", "film.mkv"]):
        answer = place.rules(*command)
        assert answer.code == 9
        assert answer.err.startswith("error: the state cannot be trusted: ")


def test_an_unexpected_error_is_two_lines_unless_its_place_is_asked_for(place: Place) -> None:
    """No traceback for whoever did nothing wrong."""
    place.write("sitecustomize.py", "import os\ndef gone(): raise ZeroDivisionError('oops')\nos.getcwd = gone\n")
    path = {"PYTHONPATH": f"{place.path}:{place.environment['PYTHONPATH']}"}
    answer = place.process("explain", "film.mkv", environment=path)
    assert answer.code == 1
    assert answer.err.startswith(
        "error: unexpected ZeroDivisionError: oops\n  help: this is a defect; report this line"
    )
    assert "Traceback" not in answer.err
    for debugged in (
        place.process("explain", "film.mkv", environment=path | {"RULES_DEBUG": "1"}),
        place.process("explain", "film.mkv", "--verbose", environment=path),
    ):
        assert debugged.code == 1
        assert "Traceback" in debugged.err


def _on_a_terminal(
    place: Place, arguments: list[str], environment: dict[str, str], answer: bytes = b""
) -> tuple[int, str]:
    """How a command ends and what it writes where all its ends are one terminal."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "rules_engine", *arguments],
        cwd=place.path,
        env=place.environment | {"TERM": "xterm"} | environment,
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    os.write(leader, answer)
    written = b""
    try:
        while piece := os.read(leader, 4096):
            written += piece
    except OSError:  # how a terminal says that the other end is closed
        pass
    os.close(leader)
    return process.wait(timeout=60), written.decode().replace("\r\n", "\n")


def test_colour_is_for_terminals_and_only_decoration(place: Place) -> None:
    """`NO_COLOR` gives the very text that a pipe gets."""
    plain = place.rules("plan", "--at", "2036-01-01").out
    assert "\x1b[" not in plain
    assert _on_a_terminal(place, ["plan", "--at", "2036-01-01"], {"NO_COLOR": "1"}) == (0, plain)
    assert "\x1b[" in _on_a_terminal(place, ["plan", "--at", "2036-01-01"], {})[1]


@pytest.mark.parametrize(("answer", "goes"), [(b"n\n", False), (b"\n", False), (b"y\n", True)])
def test_apply_asks_a_person_and_silence_is_no(place: Place, answer: bytes, goes: bool) -> None:
    """The question names the number of steps."""
    code, said = _on_a_terminal(place, ["apply"], {"NO_COLOR": "1"}, answer)
    assert code == 0
    assert "Carry out these 3 steps? [y/N]" in said
    assert (place.media / "a/temp_1").exists() is not goes


def test_leaving_at_the_question_is_an_interruption(place: Place) -> None:
    """Exit 130, and nothing happened."""
    code, said = _on_a_terminal(place, ["apply"], {"NO_COLOR": "1"}, b"\x04")
    assert code == 130
    assert said.endswith("error: interrupted\n")
    assert (place.media / "a/temp_1").exists()


def test_a_person_is_told_what_a_run_is_about(place: Place) -> None:
    """On a terminal its id and its steps; a run that is over at once draws no line of how far it is."""
    place.rules("plan", "--out", "p.jsonl")
    said = _on_a_terminal(place, ["apply", "p.jsonl"], {"NO_COLOR": "1"})[1]
    assert ": 3 steps\n" in said
    assert "\r" not in said.replace("\r\n", "\n")
