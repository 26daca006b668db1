"""What settings policies say: every option with its default."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from rules_engine.values.diagnostics import Span
from rules_engine.values.quantities import DAY, SECOND, ByteCount, Duration
from rules_engine.values.vocabulary import CleanupPolicy


class AtFinish(StrEnum):
    """What finishing a job cleans: nothing, or what is due of any sealed job."""

    DUE = "due"
    NOTHING = "nothing"


class TrashEmptying(StrEnum):
    """When trash that is older than `trash.keep` goes."""

    WITH_APPLY = "with_apply"
    MANUALLY = "manually"


class AskInUse(StrEnum):
    """Of which files a run asks whether a process uses them."""

    AUTO = "auto"
    """Of those that no finished job vouches for."""
    STRICT = "strict"
    """Of every file."""


class Limits(msgspec.Struct, frozen=True):
    """What one plan may do at most; None is unlimited, zero allows nothing."""

    files: int | None = 100_000
    bytes: ByteCount | None = ByteCount(2**40)
    untracked_share: int | None = 50
    """Percent of the untracked files that were looked at; counts from 1 000 such removals up."""
    plan_age: Duration | None = Duration(7 * DAY)


class Retry(msgspec.Struct, frozen=True):
    """How transient errors are tried again."""

    attempts: int = 4
    first_wait: Duration = Duration(SECOND // 20)
    longest_wait: Duration = Duration(2 * SECOND)


@dataclass(frozen=True, slots=True)
class Settings:
    """Every option with its default; `origins` says where each that was set was set."""

    root: str | None = None
    """Absolute path of the root, once loading has read it from the directory that holds the policy folder."""
    debug: bool = False
    cleanup: CleanupPolicy = field(default_factory=CleanupPolicy)
    at_finish: AtFinish = AtFinish.DUE
    limits: Limits = field(default_factory=Limits)
    retry: Retry = field(default_factory=Retry)
    trash_keep: Duration = Duration(7 * DAY)  # noqa: RUF009 - same
    trash_empty: TrashEmptying = TrashEmptying.WITH_APPLY
    keep_markers: tuple[str, ...] = (".rules-keep",)
    state_keep: Duration = Duration(90 * DAY)  # noqa: RUF009 - same
    in_use: AskInUse = AskInUse.AUTO
    open_parents: bool = False
    """Whether a run may make a directory that its user owns writable for the moment of a step."""
    origins: Mapping[str, Span] = field(default_factory=dict)
    """Dotted key, such as `cleanup.retention` → where it was set; a key that is missing holds its default."""
    written: Mapping[str, tuple[tuple[Span, str], ...]] = field(default_factory=dict)
    """Dotted key → every place that sets it with the text there; the last one holds."""
