"""Every command line that a message, a help text or a comment names exists, with the options that it is given."""

import re
from pathlib import Path

import click
import pytest

from rules_engine.cli.commands import rules

PACKAGE = Path(__file__).parents[3] / "rules_engine"
_NAMED = re.compile(r"`rules ([a-z][^`]*)`")
_FIELD = re.compile(r"\{[^{}]*\}")


def _lines() -> list[str]:
    """Each command line once; what a message fills in is one word."""
    found = {
        _FIELD.sub("X", named)
        for path in sorted(PACKAGE.rglob("*.py"))
        # A text may go on in the next line of the source.
        for named in _NAMED.findall(re.sub(r"\"\s*\n\s*f?\"", "", path.read_text()))
    }
    return sorted(found)


@pytest.mark.parametrize("line", _lines())
def test_a_command_that_is_named_exists_with_its_options(line: str) -> None:
    """Whoever does what a message says is not told that there is no such command."""
    words = line.split()
    command: click.Command = rules
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name = words.pop(0)
        found = command.get_command(click.Context(command), name)
        assert found is not None, f"`rules {line}`: there is no command `{name}`"
        command = found
    known = {option for param in command.params for option in (*param.opts, *param.secondary_opts)}
    named = {word.partition("=")[0] for word in words if word.startswith("-") and word != "--"}
    assert named <= known, f"`rules {line}`: `{command.name}` has no option {named - known}"


def test_the_commands_are_found() -> None:
    """The search finds what it is for."""
    assert {"plan", "manifest repair", "init --root X"} <= set(_lines())
