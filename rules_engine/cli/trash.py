"""`rules trash`: what the trash holds, and emptying it."""

import os

import click

from rules_engine.apply.pins import read_pins
from rules_engine.cli.agreeing import carry_out_if_agreed, check_agreement, show_plan, show_result
from rules_engine.cli.options import (
    CARRYING_OUT,
    exits,
    format_option,
    guards_option,
    ignored_talk_options,
    policies_option,
    root_option,
    talk_options,
)
from rules_engine.cli.past import open_past
from rules_engine.cli.progress import Progress
from rules_engine.cli.restore import policies_if_any
from rules_engine.cli.terminal import show
from rules_engine.errors import ExitCode
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.jobs.applied import last_applied
from rules_engine.jobs.planning import open_root
from rules_engine.jobs.trash import chosen, emptying_plan, older, trashed_runs
from rules_engine.manifest.store import ManifestStore
from rules_engine.plan.given import TrashedRun
from rules_engine.plan.model import Plan
from rules_engine.policy.model import PolicySet
from rules_engine.report.trash_text import TrashList, trash_document, trash_list_lines
from rules_engine.values.quantities import FOREVER, Duration, Instant, format_duration, parse_duration


@click.group(
    name="trash",
    short_help="list what was set aside, or empty it",
    epilog=exits(*CARRYING_OUT),
)
def trash() -> None:
    """List what runs set aside, or remove it for good."""


@trash.command(
    name="list",
    short_help="list what was set aside",
    epilog=exits(ExitCode.INVALID_POLICY, ExitCode.REFUSED, ExitCode.UNTRUSTED_STATE),
)
@policies_option
@root_option
@format_option
@ignored_talk_options
def list_trash(*, folders: tuple[str, ...], root_path: str | None, form: str) -> None:
    """List what each run set aside and the trash still holds, oldest first, and until when it is kept."""
    with open_past(folders, root_path) as (root, outlook):
        # Of what was put back only empty directories are left.
        runs = tuple(run for run in _runs(root) if run.files)
    found = TrashList(runs, outlook.now, outlook.keep, outlook.empties)
    show([trash_document(found)] if form == "json" else trash_list_lines(found))


@trash.command(
    name="empty",
    short_help="remove for good what was set aside",
    epilog=exits(*CARRYING_OUT),
)
@click.argument("runs", metavar="[RUN]...", nargs=-1)
@click.option("--older-than", metavar="AGE", help="Only what was set aside that long ago; else `trash.keep`.")
@click.option("--all", "everything", is_flag=True, help="Everything, however young.")
@click.option("--dry-run", is_flag=True, help="Show the plan, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask, where nobody can answer.")
@policies_option
@root_option
@guards_option
@format_option
@talk_options
def empty_trash(
    *,
    runs: tuple[str, ...],
    older_than: str | None,
    everything: bool,
    dry_run: bool,
    yes: bool,
    folders: tuple[str, ...],
    root_path: str | None,
    require_guards: bool,
    form: str,
    quiet: bool,
    verbose: bool,
) -> int:
    """Remove what each RUN set aside; without RUN, all that is older than `trash.keep`: show it, ask, carry it out.

    What is removed cannot be put back. Where something is pinned that lies in the trash of a run, all of it stays.
    """
    if sum((bool(runs), older_than is not None, everything)) > 1:
        raise click.UsageError("give RUN, --older-than or --all, and only one of them")
    check_agreement(given=dry_run or yes)
    age = None if older_than is None else parse_duration(older_than)
    policies, now = policies_if_any(folders, root_path), SystemClock().now()
    with open_root(policies or PolicySet(), root_path) as root:
        root.require_id()
        made = _plan(root, policies, now, runs, age, everything=everything)
        if dry_run:
            show_plan(made, root, form, verbose=verbose)
            return ExitCode.DONE
        with Progress(quiet=quiet) as progress:
            result = carry_out_if_agreed(
                made, policies, root, progress, yes=yes, form=form, verbose=verbose, require_guards=require_guards
            )
    return show_result(result, policies, form=form, verbose=verbose)


def _plan(
    root: Root,
    policies: PolicySet | None,
    now: Instant,
    ids: tuple[str, ...],
    age: Duration | None,
    *,
    everything: bool,
) -> Plan:
    found = _runs(root)
    if ids:
        return emptying_plan(root, chosen(found, ids), policies or PolicySet(), now, said=", ".join(ids), before=None)
    if everything:
        return emptying_plan(root, found, policies or PolicySet(), now, said="all", before=None)
    keep = age if age is not None else _kept_for(root, policies)
    before = None if keep >= FOREVER else Instant(now - keep)
    said = "what is old enough" if before is None else f"older than {format_duration(keep)}"
    return emptying_plan(root, older(found, keep, now), policies or PolicySet(), now, said=said, before=before)


def _kept_for(root: Root, policies: PolicySet | None) -> Duration:
    """How long the trash is kept: as the policies say, else those that were applied last."""
    known = policies or last_applied(root, environment=os.environ) or PolicySet()
    return known.settings.trash_keep


def _runs(root: Root) -> tuple[TrashedRun, ...]:
    """What the trash holds, with the pins that hold now."""
    clock = SystemClock()
    jobs = ManifestStore(root, clock).load().jobs
    return trashed_runs(root, pins=read_pins(root.require_state(), clock.now()), jobs=jobs)
