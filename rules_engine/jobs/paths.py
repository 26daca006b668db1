"""Paths as people write them on a command line, read as paths below the root; and what lies there."""

import os

from rules_engine.errors import InvalidValueError
from rules_engine.filesystem.root import Root
from rules_engine.filesystem.status import Status
from rules_engine.inventory.model import FileFact
from rules_engine.values.paths import InvalidPathError, RelPath, name_of, parent, parse_relpath


def status_of(root: Root, path: RelPath) -> Status | None:
    """What is at `path` now; None where nothing is."""
    try:
        with root.directory.open(parent(path)) as here:
            return here.stat(name_of(path))
    except (FileNotFoundError, NotADirectoryError):
        return None


def fact_of(path: RelPath, found: Status) -> FileFact:
    """The fact of a file that was found at `path`."""
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


def path_below(root: Root, text: str, *, current: str) -> RelPath:
    """The path below the root that `text` writes: from the root as plans write it, else from `current`.

    Raises:
        InvalidValueError: when it lies outside the root.
    """
    from_root = None if text.startswith("/") else _parse(os.path.normpath(text))
    if from_root is not None and status_of(root, from_root) is not None:
        return from_root
    from_current = _from_current(root, text, current)
    if from_current is not None and (from_root is None or status_of(root, from_current) is not None):
        return from_current
    if from_root is None:
        raise _outside(root, text)
    # Neither is there. In the root a path is most likely copied from a plan, outside of it completed by a shell.
    is_outside = not f"{os.path.realpath(current)}/".startswith(f"{os.path.realpath(root.path)}/")
    return from_current if from_current is not None and is_outside else from_root


def path_from(root: Root, text: str, *, current: str) -> RelPath:
    """The path below the root that `text` writes from `current`, as any other command reads it.

    Raises:
        InvalidValueError: when it lies outside the root.
    """
    found = _from_current(root, text, current)
    if found is None:
        raise _outside(root, text)
    return found


def _outside(root: Root, text: str) -> InvalidValueError:
    return InvalidValueError("path", text, f"does not lie in the root `{root.path}`")


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
