"""`--never-removes`: one question to the policies, and how a command ends by its answer."""

from collections.abc import Sequence

import click

from rules_engine.analysis.guarantees import Answer, Broken, NotKnown, hold
from rules_engine.cli.options import Command
from rules_engine.cli.terminal import show
from rules_engine.errors import ExitCode
from rules_engine.policy.guarantees import guarantee_of
from rules_engine.policy.model import PolicySet
from rules_engine.report.guarantees_text import never_removes_document, never_removes_lines


def never_removes_option(command: Command) -> Command:
    """`--never-removes PATTERN`, as often as needed."""
    return click.option(
        "--never-removes",
        "patterns",
        multiple=True,
        metavar="PATTERN",
        help="Only prove that no rule can ever remove what PATTERN matches, or show a file that one can.",
    )(command)


def say_what_is_never_removed(policies: PolicySet, patterns: Sequence[str], states: int, *, form: str) -> ExitCode:
    """Show the answer for each pattern.

    Raises:
        PatternError: when one of them cannot be a pattern.
    """
    answers = hold(policies, [guarantee_of(one) for one in dict.fromkeys(patterns)], states)
    show([never_removes_document(answers)] if form == "json" else never_removes_lines(answers, policies))
    return _how_it_ends(answers)


def _how_it_ends(answers: Sequence[Answer]) -> ExitCode:
    if any(isinstance(one, Broken) for one in answers):
        return ExitCode.PENDING
    return ExitCode.REFUSED if any(isinstance(one, NotKnown) for one in answers) else ExitCode.DONE
