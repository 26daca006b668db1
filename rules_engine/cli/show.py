"""`rules show`: a plan that was written to a file, or a recorded run."""

import os
from dataclasses import dataclass
from typing import Final

import click

from rules_engine.cli.options import exits, plan_format_option, policies_option, root_option, talk_options
from rules_engine.cli.pages import save_page
from rules_engine.cli.past import open_past
from rules_engine.cli.paths0 import show_paths0
from rules_engine.cli.planfiles import plan_file
from rules_engine.cli.terminal import show as show_lines
from rules_engine.errors import ExitCode
from rules_engine.filesystem.root import Root
from rules_engine.jobs.runs import RecordedRun, RunDetails, find_run, may_name_run, open_run_details
from rules_engine.plan.model import Plan
from rules_engine.plan.planfile import PlanFileError
from rules_engine.report.overview import look_through
from rules_engine.report.past_run import (
    past_by_directory_lines,
    past_by_rule_lines,
    past_run_document,
    past_run_lines,
    past_step_lines,
)
from rules_engine.report.plan_json import plan_document
from rules_engine.report.plan_markdown import markdown_lines
from rules_engine.report.plan_steps import by_directory_lines, by_rule_lines, step_lines
from rules_engine.report.plan_text import plan_lines
from rules_engine.report.runs_text import Outlook

_VIEWS: Final = {"steps": step_lines, "rule": by_rule_lines, "directory": by_directory_lines}


_RUN_VIEWS: Final = {"steps": past_step_lines, "rule": past_by_rule_lines, "directory": past_by_directory_lines}


@dataclass(frozen=True, slots=True)
class _Wish:
    """How something is to be shown."""

    view: str | None
    page_path: str | None
    paths_of: tuple[str, ...] | None
    """The rules of whose steps the paths are wanted, none of them being all; None where no paths are wanted."""
    form: str
    quiet: bool
    verbose: bool


@click.command(
    short_help="show a plan, or a recorded run",
    epilog=exits(ExitCode.INVALID_POLICY, ExitCode.STALE_PLAN, ExitCode.REFUSED, ExitCode.UNTRUSTED_STATE),
)
@click.argument("file", metavar="FILE|RUN")
@click.option("--steps", "view", flag_value="steps", help="Every step, one a line, in the order of carrying out.")
@click.option("--by-rule", "view", flag_value="rule", help="Sums for each set of deciding rules.")
@click.option("--by-directory", "view", flag_value="directory", help="Sums for each directory.")
@click.option("--html", "page_path", metavar="FILE", help="Write all of the plan to FILE as one page for a browser.")
@click.option("--paths0", is_flag=True, help="Only the paths of its steps, each ended by NUL, for `xargs -0`.")
@click.option("--rule", "rules", multiple=True, metavar="NAME", help="With --paths0: of steps that this rule decided.")
@policies_option
@root_option
@plan_format_option
@talk_options
def show(
    *,
    file: str,
    view: str | None,
    page_path: str | None,
    paths0: bool,
    rules: tuple[str, ...],
    folders: tuple[str, ...],
    root_path: str | None,
    form: str,
    quiet: bool,
    verbose: bool,
) -> None:
    """Show the plan in FILE: the whole text, its steps, or sums of them; or the run RUN, with what became of each step.

    RUN is the id of a recorded run, the beginning of it, or `last`. A run is looked up in the root that the policies or
    --root name.
    """
    if rules and not paths0:
        raise click.UsageError("--rule needs --paths0: of which steps to write the paths")
    if paths0 and (view is not None or page_path is not None or form != "text"):
        raise click.UsageError("--paths0 writes paths and nothing else: leave out --html, --format and the views")
    wish = _Wish(view, page_path, rules if paths0 else None, form, quiet, verbose)
    if os.path.lexists(file) or not may_name_run(file):
        with plan_file(file) as plan:
            _show_plan(plan, wish)
        return
    if form == "markdown":
        raise click.UsageError("--format markdown is for the FILE of a plan; a run is shown as text or json")
    with open_past(folders, root_path) as (root, outlook):
        _show_run(root, find_run(root, file), outlook, wish)


def _show_plan(plan: Plan, wish: _Wish) -> None:
    if wish.paths_of is not None:
        show_paths0(plan, wish.paths_of)
    elif wish.page_path is not None:
        save_page(plan, wish.page_path, quiet=wish.quiet)
    elif wish.form == "json":
        show_lines(plan_document(plan, root=None))
    elif wish.form == "markdown":
        show_lines(markdown_lines(plan, look_through(plan), root=None))
    elif wish.view is not None:
        show_lines(_VIEWS[wish.view](plan.batches))
    else:
        show_lines(plan_lines(plan, look_through(plan), root=None, verbose=wish.verbose))


def _show_run(root: Root, run: RecordedRun, outlook: Outlook, wish: _Wish) -> None:
    try:
        with open_run_details(root, run.run_id) as details:
            _show_details(run, details, outlook, wish)
    except PlanFileError:
        if wish.view is not None or wish.page_path is not None or wish.paths_of is not None:
            raise
        _show_details(run, None, outlook, wish)


def _show_details(run: RecordedRun, details: RunDetails | None, outlook: Outlook, wish: _Wish) -> None:
    if details is not None and wish.paths_of is not None:
        show_paths0(details.plan, wish.paths_of)
    elif details is not None and wish.page_path is not None:
        save_page(details.plan, wish.page_path, quiet=wish.quiet)
    elif wish.form == "json":
        show_lines([past_run_document(run, details, outlook, verbose=wish.verbose)])
    elif details is not None and wish.view is not None:
        show_lines(_RUN_VIEWS[wish.view](details))
    else:
        show_lines(past_run_lines(run, details, outlook, verbose=wish.verbose))
