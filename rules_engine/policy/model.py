"""What policies say once every check has passed: frozen values with their silence filled in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

import msgspec

from rules_engine.policy.layout_model import Alias, Layout, LayoutDirectory, PathKey
from rules_engine.policy.patterns import PatternList
from rules_engine.policy.settings_model import AskInUse, AtFinish, Limits, Retry, Settings, TrashEmptying
from rules_engine.policy.templates import Template
from rules_engine.policy.together import Together
from rules_engine.values.diagnostics import Span
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import ByteCount, Duration
from rules_engine.values.vocabulary import (
    FileType,
    JobStatus,
    JobType,
    Place,
    RuleName,
)

__all__ = [
    "Action",
    "After",
    "Alias",
    "AskInUse",
    "AtFinish",
    "DirectorySelector",
    "FileSelector",
    "Guarantee",
    "JobSelector",
    "Layout",
    "LayoutDirectory",
    "Limits",
    "PathKey",
    "PolicySet",
    "Retry",
    "Rule",
    "Settings",
    "Since",
    "Tracked",
    "TrashEmptying",
    "Unit",
]


class Action(StrEnum):
    """What a rule does with a file that it selects; the last two are removals."""

    KEEP = "keep"
    TRASH = "trash"
    DELETE = "delete"


class Tracked(StrEnum):
    """Which files a rule is about: with an owner, without one, or both."""

    TRACKED = "tracked"
    UNTRACKED = "untracked"
    ANY = "any"


class Since(StrEnum):
    """The clock that an age is read from."""

    FINISHED = "finished"
    """The end of the owner's job, or the file's change after it."""
    CHANGED = "changed"
    """The newer of mtime and ctime."""
    WRITTEN = "written"
    """mtime alone."""


class Unit(StrEnum):
    """What a unit rule takes whole or not at all."""

    WORKSPACE = "workspace"
    """The workspace of a job."""
    DIRECTORY = "directory"
    """A directory in which no file has an owner."""


@dataclass(frozen=True, slots=True)
class JobSelector:
    """Which jobs a rule is about; None is any."""

    types: frozenset[JobType] | None = None
    statuses: frozenset[JobStatus] | None = None
    """Of running, completed, failed; an abandoned job counts as failed. Removals never hold running."""
    parameters: tuple[tuple[str, frozenset[str]], ...] = ()
    """Sorted by name; the value of each must be one of the set."""
    newest: int | None = None
    """Of a keep rule: only so many jobs of each group, the newest ends first; never beside `beyond_newest`."""
    beyond_newest: int | None = None
    """Of a removal: all jobs of each group but so many, the newest ends first."""
    per: tuple[str, ...] = ()
    """Sorted parameters that form a group with the job type; empty without a rank."""

    @property
    def ranks(self) -> bool:
        """Whether the rule asks for the place of a job among its like."""
        return self.newest is not None or self.beyond_newest is not None


class DirectorySelector(msgspec.Struct, frozen=True):
    """Which empty directories a rule is about."""

    match: PatternList
    """Read narrowly; each pattern without `!` ends in `/`."""
    exclude: PatternList | None = None


@dataclass(frozen=True, slots=True)
class FileSelector:
    """Which files a rule is about; None is any."""

    match: PatternList | None = None
    exclude: PatternList | None = None
    types: frozenset[FileType] | None = None
    place: Place | None = None
    tracked: Tracked = Tracked.TRACKED
    larger_than: ByteCount | None = None
    smaller_than: ByteCount | None = None


class After(msgspec.Struct, frozen=True):
    """How old a file must be before a removal is due: for any status, or status by status."""

    always: Duration | None
    by_status: tuple[tuple[JobStatus, Duration], ...] = ()

    def of(self, status: JobStatus | None) -> Duration | None:
        """The wait for a file of a job with `status` (None: no owner); None where the rule says nothing."""
        if self.always is not None:
            return self.always
        return next((wait for named, wait in self.by_status if named is status), None)


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of a cleanup policy, with what it does not say filled in as DESIGN "Silence keeps" reads it."""

    name: RuleName
    span: Span
    action: Action
    jobs: JobSelector
    files: FileSelector
    description: str = ""
    deliverables: bool = False
    after: After | None = None
    """Always set on a removal, never on a keep rule."""
    since: Since | None = None
    """None: finished for tracked files, changed for untracked ones."""
    keep_for: Duration | None = None
    """`for` of a keep rule; None is always."""
    otherwise: bool = False
    report_only: bool = False
    unit: Unit | None = None
    """Set: the rule decides about whole directories alone; `files.match` says which, of `unit: directory`."""
    directories: DirectorySelector | None = None
    """Set: the rule decides about empty directories alone, and `files` says nothing."""

    @property
    def is_removal(self) -> bool:
        """Whether the rule can remove anything."""
        return self.action is not Action.KEEP

    @property
    def lists(self) -> tuple[PatternList | None, PatternList | None]:
        """The patterns that select, and those that leave out: of files, or of empty directories."""
        about = self.directories if self.directories is not None else self.files
        return about.match, about.exclude

    @property
    def decides_files(self) -> bool:
        """Whether the rule takes part in decisions about single files."""
        return self.unit is None and self.directories is None


class Guarantee(msgspec.Struct, frozen=True):
    """A sentence on what no rule removes; it decides nothing, and is proved or shown to be broken."""

    name: str
    rule: Rule
    """The keep rule with its words: the guarantee holds where adding that rule keeps nothing that goes without it."""


@dataclass(frozen=True)
class PolicySet:
    """Everything that the policy folders say; without slots, for what is worked out once."""

    rules: tuple[Rule, ...] = ()
    """Ordered by name; no decision depends on the order."""
    layouts: Mapping[JobType, Layout] = field(default_factory=dict)
    """Ordered by job type."""
    settings: Settings = field(default_factory=Settings)
    guarantees: tuple[Guarantee, ...] = ()
    """Ordered by name; no decision asks for them, and the digest leaves them out."""
    folders: tuple[str, ...] = ()
    """Absolute paths of the policy folders, in the order in which they were given."""
    built_in: bool = True
    """Whether `settings.cleanup` acts as a rule; not in manual cleanup, which has one rule of its own."""
    digest: str = ""
    """SHA-256, hex, of the effective policies: what they say, not how they are written."""
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)
    """The texts that they were loaded from, by file name, in the order in which they were read; decide nothing."""

    @cached_property
    def together(self) -> Together:
        """The patterns of all rules as one automaton."""
        lists = (one for rule in self.rules for one in rule.lists if one is not None)
        return Together(lists)

    @property
    def file_rules(self) -> tuple[Rule, ...]:
        """The rules that decide about single files."""
        return tuple(rule for rule in self.rules if rule.decides_files)

    @property
    def unit_rules(self) -> tuple[Rule, ...]:
        """The rules that take directories whole."""
        return tuple(rule for rule in self.rules if rule.unit is not None)

    @property
    def directory_rules(self) -> tuple[Rule, ...]:
        """The rules that take empty directories."""
        return tuple(rule for rule in self.rules if rule.directories is not None)

    @property
    def keep_rules(self) -> tuple[Rule, ...]:
        """The rules that keep."""
        return tuple(rule for rule in self.rules if not rule.is_removal)

    @property
    def removal_rules(self) -> tuple[Rule, ...]:
        """The rules that remove files, whole directories or empty ones, also those that only report."""
        return tuple(rule for rule in self.rules if rule.is_removal)

    def workspaces_of(self, job_id: str) -> tuple[RelPath, ...]:
        """Where a job of this id would work in each layout, as far as that is known without its parameters.

        Of a workspace that needs more than the id it is the directory above the first part that does.
        """
        return tuple(_known_part(layout.workspace, job_id) for layout in self.layouts.values())

    def workspaces_above(self, path: RelPath) -> tuple[RelPath, ...]:
        """The directories above `path` that could be the workspace of a job in some layout."""
        found = (layout.workspace.fits_above(path) for layout in self.layouts.values())
        return tuple(one for one in found if one is not None)


def _known_part(workspace: Template, job_id: str) -> RelPath:
    known: list[str] = []
    for part in workspace.text.replace("{job_id}", job_id).split("/"):
        if "{" in part:
            break
        known.append(part)
    return RelPath("/".join(known))
