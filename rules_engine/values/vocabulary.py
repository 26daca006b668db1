"""The words of job types, file types, directory types and statuses; open where a policy may add its own."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final, NewType

from rules_engine.values.quantities import FOREVER, HOUR, Duration

JobId = NewType("JobId", str)
"""An id that matches `[A-Za-z0-9][A-Za-z0-9._-]{0,127}`."""

RuleName = NewType("RuleName", str)
"""The name of a rule, unique over all policy files."""


class JobType(str):
    """What kind of work a job is; any name that a layout gives. Those that ship are constants."""

    __slots__ = ()
    SHORT_FORM: ClassVar["JobType"]
    LONG_FORM: ClassVar["JobType"]
    EXPRESSION_ONLY: ClassVar["JobType"]
    SLIDES_ONLY: ClassVar["JobType"]


JobType.SHORT_FORM = JobType("short_form")
JobType.LONG_FORM = JobType("long_form")
JobType.EXPRESSION_ONLY = JobType("expression_only")
JobType.SLIDES_ONLY = JobType("slides_only")


class FileType(str):
    """What a file is to its job; any name that a layout holds. Those that ship are constants."""

    __slots__ = ()
    TEMP_SLIDE: ClassVar["FileType"]
    TEMP_VIDEO: ClassVar["FileType"]
    TEMP_AUDIO: ClassVar["FileType"]
    TEMP_SUBTITLE: ClassVar["FileType"]
    TEMP_EXPRESSION: ClassVar["FileType"]
    FINAL_VIDEO: ClassVar["FileType"]
    METADATA: ClassVar["FileType"]
    UNDECLARED: ClassVar["FileType"]


FileType.TEMP_SLIDE = FileType("temp_slide")
FileType.TEMP_VIDEO = FileType("temp_video")
FileType.TEMP_AUDIO = FileType("temp_audio")
FileType.TEMP_SUBTITLE = FileType("temp_subtitle")
FileType.TEMP_EXPRESSION = FileType("temp_expression")
FileType.FINAL_VIDEO = FileType("final_video")
FileType.METADATA = FileType("metadata")
# What lies in a workspace without having been declared; temporary like everything there.
FileType.UNDECLARED = FileType("undeclared")


class DirectoryType(str):
    """The key of a directory in a layout. Those that the seed names are constants."""

    __slots__ = ()
    TEMP: ClassVar["DirectoryType"]
    SLIDES: ClassVar["DirectoryType"]
    EXPRESSIONS: ClassVar["DirectoryType"]
    SHORTS: ClassVar["DirectoryType"]
    LONG_FORM: ClassVar["DirectoryType"]
    METADATA: ClassVar["DirectoryType"]


DirectoryType.TEMP = DirectoryType("temp")
DirectoryType.SLIDES = DirectoryType("slides")
DirectoryType.EXPRESSIONS = DirectoryType("expressions")
DirectoryType.SHORTS = DirectoryType("shorts")
DirectoryType.LONG_FORM = DirectoryType("long_form")
DirectoryType.METADATA = DirectoryType("metadata")


class JobStatus(StrEnum):
    """Where a job stands: the first three are recorded, the last two are readings of the evidence."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    ABANDONED = "abandoned"
    UNTRUSTED = "untrusted"

    @property
    def counts_as(self) -> "JobStatus":
        """The status that rules see: an abandoned job counts as failed."""
        return JobStatus.FAILED if self is JobStatus.ABANDONED else self


class EntryKind(StrEnum):
    """What a directory entry is; a link is never followed."""

    FILE = "file"
    LINK = "link"
    DIRECTORY = "directory"
    OTHER = "other"
    """A socket, FIFO or device; never removed."""


class Place(StrEnum):
    """Where a file of a job lies."""

    WORKSPACE = "workspace"
    OUTPUT = "output"


DEFAULT_RETENTION: Final = Duration(24 * HOUR)


@dataclass(frozen=True, slots=True)
class CleanupPolicy:
    """When automatic cleanup may take the temporary files of a job; of settings, or of one job."""

    enabled: bool = True
    retention: Duration = DEFAULT_RETENTION
    """Counted from the job's end."""
    preserve_on_failure: Duration = FOREVER
    """How long a failed job's files stay, counted from its end; zero does not preserve, FOREVER always does."""
    file_types: frozenset[FileType] | None = None
    """The temporary types that may go; None is all of them."""
    debug_mode_disables: bool = True


DEFAULT_CLEANUP: Final = CleanupPolicy()
