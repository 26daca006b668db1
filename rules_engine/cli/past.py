"""What the commands about the past share: the root, and how long its trash is kept, also without a policy folder."""

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager

import click
from click.core import ParameterSource

from rules_engine.cli.undoing import root_options
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.jobs.applied import last_applied
from rules_engine.jobs.planning import open_root
from rules_engine.policy.load import load_policies
from rules_engine.policy.model import PolicySet, TrashEmptying
from rules_engine.report.runs_text import Outlook


@contextmanager
def open_past(folders: tuple[str, ...], root_path: str | None) -> Iterator[tuple[Root, Outlook]]:
    """The root with what its settings say of the past: those of the policies, else of the last applied ones.

    Raises:
        PolicyError: when a policy folder that is there, or was named, is invalid.
        NoRootNamedError, RefusedError, UntrustedStateError: when there is no root, or its state cannot be read.
    """
    has_folder = root_path is None or is_there(folders)
    policies = load_policies(folders, environment=os.environ) if has_folder else None
    with open_root(policies or PolicySet(), root_path) as root:
        known = policies or last_applied(root, environment=os.environ) or PolicySet()
        yield (
            root,
            Outlook(
                now=SystemClock().now(),
                root=os.path.realpath(root.path),
                keep=known.settings.trash_keep,
                empties=known.settings.trash_empty is TrashEmptying.WITH_APPLY,
                options="".join(f" {shlex.quote(one)}" for one in root_options()),
                resume="" if has_folder else " --policies-from-plan",
            ),
        )


def is_there(folders: tuple[str, ...]) -> bool:
    """Whether there is a policy folder; one that was named and is missing is a mistake, so it counts."""
    named = click.get_current_context().get_parameter_source("folders") is not ParameterSource.DEFAULT
    return named or any(os.path.lexists(folder) for folder in folders)
