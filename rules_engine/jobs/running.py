"""A running job as its own process sees it: what it was started with, and where its files belong."""

import logging
from dataclasses import dataclass

from rules_engine.errors import ExitCode, InvalidValueError, RulesError
from rules_engine.filesystem.root import Root
from rules_engine.inventory.above import marked_above
from rules_engine.inventory.model import FileFact
from rules_engine.jobs.environment import environment_of
from rules_engine.jobs.lifecycle import DirectoryNotMadeError, carry_out
from rules_engine.jobs.paths import fact_of, status_of
from rules_engine.jobs.planning import guards_of
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.store import ManifestStore
from rules_engine.plan.layouts import directory_path
from rules_engine.plan.model import Batch
from rules_engine.plan.owners import OwnerIndex
from rules_engine.plan.subject import Evidence, gather_evidence
from rules_engine.policy.model import Layout, PolicySet
from rules_engine.values.clock import Clock
from rules_engine.values.paths import RelPath, is_below, join, parse_relpath
from rules_engine.values.text import escape
from rules_engine.values.vocabulary import EntryKind, FileType


class NotOursError(RulesError):
    """A job wants to take away what is not its own alone, or what is protected."""

    exit_code = ExitCode.REFUSED

    def __init__(self, job_id: str, path: str, why: str) -> None:
        super().__init__(job_id, path, why)
        self.job_id = job_id
        self.path = path
        self.why = why

    def __str__(self) -> str:
        return (
            f"job `{escape(self.job_id)}` cannot take away `{escape(self.path)}`: {self.why}\n"
            "  help: leave it to the rules, or use another name"
        )


@dataclass(frozen=True, slots=True)
class Running:
    """What the parts of one running job share; its policies are those that it was started under."""

    root: Root
    policies: PolicySet
    clock: Clock
    store: ManifestStore
    record: JobRecord
    layout: Layout
    logger: logging.Logger

    def place_of(self, file_type: FileType) -> RelPath:
        """The directory of the layout for files of that type; for types that none holds, the first for scratch."""
        holder = self.layout.holder(file_type) or self.layout.catch_all()
        return directory_path(holder, self.record) if holder is not None else self.record.workspace

    def file_in_place(self, name: str, file_type: FileType) -> RelPath:
        """Where a file or directory of that name and type belongs.

        Raises:
            InvalidValueError: when the name is not one path component.
        """
        path = parse_relpath(name)
        if "/" in path:
            raise InvalidValueError("name", escape(name), "is more than one path component; declare a directory for it")
        return join(self.place_of(file_type), path)

    def environment(self) -> dict[str, str]:
        """What the commands of a job are told: where its scratch is, and who it is."""
        return environment_of(self.root, self.policies, self.record)

    def make(self, batch: Batch) -> None:
        """Make a directory of the job.

        Raises:
            DirectoryNotMadeError: when it could not be made.
        """
        for noted in carry_out([batch], self.root, self.policies, self.clock):
            raise DirectoryNotMadeError(self.record.job_id, noted.path, noted.cause)

    def is_in_workspace(self, path: RelPath) -> bool:
        """Whether `path` lies below the job's own workspace, where nobody else can have anything."""
        return is_below(path, self.record.workspace)

    def everybody(self, *directories: RelPath) -> "Everybody":
        """All jobs of the root as they are now, and the keep markers in and above `directories`."""
        loaded = self.store.load(self.policies.workspaces_of)
        guards = guards_of(self.policies, self.root, loaded)
        markers = self.policies.settings.keep_markers
        marked = {at: name for one in directories for at, name in marked_above(self.root, one, markers).items()}
        seen = gather_evidence(self.policies, loaded.jobs, guards, now=self.clock.now(), marked=marked)
        return Everybody(loaded.jobs, OwnerIndex(loaded.jobs), seen)

    def fact_of(self, path: RelPath) -> FileFact | None:
        """What is at `path`; None where nothing is.

        Raises:
            InvalidValueError: for a directory.
        """
        found = status_of(self.root, path)
        if found is None:
            return None
        if found.kind is EntryKind.DIRECTORY:
            raise InvalidValueError("path", escape(path), "is a directory, not a file")
        return fact_of(path, found)


@dataclass(frozen=True, slots=True)
class Everybody:
    """All jobs of a root, and whose a file is."""

    jobs: tuple[JobRecord, ...]
    owners: OwnerIndex
    seen: Evidence

    def others(self, file: FileFact, running: Running) -> tuple[JobRecord, ...]:
        """The owners of `file` besides the running job."""
        owners = self.owners.of_directory(file.directory).of(file)
        return tuple(one for one in owners if one.job_id != running.record.job_id)

    def is_owned_by(self, file: FileFact, running: Running) -> bool:
        """Whether the running job owns `file`."""
        return any(one.job_id == running.record.job_id for one in self.owners.of_directory(file.directory).of(file))
