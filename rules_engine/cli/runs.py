"""`rules runs`: the past of a root, newest first."""

import click

from rules_engine.cli.options import exits, format_option, ignored_talk_options, policies_option, root_option
from rules_engine.cli.past import open_past
from rules_engine.cli.terminal import show
from rules_engine.errors import ExitCode
from rules_engine.jobs.runs import recorded_runs
from rules_engine.report.runs_text import run_list_document, run_list_lines


@click.command(
    short_help="list the recorded runs, newest first",
    epilog=exits(ExitCode.INVALID_POLICY, ExitCode.REFUSED, ExitCode.UNTRUSTED_STATE),
)
@click.option("--limit", metavar="N", type=click.IntRange(1), default=20, show_default=True, help="At most N runs.")
@policies_option
@root_option
@format_option
@ignored_talk_options
def runs(*, limit: int, folders: tuple[str, ...], root_path: str | None, form: str) -> None:
    """List the recorded runs of the root: what each did, how it ended, and until when it can be undone.

    Works without a policy folder where --root names the root. `rules show RUN` says more of one of them.
    """
    with open_past(folders, root_path) as (root, outlook):
        found = recorded_runs(root)
    shown = found[:limit]
    if form == "json":
        show([run_list_document(shown, outlook)])
    else:
        show(run_list_lines(shown, outlook, hidden=len(found) - len(shown)))
