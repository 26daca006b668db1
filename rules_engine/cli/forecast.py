"""`rules forecast`: what would go on each of the next days; changes nothing."""

import os

import click

from rules_engine.cli.options import exits, format_option, ignored_talk_options, policies_option, root_option
from rules_engine.cli.terminal import show
from rules_engine.errors import ExitCode
from rules_engine.filesystem.clock import SystemClock
from rules_engine.jobs.planning import open_root, survey
from rules_engine.plan.forecast import Foresight
from rules_engine.policy.load import load_policies
from rules_engine.report.forecast_text import forecast_document, forecast_lines
from rules_engine.values.quantities import DAY, Instant

_LONGEST = 3_650


@click.command(
    short_help="show what would go in the next days",
    epilog=exits(ExitCode.INVALID_POLICY, ExitCode.REFUSED, ExitCode.UNTRUSTED_STATE),
)
@click.option("--days", type=click.IntRange(1, _LONGEST), default=30, show_default=True, help="How far to look ahead.")
@policies_option
@root_option
@format_option
@ignored_talk_options
def forecast(*, days: int, folders: tuple[str, ...], root_path: str | None, form: str) -> None:
    """Show day by day what would go and by which rules, and how much would stay.

    It is one plan of the last day: what is running stays, and nothing is added.
    """
    policies = load_policies(folders, environment=os.environ)
    clock = SystemClock()
    now = clock.now()
    until = Instant(now + days * DAY)
    foresight = Foresight(now, until)
    with open_root(policies, root_path) as root:
        plan = survey(policies, root, clock).plan(until)
        for _ in foresight.watch(plan.batches):
            pass
        found = foresight.forecast(plan.trailer.looked_at)
        show([forecast_document(found, root=root.path)] if form == "json" else forecast_lines(found, root=root.path))
