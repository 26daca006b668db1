"""What a file of cases says, once every check has passed: scenes, and what is expected of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from rules_engine.inventory.model import FileFact
from rules_engine.manifest.model import JobRecord
from rules_engine.plan.given import Pin
from rules_engine.plan.model import Because
from rules_engine.values.diagnostics import Span
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import RuleName


class Fate(StrEnum):
    """What a case can expect of a path; the words of its keys."""

    DELETE = "delete"
    TRASH = "trash"
    KEPT = "kept"
    DUE = "due"
    WOULD_GO = "would_go"
    """A rule that only reports would take it."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a case expects of one path; what it does not say is not compared."""

    path: RelPath
    span: Span
    fate: Fate
    rules: tuple[RuleName, ...] = ()
    """Ordered by name; these and no others decide. Empty: any."""
    because: Because | None = None
    """Of what is kept by no rule: why."""
    at: Instant | None = None
    """Of what is due later: when."""
    waits_for: str = ""
    """Of what is due later: the rule or setting that it waits for longest."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is there at one moment."""

    now: datetime
    jobs: tuple[JobRecord, ...] = ()
    """Ordered by id."""
    files: tuple[FileFact, ...] = ()
    directories: Mapping[RelPath, Instant] = field(default_factory=dict)
    """Those that are there though no file lies in them, and when each last changed."""
    pins: tuple[Pin, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One scene, and everything that goes in it."""

    name: str
    span: Span
    scene: Scene
    expected: tuple[Expectation, ...]
    """In the order of the text; no path twice, but once more under `would_go`."""
