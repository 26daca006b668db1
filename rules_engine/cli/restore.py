"""`rules restore`: puts back what a run set aside, as a plan like any other."""

import os
from collections.abc import Sequence
from typing import Final

import click

from rules_engine.cli.agreeing import carry_out_if_agreed, check_agreement, show_plan, show_result
from rules_engine.cli.options import (
    CARRYING_OUT,
    exits,
    format_option,
    guards_option,
    policies_option,
    root_option,
    talk_options,
)
from rules_engine.cli.past import is_there
from rules_engine.cli.planfiles import save_plan
from rules_engine.cli.progress import Progress
from rules_engine.cli.terminal import talk
from rules_engine.errors import ExitCode
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.jobs.paths import path_below
from rules_engine.jobs.pinning import pin
from rules_engine.jobs.planning import open_root
from rules_engine.jobs.restoring import last_undoable, put_back, restoring
from rules_engine.jobs.runs import find_run
from rules_engine.plan.given import Pin
from rules_engine.policy.load import PolicyError, load_policies
from rules_engine.policy.model import PolicySet
from rules_engine.values.paths import RelPath
from rules_engine.values.text import escape, plural

_MOST_PINS: Final = 1_000


@click.command(
    short_help="put back what a run set aside",
    epilog=exits(*CARRYING_OUT, ExitCode.STALE_PLAN),
)
@click.argument("words", metavar="[RUN] [PATH]...", nargs=-1)
@click.option("--last", is_flag=True, help="The newest run that took something away, instead of RUN.")
@click.option("--pin", "pinned", is_flag=True, help="Also pin what comes back, so that no rule takes it again.")
@click.option("--out", metavar="FILE", help="Only write the plan to FILE; `rules apply FILE` carries it out.")
@click.option("--dry-run", is_flag=True, help="Show the plan, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask, where nobody can answer.")
@policies_option
@root_option
@guards_option
@format_option
@talk_options
def restore(
    *,
    words: tuple[str, ...],
    last: bool,
    pinned: bool,
    out: str | None,
    dry_run: bool,
    yes: bool,
    folders: tuple[str, ...],
    root_path: str | None,
    require_guards: bool,
    form: str,
    quiet: bool,
    verbose: bool,
) -> int:
    """Put back what RUN set aside, or only what it took at and below each PATH: show the plan, ask, carry it out.

    RUN is an id as `rules runs` lists them, or its beginning. Nothing is ever replaced: what has the name of a file by
    now is left alone. Every age counts from the restore, so the next plan does not take the files again. Works without
    a policy folder where --root names the root.
    """
    if not (words or last):
        raise click.UsageError("name a RUN, or say --last; `rules runs` lists them")
    check_agreement(given=dry_run or yes or out is not None)
    policies, clock = policies_if_any(folders, root_path), SystemClock()
    with open_root(policies or PolicySet(), root_path) as root:
        root.require_id()
        run = last_undoable(root) if last else find_run(root, words[0])
        asked = words if last else words[1:]
        paths = [path_below(root, os.fsdecode(path), current=os.getcwd()) for path in asked]
        with restoring(root, clock, run, paths, policies) as way:
            if not quiet:
                for note in way.notes:
                    talk(f"note: {escape(note)}")
            pins = way.back + len(way.there)
            if pinned and pins > _MOST_PINS:
                raise click.UsageError(
                    f"that would be {plural(pins, 'pin')}; pin the directory with `rules pin DIR` instead"
                )
            if dry_run or out is not None:
                plan = way.plan if out is None else way.plan.collected()
                if out is not None:
                    save_plan(plan, out)
                show_plan(plan, root, form, verbose=verbose)
                return ExitCode.DONE
            with Progress(quiet=quiet) as progress:
                result = carry_out_if_agreed(
                    way.plan,
                    policies,
                    root,
                    progress,
                    yes=yes,
                    form=form,
                    verbose=verbose,
                    require_guards=require_guards,
                )
            is_settled = result is not None or not way.back
        if pinned and is_settled:
            # Also what is there already: killed after the last rename, the same command again has nothing else to do.
            back = put_back(root, result.run_id) if result is not None else ()
            _pin(root, (*way.there, *back), run.run_id, quiet=quiet)
    return show_result(result, policies, form=form, verbose=verbose)


def policies_if_any(folders: tuple[str, ...], root_path: str | None) -> PolicySet | None:
    """The policies, where there are any that can be read: what was wrong must not be in the way of undoing it."""
    if root_path is not None and not is_there(folders):
        return None
    try:
        return load_policies(folders, environment=os.environ)
    except PolicyError:
        if root_path is None:
            raise
        talk("note: the policies are invalid, and a restore does without them")
        return None


def _pin(root: Root, back: Sequence[RelPath], run_id: str, *, quiet: bool) -> None:
    clock = SystemClock()
    for path in back:
        pin(root, clock, Pin(path=path, reason=f"put back from run {run_id}"))
    if not quiet and back:
        talk(f"pinned: {len(back)}; `rules pin --list` names them")
