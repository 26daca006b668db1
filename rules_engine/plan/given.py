"""What a plan is made with besides policies, jobs and files: what protects, and what the caller asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rules_engine.manifest.model import Damage
from rules_engine.policy.model import Rule
from rules_engine.policy.patterns import PatternList
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import FileType, JobId, RuleName


@dataclass(frozen=True, slots=True)
class Pin:
    """A protection that a person set: of a path with all below it, or of everything that a job owns."""

    path: RelPath | None = None
    job: JobId | None = None
    reason: str = ""
    until: Instant | None = None
    """None holds until it is taken away."""


@dataclass(frozen=True, slots=True)
class EarlierKeep:
    """A keep rule of a policy set that was applied before and that nobody released."""

    rule: Rule
    place: str
    """`file:line` in the set that was applied."""
    run_id: str
    """The run that first applied policies without it; empty where none did yet."""


@dataclass(frozen=True, slots=True)
class TrashedRun:
    """What one run set aside and the trash still holds."""

    run_id: str
    since: Instant | None
    """When the run ended; None where that cannot be told, so that it stays."""
    inode: int
    files: int
    bytes: int
    held: str = ""
    """Why it stays whatever its age: something in it is pinned."""


@dataclass(frozen=True, slots=True)
class Guards:
    """What protects files besides rules: what could not be trusted, what people said, the tool's own files."""

    damaged: tuple[Damage, ...] = ()
    own: tuple[RelPath, ...] = ()
    """Policy folders and plan files that lie below the root."""
    root_id: str | None = None
    pins: tuple[Pin, ...] = ()
    restored: Mapping[RelPath, Instant] = field(default_factory=dict)
    """Files and directories that were put back from the trash: every age counts from then."""
    earlier: tuple[EarlierKeep, ...] = ()
    trash: tuple[TrashedRun, ...] = ()
    """What the trash holds; what is older than `trash.keep` is emptied."""
    clock: str = ""
    """What is wrong with the clock, so that no age can be believed; empty where nothing is."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What a caller asked of one plan; all but the limits and releases narrows it after every decision was taken."""

    limits: Mapping[str, int | None] = field(default_factory=dict)
    """Raised limits by name; None is unlimited."""
    jobs: frozenset[JobId] | None = None
    """Only steps on what one of these jobs owns. None is everything, as below."""
    only: PatternList | None = None
    """Only steps on paths that it matches."""
    leave: PatternList | None = None
    """No steps on paths that it matches."""
    rules: frozenset[RuleName] | None = None
    """Only steps that one of these rules is a reason for."""
    types: frozenset[FileType] | None = None
    """Only steps on files of one of these types."""
    release: frozenset[RuleName] = frozenset()
    """Earlier keep rules that the caller lets go."""
    said: Mapping[str, str] = field(default_factory=dict)
    """What else was asked for, in the caller's words; recorded in the plan."""
