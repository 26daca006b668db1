"""`rules forecast` and `rules plan --format markdown` as commands."""

from pathlib import Path

import pytest
from cliplace import CLEANUP, SETTINGS, Place

WAITING = """\
version: 1
kind: cleanup
rules:
  - {name: soon, files: {match: ["*.tmp"], tracked: false}, after: 2d, action: delete}
  - {name: later, files: {match: ["*.part"], tracked: false}, after: 40d, action: trash}
  - {name: now, files: {match: ["*.now"], tracked: false}, after: 0s, action: trash}
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A root with three stray files and a film."""
    place = Place(tmp_path)
    place.write("policies/settings.yaml", SETTINGS)
    place.write("policies/cleanup.yaml", WAITING)
    for name, size in (("a.tmp", 3000), ("b.part", 100), ("c.now", 1000), ("film.mkv", 10)):
        place.write(f"media/{name}", "x" * size)
    assert place.rules("init", "--root", "media").code == 0
    return place


def test_a_forecast_says_what_goes_on_which_day_and_writes_nothing(place: Place) -> None:
    """The answer first, then a bar a day, then the rules; what falls due after the last day is not in it."""
    before = place.tree()
    answer = place.rules("forecast", "--days", "10")
    assert answer.code == 0, answer.err
    lines = answer.out.splitlines()
    assert lines[0].startswith("2 files, 3.9 KiB, would go until 20")
    assert lines[0].endswith("; 110 B would stay.")
    assert "as of " in lines[1]
    bars = [line.split() for line in lines[4:6]]
    assert [(bar[0], bar[2], len(bar[-3])) for bar in bars[:1]] == [("due", "########", 3)]
    assert bars[1][1] == "#" * 24
    assert [line.split()[0] for line in lines[-2:]] == ["`soon`", "`now`"]
    assert place.tree() == before


def test_a_forecast_without_anything_due_says_so(place: Place) -> None:
    """In one line, with what stays."""
    place.write("policies/cleanup.yaml", CLEANUP.replace("after: 0s", "after: 400d"))
    answer = place.rules("forecast")
    assert answer.out.splitlines()[0].startswith("Nothing would go until ")
    assert len(answer.out.splitlines()) == 2


def test_the_document_of_a_forecast_has_every_day(place: Place) -> None:
    """Also those with nothing; the bytes that stay never grow."""
    found = place.rules("forecast", "--days", "45", "--format", "json").document
    assert (found["kind"], len(found["days"]), found["total"]["files"]) == ("forecast", 46, 3)
    assert found["due_now"]["by_rules"] == [{"rules": ["now"], "files": 1, "bytes": 1000}]
    kept = [found["due_now"]["kept_bytes"], *(day["kept_bytes"] for day in found["days"])]
    assert kept == sorted(kept, reverse=True)
    assert kept[-1] == 10


def test_markdown_says_the_answer_and_folds_the_rest(place: Place) -> None:
    """For a comment on a pull request: a heading, the rules as a table, what stays behind a triangle."""
    place.write("media/@team|x.now", "12")
    # What no rule selects by its name is not looked at, and so not among what is kept.
    place.write("policies/cleanup.yaml", WAITING.replace('["*.now"]', '["*.now", "film*"], except: ["*.mkv"]'))
    answer = place.rules("plan", "--format", "markdown")
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert lines[0] == "### 2 files, 1002 B, would go: trash 2 files, 1002 B"
    assert "| `now` | trash | 2 files, 1002 B |  |  |" in lines
    assert "| `soon` | delete | nothing | 1 file, 2.9 KiB |  |" in lines
    assert "<details><summary>Kept</summary>" in lines
    assert lines.count("</details>") == answer.out.count("<details>")


def test_markdown_of_a_refused_plan_says_so_first(place: Place) -> None:
    """The heading and a box that GitHub shows in red, with what to do."""
    place.write("policies/settings.yaml", SETTINGS.replace("files: 100", "files: 0"))
    answer = place.rules("plan", "--format", "markdown")
    assert answer.code == 6
    lines = answer.out.splitlines()
    assert lines[0].startswith("### REFUSED: 1 file, 1000 B, would go")
    assert lines[2] == "> [!CAUTION]"
    assert "`--limit files=1`" in lines[4]


def test_a_forecast_can_be_read_as_a_page(place: Place) -> None:
    """The page of the plan of now, with a chart: a bar a day, and the same as a table."""
    answer = place.rules("forecast", "--days", "45", "--html", "next.html")
    assert (answer.code, answer.out) == (0, "")
    page = (place.path / "next.html").read_text("utf-8")
    assert "<h1>1 file goes, 1000 B</h1>" in page
    assert page.count("<rect ") == page.count("</rect>") == 3
    assert "would go; 10 B would stay</h2>" in page
    assert '<td>due now</td><td class="number">1 file, 1000 B</td><td class="path">now: 1 file, 1000 B</td>' in page
    assert len(page.partition('points="')[2].partition('"')[0].split()) == 47
    place.write("policies/cleanup.yaml", CLEANUP.replace("after: 0s", "after: 400d"))
    quiet = place.rules("forecast", "--html", "next.html", "--quiet")
    assert (quiet.code, quiet.err) == (0, "")
    assert "nothing would go;" in (place.path / "next.html").read_text("utf-8")


def test_a_plan_file_is_shown_in_markdown_as_well(place: Place) -> None:
    """The plan that a job of CI wrote; a recorded run has no Markdown."""
    assert place.rules("plan", "--out", "night.plan").code == 0
    answer = place.rules("show", "night.plan", "--format", "markdown")
    assert answer.out.splitlines()[0] == "### 1 file, 1000 B, would go: trash 1 file, 1000 B"
    refused = place.rules("show", "last", "--format", "markdown")
    assert refused.code == 2
    assert "--format markdown is for the FILE of a plan" in refused.err
