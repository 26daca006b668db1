"""The catalogue of faults in docs/safety.md: every number it claims is there, and every test it names."""

import re
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).parents[2]
PAGE: Final = REPOSITORY / "docs/safety.md"
CLAIMED: Final = re.compile(r"Its numbers are ([0-9, to]+)\.")
ROW: Final = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \| (.+) \|$", re.MULTILINE)
NAMED: Final = re.compile(r"`([^`]+)`")
NO_TEST: Final = "no test: "
ALL: Final = 81
"""So many cases the catalogue has; it may grow, and never shrinks."""


def _catalogue() -> str:
    return PAGE.read_text().partition("\n## The catalogue of faults\n")[2].partition("\n## ")[0]


def _tests() -> set[str]:
    files = (REPOSITORY / "tests").rglob("test_*.py")
    return {name for file in files for name in re.findall(r"^def (test_\w+)\(", file.read_text(), re.MULTILINE)}


def _cases() -> set[str]:
    return {f"{path.parent.name}/{path.stem}" for path in (REPOSITORY / "tests/cases").rglob("*.yaml")}


def test_the_catalogue_has_every_number_that_it_claims_once_and_in_order() -> None:
    """A case is never dropped in silence."""
    claimed = CLAIMED.search(_catalogue())
    assert claimed is not None
    numbers: list[int] = []
    for part in claimed[1].split(", "):
        first, _, last = part.partition(" to ")
        numbers += range(int(first), int(last or first) + 1)
    assert [int(row[1]) for row in ROW.finditer(_catalogue())] == numbers
    assert len(numbers) >= ALL


def test_each_case_of_the_catalogue_names_tests_that_exist_or_says_why_there_is_none() -> None:
    """Functions by their name, scenarios of `tests/cases/` by folder and name."""
    known = _tests() | _cases()
    unknown = []
    for row in ROW.finditer(_catalogue()):
        tests = [name for name in NAMED.findall(row[4]) if name.startswith(("test_", "plan/", "diagnostics/"))]
        unknown += [f"{row[1]}: {name}" for name in tests if name not in known]
        assert tests or row[4].startswith(NO_TEST), row[0]
    assert unknown == []
