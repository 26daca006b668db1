"""`rules analyze`: what the policies can and cannot do, before any file exists."""

import os
from typing import Final

import click

from rules_engine.analysis.analyze import analyze as analyze_policies
from rules_engine.analysis.findings import Kind
from rules_engine.cli.asking import never_removes_option, say_what_is_never_removed
from rules_engine.cli.options import MEANINGS, budget_option, format_option, ignored_talk_options, policies_option
from rules_engine.cli.terminal import show
from rules_engine.errors import ExitCode
from rules_engine.policy.load import load_policies
from rules_engine.report.analysis_text import analysis_document, analysis_lines

_MEANINGS: Final = {
    ExitCode.DONE: "done; findings do not fail",
    ExitCode.UNEXPECTED: MEANINGS[ExitCode.UNEXPECTED],
    ExitCode.USAGE: MEANINGS[ExitCode.USAGE],
    ExitCode.SOME_FAILED: "with --strict: a rule can never be the reason for anything, or something is not known",
    ExitCode.INVALID_POLICY: MEANINGS[ExitCode.INVALID_POLICY],
    ExitCode.REFUSED: "with --never-removes: not known within the budget",
    ExitCode.PENDING: "with --never-removes: something can be removed",
}
_EXITS: Final = "\b\nExit codes:\n" + "\n".join(f"  {code:>3}  {meaning}" for code, meaning in _MEANINGS.items())
_GRAVE: Final = frozenset({Kind.NEVER, Kind.UNKNOWN})


@click.command(short_help="prove what the policies can and cannot do", epilog=_EXITS)
@policies_option
@click.option("--strict", is_flag=True, help="Fail where a rule can never be the reason for anything.")
@never_removes_option
@budget_option
@format_option
@ignored_talk_options
def analyze(*, folders: tuple[str, ...], strict: bool, patterns: tuple[str, ...], budget: int, form: str) -> int:
    """Say what all rules together can and cannot do, each finding with a file that shows it.

    Rules that can never be the reason for anything, and what is in their way; removals that others make wait; removals
    that reach deliverables or beyond every workspace; rules that can go or be one. No file is looked at.
    """
    policies = load_policies(folders, environment=os.environ)
    if patterns:
        return say_what_is_never_removed(policies, patterns, budget, form=form)
    found = analyze_policies(policies, budget)
    show([analysis_document(found)] if form == "json" else analysis_lines(found))
    grave = strict and any(one.kind in _GRAVE for one in found.findings)
    return ExitCode.SOME_FAILED if grave else ExitCode.DONE
