"""The explanation of single paths: only what they need is looked at, and what is gone is looked up in the runs."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rules_engine.errors import InvalidValueError
from rules_engine.filesystem.root import Root
from rules_engine.filesystem.status import Status
from rules_engine.inventory.gather import gather
from rules_engine.inventory.model import FileFact
from rules_engine.jobs.history import PastStep, past_steps
from rules_engine.jobs.planning import guards_of
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.store import ManifestStore
from rules_engine.plan.explain import Explanation, explain
from rules_engine.plan.owners import OwnerIndex
from rules_engine.plan.subject import gather_evidence
from rules_engine.policy.model import PolicySet
from rules_engine.values.clock import Clock
from rules_engine.values.paths import InvalidPathError, RelPath, name_of, parent, parse_relpath
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import EntryKind


@dataclass(frozen=True, slots=True)
class Gone:
    """A path that is not there, and what recorded runs did to it, newest first."""

    path: RelPath
    steps: tuple[PastStep, ...]


Answer: TypeAlias = Explanation | Gone


def explain_paths(
    policies: PolicySet, root: Root, clock: Clock, paths: Sequence[RelPath], now: Instant
) -> tuple[Answer, ...]:
    """Why each path stays or goes at `now`, in the order given.

    Raises:
        InvalidValueError: when a path is a directory.
        UntrustedStateError: when the state below `.rules` cannot be read.
    """
    store = ManifestStore(root, clock)
    loaded = store.load(policies.workspaces_of)
    seen = gather_evidence(policies, loaded.jobs, guards_of(policies, root, loaded), now=now)
    index = OwnerIndex(loaded.jobs)

    def answer(path: RelPath) -> Answer:
        file = _observed(root, path)
        if file is None:
            return Gone(path, past_steps(root, path))
        owners = index.of_directory(file.directory).of(file)
        return explain(_as_planned(file, root, store, owners), owners, policies, seen)

    return tuple(answer(path) for path in paths)


def _status(root: Root, path: RelPath) -> Status | None:
    try:
        with root.directory.open(parent(path)) as here:
            return here.stat(name_of(path))
    except (FileNotFoundError, NotADirectoryError):
        return None


def _observed(root: Root, path: RelPath) -> FileFact | None:
    found = _status(root, path)
    if found is None:
        return None
    if found.kind is EntryKind.DIRECTORY:
        raise InvalidValueError("path", path, "is a directory; name a file in it")
    return FileFact(
        directory=parent(path),
        name=name_of(path),
        kind=found.kind,
        inode=found.inode,
        size=found.size,
        mtime_ns=found.mtime_ns,
        ctime_ns=found.ctime_ns,
        nlink=found.nlink,
    )


def _as_planned(file: FileFact, root: Root, store: ManifestStore, owners: Sequence[JobRecord]) -> FileFact:
    """The fact that a plan has: of a sealed file what its seal says, and whether that vouches for it."""
    return next((one for one in _facts_of(root, store, owners) if one.path == file.path), file)


def _facts_of(root: Root, store: ManifestStore, owners: Sequence[JobRecord]) -> Iterator[FileFact]:
    if owners:
        for directory in gather(root, store, owners, walk=False).directories:
            yield from directory.files


def path_below(root: Root, text: str, *, current: str) -> RelPath:
    """The path below the root that `text` writes: from the root as plans write it, else from `current`.

    Raises:
        InvalidValueError: when it lies outside the root.
    """
    from_root = None if text.startswith("/") else _parse(os.path.normpath(text))
    if from_root is not None and _status(root, from_root) is not None:
        return from_root
    from_current = _from_current(root, text, current)
    if from_current is not None and (from_root is None or _status(root, from_current) is not None):
        return from_current
    if from_root is None:
        raise InvalidValueError("path", text, f"does not lie in the root `{root.path}`")
    # Neither is there. In the root a path is most likely copied from a plan, outside of it completed by a shell.
    is_outside = not f"{os.path.realpath(current)}/".startswith(f"{os.path.realpath(root.path)}/")
    return from_current if from_current is not None and is_outside else from_root


def _from_current(root: Root, text: str, current: str) -> RelPath | None:
    # Only the directory is resolved: a link is explained as the link that it is.
    directory, name = os.path.split(os.path.abspath(os.path.join(current, text)))
    real, top = os.path.join(os.path.realpath(directory), name), os.path.realpath(root.path)
    return parse_relpath(os.path.relpath(real, top)) if real.startswith(f"{top}/") else None


def _parse(text: str) -> RelPath | None:
    try:
        return parse_relpath(text)
    except InvalidPathError:
        return None
