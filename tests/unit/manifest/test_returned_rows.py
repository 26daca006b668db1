"""What was put back, in the seal of a job that owned it."""

from rules_engine.manifest.model import DeclaredDirectory, JobRecord
from rules_engine.manifest.returning import PUT_BACK, returned
from rules_engine.manifest.seal import CoveredLog, Seal, SealedDirectory, SealedRow, decode_seal, encode_seal
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import EntryKind, FileType, JobId, JobStatus, JobType

WORK, OUT = RelPath("work/j"), RelPath("out")


def record(*files: tuple[str, str, str]) -> JobRecord:
    """A job with a typed directory beside its workspace, and these declared files."""
    declared: dict[RelPath, dict[str, FileType]] = {}
    for directory, name, file_type in files:
        declared.setdefault(RelPath(directory), {})[name] = FileType(file_type)
    return JobRecord(
        JobId("j"),
        JobType("t"),
        JobStatus.COMPLETED,
        Instant(1),
        WORK,
        OUT,
        ended=Instant(2),
        last_sign=Instant(2),
        files=declared,
        directories={RelPath("frames"): DeclaredDirectory(None, FileType("temp_slide"))},
    )


def seal(*directories: tuple[str, SealedDirectory]) -> Seal:
    """A seal that names these directories."""
    listed = [(RelPath(path), directory) for path, directory in directories]
    return decode_seal(encode_seal(record(), [CoveredLog("h", 9, "0" * 8)], listed), JobId("j"))


def row(name: str, file_type: str = "", inode: int = 7) -> SealedRow:
    """The row of a file."""
    return SealedRow(name, file_type, EntryKind.FILE, inode, 3, 1, 1, 1, look=True)


def listing(*names: str, below: tuple[str, ...] = ()) -> SealedDirectory:
    """A directory with undeclared files."""
    return SealedDirectory(5, complete=True, subdirectories=list(below), rows=[row(one, "undeclared") for one in names])


def types(found: tuple[tuple[RelPath, SealedDirectory], ...]) -> dict[str, str]:
    """Path → type of every row."""
    return {f"{path}/{one.name}": one.file_type for path, directory in found for one in directory.rows}


def test_a_file_is_what_the_logs_say_again() -> None:
    """Declared, of the type of its directory, or of the workspace; what is not the job's gets no row."""
    logs = record(("out", "f.mkv", "final_video"))
    files = {RelPath(path): row(path.rpartition("/")[2]) for path in ("out/f.mkv", "frames/a", "work/j/x", "out/other")}
    assert types(returned(seal(("out", listing())), logs, files, ())) == {
        "frames/a": "temp_slide",
        "out/f.mkv": "final_video",
        "work/j/x": "undeclared",
    }


def test_where_the_logs_are_gone_a_file_of_an_output_is_nobodys_scratch() -> None:
    """No layout holds the type, so the file is a deliverable; in the workspace it is scratch as before."""
    files = {RelPath("out/f.mkv"): row("f.mkv"), RelPath("work/j/x"): row("x")}
    assert types(returned(seal(), None, files, ())) == {"out/f.mkv": PUT_BACK, "work/j/x": "undeclared"}


def test_rows_stay_in_order_and_the_next_plan_looks() -> None:
    """A row of the name is replaced; the others are as they were."""
    found = dict(returned(seal(("work/j", listing("a", "c"))), record(), {RelPath("work/j/b"): row("b")}, ()))
    assert [(one.name, one.look) for one in found[WORK].rows] == [("a", True), ("b", True), ("c", True)]
    again = dict(returned(seal(("work/j", listing("a"))), record(), {RelPath("work/j/a"): row("a", inode=9)}, ()))
    assert [one.inode for one in again[WORK].rows] == [9]


def test_a_directory_that_is_there_again_is_listed_by_the_next_plan() -> None:
    """And so is the one above, which would else count as one that holds nothing more."""
    found = dict(returned(seal(("work/j", listing())), record(), {}, [RelPath("work/j/temp")]))
    assert {path: (one.look, one.complete) for path, one in found.items()} == {
        "work/j": (True, False),
        "work/j/temp": (True, False),
    }


def test_the_workspace_itself_can_be_there_again() -> None:
    """What lies above it is nothing of the job."""
    assert list(dict(returned(seal(), record(), {}, [RelPath("work"), WORK]))) == ["work/j"]


def test_what_is_declared_below_a_directory_that_came_back_is_the_jobs_again() -> None:
    """Its rows say no more than whose it is: the next plan looks at each."""
    logs = record(("work/j/deep", "f", "temp_slide"), ("out", "g", "final_video"))
    found = returned(seal(), logs, {}, [WORK])
    assert types(found) == {"work/j/deep/f": "temp_slide"}
    assert dict(found)[RelPath("work/j/deep")].rows[0].look
