"""A plan that is shown, agreed to, and carried out in one go."""

from dataclasses import replace

import click

from rules_engine.apply.applying import apply_plan
from rules_engine.apply.model import RunResult
from rules_engine.cli.planfiles import passing_plan
from rules_engine.cli.progress import Progress
from rules_engine.cli.terminal import is_interactive, show
from rules_engine.cli.undoing import undo_of
from rules_engine.errors import ExitCode
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.plan.model import Plan
from rules_engine.policy.model import PolicySet
from rules_engine.report.overview import Overview, look_through
from rules_engine.report.plan_json import plan_document
from rules_engine.report.plan_text import plan_lines
from rules_engine.report.run_text import run_document, run_lines
from rules_engine.values.text import plural


def carry_out_if_agreed(
    made: Plan,
    policies: PolicySet | None,
    root: Root,
    progress: Progress,
    *,
    yes: bool,
    form: str,
    verbose: bool,
    require_guards: bool = False,
) -> RunResult | None:
    """Show a plan, ask, carry it out; None where nothing is due or the answer is no.

    As JSON the one document is that of the run, else that of the plan.
    """
    overview = Overview()
    with passing_plan(replace(made, batches=overview.watch(made.batches))) as plan:
        if form == "text":
            show(plan_lines(plan, overview, root=root.path, verbose=verbose))
        if not plan.trailer.refusals and (not _steps(plan) or not (yes or _agreed(plan))):
            if form == "json":
                show(plan_document(plan, root=root.path))
            return None
        return apply_plan(
            plan, root, policies=policies, clock=SystemClock(), listen=progress.hear, require_guards=require_guards
        )


def show_plan(made: Plan, root: Root, form: str, *, verbose: bool) -> None:
    """Show a plan that is not to be carried out now."""
    if form == "json":
        show(plan_document(made, root=root.path))
    else:
        show(plan_lines(made, look_through(made), root=root.path, verbose=verbose))


def check_agreement(*, given: bool) -> None:
    """Refuse to begin where nobody said yes and nobody can be asked.

    Raises:
        UsageError: naming what to say.
    """
    if not (given or is_interactive()):
        raise click.UsageError("nobody can be asked here: look with --dry-run, then say --yes")


def show_result(result: RunResult | None, policies: PolicySet | None, *, form: str, verbose: bool) -> int:
    """Show what a run came to, with the command that undoes it, and say how the command ends; None is no run."""
    if result is None:
        return ExitCode.DONE
    undo = undo_of(result, policies.settings if policies is not None else None)
    show([run_document(result, undo)] if form == "json" else run_lines(result, verbose=verbose, undo=undo))
    return result.exit_code


def _steps(plan: Plan) -> int:
    return sum(count.files for count in plan.trailer.steps.values())


def _agreed(plan: Plan) -> bool:
    steps = _steps(plan)
    these = "this step" if steps == 1 else f"these {plural(steps, 'step')}"
    return click.confirm(f"\nCarry out {these}?", default=False, err=True)
