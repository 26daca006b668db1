"""`rules apply`: carries out one plan, and nothing else."""

import logging
import os

import click

from rules_engine.apply.applying import apply_plan
from rules_engine.apply.model import RunResult
from rules_engine.cli.agreeing import carry_out_if_agreed, show_result
from rules_engine.cli.gauge import Phase
from rules_engine.cli.narrowing import Narrowed, narrowing_options
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
from rules_engine.cli.terminal import is_interactive
from rules_engine.errors import ExitCode
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.jobs.applied import note_applied
from rules_engine.jobs.deciders import processes_for
from rules_engine.jobs.foreseeing import make_hints_anew
from rules_engine.jobs.planning import open_root, survey
from rules_engine.jobs.runs import find_run, may_name_run
from rules_engine.plan.given import Ask
from rules_engine.policy.load import load_policies
from rules_engine.policy.model import PolicySet
from rules_engine.values.vocabulary import RuleName


@click.command(
    short_help="carry out a plan, and nothing else",
    epilog=exits(*CARRYING_OUT, ExitCode.STALE_PLAN),
)
@click.argument("file", metavar="[FILE|RUN]", required=False)
@policies_option
@root_option
@release_option
@narrowing_options
@click.option("--yes", is_flag=True, help="Do not ask, where nobody can answer; only without FILE.")
@click.option(
    "--policies-from-plan",
    "trust_plan",
    is_flag=True,
    help="Trust the policies that FILE was made with: for a host that has none; needs --root.",
)
@guards_option
@format_option
@jobs_option
@progress_option
@talk_options
def apply(
    *,
    file: str | None,
    folders: tuple[str, ...],
    root_path: str | None,
    releases: tuple[str, ...],
    narrowed: Narrowed,
    yes: bool,
    trust_plan: bool,
    require_guards: bool,
    form: str,
    processes: int,
    telling: str,
    quiet: bool,
    verbose: bool,
) -> int:
    """Carry out the plan in FILE; without FILE, make one, show it, ask, and carry it out.

    The same plan again finishes a run that was cut short; RUN is its id, the beginning of the id, or `last`.
    A new run closes those that were cut short before it.
    """
    if file is None and trust_plan:
        raise click.UsageError("--policies-from-plan needs the FILE of a plan")
    if file is not None and releases:
        raise click.UsageError("a plan says itself what it releases: make FILE with `rules plan --release RULE`")
    if file is not None and narrowed:
        raise click.UsageError("a plan is carried out whole: narrow FILE with `rules plan --only PATTERN --out FILE`")
    if file is None and not yes and not is_interactive():
        raise click.UsageError("nobody can be asked here: give the FILE of a plan that was read, or --yes")
    policies = None if trust_plan else load_policies(folders, environment=os.environ)
    with (
        open_root(policies or PolicySet(), root_path) as root,
        Progress(quiet=quiet, telling=Telling(telling)) as progress,
    ):
        root.require_id()
        progress.begin(Phase.READING)
        result: RunResult | None
        if file is not None:
            plan = _plan_file(root, file)
            result = apply_plan(
                plan,
                root,
                policies=policies,
                clock=SystemClock(),
                listen=progress.hear,
                require_guards=require_guards,
            )
        else:
            known, clock = policies or PolicySet(), SystemClock()
            found = progress.watch(survey(known, root, clock, deciders=processes_for(processes)))
            ask = Ask(release=frozenset(map(RuleName, releases)))
            made = found.plan(clock.now(), narrowed.ask(ask, known, found.known_jobs))
            result = carry_out_if_agreed(
                made, known, root, progress, yes=yes, form=form, verbose=verbose, require_guards=require_guards
            )
            if result is None and yes:
                note_applied(root, known, made.trailer.run_id, clock)
        if result is not None and policies is not None:
            make_hints_anew(root, policies, SystemClock(), logging.getLogger("rules_engine.jobs"))
    return show_result(result, policies, form=form, verbose=verbose)


def _plan_file(root: Root, named: str) -> str:
    """The plan file that somebody names, by its path or by the id of the run that it is the plan of."""
    if os.path.lexists(named) or not may_name_run(named):
        return named
    return os.path.join(root.path, find_run(root, named).plan_path)
