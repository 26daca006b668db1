"""`rules unpin`: take a protection back that `rules pin` gave."""

import click

from rules_engine.cli.options import exits, ignored_talk_options, policies_option, root_option
from rules_engine.cli.pin import open_by_name, pin_asked
from rules_engine.cli.terminal import show
from rules_engine.errors import ExitCode
from rules_engine.filesystem.clock import SystemClock
from rules_engine.jobs import pinning
from rules_engine.plan.pinned import pin_text
from rules_engine.values.text import escape


@click.command(
    short_help="take a pin away",
    epilog=exits(ExitCode.INVALID_POLICY, ExitCode.REFUSED, ExitCode.UNTRUSTED_STATE),
)
@click.argument("path", metavar="[PATH]", required=False)
@click.option("--job", "job_id", metavar="ID", help="The job that is pinned, instead of a path.")
@policies_option
@root_option
@ignored_talk_options
def unpin(*, path: str | None, job_id: str | None, folders: tuple[str, ...], root_path: str | None) -> None:
    """Take the pin of PATH, or of a job, away; from the next plan on the rules decide again.

    Only a pin of that very thing is taken: one of a directory above it still protects it.
    """
    clock = SystemClock()
    with open_by_name(folders, root_path) as root:
        taken = pinning.unpin(root, clock, pin_asked(root, path, job_id))
    show([f"no longer: {escape(pin_text(taken))}"])
