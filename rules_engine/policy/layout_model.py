"""What a layout says once every check has passed: the directories, names and links of one job type."""

import msgspec

from rules_engine.policy.templates import Template
from rules_engine.values.diagnostics import Span
from rules_engine.values.vocabulary import DirectoryType, FileType, JobType, Place


class LayoutDirectory(msgspec.Struct, frozen=True):
    """One directory of a layout: where it lies, its name there, and the file types it holds."""

    key: DirectoryType
    place: Place
    name: str
    """The path below the workspace or output, one or more components; the key where nothing else is said."""
    holds: tuple[FileType, ...]
    mode: int | None = None
    """Permission bits for the directory; None leaves them to the umask."""


class Alias(msgspec.Struct, frozen=True):
    """An old path that existing readers still open: a relative link to a directory of the layout."""

    path: Template
    directory: DirectoryType


class PathKey(msgspec.Struct, frozen=True):
    """A key under which older code asks for a path, and what it stands for."""

    name: str
    target: DirectoryType | Place
    """A directory of the layout, or the output or workspace itself."""


class Layout(msgspec.Struct, frozen=True):
    """The directories, output names, status view and old paths of one job type."""

    job_type: JobType
    span: Span
    parameters: tuple[tuple[str, str | None], ...]
    """Name and default, in the order of the file; a default may hold `{job_id}` and earlier parameters."""
    workspace: Template
    output: Template
    status: Template | None
    directories: tuple[LayoutDirectory, ...]
    names: tuple[tuple[FileType, Template], ...] = ()
    aliases: tuple[Alias, ...] = ()
    critical: bool = False
    file_mode: int | None = None
    directory_mode: int | None = None
    """Permission bits of the directories above those of the layout, where they have to be made."""
    keys: tuple[PathKey, ...] = ()
    """By name; the key of a directory stands for that directory and is not repeated here."""

    def holder(self, file_type: FileType) -> LayoutDirectory | None:
        """The directory that holds `file_type`; None where the layout does not name it."""
        return next((one for one in self.directories if file_type in one.holds), None)

    def catch_all(self) -> LayoutDirectory | None:
        """The first workspace directory without `holds`, where types that nobody holds go."""
        return next((one for one in self.directories if one.place is Place.WORKSPACE and not one.holds), None)

    def directory(self, key: DirectoryType) -> LayoutDirectory | None:
        """The directory of that key."""
        return next((one for one in self.directories if one.key == key), None)

    def target_of(self, key: str) -> DirectoryType | Place | None:
        """What a path key stands for: that directory of the layout, or what `keys` says; None where neither has it."""
        held = self.directory(DirectoryType(key))
        return held.key if held is not None else next((one.target for one in self.keys if one.name == key), None)

    def name_for(self, file_type: FileType) -> Template | None:
        """The output name of `file_type`, where the layout gives one."""
        return next((template for named, template in self.names if named == file_type), None)
