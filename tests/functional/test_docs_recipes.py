"""Each recipe of docs/how-to/ is carried out as it stands, and does what it says."""

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cliplace import REPOSITORY, Place
from recipepages import FOLDER, INDEX, Block, Recipe, read_recipes
from recipestage import session, staged, write_block

RECIPES = list(read_recipes())
_EXPECT_KEYS = {"at", "plan", "goes", "stays", "gone", "there"}
_REMOVALS = {"delete", "trash", "remove_directory"}


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.anchor)
def test_a_recipe_does_what_it_says(recipe: Recipe, tmp_path: Path) -> None:
    """Its policies load, its commands run and print what is shown, and what it says goes and stays is what does."""
    _carry_out(recipe, tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"goes": ["scratch/good/slides/1.png"]},
        {"goes": ["scratch/good/slides/1.png", "scratch/old/slides/1.png", "scratch/bad/slides/1.png"]},
        {"stays": ["scratch/old/slides/1.png"]},
        {"stays": ["scratch/bad/slides/2.png"]},
        {"there": ["media/scratch/bad/slides/2.png"]},
        {"gone": ["media/scratch/bad/slides/1.png"]},
    ],
    ids=["goes less", "goes more", "stays what goes", "stays what is not", "there", "gone"],
)
def test_a_recipe_that_said_something_else_would_fail(change: dict[str, list[str]], tmp_path: Path) -> None:
    """The comparison is exact for what goes, and no name of a file that is not there passes."""
    recipe = next(one for one in RECIPES if one.title.startswith("Frames two hours"))
    with pytest.raises(AssertionError):
        _carry_out(replace(recipe, expect=recipe.expect | change), tmp_path)


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a\nb", "a\nb\n", True),
        ("a", "a\nb\n", False),
        ("...\nb", "a\nb\n", True),
        ("...", "", True),
        ("in ... days", "in 3 days\n", True),
        ("in ...", "in 3\ndays\n", False),
    ],
)
def test_three_dots_stand_for_text_and_on_a_line_of_their_own_for_lines(shown: str, printed: str, same: bool) -> None:
    """Everything else is compared as it stands."""
    (command,) = Block("console", f"$ rules plan\n{shown}\n").commands
    assert (re.fullmatch(command.pattern, printed) is not None) is same


def _carry_out(recipe: Recipe, tmp_path: Path) -> None:
    with staged(tmp_path, recipe.setup) as place:
        for block in recipe.blocks:
            if block.language == "console":
                _run(place, recipe, block)
            elif block.language in {"yaml", "bash", "python"}:
                write_block(place, block)
            else:
                assert block.language == "text"
        _check_disk(place, recipe.expect)
        _check_plan(place, recipe.expect)


def _run(place: Place, recipe: Recipe, block: Block) -> None:
    commands = block.commands
    assert commands, f"{recipe.title}: a console block without a command"
    for command, (code, output) in zip(commands, session(place, list(commands)), strict=True):
        said = f"$ {command.line}\n{output}"
        assert code == command.code, said
        text = output if output.endswith("\n") or not output else f"{output}\n"
        if command.output and re.fullmatch(command.pattern, text) is None:
            # A comparison that pytest shows line by line.
            assert said.splitlines() == [f"$ {command.line}", *command.output]


def _check_disk(place: Place, expect: dict[str, Any]) -> None:
    for path in expect.get("gone", ()):
        assert not os.path.lexists(place.path / path), f"`{path}` is still there"
    for path in expect.get("there", ()):
        assert os.path.lexists(place.path / path), f"`{path}` is gone"


def _check_plan(place: Place, expect: dict[str, Any]) -> None:
    goes, stays = expect.get("goes", ()), expect.get("stays", ())
    if not goes and not stays:
        return
    for path in (*goes, *stays):
        assert os.path.lexists(place.media / path), f"the recipe names `{path}`, which is not there"
    asked = [*expect.get("plan", "").split(), *(["--at", expect["at"]] if "at" in expect else [])]
    answer = place.rules("plan", "--format", "json", *asked)
    assert answer.code in {0, 6}, answer.err
    steps = [step for step in answer.document["steps"] if step["action"] in _REMOVALS]
    files = {step["path"] for step in steps if step["action"] != "remove_directory"}
    assert sorted(files | {step["path"] for step in steps if step["path"] in goes}) == sorted(goes)
    # What lies in a directory that goes whole goes with it.
    lost = [path for path in stays for gone in files if f"{path}/".startswith(f"{gone}/")]
    assert lost == []


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.anchor)
def test_a_recipe_says_what_goes_and_what_stays(recipe: Recipe) -> None:
    """Both by name, so that neither a rule that takes nothing nor one that takes all passes for it."""
    expect = recipe.expect
    assert set(expect) <= _EXPECT_KEYS
    assert expect.get("goes") or expect.get("gone"), "the recipe names nothing that goes"
    assert expect.get("stays") or expect.get("there"), "the recipe names nothing that stays"
    assert recipe.prose.endswith("."), "the recipe says no sentence"


def test_there_are_as_many_recipes_as_promised() -> None:
    """Thirty at least, and no two under one link."""
    assert len(RECIPES) >= 30
    assert len({recipe.anchor for recipe in RECIPES}) == len(RECIPES)


def _tasks() -> list[str]:
    return re.findall(r"^\| \d+ \| .* \|$", INDEX.read_text("utf-8"), re.MULTILINE)


def test_the_index_lists_sixty_tasks_each_with_an_answer() -> None:
    """Numbered without a gap; each has a recipe, another page, or a line that says why not."""
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in _tasks()]
    assert [int(row[0]) for row in rows] == list(range(1, len(rows) + 1))
    assert len(rows) >= 60
    assert [row for row in rows if len(row) != 3 or not re.search(r"\]\(|^not offered: |^reserved: ", row[2])] == []


def test_the_index_finds_every_recipe_and_nothing_else() -> None:
    """Each recipe is linked; each link leads somewhere."""
    links = set(re.findall(r"\]\(([^)]+)\)", INDEX.read_text("utf-8")))
    assert sorted({recipe.anchor for recipe in RECIPES} - links) == []
    headings = {recipe.anchor for recipe in RECIPES}
    others = {link for link in links - headings if not (FOLDER / link.split("#")[0]).exists()}
    assert others == set()
    assert [link for link in links - headings if "#" in link and link.split("#")[0] in {r.page for r in RECIPES}] == []


def test_the_readme_leads_to_recipes_that_are_there() -> None:
    """A heading that changes takes its link along."""
    links = re.findall(r"\]\(docs/how-to/([^)]+#[^)]+)\)", (REPOSITORY / "README.md").read_text("utf-8"))
    assert len(links) >= 5
    assert [link for link in links if link not in {recipe.anchor for recipe in RECIPES}] == []
