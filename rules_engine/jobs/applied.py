"""The policy set that was applied last, for whoever has no policy folder at hand."""

import os
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from rules_engine.apply.applied import AREA, AppliedSet, read_applications, read_applied, record_applied
from rules_engine.errors import UntrustedStateError
from rules_engine.filesystem.locks import lock_root
from rules_engine.filesystem.root import Root
from rules_engine.policy.load import check_texts
from rules_engine.policy.model import PolicySet
from rules_engine.values.clock import Clock

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


def applied_sets(root: Root) -> tuple[AppliedSet, ...]:
    """Every policy set that was applied to `root`, each once, in the order of their last application.

    Raises:
        UntrustedStateError: when the record of them cannot be read or is damaged.
    """
    if root.state is None:
        return ()
    order = [one.digest for one in read_applications(root.state)]
    latest = dict.fromkeys(reversed(order))
    return tuple(read_applied(root.state, digest) for digest in reversed(latest))


def last_applied(root: Root, *, environment: Mapping[str, str] = _NOTHING) -> PolicySet | None:
    """The policy set that was applied to `root` last; None where none ever was.

    Raises:
        UntrustedStateError: when it cannot be read, or this version cannot load it.
    """
    if root.state is None:
        return None
    order = read_applications(root.state)
    return load_applied(read_applied(root.state, order[-1].digest), environment=environment) if order else None


def note_applied(root: Root, policies: PolicySet, run_id: str, clock: Clock) -> None:
    """Note that `policies` are applied by a run that had nothing to do, and that leaves no other trace.

    Else a keep rule that was in force on quiet nights only would protect nothing once it is taken away.

    Raises:
        LockedError: when another run holds the lock of the root.
        UntrustedStateError: when the record of earlier sets is damaged.
        RefusedError: when it cannot be written.
    """
    state = root.require_state()
    with lock_root(state, clock=clock):
        record_applied(state, policies, run_id, clock.now())


def load_applied(applied: AppliedSet, *, environment: Mapping[str, str] = _NOTHING) -> PolicySet:
    """The policies that the texts of an applied set say; they name no root, and protect the folders they came from.

    Raises:
        UntrustedStateError: when this version cannot load them.
    """
    # A file without a folder in its name came from `--policies .`, and is told apart from one of `policies`.
    texts = {file if os.path.dirname(file) else f"./{file}": text for file, text in applied.sources.items()}
    checked = check_texts(texts, environment=environment)
    if checked.policies is None:
        first = checked.diagnostics[0]
        why = f"cannot be loaded by this version: {first.span or applied.digest}: {first.message}"
        raise UntrustedStateError(f".rules/{AREA}/{applied.digest}.json", why, "give a policy folder with `--policies`")
    settings = replace(checked.policies.settings, root=None)
    return replace(checked.policies, folders=applied.folders, settings=settings)
