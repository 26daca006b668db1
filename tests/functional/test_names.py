"""Names are bytes: whatever a name holds, each command takes it, prints it harmlessly, and gives it back as it was."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from cliplace import Answer, Place

ODD: Final = (
    b"new\nline.part",
    b"\x1b[31mred\x1b[0m.part",
    b"\x1b]0;title\x07.part",
    b"not-utf8-\xff\xfe.part",
    b"-rf.part",
    b" .part",
    "\u202egnp.exe.part".encode(),
    "c1-\x9b2J.part".encode(),
    b"tab\tand\rreturn.part",
    "e\u0301.part".encode(),
    "\u00e9.part".encode(),
    b"'quote\".part",
    b"back\\slash`tick`.part",
    b"*.part",
    b"n" * 250 + b".part",
)
# What a terminal would obey: C0 but the newline, DEL, C1, and what reorders or hides text.
OBEYED: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


@pytest.fixture
def odd(place: Place) -> Place:
    """A place whose root has files with odd names in a directory with one."""
    here = os.path.join(os.fsencode(place.media), b"dir\x1b\n\xff")
    os.mkdir(here)
    for number, name in enumerate(ODD):
        Path(os.fsdecode(os.path.join(here, name))).write_bytes(b"%d" % number)
    return place


def here(place: Place) -> bytes:
    """The directory of the odd names."""
    return os.path.join(os.fsencode(place.media), b"dir\x1b\n\xff")


def harmless(answer: Answer) -> Answer:
    """The answer, none of which a terminal obeys."""
    for text in (answer.out, answer.err):
        found = OBEYED.search(text)
        assert found is None, (found, text)
    return answer


def decoded(path: Any) -> bytes:
    """A path as JSON documents write it."""
    return bytes.fromhex(path["bytes"]) if isinstance(path, dict) else os.fsencode(path)


def test_odd_names_are_planned_set_aside_and_put_back(odd: Place) -> None:
    """The content of each comes back under the very bytes of its name."""
    assert odd.rules("plan", "--out", "plan.jsonl").code == 0
    steps = json.loads(odd.rules("show", "plan.jsonl", "--format", "json").out)["steps"]
    planned = {decoded(one["path"]) for one in steps}
    assert {b"dir\x1b\n\xff/" + name for name in ODD} <= planned
    applied = harmless(odd.rules("apply", "plan.jsonl", "--verbose"))
    assert applied.code == 0
    assert os.listdir(here(odd)) == []
    run_id = next((odd.media / ".rules/runs").iterdir()).name
    restored = harmless(odd.rules("restore", run_id, "--yes", "--pin"))
    assert restored.code == 0
    for number, name in enumerate(ODD):
        assert Path(os.fsdecode(os.path.join(here(odd), name))).read_bytes() == b"%d" % number
    # Pinned as they came back, they stay.
    assert harmless(odd.rules("apply", "--yes")).code == 0
    assert sorted(os.listdir(here(odd))) == sorted(ODD)
    listed = json.loads(odd.rules("pin", "--list", "--format", "json").out)
    assert {b"dir\x1b\n\xff/" + name for name in ODD} <= {decoded(one["path"]) for one in listed["pins"]}


def test_no_command_prints_what_a_terminal_obeys(odd: Place) -> None:
    """Each that names files, in each of its views; as JSON the names can be read back, and as NUL-ended paths too."""
    assert harmless(odd.rules("plan", "--verbose", "--out", "plan.jsonl")).code == 0
    views = (("--steps",), ("--by-directory",), ("--by-rule",), ("--verbose",), ("--format", "markdown"))
    for view in views:
        assert harmless(odd.rules("show", "plan.jsonl", *view)).code == 0
    for form in (("plan", "--format", "json"), ("show", "plan.jsonl", "--format", "json")):
        assert harmless(odd.rules(*form)).code == 0
    paths = _paths0(odd)
    assert {b"dir\x1b\n\xff/" + name for name in ODD} <= set(paths)
    for name in ODD:
        asked = os.fsdecode(b"dir\x1b\n\xff/" + name)
        assert harmless(odd.rules("explain", "--", asked)).code == 0
        assert harmless(odd.rules("pin", "--", str(odd.media / asked))).code == 0
    assert harmless(odd.rules("pin", "--list")).code == 0
    for name in ODD:
        assert harmless(odd.rules("unpin", "--", str(odd.media / os.fsdecode(b"dir\x1b\n\xff/" + name)))).code == 0
    assert harmless(odd.rules("apply", "plan.jsonl")).code == 0
    for command in (("runs",), ("show", "last", "--verbose"), ("show", "last", "--steps"), ("trash", "list")):
        assert harmless(odd.rules(*command)).code == 0
    for command in (("runs", "--format", "json"), ("show", "last", "--verbose", "--format", "json")):
        assert harmless(odd.rules(*command)).code == 0
    for name in ODD:
        told = harmless(odd.rules("explain", "--", os.fsdecode(b"dir\x1b\n\xff/" + name)))
        assert "IS NOT THERE" in told.out


def _paths0(place: Place) -> list[bytes]:
    done = subprocess.run(
        [sys.executable, "-m", "rules_engine", "show", "plan.jsonl", "--paths0"],
        cwd=place.path,
        env=place.environment,
        capture_output=True,
        check=True,
    )
    return done.stdout.split(b"\0")


def test_names_that_do_not_exist_are_harmless_in_messages(odd: Place) -> None:
    """What a user typed comes back escaped, whatever the command and its error."""
    evil = "no\x1b[31m\nsuch\u202e"
    for command in (
        ("show", evil),
        ("apply", evil),
        ("explain", evil),
        ("restore", evil, "--yes"),
        ("pin", evil, "--job"),
        ("unpin", evil),
        ("trash", "empty", evil, "--yes"),
        ("plan", "--only", evil),
        ("plan", "--policies", evil),
        ("plan", "--root", evil),
        ("plan", "--at", evil),
        ("job", "show", evil),
        ("job", "start", evil),
        (evil,),
        ("plan", f"--{evil}"),
    ):
        harmless(odd.rules(*command))


def test_the_page_of_a_plan_shows_odd_names_as_text(odd: Place) -> None:
    """No byte of a name becomes markup, or a control character, in the page."""
    script = odd.media / "<script>alert(1)<!-- .part"
    script.write_text("x")
    assert odd.rules("plan", "--out", "plan.jsonl").code == 0
    assert odd.rules("show", "plan.jsonl", "--html", "plan.html").code == 0
    page = (odd.path / "plan.html").read_text()
    assert "<script>alert(1)" not in page
    assert OBEYED.search(page) is None
