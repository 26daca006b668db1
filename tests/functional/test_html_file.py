"""`rules show PLAN --html FILE`: a file that is written whole, holds all of the plan, and takes no other's place."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from cliplace import REPOSITORY, Place
from htmlplans import HARM, harmful, large, page_of, usual

from rules_engine.report.html.page import BEGINS


def block_of(page: Path) -> Any:
    """The data of a page."""
    text = page.read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


class Tags(HTMLParser):
    """The tags of a page and their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember it."""
        self.found.append((tag, dict(attrs)))


def tags_of(page: Path) -> list[tuple[str, dict[str, str | None]]]:
    """The tags of a page."""
    tags = Tags()
    tags.feed(page.read_text(encoding="utf-8"))
    tags.close()
    return tags.found


def test_a_plan_becomes_a_page(place: Place) -> None:
    """All its steps are in it; where it is, is said to people only."""
    assert place.rules("plan", "--out", "p.jsonl").code == 0
    answer = place.process("show", "p.jsonl", "--html", "p.html")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == "the plan is in `p.html`; open it in a browser, it needs no network\n"
    data = block_of(place.path / "p.html")
    steps = [f"{row[0]}/{name}" for row in data["batches"] for name in row[7]]
    assert sorted(steps) == ["a/film.part", "a/temp_1", "a/temp_2"]
    assert "3 files go, 15 B" in (place.path / "p.html").read_text()
    again = place.rules("show", "p.jsonl", "--html", "p.html", "--quiet")
    assert (again.code, again.out, again.err) == (0, "", "")


def test_the_same_plan_makes_the_same_page(place: Place) -> None:
    """Byte for byte, so that two pages can be compared."""
    place.rules("plan", "--out", "p.jsonl")
    for name in ("one.html", "two.html"):
        assert place.rules("show", "p.jsonl", "--html", name, "--quiet").code == 0
    assert (place.path / "one.html").read_bytes() == (place.path / "two.html").read_bytes()


def test_a_page_never_takes_the_place_of_anything_else(place: Place) -> None:
    """Exit 6 and the file as it was; where no file can be, the message names it; nothing half-written is left."""
    place.rules("plan", "--out", "p.jsonl")
    for there in ("media/film.mkv", "p.jsonl"):
        before = place.tree()
        answer = place.rules("show", "p.jsonl", "--html", there)
        assert answer.code == 6
        said, help_line = answer.err.splitlines()
        assert said == f"error: `{there}` is there and is no page of a plan"
        assert help_line == "  help: name a new file, or an earlier page of a plan"
        assert place.tree() == before
    answer = place.rules("show", "p.jsonl", "--html", "no/such/p.html")
    assert answer.code == 6
    assert answer.err.startswith("error: the page of a plan cannot be written to `no/such/p.html`: No such file")
    assert list(place.path.glob(".writing-*")) == []


def test_a_file_that_is_no_plan_makes_no_page(place: Place) -> None:
    """Exit 5, as for every other view of it."""
    place.write("p.jsonl", "{}\n")
    assert place.rules("show", "p.jsonl", "--html", "p.html").code == 5
    assert not (place.path / "p.html").exists()


@pytest.mark.parametrize("plan", [usual, harmful], ids=["usual", "harmful"])
def test_the_page_names_nothing_outside_itself(tmp_path: Path, plan: Any) -> None:
    """No address but its own sections, no file of style or script, and a policy that forbids all others."""
    tags = tags_of(page_of(plan(), tmp_path))
    addresses = [
        value for _, given in tags for key, value in given.items() if key in {"src", "href", "action", "srcset"}
    ]
    assert {one for one in addresses if one is not None and not one.startswith("#")} == {"data:,"}
    policy = next(given["content"] for tag, given in tags if given.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-")
    assert "script-src 'unsafe-inline'" not in policy
    page = (tmp_path / "plan.html").read_text()
    assert page.startswith(BEGINS)
    # The one address is the name of a language: nothing is fetched from it.
    assert set(re.findall(r"https?://[^\s\"'<]+", page)) == {"http://www.w3.org/2000/svg"}


def test_names_open_no_tag_and_close_none(tmp_path: Path) -> None:
    """A plan of names that mean harm makes the tags that any plan makes, and the data block can be read."""
    page = page_of(harmful(), tmp_path)
    tags = tags_of(page)
    assert [tag for tag, _ in tags].count("script") == 2
    assert {tag for tag, _ in tags}.isdisjoint({"img", "iframe", "object", "base"})
    assert not [key for _, given in tags for key in given if key.startswith("on")]
    data = block_of(page)
    assert data["version"] == "1.0"
    names = data["batches"][-1][7]
    assert names[0] == HARM[0].replace("/", "\u2215")
    assert names[7:10] == ["two\\nlines", "film\\u202evkm.exe", "bytes\\xff\\x80"]
    raw = page.read_text().split('id="data">')[1].split("</script>")[0]
    assert raw.isascii()
    assert not {"<", ">", "&"} & set(raw)


def test_every_label_and_heading_is_in_its_place(tmp_path: Path) -> None:
    """Each field has a name, each anchor a section, no id is there twice."""
    tags = tags_of(page_of(usual(), tmp_path))
    ids = [given["id"] for _, given in tags if "id" in given]
    assert len(ids) == len(set(ids))
    anchors = {str(given["href"])[1:] for tag, given in tags if tag == "a"}
    assert anchors <= set(ids)
    assert [tag for tag, _ in tags].count("h1") == 1


@pytest.mark.slow
def test_a_large_page_is_small_beside_its_plan(tmp_path: Path) -> None:
    """Compact arrays: less than fifty bytes a step beside the page itself."""
    page = page_of(large(100_000), tmp_path)
    assert page.stat().st_size < 5_000_000


def test_the_document_shows_pictures_that_are_there_and_light() -> None:
    """Each below 300 kB, each shown, none left over."""
    folder = REPOSITORY / "docs" / "images"
    shown = re.findall(r"!\[[^\]]+\]\(images/(plan-\w+\.png)\)", (REPOSITORY / "docs/reading-a-plan.md").read_text())
    assert sorted(shown) == sorted(path.name for path in folder.glob("plan-*.png"))
    for name in shown:
        data = (folder / name).read_bytes()
        assert data.startswith(b"\x89PNG")
        assert len(data) < 300_000
