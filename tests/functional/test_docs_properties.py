"""docs/properties.md names what is there: every test of a property, and the code that holds it."""

import re
from pathlib import Path

import mutations
import pytest

CHECKOUT = Path(__file__).parents[2]
PAGE = (CHECKOUT / "docs" / "properties.md").read_text()
_SECTION = re.compile(r"^## (\d+): (.+?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
SECTIONS = {int(number): text for number, text in _SECTION.findall(PAGE)}


def test_every_property_has_a_section_with_its_title() -> None:
    """Numbered as the tags of the tests are, under the same titles."""
    files = (CHECKOUT / "tests" / "properties").glob("test_*.py")
    tags = re.compile(r"^# Feature: file-system-cleanup, Property (\d+): (.+)$", re.MULTILINE)
    tagged = {pair for file in files for pair in tags.findall(file.read_text())}
    assert {(str(number), text.splitlines()[0]) for number, text in SECTIONS.items()} == tagged
    assert list(SECTIONS) == list(mutations.PROPERTIES)


@pytest.mark.parametrize("number", mutations.PROPERTIES)
def test_a_property_names_the_tests_that_are_tagged_with_it(number: int) -> None:
    """Every one of them, and no other."""
    named = re.findall(r"^- tests: `(.+)`$", SECTIONS[number], re.MULTILINE)
    assert sorted(named) == sorted(mutations.tests_of(number, CHECKOUT / "tests" / "properties"))


@pytest.mark.parametrize("number", mutations.PROPERTIES)
def test_the_code_that_holds_a_property_is_there(number: int) -> None:
    """Each file has the function or class that is named with it."""
    named = re.findall(r"`(rules_engine/\S+\.py): (\w+)`", SECTIONS[number])
    assert named
    for file, name in named:
        assert re.search(rf"^ *(def|class) {name}\b", (CHECKOUT / file).read_text(), re.MULTILINE), f"{file}: {name}"
