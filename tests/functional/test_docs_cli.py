"""The page about the command line says what the commands say."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from cliplace import REPOSITORY

from rules_engine.cli.commands import COMMANDS, rules
from rules_engine.cli.job import job
from rules_engine.cli.manifest import manifest
from rules_engine.cli.options import MEANINGS
from rules_engine.cli.trash import trash

PAGE = REPOSITORY / "docs" / "reference" / "cli.md"
GROUPS = {"trash": trash, "job": job, "manifest": manifest}
ALL = ["", *COMMANDS, *(f"{top} {name}" for top, group in GROUPS.items() for name in group.commands)]
BLOCK = "```text\n{}```\n"


def _section(text: str, title: str) -> str:
    found = re.search(rf"^## {title}\n.*?(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found is not None, f"docs/reference/cli.md has no section `{title}`"
    return found[0]


def _help(command: str) -> str:
    asked = CliRunner().invoke(rules, [*command.split(), "--help"], prog_name="rules", terminal_width=100)
    assert asked.exit_code == 0
    return "".join(f"{line.rstrip()}\n" for line in asked.output.splitlines())


def _rewritten(page: Path, title: str, block: str) -> str:
    text = page.read_text()
    section = _section(text, title)
    changed = re.sub(r"```text\n.*?```\n", lambda _: block, section, count=1, flags=re.DOTALL)
    page.write_text(text.replace(section, changed))
    return page.read_text()


@pytest.mark.parametrize("command", ALL, ids=lambda name: name or "rules")
def test_each_command_stands_on_the_page_with_its_help(command: str, update_cases: bool) -> None:
    """Word for word, options and exit codes included."""
    title = f"rules {command}".strip()
    block = BLOCK.format(_help(command))
    text = _rewritten(PAGE, title, block) if update_cases else PAGE.read_text()
    # Blanks may differ: another version of click breaks lines elsewhere.
    assert block.split() == re.findall(r"```text\n.*?```\n", _section(text, title), re.DOTALL)[-1].split()


def test_the_page_has_no_section_for_a_command_that_is_not_there() -> None:
    """A command that goes takes its section with it."""
    titles = re.findall(r"^## (rules.*)$", PAGE.read_text(), re.MULTILINE)
    assert titles == [
        "rules",
        *(
            f"rules {name}"
            for top in COMMANDS
            for name in (top, *(f"{top} {sub}" for sub in (GROUPS[top].commands if top in GROUPS else ())))
        ),
    ]


def test_the_page_lists_every_exit_code_with_its_meaning() -> None:
    """The table says what each `--help` says."""
    rows = re.findall(r"^\| (\d+) \| (.*) \|$", PAGE.read_text(), re.MULTILINE)
    assert [(int(code), meaning.replace("`", "")) for code, meaning in rows] == [
        (int(code), meaning) for code, meaning in MEANINGS.items()
    ]
