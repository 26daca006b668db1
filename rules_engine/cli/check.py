"""`rules check`: every problem of the policies, with its place and what to do about it."""

import os

import click

from rules_engine.analysis.guarantees import Answer, hold
from rules_engine.analysis.held import diagnostics_of
from rules_engine.cli.options import budget_option, exits, format_option, ignored_talk_options, policies_option
from rules_engine.cli.terminal import show
from rules_engine.errors import ExitCode
from rules_engine.policy.lint import lint
from rules_engine.policy.load import check_folders
from rules_engine.report.check_text import check_document, check_lines
from rules_engine.report.settings_text import settings_lines
from rules_engine.values.diagnostics import Severity


@click.command(short_help="show every problem of the policies", epilog=exits(ExitCode.INVALID_POLICY))
@policies_option
@click.option("--sentences", is_flag=True, help="Say each rule in English, with what it does not say filled in.")
@click.option("--settings", is_flag=True, help="Show every setting with its value and where it was set.")
@budget_option
@format_option
@ignored_talk_options
def check(*, folders: tuple[str, ...], sentences: bool, settings: bool, budget: int, form: str) -> int:
    """Load all policies, hold their guarantees, and show every problem; warnings do not fail."""
    checked = check_folders(folders, environment=os.environ)
    policies, answers = checked.policies, tuple[Answer, ...]()
    diagnostics = list(checked.diagnostics)
    if policies is not None:
        answers = hold(policies, policies.guarantees, budget)
        diagnostics += [*lint(policies, checked.sources), *diagnostics_of(answers, policies)]
    found = tuple(sorted(diagnostics, key=lambda one: one.order))
    if form == "json":
        show([check_document(policies, found, checked.sources, answers)])
    else:
        if settings and policies is not None:
            show([*settings_lines(policies.settings), ""])
        show(check_lines(policies, found, checked.sources, with_sentences=sentences))
    return ExitCode.INVALID_POLICY if any(one.severity is Severity.ERROR for one in found) else ExitCode.DONE
