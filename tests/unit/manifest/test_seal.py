from dataclasses import replace
from pathlib import Path

import pytest
from makers import changes

from rules_engine.manifest.amend import amended, completed
from rules_engine.manifest.request import StartRequest
from rules_engine.manifest.seal import (
    CoveredLog,
    Seal,
    SealedDirectory,
    SealedRow,
    SealError,
    decode_seal,
    encode_seal,
)
from rules_engine.manifest.store import ManifestStore
from rules_engine.values.names import encode_name
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import EntryKind, FileType, JobId

JOB = JobId("job-1")
TEMP = FileType("temp_video")


def _row(name: str, file_type: str = "temp_video", **changes: bool) -> SealedRow:
    return SealedRow(encode_name(name), file_type, EntryKind.FILE, 7, 100, 200, 300, 1, **changes)


WORK = SealedDirectory(11, complete=True, subdirectories=["sub"], rows=[_row("a"), _row("b", "undeclared")])
SUB = SealedDirectory(12, complete=True, subdirectories=[], rows=[_row("\udcff")])
OUT = SealedDirectory(None, complete=False, subdirectories=[], rows=[_row("final", "final_video")])
DIRECTORIES = ((RelPath("out"), OUT), (RelPath("w"), WORK), (RelPath("w/sub"), SUB))


@pytest.fixture
def seal(store: ManifestStore, request_one: StartRequest) -> Seal:
    """A seal of three directories."""
    record = store.start(request_one)
    return decode_seal(encode_seal(replace(record, ended=record.started), [CoveredLog("a", 9, "c")], DIRECTORIES), JOB)


def test_a_seal_comes_back_as_it_was_written(seal: Seal) -> None:
    """Directories in order, rows with every field, the logs that it covers."""
    assert tuple(seal.directories()) == DIRECTORIES
    assert seal.logs == (CoveredLog("a", 9, "c"),)
    assert seal.doubted == frozenset()
    with pytest.raises(KeyError):
        seal.directory(RelPath("nothing"))


def test_only_declared_rows_are_files_of_the_manifest(seal: Seal) -> None:
    """What was found in the workspace has a row, and no type of its own."""
    assert {path: dict(names) for path, names in seal.record.files.items()} == {
        "out": {"final": "final_video"},
        "w": {"a": "temp_video"},
        "w/sub": {"\udcff": "temp_video"},
    }
    assert RelPath("elsewhere") not in seal.record.files


def test_a_seal_cut_or_changed_anywhere_is_refused(seal: Seal) -> None:
    """At every byte: a part of a seal is no seal."""
    data = encode_seal(seal.record, seal.logs, seal.directories())
    for place in range(len(data)):
        with pytest.raises(SealError):
            decode_seal(data[:place], JOB)
        with pytest.raises(SealError):
            decode_seal(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :], JOB)
    with pytest.raises(SealError, match="is not the seal of this job"):
        decode_seal(data, JobId("job-2"))


def test_what_went_leaves_the_seal(seal: Seal) -> None:
    """A file loses its row; a directory goes with all below it, also from the listing above."""
    found = dict(amended(seal, changes([RelPath("w/a"), RelPath("w/sub")])))
    assert list(found) == ["out", "w"]
    assert [row.name for row in found[RelPath("w")].rows] == ["b"]
    assert found[RelPath("w")].subdirectories == []
    assert found[RelPath("w")].complete


def test_doubt_is_written_into_the_seal(seal: Seal) -> None:
    """An entry is looked at again, a listing read again; doubt on a directory is doubt on its listing."""
    found = dict(amended(seal, changes([], [RelPath("out/final"), RelPath("w/sub")], [RelPath("w")])))
    assert found[RelPath("out")].rows[0].look
    assert [(found[RelPath(path)].look, found[RelPath(path)].complete) for path in ("w", "w/sub")] == [
        (True, False)
    ] * 2
    again = decode_seal(encode_seal(seal.record, seal.logs, found.items()), JOB)
    assert again.doubted == {"out", "w", "w/sub"}


def test_a_declared_file_that_was_not_seen_stays_the_jobs(seal: Seal) -> None:
    """A row says that it was absent, in its place among the others."""
    record = replace(seal.record, files={RelPath("w"): {"a": TEMP, "aa": TEMP}, RelPath("far"): {"x": TEMP}})
    found = dict(completed(record, DIRECTORIES))
    assert list(found) == ["far", "out", "w", "w/sub"]
    assert [(row.name, row.absent) for row in found[RelPath("w")].rows] == [("a", False), ("aa", True), ("b", False)]
    assert [(row.name, row.absent) for row in found[RelPath("far")].rows] == [("x", True)]


def test_amending_needs_a_current_seal(store: ManifestStore, request_one: StartRequest, tmp_path: Path) -> None:
    """A job that runs again, or was never there, has none; nothing is written."""
    store.amend_seals({JobId("job-1"): changes(removed=[RelPath("w/a")])})
    store.start(request_one)
    store.finish("job-1", success=True, directories=DIRECTORIES)
    path = tmp_path / ".rules/sealed/job-1.json"
    store.amend_seals({JobId("job-1"): changes(removed=[RelPath("w/a")], unsealed=[RelPath("out/final")], unlisted=[])})
    sealed = path.read_bytes()
    record = store.get("job-1")
    assert record.sealed
    assert RelPath("w") not in record.files
    found = store.seal_of(record)
    assert found is not None
    assert found.doubted == {"out"}
    store.start(request_one)
    store.amend_seals({JobId("job-1"): changes(removed=[RelPath("out/final")])})
    assert path.read_bytes() == sealed
    assert store.seal_of(store.get("job-1")) is None
