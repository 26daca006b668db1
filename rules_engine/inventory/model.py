"""Facts: what was observed of one file, of one directory, and of everything that was looked at."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from rules_engine.manifest.model import JobRecord
from rules_engine.values.paths import ROOT, RelPath, join
from rules_engine.values.vocabulary import EntryKind


class FileFact(msgspec.Struct, frozen=True, gc=False):
    """What was observed of one entry that is not a directory, or what its seal says of it."""

    directory: RelPath
    name: str
    kind: EntryKind
    inode: int
    size: int | None
    """Bytes; None where it could not be read."""
    mtime_ns: int | None
    ctime_ns: int | None
    nlink: int = 1
    vouched: bool = False
    """The seal of its job names this very file: same kind, inode, size and mtime."""

    @property
    def path(self) -> RelPath:
        """The path below the root."""
        return join(self.directory, self.name)


class DirectoryFacts(msgspec.Struct, frozen=True, gc=False):
    """What is known of one directory: its entries in byte order of their names."""

    path: RelPath
    files: tuple[FileFact, ...]
    subdirectories: tuple[str, ...] = ()
    """Names of directories in it that belong to the same filesystem and root."""
    inode: int | None = None
    complete: bool = False
    """Every entry is listed: by a walk, or by a seal; else only the files that manifests name."""
    mtime_ns: int | None = None
    """Of the directory itself; None where only a seal speaks of it."""
    ctime_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """A directory or file that could not be read; what it holds is unknown and kept."""

    path: RelPath
    why: str


@dataclass(slots=True)
class PassedOver:
    """What a walk did not look at because no removal rule can select it."""

    directories: int = 0
    """That were not read, each with all below it."""
    files: int = 0
    """Of which only the names were read."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A directory that was not looked at on purpose: a mount, another root, a name that is never entered."""

    path: RelPath
    why: str


def _nobody_looks(_jobs: Sequence[JobRecord]) -> "Inventory":
    """Where nobody can look, what jobs have is unknown."""
    return Inventory((), problems=[Problem(ROOT, "was not looked at")])


@dataclass(slots=True)
class Inventory:
    """Everything that was looked at: directories ordered component by component as bytes.

    `directories` is gone through once; `problems`, `skipped` and `passed_over` are complete only after that.
    """

    directories: Iterable[DirectoryFacts]
    look_at: Callable[[Sequence[JobRecord]], "Inventory"] = _nobody_looks
    """What only these jobs have, looked at anew; ranks need it before the first file is decided.

    What cannot be read is told there, and not a second time here.
    """
    problems: list[Problem] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    passed_over: PassedOver = field(default_factory=PassedOver)
    marked: dict[RelPath, str] = field(default_factory=dict)
    """Directories with a keep marker, and its name; whole for a directory and all above it once its facts came."""
    walked: bool = False
    """Whether the whole tree was walked; else untracked files were not looked at."""
