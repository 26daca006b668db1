"""`rules check`: every problem of the policies, with its place and what to do about it."""

import os

import click

from rules_engine.cli.options import exits, format_option, ignored_talk_options, policies_option
from rules_engine.cli.terminal import show
from rules_engine.errors import ExitCode
from rules_engine.policy.lint import lint
from rules_engine.policy.load import check_folders
from rules_engine.report.check_text import check_document, check_lines
from rules_engine.report.settings_text import settings_lines


@click.command(short_help="show every problem of the policies", epilog=exits(ExitCode.INVALID_POLICY))
@policies_option
@click.option("--sentences", is_flag=True, help="Say each rule in English, with what it does not say filled in.")
@click.option("--settings", is_flag=True, help="Show every setting with its value and where it was set.")
@format_option
@ignored_talk_options
def check(*, folders: tuple[str, ...], sentences: bool, settings: bool, form: str) -> int:
    """Load all policies and show every problem; warnings do not fail."""
    checked = check_folders(folders, environment=os.environ)
    warnings = lint(checked.policies, checked.sources) if checked.policies is not None else ()
    found = tuple(sorted((*checked.diagnostics, *warnings), key=lambda one: one.order))
    if form == "json":
        show([check_document(checked.policies, found, checked.sources)])
    else:
        if settings and checked.policies is not None:
            show([*settings_lines(checked.policies.settings), ""])
        show(check_lines(checked.policies, found, checked.sources, with_sentences=sentences))
    return ExitCode.DONE if checked.policies is not None else ExitCode.INVALID_POLICY
