"""The page about what the rules mean says what the code, its scenarios and its laws say."""

import re
from pathlib import Path

import pytest

from rules_engine.plan.model import Because
from rules_engine.policy.load import load_texts

REPOSITORY = Path(__file__).parents[2]
PAGE = (REPOSITORY / "docs" / "semantics.md").read_text("utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
SECTIONS = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]


def section(title: str) -> str:
    """The text of the section with that title."""
    (found,) = (one for one in SECTIONS if one.startswith(f"{title}\n"))
    return found


@pytest.mark.parametrize("block", BLOCKS)
def test_each_example_of_the_page_loads(block: str) -> None:
    """A reader can copy it beside two layouts and a preservation of two weeks."""
    shared = REPOSITORY / "tests" / "cases" / "policies"
    names = ("short_form", "long_form") if "kind: settings" in block else ("short_form", "long_form", "two_weeks")
    texts = {f"policies/{name}.yaml": (shared / f"{name}.yaml").read_text("utf-8") for name in names}
    rules = block if block.startswith("version:") else f"version: 1\nkind: cleanup\nrules:\n{block}"
    loaded = load_texts({**texts, "policies/block.yaml": rules})
    assert [rule.name for rule in loaded.rules] == sorted(re.findall(r"^- name: (\S+)$", block, re.MULTILINE))


def test_each_step_of_the_decision_has_an_example_and_scenarios() -> None:
    """The six steps are all there, each with a policy to read and scenarios to look at."""
    steps = [one for one in SECTIONS if re.match(r"\d\. ", one)]
    assert [int(one[0]) for one in steps] == [1, 2, 3, 4, 5, 6]
    for step in steps:
        assert "```yaml\n" in step
        assert "\nScenarios: `" in step


def test_each_scenario_that_the_page_names_is_there() -> None:
    """A renamed case file does not leave the page behind."""
    lines = re.findall(r"^Scenarios: .*$", PAGE, re.MULTILINE)
    named = [name for line in lines for name in re.findall(r"`([a-z0-9_]+)`", line)]
    assert len(named) >= 40
    folder = REPOSITORY / "tests" / "cases" / "plan"
    assert [name for name in named if not (folder / f"{name}.yaml").exists()] == []


def test_each_law_of_the_page_is_held_by_the_test_that_it_names() -> None:
    """The laws are numbered without a gap, and each names a property test that is there."""
    laws = re.findall(r"^(\d+)\. .*: `(test_\w+)`\.$", section("The laws"), re.MULTILINE)
    assert [int(number) for number, _ in laws] == list(range(1, len(laws) + 1))
    assert len(laws) >= 6
    tests = "".join(path.read_text("utf-8") for path in (REPOSITORY / "tests" / "properties").glob("test_*.py"))
    assert [name for _, name in laws if f"def {name}(" not in tests] == []


def test_the_page_lists_every_reason_and_no_other() -> None:
    """Each reason to keep a file has its sentence, in the order of the code."""
    rows = re.findall(r"^\| `(\w+)` \| (.+\.) \|$", section("Every reason to keep a file"), re.MULTILINE)
    assert [name for name, _ in rows] == [one.value for one in Because]
