"""`rules clean`: manual cleanup of what one pattern matches; whatever protects a file protects it here too."""

import os
from dataclasses import replace

import click
from click.core import ParameterSource

from rules_engine.cli.agreeing import carry_out_if_agreed, check_agreement, show_plan, show_result
from rules_engine.cli.gauge import Phase
from rules_engine.cli.limits import parse_limits
from rules_engine.cli.options import (
    CARRYING_OUT,
    exits,
    format_option,
    guards_option,
    jobs_option,
    policies_option,
    progress_option,
    release_option,
    root_option,
    talk_options,
)
from rules_engine.cli.progress import Progress, Telling
from rules_engine.cli.terminal import talk
from rules_engine.errors import ExitCode
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.jobs.applied import last_applied
from rules_engine.jobs.deciders import processes_for
from rules_engine.jobs.manual import ManualCleanup
from rules_engine.jobs.planning import open_root, survey
from rules_engine.plan.given import Ask
from rules_engine.policy.load import PolicyError, load_policies
from rules_engine.policy.model import PolicySet
from rules_engine.policy.patterns import PatternError
from rules_engine.values.diagnostics import Diagnostic
from rules_engine.values.quantities import parse_duration
from rules_engine.values.vocabulary import RuleName


@click.command(
    short_help="remove what a pattern matches, by hand",
    epilog=exits(*CARRYING_OUT),
)
@click.argument("pattern", metavar="PATTERN")
@click.option("--older-than", metavar="AGE", help="Only files of that age, such as `7d`; else `cleanup.retention`.")
@click.option("--delete", is_flag=True, help="For good; without it files are set aside and can be put back.")
@click.option("--deliverables", is_flag=True, help="Deliverables as well.")
@click.option("--include-failed", is_flag=True, help="Also what `cleanup.preserve_on_failure` preserves.")
@click.option("--dry-run", is_flag=True, help="Show the plan, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask, where nobody can answer.")
@click.option(
    "--limit",
    "limits",
    multiple=True,
    metavar="NAME=VALUE",
    help="Raise a limit for this cleanup: files, bytes or untracked_share; `unlimited` lifts it.",
)
@release_option
@policies_option
@root_option
@guards_option
@format_option
@jobs_option
@progress_option
@talk_options
def clean(
    *,
    pattern: str,
    older_than: str | None,
    delete: bool,
    deliverables: bool,
    include_failed: bool,
    dry_run: bool,
    yes: bool,
    limits: tuple[str, ...],
    releases: tuple[str, ...],
    folders: tuple[str, ...],
    root_path: str | None,
    require_guards: bool,
    form: str,
    processes: int,
    telling: str,
    quiet: bool,
    verbose: bool,
) -> int:
    """Remove what PATTERN matches, also where automatic cleanup is off: show the plan, ask, and carry it out.

    PATTERN is read as in a removal rule. Keep rules, running jobs and limits hold. Without a policy folder, the
    policies that were applied last say what is kept.
    """
    check_agreement(given=dry_run or yes)
    age = None if older_than is None else parse_duration(older_than)
    manual = _manual(pattern)
    manual = replace(manual, older_than=age, delete=delete, deliverables=deliverables, include_failed=include_failed)
    ask = Ask(limits=parse_limits(limits), release=frozenset(map(RuleName, releases)), said=manual.said)
    loaded = load_policies(folders, environment=os.environ) if _is_there(folders) else None
    with (
        open_root(loaded or PolicySet(), root_path) as root,
        Progress(quiet=quiet, telling=Telling(telling)) as progress,
    ):
        root.require_id()
        policies = manual.policies(loaded or _applied(root, quiet=quiet))
        clock = SystemClock()
        progress.begin(Phase.READING)
        found = progress.watch(
            survey(policies, root, clock, deciders=processes_for(processes)), streamed=dry_run and form == "json"
        )
        made = found.plan(clock.now(), ask)
        if dry_run:
            show_plan(made, root, form, verbose=verbose)
            return ExitCode.REFUSED if made.trailer.refusals else ExitCode.DONE
        result = carry_out_if_agreed(
            made, policies, root, progress, yes=yes, form=form, verbose=verbose, require_guards=require_guards
        )
    return show_result(result, policies, form=form, verbose=verbose)


def _manual(pattern: str) -> ManualCleanup:
    try:
        return ManualCleanup.of(pattern)
    except PatternError as err:
        raise click.UsageError(f"{err}\n  help: {err.help_text}") from err


def _is_there(folders: tuple[str, ...]) -> bool:
    # A folder that was named and is not there is a mistake; one that nobody named may be missing.
    named = click.get_current_context().get_parameter_source("folders") is not ParameterSource.DEFAULT
    return named or any(os.path.lexists(folder) for folder in folders)


def _applied(root: Root, *, quiet: bool) -> PolicySet:
    """The policies that were applied to the root last.

    Raises:
        PolicyError: when none ever were: nothing would say what is kept.
    """
    found = last_applied(root, environment=os.environ)
    if found is None:
        message = "there is no policy folder `policies`, and no policies were ever applied to this root"
        help_text = "say what is kept: give a folder with `--policies DIR`, or write one with `rules init`"
        raise PolicyError((Diagnostic("P001", message, None, help_text),), {})
    if not quiet:
        talk(f"note: no policy folder here; policies {found.digest[:12]}, applied last, say what is kept")
    return found
