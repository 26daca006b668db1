"""`rules explain`: every rule for a path, what it needed, what it saw, who decided."""

import os

import click

from rules_engine.cli.options import (
    at_option,
    exits,
    format_option,
    ignored_talk_options,
    moment_asked,
    policies_option,
    root_option,
)
from rules_engine.cli.terminal import show
from rules_engine.errors import ExitCode
from rules_engine.filesystem.clock import SystemClock
from rules_engine.jobs.explaining import explain_paths
from rules_engine.jobs.paths import path_below
from rules_engine.jobs.planning import open_root
from rules_engine.policy.load import load_policies
from rules_engine.report.explain_text import explanation_document, explanation_lines


@click.command(
    short_help="say why a path stays or goes, or who took it",
    epilog=exits(ExitCode.INVALID_POLICY, ExitCode.REFUSED, ExitCode.UNTRUSTED_STATE),
)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@policies_option
@root_option
@at_option
@format_option
@ignored_talk_options
def explain(
    *, paths: tuple[str, ...], folders: tuple[str, ...], root_path: str | None, at: str | None, form: str
) -> None:
    """Say why each PATH stays or goes: every rule, what it needed, what it saw, who decided.

    PATH is written from the root, as plans write it, or from the current directory. Of a directory, say whose it is,
    what keeps it, what becomes of the files in it, and when the next of them fall due. Of a path that is gone, say
    which run had a step on it, and by which rule.
    """
    policies = load_policies(folders, environment=os.environ)
    clock = SystemClock()
    now = moment_asked(at, clock.now())
    with open_root(policies, root_path) as root:
        asked = [path_below(root, os.fsdecode(path), current=os.getcwd()) for path in paths]
        answers = explain_paths(policies, root, clock, asked, now)
    show([explanation_document(answers, now)] if form == "json" else explanation_lines(answers, now))
