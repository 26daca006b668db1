"""`rules show`: a plan that was written to a file."""

import click

from rules_engine.cli.options import exits, format_option, talk_options
from rules_engine.cli.pages import save_page
from rules_engine.cli.planfiles import plan_file
from rules_engine.cli.terminal import show as show_lines
from rules_engine.errors import ExitCode
from rules_engine.report.overview import look_through
from rules_engine.report.plan_json import plan_document
from rules_engine.report.plan_steps import by_directory_lines, by_rule_lines, step_lines
from rules_engine.report.plan_text import plan_lines

_VIEWS = {"steps": step_lines, "rule": by_rule_lines, "directory": by_directory_lines}


@click.command(short_help="show a plan that was written to a file", epilog=exits(ExitCode.STALE_PLAN, ExitCode.REFUSED))
@click.argument("file", metavar="FILE")
@click.option("--steps", "view", flag_value="steps", help="Every step, one a line, in the order of carrying out.")
@click.option("--by-rule", "view", flag_value="rule", help="Sums for each set of deciding rules.")
@click.option("--by-directory", "view", flag_value="directory", help="Sums for each directory.")
@click.option("--html", "page_path", metavar="FILE", help="Write all of it to FILE as one page for a browser.")
@format_option
@talk_options
def show(*, file: str, view: str | None, page_path: str | None, form: str, quiet: bool, verbose: bool) -> None:
    """Show the plan in FILE: the whole text, its steps, or sums of them."""
    with plan_file(file) as plan:
        if page_path is not None:
            save_page(plan, page_path, quiet=quiet)
        elif form == "json":
            show_lines(plan_document(plan, root=None))
        elif view is not None:
            show_lines(_VIEWS[view](plan.batches))
        else:
            show_lines(plan_lines(plan, look_through(plan), root=None, verbose=verbose))
