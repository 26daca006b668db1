"""What the model of test_model.py knows: files, jobs, and what each rule may take at most; plain values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from rules_engine.values.quantities import HOUR


@dataclass
class File:
    """One file or link, known by a content that nothing else has."""

    path: str
    content: str
    written: int
    declared: set[str] = field(default_factory=set)
    """The jobs that declared it."""
    where: str = "place"
    """At its place, `aside` in the trash, on its way out (`going`), or gone."""

    @property
    def workspace_of(self) -> str | None:
        """The job in whose workspace it lies."""
        parts = self.path.split("/")
        return parts[1] if parts[0] == "scratch" else None

    @property
    def owners(self) -> set[str]:
        """The jobs that have it."""
        return self.declared | ({self.workspace_of} if self.workspace_of else set())


@dataclass
class Job:
    """One job: running, completed, failed or died."""

    status: str
    last: int
    """Its end, or of one that died its last sign of life."""
    damaged: tuple[str, bytes, bytes] | None = None
    """The log in which a byte was flipped, as it was and as it is."""


@dataclass(frozen=True)
class Rule:
    """A rule as it is written, and what it may take at most."""

    said: Mapping[str, Any]
    takes: Callable[[File], bool]
    hours: int = 0

    @property
    def deletes(self) -> bool:
        """Whether what it takes is gone."""
        return self.said["action"] == "delete"


def _in_workspace(file: File) -> bool:
    return file.path.startswith("scratch/")


def _nothing(_file: File) -> bool:
    return False


def _is_stray(file: File) -> bool:
    return file.path.endswith(".tmp") and not file.owners


ENDED: Final = {"status": ["completed", "failed"]}
REMOVALS: Final = {
    "slides": Rule(
        {"name": "slides", "files": {"type": "slide"}, "after": "2h", "action": "trash"}, _in_workspace, hours=2
    ),
    "stray": Rule(
        {"name": "stray", "files": {"match": ["*.tmp"], "tracked": False}, "after": "1h", "action": "delete"},
        _is_stray,
        hours=1,
    ),
    "rest": Rule(
        {
            "name": "rest",
            "files": {"in": "workspace", "tracked": "any"},
            "otherwise": True,
            "after": "3h",
            "action": "delete",
        },
        _in_workspace,
        hours=3,
    ),
    "videos": Rule(
        {"name": "videos", "files": {"type": "video"}, "deliverables": True, "after": "5h", "action": "trash"},
        lambda file: file.path.startswith("out/") and bool(file.declared),
        hours=5,
    ),
    "whole": Rule(
        {"name": "whole", "jobs": ENDED, "unit": "workspace", "after": "4h", "action": "delete"},
        _in_workspace,
        hours=4,
    ),
    "directories": Rule(
        {
            "name": "directories",
            "unit": "directory",
            "files": {"match": ["/loose/d/"]},
            "after": "1h",
            "action": "trash",
        },
        lambda file: file.path.startswith("loose/d/"),
        hours=1,
    ),
}
KEEPS: Final = {
    "gold": Rule({"name": "gold", "files": {"match": ["*gold*"]}, "action": "keep"}, _nothing),
    "newest": Rule(
        {"name": "newest", "jobs": {"type": "clip", "status": "completed", "newest": 1}, "action": "keep"}, _nothing
    ),
}
RULES: Final = {**REMOVALS, **KEEPS}


@dataclass
class World:
    """All that the model knows."""

    files: dict[str, File] = field(default_factory=dict)
    """By content."""
    jobs: dict[str, Job] = field(default_factory=dict)
    rules: set[str] = field(default_factory=set)
    pins: set[str] = field(default_factory=set)

    def at(self, path: str) -> File | None:
        """What is at a path."""
        return next((one for one in self.files.values() if one.path == path and one.where == "place"), None)

    def is_pinned(self, file: File) -> bool:
        """Whether a pin protects it, as it lies at its place."""
        return any(file.path == pin or file.path.startswith(f"{pin}/") for pin in self.pins)

    def protected(self, file: File) -> bool:
        """Whether no plan may take it now, whenever it was made: pinned, marked, of a running or untrusted job."""
        return (
            self.is_pinned(file)
            or self._is_marked(file)
            or any(self.jobs[one].status == "running" for one in file.owners if one in self.jobs)
            or self._may_be_untrusted(file)
        )

    def _is_marked(self, file: File) -> bool:
        marks = [one.path.removesuffix(".rules-keep") for one in self.files.values() if one.where == "place"]
        return any(file.path.startswith(mark) for mark in marks if mark.endswith("/"))

    def _may_be_untrusted(self, file: File) -> bool:
        damaged = {job_id for job_id, job in self.jobs.items() if job.damaged is not None}
        # What was lost of a manifest may have named anything that lies in nobody else's workspace.
        return bool(damaged) and (not damaged.isdisjoint(file.owners) or file.workspace_of is None)

    def may_go(self, file: File, now: int) -> bool:
        """Whether a plan of now may take it."""
        return not self.protected(file) and not self._is_kept(file) and any(self._taking(file, now))

    def may_be_deleted(self, file: File, now: int) -> bool:
        """Whether it may be gone for good then."""
        return any(rule.deletes for rule in self._taking(file, now))

    def _is_kept(self, file: File) -> bool:
        if "gold" in self.rules and "gold" in file.path:
            return True
        if "newest" not in self.rules:
            return False
        ended = sorted((job.last, job_id) for job_id, job in self.jobs.items() if job.status == "completed")
        # Of two that ended together one is the newest; which, is for no model to know.
        alone = len(ended) == 1 or (len(ended) > 1 and ended[-2][0] < ended[-1][0])
        return alone and ended[-1][1] in file.owners

    def _taking(self, file: File, now: int) -> list[Rule]:
        ends = [self.jobs[one].last for one in file.owners if one in self.jobs]
        age = now - max(file.written, *ends, file.written)
        found = [REMOVALS[one] for one in self.rules if one in REMOVALS]
        return [rule for rule in found if rule.takes(file) and age >= rule.hours * HOUR]
