"""Which files of the root are the tool's own: no plan takes its policies, or itself."""

import os
from collections.abc import Iterable

from rules_engine.filesystem.root import Root
from rules_engine.values.paths import RelPath


def own_paths(root: Root, paths: Iterable[str]) -> tuple[RelPath, ...]:
    """Those of `paths` that lie below the root: no plan takes the policies, or itself."""
    # As they are written, and in truth: while somebody swaps the root for a link, the truth is elsewhere for a moment.
    tops = {root.path, _real(root.path)}
    known = [one for path in paths for one in (os.path.abspath(path), _real(path))]
    found = [os.path.relpath(one, top) for one in known for top in sorted(tops) if one.startswith(f"{top}/")]
    return tuple(RelPath(one) for one in dict.fromkeys(found))


def _real(path: str) -> str:
    try:
        return os.path.realpath(path)
    except OSError:
        # What was a link at the first look, and is none at the second.
        return os.path.abspath(path)
