"""A situation: one file as an example of all that no rule, layout or setting tells apart from it."""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Final

import msgspec
from msgspec.structs import replace as with_fields

from rules_engine.analysis.ranking import Like, Places
from rules_engine.inventory.model import FileFact
from rules_engine.manifest.model import DeclaredDirectory, JobRecord
from rules_engine.plan.standing import NO_RANKS, Ranks
from rules_engine.policy.layout_model import Layout
from rules_engine.values.paths import RelPath, is_at_or_below, name_of, parent
from rules_engine.values.quantities import DAY, Instant
from rules_engine.values.text import escape
from rules_engine.values.vocabulary import EntryKind, FileType, JobId, JobStatus, JobType, Place, RuleName

_BORN: Final = Instant(DAY)
"""When the last thing happened; early, so that the longest wait ends before time does."""
_LONG_BEFORE: Final = Instant(-106_500 * DAY)
"""So long before that no `after` or `for` reaches from there to here."""


class Times(StrEnum):
    """Which of its times is the last one; the others are long before it."""

    TOGETHER = "together"
    """It was written and changed as its job ended."""
    ENDED_LAST = "ended_last"
    """It was there long before its job ended."""
    WRITTEN_LAST = "written_last"
    """Its mtime is later than everything else."""
    CHANGED_LAST = "changed_last"
    """Its ctime is later than everything else: a copy, an archive that was unpacked, a new mode."""


class Situation(msgspec.Struct, frozen=True):
    """One file, who owns it, and which rules have it in their selectors, whatever its age."""

    file: FileFact
    job: JobRecord | None
    place: Place | None
    """Of a file with an owner: whether it lies in the workspace or output of its job."""
    file_type: FileType | None
    selecting: tuple[frozenset[RuleName], ...]
    """Of each policy set: the rules that select the file, with a keep rule as long as its `for` lasts."""
    lists: frozenset[int] = frozenset()
    """Of the patterns that the caller added: which select its path."""
    places: tuple[tuple[Like, int], ...] = ()
    """The place of its job among its like, for each way to rank it."""

    @property
    def path(self) -> RelPath:
        """The path of the file."""
        return self.file.path

    @property
    def owners(self) -> tuple[JobRecord, ...]:
        """The job that has the file, or nobody."""
        return () if self.job is None else (self.job,)

    @property
    def status(self) -> JobStatus | None:
        """The status of its job."""
        return None if self.job is None else self.job.status

    @property
    def born(self) -> Instant:
        """When the last thing happened to the file or to its job: ages count from here."""
        return _BORN

    @property
    def ranks(self) -> Ranks:
        """The place of its job, as rules with a rank ask for it."""
        return Places(dict(self.places), self.job.job_type) if self.job is not None and self.places else NO_RANKS

    def aged(self, times: Times) -> "Situation":
        """The same file with other times."""
        old = _LONG_BEFORE
        written = _BORN if times in {Times.TOGETHER, Times.WRITTEN_LAST} else old
        changed = _BORN if times in {Times.TOGETHER, Times.CHANGED_LAST} else old
        ended = _BORN if times in {Times.TOGETHER, Times.ENDED_LAST} else old
        job = None if self.job is None else replace(self.job, ended=ended, started=min(ended, self.job.started))
        file = FileFact(
            self.file.directory, self.file.name, self.file.kind, 1, self.file.size, written, changed,
            vouched=self.file.vouched,
        )  # fmt: skip
        return with_fields(self, file=file, job=job)

    def variants(self) -> tuple["Situation", ...]:
        """The file with each of its times as the last one: what differs where rules read different clocks."""
        times = [one for one in Times if self.job is not None or one is not Times.ENDED_LAST]
        return tuple(self.aged(one) for one in times)

    @property
    def words(self) -> str:
        """What the file is, for people: "a `temp_slide` in the workspace of a failed `short_form` job"."""
        if self.job is None:
            return "a file that no job owns"
        where = f" in the {self.place} of" if self.place is not None else " outside the directories of"
        kind = "an undeclared file" if self.file_type == FileType.UNDECLARED else f"a `{escape(self.file_type or '')}`"
        return f"{kind}{where} a {self.job.status} `{escape(self.job.job_type)}` job{self._more}"

    @property
    def _more(self) -> str:
        some = [f"place {place} among its like" for _, place in self.places]
        return f" ({', '.join(some)})" if some else ""


class JobWords(msgspec.Struct, frozen=True):
    """What is known of a job before a path says the rest."""

    layout: Layout
    status: JobStatus
    place: Place | None
    file_type: FileType
    values: Mapping[str, str]
    """Its parameters, as far as something asks for them."""

    def record(self, path: RelPath, home: RelPath | None, spelled: Mapping[str, str]) -> JobRecord:
        """The job that has `path`; `home` is the workspace or output above it, which spells some parameters."""
        values = {**self.values, **{name: value for name, value in spelled.items() if value}}
        values.setdefault("job_id", _fresh("job", path))
        for template in (self.layout.workspace, self.layout.output):
            for name in template.fields:
                values.setdefault(name, _fresh(name, path))
        workspace = home if home is not None and self.place is Place.WORKSPACE else None
        output = home if home is not None and self.place is Place.OUTPUT else None
        job_id = JobId(values["job_id"])
        undeclared = self.file_type == FileType.UNDECLARED
        declared = {parent(path): {name_of(path): self.file_type}}
        directory = {parent(path): DeclaredDirectory(None)} if self.place is not Place.WORKSPACE else {}
        return JobRecord(
            job_id,
            JobType(self.layout.job_type),
            self.status,
            Instant(0),
            workspace if workspace is not None else RelPath(self.layout.workspace.fill(values)),
            output if output is not None else RelPath(self.layout.output.fill(values)),
            ended=_BORN,
            last_sign=_BORN,
            parameters={name: value for name, value in values.items() if name != "job_id"},
            files={} if undeclared else declared,
            directories=directory if undeclared else {},
        )

    def holds(self, record: JobRecord, path: RelPath) -> bool:
        """Whether `path` lies in the job's directories as these words say."""
        in_workspace = is_at_or_below(parent(path), record.workspace)
        in_output = not in_workspace and is_at_or_below(parent(path), record.output)
        found = Place.WORKSPACE if in_workspace else Place.OUTPUT if in_output else None
        return found is self.place


def fact_of(path: RelPath, size: int) -> FileFact:
    """A regular file of that size, whose seal vouches for it."""
    return FileFact(parent(path), name_of(path), EntryKind.FILE, 1, size, _BORN, _BORN, vouched=True)


def _fresh(name: str, path: RelPath) -> str:
    """A value that no part of `path` spells."""
    parts = path.split("/")
    return next(text for number in range(len(parts) + 1) if (text := f"{name}{number or ''}") not in parts)
