"""`rules forecast`: what would go on each of the next days; changes nothing."""

import os

import click

from rules_engine.cli.options import exits, format_option, policies_option, root_option, talk_options
from rules_engine.cli.pages import save_page
from rules_engine.cli.planfiles import passing_plan
from rules_engine.cli.terminal import show
from rules_engine.errors import ExitCode
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.jobs.planning import open_root, survey
from rules_engine.plan.forecast import Forecast, Foresight
from rules_engine.policy.load import load_policies
from rules_engine.policy.model import PolicySet
from rules_engine.report.forecast_text import forecast_document, forecast_lines
from rules_engine.values.quantities import DAY, Instant

_LONGEST = 3_650


@click.command(
    short_help="show what would go in the next days",
    epilog=exits(ExitCode.INVALID_POLICY, ExitCode.REFUSED, ExitCode.UNTRUSTED_STATE),
)
@click.option("--days", type=click.IntRange(1, _LONGEST), default=30, show_default=True, help="How far to look ahead.")
@click.option(
    "--html", "page_path", metavar="FILE", help="Write it to FILE as a page for a browser, with the plan of now."
)
@policies_option
@root_option
@format_option
@talk_options
def forecast(
    *,
    days: int,
    page_path: str | None,
    folders: tuple[str, ...],
    root_path: str | None,
    form: str,
    quiet: bool,
    verbose: bool,
) -> None:
    """Show day by day what would go and by which rules, and how much would stay.

    It is one plan of the last day: what is running stays, and nothing is added.
    """
    del verbose
    policies = load_policies(folders, environment=os.environ)
    now = SystemClock().now()
    with open_root(policies, root_path) as root:
        found = _foresee(policies, root, now, Instant(now + days * DAY))
        if page_path is not None:
            with passing_plan(survey(policies, root, SystemClock()).plan(now)) as plan:
                save_page(plan, page_path, quiet=quiet, forecast=found)
        elif form == "json":
            show([forecast_document(found, root=root.path)])
        else:
            show(forecast_lines(found, root=root.path))


def _foresee(policies: PolicySet, root: Root, now: Instant, until: Instant) -> Forecast:
    # A forecast says how much would stay, so everything is looked at, also what no rule can select.
    plan = survey(policies, root, SystemClock(), prune=False).plan(until)
    foresight = Foresight(now, until)
    for _ in foresight.watch(plan.batches):
        pass
    return foresight.forecast(plan.trailer.looked_at)
