"""The examples of docs/patterns.md: what they say of git, of pathspec and of a removal rule is so."""

import re
import subprocess
from pathlib import Path

import pytest
from drawn_patterns import has_glued_stars
from judges import Pathspec, Question, ask_git
from repairs import REPAIRS

from rules_engine.policy.patterns import Reading, parse_patterns
from rules_engine.values.paths import RelPath

TEXT = (Path(__file__).parents[2] / "docs" / "patterns.md").read_text(encoding="utf-8")
UNGLUED_FROM = (2, 53)
OF_LISTS = {"does not reach below", "`!` below a directory", "names a later line", "file before directory"}


def rows() -> list[tuple[str, tuple[str, ...], Question, tuple[str, ...]]]:
    """Each example: its kind, the patterns, the path, and the three answers."""
    table = TEXT.split("| removal rule |\n", 1)[1].split("\n\n", 1)[0].splitlines()[1:]
    found = []
    for line in table:
        kind, patterns, path, *answers = (cell.strip() for cell in line.strip("|").split(" | "))
        name = path.strip("`")
        question = Question(RelPath(name.removesuffix("/")), name.endswith("/"))
        found.append((kind, tuple(re.findall(r"`([^`]+)`", patterns)), question, tuple(answers)))
    return found


@pytest.mark.parametrize(("kind", "texts", "question", "answers"), rows())
def test_an_example_of_a_difference_is_so(
    kind: str, texts: tuple[str, ...], question: Question, answers: tuple[str, ...]
) -> None:
    """Git, pathspec and a removal rule answer as the table says."""
    git, pathspec, removal = answers
    ((line,),) = ask_git([(texts, [question])])
    said = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout
    version = tuple(map(int, re.findall(r"\d+", said)[:2]))
    if version < UNGLUED_FROM or not any(map(has_glued_stars, texts)):
        assert git == ("-" if line < 0 or texts[line].startswith("!") else str(line + 1))
    selects, index = Pathspec.reading(texts).decides(question)
    assert pathspec == (str(index + 1) if selects else "-")
    found = parse_patterns(texts, Reading.NARROW).match(question.path, is_directory=question.is_directory)
    assert removal == ("-" if found is None else str(found + 1))
    assert len({git, pathspec, removal}) > 1, f"{kind}: no difference"


def test_every_name_of_a_difference_has_an_example() -> None:
    """The names that the counting gives are those of the table."""
    assert {kind for kind, *_ in rows()} == {*REPAIRS, *OF_LISTS}
