"""Facts: what was observed of one file, of one directory, and of everything that was looked at."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import msgspec

from rules_engine.filesystem.root import Root
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.seal import Seal
from rules_engine.values.paths import ROOT, RelPath, join
from rules_engine.values.vocabulary import EntryKind, JobId


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


Part: TypeAlias = Any
"""Of what lies below a root, a part that one process can go through for another: plain values."""
GoOn: TypeAlias = Callable[[Part], Iterator[DirectoryFacts]]
"""Goes through a part, in order."""


class Source(Protocol):
    """How another process comes to the facts of a part; it is pickled for that process."""

    @property
    def seals(self) -> Mapping[JobId, Seal]:
        """The seals that are current, by job."""

    def begin(self, root: Root, inventory: "Inventory") -> GoOn:
        """What goes through one part after another; what else is found goes into `inventory`."""


class Relief(Protocol):
    """Other processes that can go on where this one stops."""

    def is_ready(self, files: int) -> bool:
        """Whether they can go on from here; asked now and then, with how many files were looked at so far."""


def _count_nothing(_directories: int, _files: int, _size: int) -> None:
    """Nobody wants to know how far it is."""


@dataclass(slots=True)
class Inventory:
    """Everything that was looked at: directories ordered component by component as bytes.

    `directories` is gone through once; `problems`, `skipped` and `passed_over` are complete only after that. Where
    they end early, `left` says which parts were left to other processes.
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
    source: Source | None = None
    """How other processes come to what is left to them; None where all is read here."""
    left: tuple[Part, ...] = ()
    """The parts that come after the last of `directories`, in order; known once these were gone through."""
    can_leave: Callable[[], bool] = bool
    """Whether the rest can be decided apart from what came before; nobody said so yet."""
    count: Callable[[int, int, int], None] = _count_nothing
    """Told of each part that another process went through: directories, files and bytes."""
    walked: bool = False
    """Whether the whole tree was walked; else untracked files were not looked at."""
