"""`rules plan`: what would go, when and by which rules, and what stays and why; changes nothing."""

import os
import shlex
from dataclasses import replace

import click

from rules_engine.cli.gauge import Phase
from rules_engine.cli.limits import parse_limits
from rules_engine.cli.narrowing import Narrowed, narrowing_options
from rules_engine.cli.options import (
    at_option,
    exits,
    jobs_option,
    moment_asked,
    plan_format_option,
    policies_option,
    progress_option,
    release_option,
    root_option,
    talk_options,
)
from rules_engine.cli.planfiles import plan_file, save_plan
from rules_engine.cli.progress import Progress, Telling
from rules_engine.cli.terminal import show, talk
from rules_engine.errors import ExitCode
from rules_engine.filesystem.clock import SystemClock
from rules_engine.jobs.deciders import processes_for
from rules_engine.jobs.planning import open_root, survey
from rules_engine.plan.given import Ask
from rules_engine.plan.model import Plan
from rules_engine.policy.load import load_policies
from rules_engine.report.overview import Overview
from rules_engine.report.plan_text import plan_lines
from rules_engine.values.clock import CLOCKS_DIFFER
from rules_engine.values.quantities import Instant
from rules_engine.values.text import escape
from rules_engine.values.vocabulary import RuleName


@click.command(
    short_help="show what would go, and why the rest stays",
    epilog=exits(ExitCode.INVALID_POLICY, ExitCode.REFUSED, ExitCode.PENDING, ExitCode.UNTRUSTED_STATE),
)
@policies_option
@root_option
@at_option
@click.option("--out", metavar="FILE", help="Write the plan to FILE; `rules apply FILE` carries out exactly that.")
@click.option(
    "--limit",
    "limits",
    multiple=True,
    metavar="NAME=VALUE",
    help="Raise a limit for this plan: files, bytes, untracked_share or plan_age; `unlimited` lifts it.",
)
@release_option
@narrowing_options
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 8 where the plan has steps.")
@plan_format_option
@jobs_option
@progress_option
@talk_options
def plan(
    *,
    folders: tuple[str, ...],
    root_path: str | None,
    at: str | None,
    out: str | None,
    limits: tuple[str, ...],
    releases: tuple[str, ...],
    narrowed: Narrowed,
    detailed_exitcode: bool,
    form: str,
    processes: int,
    telling: str,
    quiet: bool,
    verbose: bool,
) -> int:
    """Show what would go, when and by which rules, and what stays and why.

    Nothing is changed. A plan that exceeds a limit is shown, and exits with 6.
    """
    ask = Ask(limits=parse_limits(limits), release=frozenset(map(RuleName, releases)))
    policies = load_policies(folders, environment=os.environ)
    clock = SystemClock()
    now = moment_asked(at, clock.now())
    with open_root(policies, root_path) as root, Progress(quiet=quiet, telling=Telling(telling)) as progress:
        progress.begin(Phase.READING)
        found = survey(
            policies, root, clock, own_files=[out] if out is not None else [], deciders=processes_for(processes)
        )
        progress.watch(found, streamed=form == "json" and out is None)
        made = found.plan(now, narrowed.ask(ask, policies, found.known_jobs))
        _show(made, root.path, out, form, verbose=verbose)
    if not quiet:
        for note in found.notes:
            talk(f"note: {escape(note)}")
        if out is not None:
            talk(f"written to {escape(out)}; {_use(made, out, clock.now())}")
    if made.trailer.refusals:
        return ExitCode.REFUSED
    pending = any(count.files for count in made.trailer.steps.values())
    return ExitCode.PENDING if detailed_exitcode and pending else ExitCode.DONE


def _use(made: Plan, out: str, now: Instant) -> str:
    """What can be done with a plan that was written."""
    if made.header.now - now > CLOCKS_DIFFER:
        return "it is a forecast, to be read and not applied"
    if made.trailer.refusals or made.header.root_id is None:
        return "it can be read but not applied, as its first lines say"
    return f"`rules apply {shlex.quote(escape(out))}` carries it out"


def _show(made: Plan, root: str, out: str | None, form: str, *, verbose: bool) -> None:
    """Go through the plan once: into a file, or into a document, or only to count it."""
    overview = Overview()
    watched = replace(made, batches=overview.watch(made.batches))
    if out is not None:
        save_plan(watched, out)
    if form == "json":
        from rules_engine.report.plan_json import plan_document  # noqa: PLC0415 - only the report that is asked for

        if out is None:
            show(plan_document(made, root=root))
            return
        with plan_file(out) as written:
            show(plan_document(written, root=root))
        return
    for _ in watched.batches:
        pass
    if form == "markdown":
        from rules_engine.report.plan_markdown import markdown_lines  # noqa: PLC0415 - same

        show(markdown_lines(made, overview, root=root))
    else:
        show(plan_lines(made, overview, root=root, verbose=verbose))
