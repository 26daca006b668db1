"""What a directory that goes whole holds, added up: a plan and the executor tell by it whether it is still the same."""

import hashlib
from typing import Final

from rules_engine.values.paths import RelPath, to_bytes
from rules_engine.values.vocabulary import EntryKind

_END: Final = b"\0"
"""Ends each field: no path or name holds it, so no two contents are written alike."""


class Contents:
    """Adds up everything at and below one directory; both sides add in plan order.

    A directory comes first, then its files by the bytes of their names, then the directories below it in the same
    way. Paths count from the directory that goes, which itself is the empty path.
    """

    def __init__(self) -> None:
        self.files = 0
        self.bytes = 0
        self._hash = hashlib.sha256()

    def add_directory(self, below: RelPath, inode: int | None) -> None:
        """Add a directory; the times of directories say nothing of what they hold."""
        self._add("d", below, "", inode)

    def add_file(
        self,
        below: RelPath,
        name: str,
        *,
        kind: EntryKind,
        inode: int,
        size: int | None,
        mtime_ns: int | None,
        ctime_ns: int | None,
        nlink: int,
    ) -> None:
        """Add an entry that is no directory, which lies in the directory `below`."""
        self.files += 1
        self.bytes += size or 0
        # Whoever removes another name of the same file changes its ctime, and nothing that lies here.
        changed = ctime_ns if nlink <= 1 else None
        self._add("f", below, name, inode, kind.value, size, mtime_ns, changed)

    def digest(self) -> str:
        """SHA-256, hex, of all that was added so far."""
        return self._hash.hexdigest()

    def _add(self, form: str, below: RelPath, name: str, *facts: object) -> None:
        fields = (form.encode(), to_bytes(below), to_bytes(name), *(str(one).encode() for one in facts))
        self._hash.update(_END.join(fields) + _END)
