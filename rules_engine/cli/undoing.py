"""What commands say about the way back: the command that undoes a run, as it has to be written here."""

import shlex

import click
from click.core import ParameterSource

from rules_engine.apply.model import Outcome, RunResult
from rules_engine.plan.model import StepAction
from rules_engine.policy.model import Settings, TrashEmptying
from rules_engine.report.trash_text import Undo
from rules_engine.values.quantities import FOREVER, Instant


def undo_of(result: RunResult, settings: Settings | None) -> Undo | None:
    """How the run is undone; None where it set nothing aside. Without settings nobody knows for how long."""
    aside = any(one.action is StepAction.TRASH and one.outcome is Outcome.DONE and one.steps for one in result.counts)
    if not aside:
        return None
    command = shlex.join(["rules", "restore", result.run_id, *root_options()])
    keeps = settings is None or settings.trash_empty is TrashEmptying.MANUALLY or settings.trash_keep >= FOREVER
    return Undo(command, None if settings is None or keeps else Instant(result.ended + settings.trash_keep))


def root_options() -> list[str]:
    """The options of this command by which another one finds the same root."""
    context = click.get_current_context()
    root = context.params.get("root_path")
    found = ["--root", root] if root is not None else []
    if context.get_parameter_source("folders") is ParameterSource.COMMANDLINE:
        found += [part for folder in context.params["folders"] for part in ("--policies", folder)]
    return found
