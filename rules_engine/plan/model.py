"""What a decision and a plan are made of: reasons, steps, batches, the header and the trailer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

import msgspec

from rules_engine.policy.model import Action
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import EntryKind, JobId, RuleName


class Because(StrEnum):
    """Why a file is kept; a closed list that grows, each documented in docs/semantics.md."""

    OWN_STATE = "own_state"
    PINNED = "pinned"
    KEEP_MARKER = "keep_marker"
    SPECIAL_NAME = "special_name"
    NOT_A_FILE = "not_a_file"
    LAYOUT_LINK = "layout_link"
    JOB_RUNNING = "job_running"
    JOB_UNTRUSTED = "job_untrusted"
    NO_LAYOUT = "no_layout"
    DAMAGED_MANIFEST = "damaged_manifest"
    KEEP_RULE = "keep_rule"
    KEEP_RULE_CANNOT_TELL = "keep_rule_cannot_tell"
    CLEANUP_OFF = "cleanup_off"
    JOB_POLICY = "job_policy"
    FILE_TYPE_NOT_CLEANED = "file_type_not_cleaned"
    NO_RULE = "no_rule"
    UNKNOWN = "unknown"
    NEVER_DUE = "never_due"


@dataclass(frozen=True, slots=True)
class Kept:
    """The file stays, and why."""

    because: Because
    text: str
    """One line for people, such as "rule `final` keeps it"."""
    rules: tuple[RuleName, ...] = ()
    pin: str = ""
    """Of a pin: what it is on, as `PinSummary.what` names it."""


@dataclass(frozen=True, slots=True)
class NotDue:
    """Removal rules select it, but one of them, the failure shield or the job's own policy has to wait."""

    until: Instant
    waits_for: str
    """What it waits for, such as "rule `intermediates`" or "cleanup.preserve_on_failure"."""
    rules: tuple[RuleName, ...]


@dataclass(frozen=True, slots=True)
class Remove:
    """The file goes, by these rules."""

    action: Action
    rules: tuple[RuleName, ...]
    due: Instant
    """Since when all of them agree."""
    deliverable: bool = False


Decision: TypeAlias = Kept | NotDue | Remove


class StepAction(StrEnum):
    """One change to one entry."""

    DELETE = "delete"
    TRASH = "trash"
    REMOVE_DIRECTORY = "remove_directory"
    CREATE_DIRECTORY = "create_directory"
    CREATE_LINK = "create_link"
    REMOVE_LINK = "remove_link"
    RESTORE = "restore"
    """Put back what a run set aside."""
    EMPTY_TRASH = "empty_trash"
    """Remove for good what a run set aside."""


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One step's entry and what must still be true of it when the step is carried out."""

    name: str
    kind: EntryKind
    inode: int = 0
    size: int = 0
    mtime_ns: int = 0
    ctime_ns: int = 0
    nlink: int = 1
    due: int = 0
    """Instant since which the step was due."""
    target: str = ""
    """Of a link: where it points, relative to its own directory."""
    mode: int = -1
    """Of a directory to create: its permission bits; -1 leaves them to the umask."""


class Whole(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a directory that goes whole holds; still so when the step is carried out, or it stays."""

    files: int
    contents: str
    """SHA-256, hex, of everything below it, as plan/contents.py counts it."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Steps of one directory with one action and one reason; at most 4 096 entries."""

    directory: RelPath
    action: StepAction
    entries: tuple[Entry, ...]
    rules: tuple[RuleName, ...] = ()
    owners: tuple[JobId, ...] = ()
    reason: str = "due"
    deliverable: bool = False
    released: tuple[RuleName, ...] = ()
    """Keep rules of earlier applied policy sets that still protect these entries."""
    wholes: tuple[Whole, ...] = ()
    """Of directories that go whole, with `reason` "unit": one for each entry, in order."""
    from_run: str = ""
    """Of what is put back: the run that set it aside."""


LARGEST_BATCH = 4_096


@dataclass(frozen=True, slots=True)
class PlanLimits:
    """The limits that the plan was made under, as raised; None is unlimited."""

    files: int | None
    bytes: int | None
    untracked_share: int | None
    plan_age: int | None


@dataclass(frozen=True, slots=True)
class Header:
    """What a plan was made from."""

    now: Instant
    root_id: str | None
    policies_digest: str
    limits: PlanLimits
    versions: Mapping[str, str]
    """Of rules_engine and pathspec; what else could change the answer."""
    ask: Mapping[str, str] = field(default_factory=dict)
    """Raised limits and narrowing, as asked for."""


@dataclass(slots=True)
class Count:
    """A number of files and their bytes."""

    files: int = 0
    bytes: int = 0

    def add(self, more: "Count") -> None:
        """Count `more` as well."""
        self.files += more.files
        self.bytes += more.bytes


@dataclass(slots=True)
class RuleSummary:
    """What one rule did in a plan, also when that is nothing."""

    name: RuleName
    action: Action
    place: str
    """`file:line`, or empty for the built-in rule."""
    report_only: bool = False
    decided: Count = field(default_factory=Count)
    """Of a removal: what goes by it; of a keep rule: what it keeps; of report only: what would go."""
    waiting: Count = field(default_factory=Count)
    """Selected, but not due yet."""
    next_due: Instant | None = None
    held: Count = field(default_factory=Count)
    """Selected, but kept by another rule, a protection or another owner."""
    near_misses: dict[str, Count] = field(default_factory=dict)
    """What one missing condition would add: the condition → how many files fail it alone."""
    directories: bool = False
    """Whether it counts empty directories, not files."""


@dataclass(slots=True)
class KeptSummary:
    """Files kept for one reason, with the ten largest."""

    because: Because
    text: str
    total: Count = field(default_factory=Count)
    largest: list[tuple[int, RelPath]] = field(default_factory=list)


@dataclass(slots=True)
class ReleaseSummary:
    """What goes although a keep rule of an earlier applied policy set still protects it."""

    name: RuleName
    place: str
    """`file:line` of the rule in the set that was applied."""
    run_id: str
    """The run that first applied policies without it; empty where none did yet."""
    count: Count = field(default_factory=Count)
    allowed: bool = False
    """Whether the plan was made with `--release` for it."""


@dataclass(slots=True)
class PinSummary:
    """A pin that holds, and what of this plan it keeps."""

    what: str
    """The path below the root, or `job ID`."""
    reason: str
    until: Instant | None
    kept: Count = field(default_factory=Count)


@dataclass(slots=True)
class TrashSummary:
    """What a plan does with the trash; its steps are counted under their own action."""

    before: Instant | None = None
    """What was set aside before then is emptied; None where the plan empties nothing by age."""
    stays: list[tuple[str, str]] = field(default_factory=list)
    """Runs whose trash stays whatever its age, in order, each with why."""


@dataclass(slots=True)
class Trailer:
    """What a plan adds up to; written last, so that a plan that was cut short is never applied."""

    steps: dict[str, Count] = field(default_factory=dict)
    """Step action → files and bytes."""
    deliverables: Count = field(default_factory=Count)
    releases: list[ReleaseSummary] = field(default_factory=list)
    pins: list[PinSummary] = field(default_factory=list)
    trash: TrashSummary = field(default_factory=TrashSummary)
    rules: list[RuleSummary] = field(default_factory=list)
    kept: list[KeptSummary] = field(default_factory=list)
    units_kept: list[tuple[RelPath, str]] = field(default_factory=list)
    """Directories that a rule would take whole and that stay, the ten largest, and what keeps each."""
    kept_by_directory: list[tuple[RelPath, Count]] = field(default_factory=list)
    """What stays, also what only waits, by directory and in order; small ones count with the directory above them."""
    due_by_day: list[tuple[str, Count]] = field(default_factory=list)
    """The next seven days, `YYYY-MM-DD` in UTC, each with what falls due."""
    due_later: Count = field(default_factory=Count)
    problems: list[tuple[RelPath, str]] = field(default_factory=list)
    skipped: list[tuple[RelPath, str]] = field(default_factory=list)
    """What was not looked at, and why."""
    refusals: list[str] = field(default_factory=list)
    """Limits that the plan exceeds; a plan with one is never applied."""
    looked_at: Count = field(default_factory=Count)
    untracked: Count = field(default_factory=Count)
    left_out: Count = field(default_factory=Count)
    """Would go, but the plan was narrowed to something else."""
    digest: str = ""
    """SHA-256, hex, of the whole plan file up to itself; set once the plan has been written or read."""

    @property
    def run_id(self) -> str:
        """The id of the run that carries this plan out."""
        return self.digest[:16]


@dataclass(slots=True)
class Plan:
    """The decision for all: a header, batches in order, and the trailer that is whole once they were gone through."""

    header: Header
    batches: Iterable[Batch]
    """In order. Of a plan that is being made they can be gone through once; of one that was read, again."""
    trailer: Trailer

    def collected(self) -> "Plan":
        """The same plan with its batches in memory and its trailer whole."""
        return Plan(self.header, tuple(self.batches), self.trailer)
