"""Lines of logs as a test damages and mends them; without a test of its own."""

from rules_engine.manifest.events import AddFiles, Finish, Line, Mended, Remove, Start, encode_line
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import FileType, JobId

TEMP = FileType("temp_video")
START = Start(format_version=1, job_type="clip", attempt=1, workspace="scratch/j", output="out/j")
JOB = JobId("job-1")
NOW = Instant(99)


def line_of(seq: int, event: AddFiles | Remove | Start | Mended | Finish) -> bytes:
    """The line of one event, at the instant of its number."""
    return encode_line(Line(seq, Instant(seq), event))


def added(seq: int, name: str) -> bytes:
    """The line that declares one file of the output."""
    return line_of(seq, AddFiles([(f"out/j/{name}", "temp")]))
